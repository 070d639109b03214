package dst

import (
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/rotation"
)

// perform sends the call of an action. What comes of it is delivered later.
func (k *worker) perform(a rotation.Action, judged time.Duration) {
	k.s.res.Calls++
	k.s.mon.called(k, a)
	if _, effect := a.Effect(); effect && k.at.epoch != k.s.journal.epoch {
		k.s.res.Exposure.Stale++
	}
	switch a.Do {
	case rotation.DoPreflight:
		k.preflight(a)
	case rotation.DoMint:
		k.mint(a)
	case rotation.DoFind, rotation.DoCensus, rotation.DoCheck, rotation.DoLook, rotation.DoProve:
		k.ask(a)
	case rotation.DoKill, rotation.DoRevoke:
		k.revoke(a, judged, k.s.mon.target())
	case rotation.DoSet:
		k.set(a, k.wish(a))
	case rotation.DoStart:
		k.begins(a)
	case rotation.DoNotify:
		k.tells(a)
	}
}

// revoke kills a generation. It was judged then, and everything was to be on
// the target.
func (k *worker) revoke(a rotation.Action, judged time.Duration, target value) {
	k.effect(a, func() func(*pawl.Event) {
		k.s.mon.revoked(a, judged, target)
		k.s.vendor.revoke(a.ID)
		return nil
	})
}

// begins starts a workflow run.
func (k *worker) begins(a rotation.Action) {
	p := k.s.place(a.Consumer)
	k.effect(a, func() func(*pawl.Event) {
		ticket := p.startRun()
		return func(ev *pawl.Event) { ev.Ticket = ticket }
	})
}

// tells asks a person to move.
func (k *worker) tells(a rotation.Action) {
	k.effect(a, func() func(*pawl.Event) {
		k.s.people.told(a.Consumer, a.Side)
		return nil
	})
}

func (s *sim) place(id string) *place {
	for _, p := range s.places {
		if p.c.ID == id {
			return p
		}
	}
	panic("dst: no place " + id) // decide names only places of the plan
}

// ended is the event of an effect's outcome.
func ended(a rotation.Action, r pawl.Result, kind pawl.Kind) pawl.Event {
	step, _ := a.Effect()
	ev := pawl.Event{Type: pawl.EvEnded, Step: step, Consumer: a.Consumer, Proof: a.Proof, Side: a.Side, Attempt: a.Attempt, Label: a.Label, ID: a.ID, Result: r}
	if kind != pawl.Other {
		ev.Kind = kind.String()
	}
	return ev
}

// effect sends a call that changes something. arrive is run each time that it
// arrives; what it returns completes the answer.
func (k *worker) effect(a rotation.Action, arrive func() func(*pawl.Event)) {
	s, f := k.s, k.s.fate(a.Do, k.asked)
	if s.opt.Trace {
		s.tracef("   worker %d calls %s %s %s%s %s: %+v", k.n, a.Do, a.Consumer, a.ID, a.Label, a.Side, f)
	}
	var complete func(*pawl.Event)
	for i, d := range f.arrives {
		s.mon.sent(s.now + d)
		s.after(d, func() {
			if got := arrive(); i == 0 {
				complete = got
			}
		})
	}
	s.after(f.answer, func() {
		ev := ended(a, pawl.Done, pawl.Other)
		switch {
		case f.refusal != pawl.Other:
			ev = ended(a, pawl.NotDone, f.refusal)
		case f.lost:
			ev = ended(a, pawl.Unsure, pawl.Unknown)
		case complete != nil:
			complete(&ev)
		}
		k.answer(a, ev)
	})
}

// answer delivers the outcome of an action. The value of a generation is
// sealed in the same append as the outcome of its mint.
func (k *worker) answer(a rotation.Action, ev pawl.Event) {
	o := outcome{flight: flightOf(a), events: []pawl.Event{ev}}
	if ev.Step == pawl.StepMint && ev.Result == pawl.Done {
		k.s.vendor.told = k.s.now
		v := sealed{newName(a.Attempt), k.s.vendor.byID(ev.ID).value}
		o.opened = []sealed{v}
		if !k.mutant.loseSeal {
			o.seal = o.opened
		}
	}
	k.deliver(o)
}

func (k *worker) mint(a rotation.Action) {
	arrive := func() func(*pawl.Event) {
		g := k.s.vendor.mint(a.Label)
		return func(ev *pawl.Event) { ev.ID = g.id }
	}
	k.effect(a, arrive)
	if k.mutant.blindMint { // as a client that retries by itself
		k.s.mon.called(k, a)
		k.s.after(time.Second, func() { arrive() })
	}
}

// wish is what a worker wants to write.
func (k *worker) wish(a rotation.Action) wish {
	w := wish{to: k.wanted(a)}
	if a.Over {
		w.over = k.known(a.Consumer)
	}
	return w
}

// set reads, compares and writes. The read is of the moment of the call, the
// write lands when the network wants it.
func (k *worker) set(a rotation.Action, w wish) {
	p := k.s.place(a.Consumer)
	r, land := p.set(w)
	k.effect(a, func() func(*pawl.Event) {
		mark, raced := "", false
		if r.kind == pawl.Other {
			k.s.mon.wrote(k, a, w.to)
			mark, raced = land()
		}
		return func(ev *pawl.Event) {
			ev.Changed, ev.Pending, ev.Mark = r.changed, r.pending, mark
			if r.pending {
				ev.Detail = "agree to it at the vendor"
			}
			if raced { // it compared, and nothing was changed
				ev.Result, ev.Kind = pawl.NotDone, pawl.Unavailable.String()
			}
			if r.kind != pawl.Other {
				ev.Result, ev.Kind = pawl.NotDone, r.kind.String()
			}
		}
	})
}

// ask sends a call that only looks.
func (k *worker) ask(a rotation.Action) {
	s, g := k.s, k.s.sight()
	at := k.clock()
	var ev pawl.Event
	s.after(g.asked, func() { ev = k.look(a, g) })
	s.after(g.answer, func() {
		if g.kind != pawl.Other {
			ev = k.blank(a)
			ev.Kind = g.kind.String()
			if a.Do == rotation.DoCensus {
				ev.Kind, ev.Searched = "", []pawl.Searched{{Connection: vendorName, Kind: g.kind.String()}}
			}
		}
		if !k.mutant.answerTime {
			ev.At = at // evidence is as old as the question
		}
		k.deliver(outcome{flight: flightOf(a), events: []pawl.Event{ev}})
	})
}

// blank is the event of a look that showed nothing.
func (k *worker) blank(a rotation.Action) pawl.Event {
	switch a.Do {
	case rotation.DoFind:
		return pawl.Event{Type: pawl.EvListed, Label: a.Label}
	case rotation.DoCensus:
		return pawl.Event{Type: pawl.EvCensus}
	case rotation.DoCheck:
		return pawl.Event{Type: pawl.EvChecked, Side: a.Side, Attempt: a.Attempt}
	}
	return pawl.Event{Type: pawl.EvObserved, Consumer: a.Consumer, Proof: a.Proof, Side: a.Side, Attempt: a.Attempt}
}

func (k *worker) look(a rotation.Action, g sight) pawl.Event {
	s, ev := k.s, k.blank(a)
	switch a.Do {
	case rotation.DoFind:
		ev.IDs = s.vendor.list(a.Label, s.now-g.ago)
		return ev
	case rotation.DoCensus:
		return k.census(g.ago)
	case rotation.DoCheck:
		if kind := s.vendor.check(k.side(a.Side, a.Attempt), s.now-g.ago); kind != pawl.Other {
			ev.Kind = kind.String()
		}
		return ev
	}
	p := s.place(a.Consumer)
	q := question{want: k.wanted(a), not: k.side(a.Side.Other(), a.Attempt), prior: a.Prior, mark: a.Mark, ticket: a.Ticket}
	var o pawl.Observation
	if a.Do == rotation.DoProve {
		q.proof = p.c.Proofs[a.Proof-1].Name
		o = p.prove(q, g.ago)
	} else {
		o = p.observe(q, g.ago)
	}
	ev.Verdict, ev.Class, ev.Holds, ev.Mark = o.Verdict, o.Class, o.Holds, o.Mark
	if o.Verdict != pawl.Proved {
		ev.Class = pawl.NoEvidence
	}
	return ev
}

// preflight looks at everything without changing anything, and seals what is
// needed to go back.
func (k *worker) preflight(a rotation.Action) {
	s, asked := k.s, k.clock()
	s.after(s.between(10*time.Millisecond, time.Second), func() {
		o := outcome{flight: flightOf(a)}
		old, store := s.vendor.gens[0], s.places[0].stored
		dead := s.vendor.check(oldOne, s.now) == pawl.Denied
		if s.strikes(faultForbidden) || store != oldOne || dead && s.plan.Reason != pawl.Leak {
			o.events = []pawl.Event{{Type: pawl.EvPreflight, Result: pawl.NotDone, Kind: pawl.Forbidden.String()}}
			k.deliver(o)
			return
		}
		o.opened = []sealed{{"old", oldOne}}
		for _, p := range s.places[1:] {
			if p.kind != kindHuman && p.kind != kindCI && p.stored != oldOne {
				o.opened = append(o.opened, sealed{priorName(p.c.ID), p.stored})
				o.events = append(o.events, pawl.Event{Type: pawl.EvPrior, Consumer: p.c.ID, Holds: pawl.HoldsOther})
			}
		}
		if s.strays.searched {
			census := k.census(0)
			census.At = asked
			o.events = append(o.events, census)
		}
		checked := pawl.Event{Type: pawl.EvChecked, At: asked, Side: pawl.Old}
		passed := pawl.Event{Type: pawl.EvPreflight, Result: pawl.Done, ID: old.id}
		if dead {
			checked.Kind = pawl.Denied.String()
		}
		if !old.live(s.now) {
			passed.ID = ""
		}
		o.seal = o.opened
		o.events = append(o.events, checked, passed)
		k.deliver(o)
	})
}
