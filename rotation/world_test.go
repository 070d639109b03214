package rotation_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/rotation"
)

// world is a vendor and its consumers, small enough to be read: who is live,
// who holds what. It is driven by one thread, so a test chooses everything.
type world struct {
	t      testing.TB
	fate   func(a rotation.Action) fate // nil: all goes well
	signal func()
	census func(early bool) pawl.Event                  // nil: there is nothing to be searched
	made   time.Time                                    // when the old one was made
	show   func(a rotation.Action, ev *pawl.Event)      // nil: a look shows what is
	write  func(a rotation.Action, ev *pawl.Event) bool // reports whether it took care of a write
	now    time.Time
	events []pawl.Event // the journal: what survives a crash
	state  *rotation.State

	minted  int
	live    map[string]string    // id → label
	holds   map[string]string    // consumer → id
	lag     map[string]time.Time // consumer → when it runs on what it holds
	tickets map[string]string
	prior   map[string]string // consumer → what it held before, if not the old one
	log     []string
	broken  []string
}

// fate is what becomes of one action.
type fate struct {
	applied bool
	result  pawl.Result
	kind    pawl.Kind
	crash   bool // before the outcome is journaled
}

var fine = fate{applied: true, result: pawl.Done}

const start = "2026-11-23T02:00:00Z"

func newWorld(t testing.TB, plan pawl.Plan) *world {
	now, _ := time.Parse(time.RFC3339, start)
	w := &world{t: t, now: now, live: map[string]string{"id-old": "acme"}, holds: map[string]string{}, lag: map[string]time.Time{}, tickets: map[string]string{}}
	for _, c := range plan.Consumers {
		w.holds[c.ID] = "id-old"
	}
	w.append(pawl.Event{Type: pawl.EvPlanned, Plan: &plan, Label: "pawl/test/key/1"})
	w.state = rotation.Fold(w.events)
	w.drive()
	return w
}

func (w *world) append(ev pawl.Event) {
	ev.At = w.now
	if w.state == nil || w.state.Noteworthy(ev) {
		w.events = append(w.events, ev)
	}
	if w.state != nil {
		w.state.Apply(ev)
	}
}

// drive takes the rotation up, as after a crash: only the journal is left.
func (w *world) drive() {
	w.state = rotation.Fold(w.events)
	w.append(pawl.Event{Type: pawl.EvDriving, Epoch: w.state.Epoch + 1})
}

func (w *world) violate(format string, args ...any) {
	w.broken = append(w.broken, fmt.Sprintf(format, args...))
}

// run goes on until the rotation is finished or only somebody else can go on.
func (w *world) run() rotation.Decision {
	for range 5000 {
		if w.signal != nil {
			w.signal() // an append of somebody else: it cannot come between a decision and its intent
		}
		d := rotation.Decide(w.state, w.now)
		if w.state.Outcome != "" {
			return d
		}
		if len(d.Append) > 0 {
			for _, ev := range d.Append {
				w.append(ev)
			}
			continue
		}
		if len(d.Do) > 0 {
			for _, a := range d.Do {
				if w.do(a) {
					break // crashed
				}
			}
			w.now = w.now.Add(50 * time.Millisecond)
			continue
		}
		if d.Wake.IsZero() || w.blocked(d) {
			return d
		}
		w.now = d.Wake
	}
	w.t.Fatalf("no end after 5000 rounds:\n%s", strings.Join(w.log[max(0, len(w.log)-40):], "\n"))
	return rotation.Decision{}
}

func (w *world) blocked(d rotation.Decision) bool {
	for _, x := range d.Waits {
		switch x.On {
		case rotation.OnProof, rotation.OnEffect, rotation.OnTimer, rotation.OnDeath:
			return false
		}
	}
	return true
}

// do performs one action and reports whether the process crashed.
func (w *world) do(a rotation.Action) (crashed bool) {
	f := fine
	if w.fate != nil {
		f = w.fate(a)
	}
	step, effect := a.Effect()
	ev := pawl.Event{Type: pawl.EvEnded, Step: step, Consumer: a.Consumer, Proof: a.Proof, Side: a.Side, Attempt: a.Attempt, Label: a.Label, ID: a.ID, Reminder: a.Reminder, Result: f.result}
	if f.kind != pawl.Other {
		ev.Kind = f.kind.String()
	}
	w.log = append(w.log, fmt.Sprintf("%s %s %s %s %s %+v", w.now.Format("15:04:05.000"), a.Do, a.Consumer, a.Side, a.ID+a.Label, f))
	if effect {
		w.append(pawl.Event{Type: pawl.EvIntended, Step: step, Consumer: a.Consumer, Proof: a.Proof, Side: a.Side, Attempt: a.Attempt, Label: a.Label, ID: a.ID, Reason: a.Why, Reminder: a.Reminder})
		if f.applied {
			w.apply(a, &ev)
		}
	} else {
		for _, c := range w.state.Plan.Consumers {
			if w.prior[c.ID] != "" && a.Do == rotation.DoPreflight {
				w.append(pawl.Event{Type: pawl.EvPrior, Consumer: c.ID, Holds: pawl.HoldsOther})
			}
		}
		ev = w.see(a, f)
		if w.show != nil {
			w.show(a, &ev)
		}
	}
	if f.crash {
		w.now = w.now.Add(time.Second)
		w.drive()
		return true
	}
	w.append(ev)
	return false
}

func (w *world) apply(a rotation.Action, ev *pawl.Event) {
	switch a.Do {
	case rotation.DoMint:
		w.minted++
		id := fmt.Sprint("id-", w.minted)
		w.live[id] = a.Label
		if ev.Result == pawl.Done {
			ev.ID = id
		}
	case rotation.DoKill, rotation.DoRevoke:
		for c, id := range w.holds {
			if id == a.ID {
				w.violate("%s revoked while %s holds it", a.ID, c)
			}
			if w.now.Before(w.lag[c]) {
				w.violate("%s revoked while %s still runs on it", a.ID, c)
			}
		}
		delete(w.live, a.ID)
	case rotation.DoSet:
		if w.write != nil && w.write(a, ev) {
			return
		}
		if id := w.id(a); w.holds[a.Consumer] != id {
			w.holds[a.Consumer], w.lag[a.Consumer] = id, w.now.Add(700*time.Millisecond)
		}
	case rotation.DoStart:
		ev.Ticket = "run:" + w.holds[a.Consumer]
	}
}

func (w *world) id(a rotation.Action) string {
	if a.Prior {
		return w.prior[a.Consumer]
	}
	if a.Side == pawl.Old {
		return "id-old"
	}
	return w.state.Attempts[a.Attempt-1].ID
}

func (w *world) see(a rotation.Action, f fate) pawl.Event {
	if f.result != pawl.Done {
		switch a.Do {
		case rotation.DoCheck:
			return pawl.Event{Type: pawl.EvChecked, Side: a.Side, Attempt: a.Attempt, Kind: pawl.Unavailable.String()}
		case rotation.DoFind:
			return pawl.Event{Type: pawl.EvListed, Label: a.Label, Kind: pawl.Unavailable.String()}
		case rotation.DoLook, rotation.DoProve:
			return pawl.Event{Type: pawl.EvObserved, Consumer: a.Consumer, Proof: a.Proof, Side: a.Side, Attempt: a.Attempt, Kind: pawl.Unavailable.String()}
		}
	}
	switch a.Do {
	case rotation.DoPreflight:
		if w.census != nil {
			w.append(w.census(true))
		}
		return pawl.Event{Type: pawl.EvPreflight, Result: pawl.Done, ID: "id-old", Made: w.made}
	case rotation.DoCensus:
		return w.census(false)
	case rotation.DoFind:
		ev := pawl.Event{Type: pawl.EvListed, Label: a.Label}
		for i := range w.minted {
			id := fmt.Sprint("id-", i+1)
			if label, ok := w.live[id]; ok && strings.HasPrefix(label, a.Label) {
				ev.IDs = append(ev.IDs, id)
			}
		}
		return ev
	case rotation.DoCheck:
		ev := pawl.Event{Type: pawl.EvChecked, Side: a.Side, Attempt: a.Attempt}
		if _, ok := w.live[w.id(a)]; !ok {
			ev.Kind = pawl.Denied.String()
		}
		return ev
	}
	ev := pawl.Event{Type: pawl.EvObserved, Consumer: a.Consumer, Proof: a.Proof, Side: a.Side, Attempt: a.Attempt}
	switch {
	case w.holds[a.Consumer] != w.id(a):
		ev.Holds = pawl.HoldsNot
	case !w.now.Before(w.lag[a.Consumer]):
		ev.Verdict, ev.Class, ev.Holds = pawl.Proved, pawl.Running, pawl.HoldsWant
	default:
		ev.Holds = pawl.HoldsWant
	}
	return ev
}

// check reports what must hold at the end.
func (w *world) check() []string {
	all := w.broken
	s := w.state
	want := map[pawl.Outcome]string{pawl.Completed: s.NewID(), pawl.RolledBack: "id-old", pawl.Failed: "id-old"}[s.Outcome]
	if s.Outcome == "" {
		return all
	}
	for c, id := range w.holds {
		if id != want && !(s.Target == pawl.Old && id == w.prior[c]) {
			all = append(all, fmt.Sprintf("%s: %s holds %s, want %s", s.Outcome, c, id, want))
		}
	}
	for id := range w.live {
		if id != want {
			all = append(all, fmt.Sprintf("%s: %s is still live", s.Outcome, id))
		}
	}
	if _, ok := w.live[want]; !ok {
		all = append(all, fmt.Sprintf("%s: %s is dead", s.Outcome, want))
	}
	return all
}

func somePlan() pawl.Plan {
	running := pawl.Running
	return pawl.Plan{Format: 1, Credential: "key", Reason: pawl.Scheduled, Issuer: pawl.Op{Name: "v/auth@1"},
		Consumers: []pawl.Place{
			{ID: "store", Store: true, Op: pawl.Op{Name: "v/store@1"}, Require: pawl.ReadBack},
			{ID: "canary", Wave: 1, Op: pawl.Op{Name: "v/app@1"}, Require: running, Proofs: []pawl.Op{{Name: "http@1"}}},
			{ID: "a", Wave: 2, Op: pawl.Op{Name: "v/app@1"}, Require: running},
			{ID: "b", Wave: 2, Op: pawl.Op{Name: "v/app@1"}, Require: running, Proofs: []pawl.Op{{Name: "workflow@1", Starts: true}}},
		}}
}
