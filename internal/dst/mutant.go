package dst

import (
	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/rotation"
)

// A mutant is a bug that a worker is given. It lives in the worker, or in what
// the core is shown and in what of the core's answer is heard; the core itself
// is never changed. The zero mutant is no bug.
type mutant struct {
	Mutant

	noGuard       bool                                  // not guarded again right before the call
	noFenceAtCall bool                                  // nobody asks right before the call whether it still may be
	noIntent      bool                                  // effects are not journaled before
	noFence       bool                                  // appends of an earlier driver are taken
	deaf          bool                                  // a conflict is taken for success
	trusting      bool                                  // a commit without an answer is taken for success
	blindMint     bool                                  // a mint is repeated by the client itself
	loseSeal      bool                                  // the value is not sealed with the outcome
	answerTime    bool                                  // evidence is as old as its journaling
	mintFirst     bool                                  // a mint is tried, and then its intent journaled
	meet          func(s *sim, ev pawl.Event)           // what else happens in its world, when an event is journaled
	see           func(k *worker, s *rotation.State)    // what the core is shown
	want          func(k *worker, d *rotation.Decision) // what it is understood to say
	hear          func(k *worker, ev *pawl.Event)       // what is taken down of what happened
	wake          func(k *worker)                       // right after a take-over
}

// A Mutant says what bug it is.
type Mutant struct {
	Name   string
	Breaks string   // in words; with the net that is off too, if one would hide it
	Caught []string // the invariants of which one must break
}

// Mutants lists the bugs that the simulator knows how to make.
func Mutants() []Mutant {
	var all []Mutant
	for _, m := range mutants() {
		all = append(all, m.Mutant)
	}
	return all
}

func mutantNamed(name string) *mutant {
	if name == "" {
		return &mutant{}
	}
	for _, m := range mutants() {
		if m.Name == name {
			return &m
		}
	}
	panic("dst: no mutant " + name)
}

func (m *mutant) shown(k *worker, real *rotation.State) *rotation.State {
	if m.see == nil {
		return real
	}
	s := real.Clone()
	m.see(k, s)
	return s
}

func (m *mutant) decide(k *worker) rotation.Decision {
	d := rotation.Decide(m.shown(k, k.state), k.clock())
	if m.want != nil {
		m.want(k, &d)
	}
	return d
}

func (m *mutant) guard(k *worker, s *rotation.State) error {
	if m.noGuard {
		return nil
	}
	return m.shown(k, s).Guard(k.clock())
}

func (m *mutant) event(k *worker, ev *pawl.Event) {
	if m.hear != nil {
		m.hear(k, ev)
	}
}

func (m *mutant) resumed(k *worker) {
	if m.wake != nil {
		m.wake(k)
	}
}
