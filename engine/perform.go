package engine

import (
	"context"
	"errors"
	"strings"
	"unicode"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/journal"
	"github.com/pawl-dev/pawl/provider/wrap"
	"github.com/pawl-dev/pawl/rotation"
)

// prepare returns the doing of an action. It reads the run's state; what it
// returns does not, and may run in another goroutine.
func (r *run) prepare(a rotation.Action) func(context.Context) outcome {
	switch a.Do {
	case rotation.DoPreflight:
		plan := r.state.AsAccepted()
		return func(ctx context.Context) outcome { return r.e.preflight(ctx, r.id, plan, r.hands) }
	case rotation.DoCensus:
		both := []sought{{pawl.Old, r.values.side(pawl.Old, 0)}, {pawl.New, r.values.side(pawl.New, a.Attempt)}}
		return func(ctx context.Context) outcome { return r.census(ctx, both) }
	case rotation.DoMint:
		oldID := r.state.OldID
		return func(ctx context.Context) outcome { return r.mint(ctx, a, oldID) }
	case rotation.DoFind:
		return func(ctx context.Context) outcome { return r.find(ctx, a) }
	case rotation.DoCheck:
		value := r.values.side(a.Side, a.Attempt)
		return func(ctx context.Context) outcome { return r.check(ctx, a, value) }
	case rotation.DoKill, rotation.DoRevoke:
		return func(ctx context.Context) outcome { return r.kill(ctx, a) }
	case rotation.DoNotify:
		n, m := r.notifier(a), notice(r.id, r.state, a)
		to := r.state.Plan.Asks(a.Consumer).To
		return func(ctx context.Context) outcome { return r.notify(ctx, a, n, to, m) }
	}
	i := r.index(a.Consumer)
	to := r.content(a)
	look := pawl.Look{Want: to, Not: r.values.side(a.Side.Other(), a.Attempt), Mark: a.Mark, Since: a.Since, Ticket: a.Ticket}
	switch a.Do {
	case rotation.DoSet:
		w := pawl.Write{To: to}
		if a.Over {
			w.Over = r.values.known(r.state, a.Consumer)
		}
		return func(ctx context.Context) outcome { return r.set(ctx, a, i, w) }
	case rotation.DoStart:
		return func(ctx context.Context) outcome { return r.start(ctx, a, i, look) }
	}
	return func(ctx context.Context) outcome { return r.look(ctx, a, i, look) }
}

func (r *run) index(consumer string) int {
	for i, c := range r.state.Plan.Consumers {
		if c.ID == consumer {
			return i
		}
	}
	panic("engine: no consumer " + consumer) // decide names only consumers of the plan
}

// content is what a place is to hold.
func (r *run) content(a rotation.Action) pawl.Content {
	if a.Prior {
		return pawl.Content{Secret: r.values.get(priorName(a.Consumer)), Snapshot: true}
	}
	return pawl.Content{Secret: r.values.side(a.Side, a.Attempt)}
}

// ended makes the event of an effect's outcome from its error. What promises
// that nothing changed is NotDone; what does not is unknown.
func (r *run) ended(step pawl.Step, a rotation.Action, err error) pawl.Event {
	ev := pawl.Event{Type: pawl.EvEnded, Step: step, Consumer: a.Consumer, Proof: a.Proof, Side: a.Side, Attempt: a.Attempt, Label: a.Label, ID: a.ID, Reminder: a.Reminder, Result: pawl.Done}
	if err == nil {
		return ev
	}
	ev.Result = pawl.NotDone
	if k := pawl.KindOf(err); k == pawl.Unknown || k == pawl.Other {
		ev.Result = pawl.Unsure // an error that promises nothing is not a promise
	}
	ev.Kind, ev.Detail, ev.Hint = pawl.KindOf(err).String(), err.Error(), pawl.HintOf(err)
	return ev
}

func one(ev pawl.Event) outcome { return outcome{events: []pawl.Event{ev}} }

func (r *run) mint(ctx context.Context, a rotation.Action, oldID string) outcome {
	g, err := r.hands.Issuer.Mint(ctx, a.Label)
	if err == nil && (g.ID == "" || g.Value.IsZero()) {
		err = &pawl.Error{Op: "engine.mint", Kind: pawl.Unknown, Err: errors.New("the answer lacks the id or the value")}
	}
	if err == nil && (g.ID == oldID || r.values.has(g.Value)) {
		// Somebody else's answer, or an old one. To go on with it would be to
		// revoke what everybody uses.
		err = &pawl.Error{Op: "engine.mint", Kind: pawl.Unknown, Err: errors.New("the answer holds an id or a value that is known already")}
	}
	if c, ok := wrap.As[pawl.CallerChecker](r.hands.Issuer); ok && err == nil && c.CallsWith(g.Value) {
		err = &pawl.Error{Op: "engine.mint", Kind: pawl.Unknown, Err: errors.New("the answer holds the token that the connection signs in with")}
	}
	if err == nil {
		err = r.vouched(ctx, a, g)
	}
	ev := r.ended(pawl.StepMint, a, err)
	if err != nil {
		return one(ev)
	}
	ev.ID, ev.Until = g.ID, g.Expires
	sealed, err := r.e.seal(r.id, sealName(pawl.New, a.Attempt), g.Value)
	if err != nil { // cannot be written down, so it must not be used
		ev.Result, ev.Kind, ev.Detail = pawl.Unsure, pawl.KindOf(err).String(), err.Error()
		return one(ev)
	}
	// A crash before this outcome is committed loses the value. The intent's
	// label finds what was made, and it is revoked.
	return outcome{events: []pawl.Event{ev}, seal: []journal.Sealed{sealed}, opened: map[string]pawl.Secret{sealed.Name: g.Value}}
}

// find lists what is live at the vendor with a label of ours.
func (r *run) find(ctx context.Context, a rotation.Action) outcome {
	lister, ok := wrap.As[pawl.Lister](r.hands.Issuer)
	if !ok {
		return one(pawl.Event{Type: pawl.EvListed, Label: a.Label})
	}
	asked := r.e.now() // what is born while the list is made is not on it
	all, err := lister.List(ctx)
	if err != nil {
		return one(pawl.Event{Type: pawl.EvListed, Label: a.Label, Detail: err.Error(), Hint: pawl.HintOf(err), Kind: pawl.KindOf(err).String()})
	}
	ev := pawl.Event{Type: pawl.EvListed, At: asked, Label: a.Label}
	for _, g := range all {
		if labelled(g.Label, a.Label) {
			ev.IDs = append(ev.IDs, g.ID)
		}
	}
	return one(ev)
}

// labelled reports whether text carries the label, or one that extends it by a
// further part: "…/12" is not in "…/123".
func labelled(text, label string) bool {
	for {
		i := strings.Index(text, label)
		if i < 0 {
			return false
		}
		text = text[i+len(label):]
		if text == "" || !unicode.IsDigit(rune(text[0])) && !unicode.IsLetter(rune(text[0])) {
			return true
		}
	}
}

func (r *run) check(ctx context.Context, a rotation.Action, value pawl.Secret) outcome {
	// As old as the question: a process may sleep before it journals the answer.
	ev := pawl.Event{Type: pawl.EvChecked, At: r.e.now(), Side: a.Side, Attempt: a.Attempt}
	if err := r.hands.Issuer.Check(ctx, value); err != nil {
		ev.Kind, ev.Detail = pawl.KindOf(err).String(), err.Error()
	}
	return one(ev)
}

func (r *run) kill(ctx context.Context, a rotation.Action) outcome {
	step, _ := a.Effect()
	return one(r.ended(step, a, r.hands.Issuer.Revoke(ctx, a.ID)))
}

func (r *run) set(ctx context.Context, a rotation.Action, i int, w pawl.Write) outcome {
	got, err := r.hands.Consumers[i].Set(ctx, w)
	ev := r.ended(pawl.StepSet, a, err)
	ev.Mark, ev.Changed = got.Mark, got.Changed
	if err == nil && got.Pending != "" {
		ev.Pending, ev.Detail = true, got.Pending
	}
	return one(ev)
}

func (r *run) start(ctx context.Context, a rotation.Action, i int, l pawl.Look) outcome {
	starter, ok := wrap.As[pawl.Starter](r.hands.Proofs[i][a.Proof-1])
	if !ok {
		return one(r.ended(pawl.StepStart, a, nil))
	}
	ticket, err := starter.Start(ctx, l)
	ev := r.ended(pawl.StepStart, a, err)
	ev.Ticket = ticket
	return one(ev)
}

func (r *run) look(ctx context.Context, a rotation.Action, i int, l pawl.Look) outcome {
	ev := pawl.Event{Type: pawl.EvObserved, Consumer: a.Consumer, Proof: a.Proof, Side: a.Side, Attempt: a.Attempt}
	var o pawl.Observation
	var err error
	// The evidence is as old as the question, not as the answer.
	ev.At = r.e.now()
	if a.Do == rotation.DoProve {
		o, err = r.hands.Proofs[i][a.Proof-1].Prove(ctx, l)
	} else {
		o, err = r.hands.Consumers[i].Observe(ctx, l)
	}
	if err != nil {
		ev.Kind, ev.Detail, ev.Hint = pawl.KindOf(err).String(), err.Error(), pawl.HintOf(err)
		return one(ev)
	}
	ev.Verdict, ev.Class, ev.Holds, ev.Mark, ev.Detail = o.Verdict, o.Class, o.Holds, o.Mark, o.Detail
	if o.Verdict != pawl.Proved {
		ev.Class = pawl.NoEvidence
	}
	return one(ev)
}
