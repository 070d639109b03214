package dst

import (
	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/rotation"
)

// A mutant is a bug. The zero mutant is none.
type mutant struct {
	name string
	// What it breaks, in words, and the invariant that must catch it.
	what   string
	caught []string

	noGuard    bool
	noIntent   bool
	noFence    bool
	blindMint  bool
	loseSeal   bool
	answerTime bool
	see        func(k *worker, s *rotation.State)    // what the core is shown
	want       func(k *worker, d *rotation.Decision) // what it is understood to say
	hear       func(k *worker, ev *pawl.Event)       // what is taken down of what happened
	wake       func(k *worker)                       // right after a take-over
}

func mutantNamed(name string) *mutant {
	for _, m := range mutants() {
		if m.name == name {
			return m
		}
	}
	if name != "" {
		panic("dst: no mutant " + name)
	}
	return &mutant{}
}

func mutants() []*mutant { return nil }

func (m *mutant) shown(k *worker) *rotation.State {
	if m.see == nil {
		return k.state
	}
	s := k.state.Clone()
	m.see(k, s)
	return s
}

func (m *mutant) decide(k *worker) rotation.Decision {
	d := rotation.Decide(m.shown(k), k.clock())
	if m.want != nil {
		m.want(k, &d)
	}
	return d
}

func (m *mutant) guard(k *worker) error {
	if m.noGuard {
		return nil
	}
	return m.shown(k).Guard(k.clock())
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
