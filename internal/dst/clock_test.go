package dst_test

import (
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/rotation"
)

// TestClockBackwardsForgets is the core's own part of what the mutant
// "clock-unnoticed" takes away.
func TestClockBackwardsForgets(t *testing.T) {
	at := time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)
	plan := pawl.Plan{Credential: "key", Consumers: []pawl.Place{{ID: "a", Wave: 1, Require: pawl.ReadBack}}}
	s := rotation.Fold([]pawl.Event{
		{Type: pawl.EvPlanned, At: at, Plan: &plan, Label: "pawl/dst/key/1"},
		{Type: pawl.EvIntended, At: at, Step: pawl.StepMint, Attempt: 1},
		{Type: pawl.EvChecked, At: at, Side: pawl.New, Attempt: 1},
		{Type: pawl.EvObserved, At: at, Consumer: "a", Side: pawl.New, Attempt: 1, Verdict: pawl.Proved, Class: pawl.ReadBack},
	})
	if s.New.At.IsZero() || s.Places[0].Look.At.IsZero() {
		t.Fatal("the evidence was not taken in")
	}
	for _, ev := range []pawl.EventType{pawl.EvDriving, pawl.EvIntended, pawl.EvEnded, pawl.EvWatching} {
		later := s.Clone()
		later.Apply(pawl.Event{Type: ev, At: at.Add(-10 * time.Minute), Step: pawl.StepStart, Consumer: "a"})
		if !later.New.At.IsZero() || !later.Places[0].Look.At.IsZero() {
			t.Errorf("%s ten minutes before the evidence: the evidence still has its time", ev)
		}
	}
}
