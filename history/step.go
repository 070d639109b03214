package history

import (
	"slices"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/rotation"
)

// The steps of a rotation that are not a place of its plan. A place's step has
// its consumer id: from the write to the last of its proofs.
const (
	StepChecks  = "checks"
	StepMint    = "mint" // until the new generation was seen working
	StepSoak    = "soak"
	StepRevoke  = "revoke" // until the vendor accepted it
	StepDead    = "dead"   // until it was refused
	StepWatch   = "watch"  // until the rotation was over
	StepRestore = "restore"
)

// A Step is one part of a run.
type Step struct {
	Name   string
	Took   time.Duration // driven time; for a person the time until the confirmation, nights included
	Done   bool
	Person bool
	Begun  time.Time // by the clock

	since time.Duration
}

// step begins and ends steps. The direction is the one before the event.
func (t *tally) step(e pawl.Event, at time.Duration, target pawl.Side) {
	switch e.Type {
	case pawl.EvDriving:
		if !t.state.Ready {
			t.begin(StepChecks, e, at)
		}
	case pawl.EvPreflight:
		t.end(StepChecks, e, at, e.Result == pawl.Done)
	case pawl.EvIntended:
		t.intended(e, at)
	case pawl.EvEnded:
		if e.Step == pawl.StepRevoke && e.Result == pawl.Done && target == pawl.New {
			t.end(StepRevoke, e, at, true)
			t.begin(StepDead, e, at)
		}
	case pawl.EvChecked:
		if e.Side == pawl.New && e.Kind == "" {
			t.end(StepMint, e, at, true)
		}
	case pawl.EvObserved:
		if e.Verdict == pawl.Proved && target == pawl.New {
			t.end(e.Consumer, e, at, t.held(e.Consumer))
		}
	case pawl.EvConfirmed:
		t.end(e.Consumer, e, at, true)
	case pawl.EvSoaking:
		t.begin(StepSoak, e, at)
		t.end(StepSoak, e, at+e.Until.Sub(e.At), true) // a timer: how long it takes is known in advance
	case pawl.EvRollback:
		t.begin(StepRestore, e, at)
	case pawl.EvWatching:
		if target == pawl.New {
			t.end(StepDead, e, at, true)
			t.begin(StepWatch, e, at)
		}
	case pawl.EvClosed:
		t.end(StepWatch, e, at, true)
		t.end(StepRestore, e, at, true)
	}
}

func (t *tally) intended(e pawl.Event, at time.Duration) {
	switch e.Step {
	case pawl.StepMint:
		t.begin(StepMint, e, at)
	case pawl.StepSet, pawl.StepNotify:
		if e.Side == pawl.New {
			t.begin(e.Consumer, e, at)
		}
	case pawl.StepRevoke:
		if e.Side == pawl.Old {
			t.begin(StepRevoke, e, at)
		}
	}
}

// begin opens a step, unless it was begun before: what has to be done twice
// takes as long as both.
func (t *tally) begin(name string, e pawl.Event, at time.Duration) {
	if t.open == nil {
		t.open = map[string]int{}
	}
	if _, ok := t.open[name]; ok {
		return
	}
	place := t.state.Plan.Place(name)
	t.open[name] = len(t.run.Steps)
	t.run.Steps = append(t.run.Steps, Step{Name: name, Person: place != nil && place.Human != nil, since: at, Begun: e.At})
}

// end closes a step; one that is closed again has taken until then. Proofs that
// are taken again for the gate do not lengthen it.
func (t *tally) end(name string, e pawl.Event, at time.Duration, done bool) {
	i, ok := t.open[name]
	if !ok || !done || t.run.Steps[i].Done {
		return
	}
	s := &t.run.Steps[i]
	s.Done, s.Took = true, max(0, at-s.since)
	if s.Person {
		s.Took = max(0, e.At.Sub(s.Begun))
	}
}

// held reports whether a place is proved by now, all its proofs included.
func (t *tally) held(consumer string) bool {
	i := slices.IndexFunc(t.state.Plan.Consumers, func(p pawl.Place) bool { return p.ID == consumer })
	return i >= 0 && t.state.Holds(i)
}

// method is what a rotation shows of its runbook.
func method(s *rotation.State) Method {
	switch {
	case s.Outcome == pawl.Completed:
		return RealRun
	case s.Outcome == pawl.RolledBack && s.Plan.Reason == pawl.Rehearsal && s.Back == string(pawl.Rehearsal) && !s.Aborted:
		return Rehearsed
	}
	return ReadOnly
}
