package main

import (
	"context"
	"fmt"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/catalog"
	"github.com/pawl-dev/pawl/engine"
	"github.com/pawl-dev/pawl/journal"
	"github.com/pawl-dev/pawl/rotation"
)

// A tale is a rotation that is told and not driven: the demo's vendors have
// just been made, and yet a history is worth looking at. It says what the engine
// would have journaled, event by event.
type tale struct {
	plan   pawl.Plan
	by     pawl.Actor
	at     time.Time
	old    string
	new    string
	pace   time.Duration // what a place takes
	label  string
	events []pawl.Event
}

// tell returns the rotation's events, whichever way it ends.
func (t *tale) tell(end pawl.Outcome) []pawl.Event {
	t.add(0, pawl.Event{Type: pawl.EvPlanned, Plan: &t.plan, Reason: string(t.plan.Reason), Label: t.label, Actor: t.by})
	t.add(time.Second, pawl.Event{Type: pawl.EvDriving, Epoch: 1})
	if end == pawl.Failed {
		t.add(2*time.Second, pawl.Event{Type: pawl.EvPreflight, Result: pawl.NotDone, Kind: pawl.Forbidden.String(), Detail: "the connection heroku may not list authorizations of " + t.plan.Credential})
		t.add(0, pawl.Event{Type: pawl.EvClosed, Outcome: pawl.Failed})
		return t.events
	}
	t.mint()
	for _, p := range t.plan.Consumers {
		t.place(p, pawl.New)
	}
	if end == pawl.RolledBack {
		t.back()
		return t.events
	}
	t.finish()
	return t.events
}

func (t *tale) mint() {
	t.add(3*time.Second, pawl.Event{Type: pawl.EvPreflight, ID: t.old, Result: pawl.Done})
	t.add(0, pawl.Event{Type: pawl.EvIntended, Step: pawl.StepMint, Attempt: 1, Label: t.label + "/1"})
	t.add(time.Second, pawl.Event{Type: pawl.EvEnded, Step: pawl.StepMint, Attempt: 1, ID: t.new, Result: pawl.Done})
	t.add(time.Second, pawl.Event{Type: pawl.EvChecked, Side: pawl.New, Attempt: 1})
}

func (t *tale) place(p pawl.Place, side pawl.Side) {
	if p.Human != nil {
		return
	}
	t.add(0, pawl.Event{Type: pawl.EvIntended, Step: pawl.StepSet, Consumer: p.ID, Side: side, Attempt: 1})
	t.add(time.Second, pawl.Event{Type: pawl.EvEnded, Step: pawl.StepSet, Consumer: p.ID, Side: side, Attempt: 1, Result: pawl.Done, Changed: true})
	t.add(t.pace, t.seen(p, 0, side))
	for i := range p.Proofs {
		t.add(2*time.Second, t.seen(p, i+1, side))
	}
}

// seen is a look that shows what the place has to show.
func (t *tale) seen(p pawl.Place, proof int, side pawl.Side) pawl.Event {
	class, detail := pawl.ReadBack, "read again: equal"
	switch {
	case proof > 0:
		class, detail = pawl.Attested, "attests the value"
		if p.Proofs[proof-1].Starts {
			class, detail = pawl.Exercised, "a new run succeeded with it"
		}
	case p.Require == pawl.Timestamp || p.Require == pawl.Exercised:
		class, detail = pawl.Timestamp, "updated after the write"
	case !p.Store:
		class, detail = pawl.Running, "release succeeded, all processes booted after the write"
	}
	return pawl.Event{Type: pawl.EvObserved, Consumer: p.ID, Proof: proof, Side: side, Attempt: 1, Verdict: pawl.Proved, Class: class, Holds: pawl.HoldsWant, Detail: detail}
}

func (t *tale) finish() {
	if t.plan.Reason != pawl.Leak {
		t.add(0, pawl.Event{Type: pawl.EvSoaking, Until: t.at.Add(t.plan.Soak)})
		t.add(t.plan.Soak, pawl.Event{Type: pawl.EvGate})
	}
	if a := t.plan.Approval; a != nil {
		t.add(time.Minute, pawl.Event{Type: pawl.EvApproved, Digest: t.plan.Digest(), Until: t.at.Add(24 * time.Hour), Actor: pawl.Actor{Type: "user", ID: "bo"}})
	}
	t.add(time.Second, pawl.Event{Type: pawl.EvAuthorised, Detail: "asked for with the rotation", Actor: t.by})
	for _, p := range t.plan.Consumers { // taken again for the gate
		for proof := 0; p.Human == nil && proof <= len(p.Proofs); proof++ {
			t.add(100*time.Millisecond, t.seen(p, proof, pawl.New))
		}
	}
	t.revoke(pawl.Old, t.old)
	t.add(t.plan.Watch, pawl.Event{Type: pawl.EvClosed, Outcome: pawl.Completed})
}

func (t *tale) back() {
	why := "asked for by " + t.by.ID + ": the release of " + t.plan.Consumers[len(t.plan.Consumers)-1].ID + " was slow"
	by := t.by
	if t.plan.Reason == pawl.Rehearsal {
		why, by = string(pawl.Rehearsal), pawl.Actor{}
	}
	t.add(5*time.Second, pawl.Event{Type: pawl.EvRollback, Reason: why, Actor: by})
	for _, p := range t.plan.Consumers {
		t.place(p, pawl.Old)
	}
	t.revoke(pawl.New, t.new)
	t.add(time.Second, pawl.Event{Type: pawl.EvClosed, Outcome: pawl.RolledBack})
}

func (t *tale) revoke(side pawl.Side, id string) {
	t.add(0, pawl.Event{Type: pawl.EvIntended, Step: pawl.StepRevoke, Side: side, ID: id})
	t.add(time.Second, pawl.Event{Type: pawl.EvEnded, Step: pawl.StepRevoke, Side: side, ID: id, Result: pawl.Done})
	for range 3 {
		t.add(1300*time.Millisecond, pawl.Event{Type: pawl.EvChecked, Side: side, Attempt: 1, Kind: pawl.Denied.String()})
	}
	t.add(0, pawl.Event{Type: pawl.EvWatching, Side: side, Until: t.at.Add(t.plan.Watch)})
}

// add is an event after a while, by pawl itself unless somebody else is named.
func (t *tale) add(after time.Duration, e pawl.Event) {
	t.at = t.at.Add(after)
	e.At = t.at
	if e.Actor == (pawl.Actor{}) {
		e.Actor = pawl.Actor{Type: "system", ID: "pawl"}
	}
	t.events = append(t.events, e)
}

// A chapter is one of the rotations that are said to have been.
type chapter struct {
	credential string
	ago        time.Duration
	reason     pawl.Reason
	end        pawl.Outcome
	pace       time.Duration
	by         string
}

const day24 = 24 * time.Hour

// chapters are in the order in which they were.
func chapters() []chapter {
	var all []chapter
	each := func(name, by string, reason pawl.Reason, pace time.Duration, days ...int) {
		for i, d := range days {
			all = append(all, chapter{name, time.Duration(d)*day24 + time.Duration(len(name)*13+i*7)*time.Minute, reason, pawl.Completed, pace/8 + time.Duration(i*7%5)*time.Second, by})
		}
	}
	each("heroku-api-key", "ana", pawl.Scheduled, 41*time.Second, 352, 262, 175, 87)
	each("heroku-ci-deploy-token", "ana", pawl.Scheduled, 28*time.Second, 271, 180, 92)
	each("heroku-log-drain-token", "dev", pawl.Scheduled, 33*time.Second, 190, 131, 66)
	each("heroku-billing-token", "ana", pawl.Manual, 22*time.Second, 118)
	each("heroku-scheduler-token", "dev", pawl.Scheduled, 25*time.Second, 117, 86, 55, 25)
	each("heroku-mobile-token", "ana", pawl.Scheduled, 38*time.Second, 178, 89)
	each("heroku-review-apps-token", "dev", pawl.Scheduled, 30*time.Second, 140)
	return append(all,
		chapter{"heroku-api-key", 181 * day24, pawl.Rehearsal, pawl.RolledBack, 40 * time.Second, "ana"},
		chapter{"heroku-mobile-token", 90 * day24, pawl.Scheduled, pawl.RolledBack, 95 * time.Second, "ana"},
		chapter{"heroku-support-token", 12 * day24, pawl.Manual, pawl.Failed, time.Second, "dev"},
		chapter{"heroku-review-apps-token", 19*day24 + 3*time.Hour, pawl.Leak, pawl.Completed, 9 * time.Second, "ana"},
	)
}

// tellPast writes a history into a journal whose clock can be turned.
func (a *app) tellPast(ctx context.Context, j journal.Journal, clock *turned, cat *catalog.Catalog, used map[string]string) error {
	all, now := chapters(), time.Now()
	left := map[string]int{} // how many more times its key changes
	for _, c := range all {
		if c.end == pawl.Completed {
			left[c.credential]++
		}
	}
	for _, c := range inOrder(all) {
		plan, err := cat.Plan(c.credential, c.reason)
		if err != nil {
			return err
		}
		if c.reason == pawl.Leak {
			plan.Incident = &pawl.Incident{Reported: now.Add(-c.ago - 4*time.Minute), Why: "it was in a screenshot of a support ticket"}
		}
		t := &tale{plan: plan, by: pawl.Actor{Type: "user", ID: c.by}, at: now.Add(-c.ago), pace: c.pace,
			old: generation(c.credential, left[c.credential], used), new: generation(c.credential, left[c.credential]-1, used)}
		if c.end == pawl.Completed {
			left[c.credential]--
		} else {
			t.new = fmt.Sprintf("%08x-put-back", len(c.credential)*7919)
		}
		if err := t.write(ctx, j, clock, c.end); err != nil {
			return err
		}
	}
	return nil
}

// generation is the vendor's id of a key that was in use so many rotations ago.
func generation(credential string, back int, used map[string]string) string {
	if back == 0 {
		return used[credential]
	}
	return fmt.Sprintf("%08x-%04x-earlier", len(credential)*104729+back*7877, back*4099)
}

func (t *tale) write(ctx context.Context, j journal.Journal, clock *turned, end pawl.Outcome) error {
	begun := t.at
	clock.turn(begun)
	run, err := j.Begin(ctx, t.plan.Credential, func(id pawl.RotationID) (journal.Batch, error) {
		t.at, t.events, t.label = begun, nil, engine.Label(j.Install())+id.String()
		events := t.tell(end)
		return journal.Batch{Events: events[:1], Audit: engine.Account(id, events)[:1]}, nil
	})
	if err != nil {
		return err
	}
	clock.turn(t.at)
	_, err = j.Append(ctx, run.ID, journal.At{Revision: run.Revision}, journal.Batch{Events: t.events[1:], Audit: engine.Account(run.ID, t.events)[1:], Close: rotation.Fold(t.events).Outcome})
	return err
}
