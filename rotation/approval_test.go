package rotation_test

import (
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/rotation"
)

// TestGlass: the approval is done without only for this plan, for a time, and by
// somebody who says why.
func TestGlass(t *testing.T) {
	at := time.Date(2026, 11, 25, 2, 0, 0, 0, time.UTC)
	ana := pawl.Actor{Type: "user", ID: "ana@acme.example"}
	plan := pawl.Plan{Format: 1, Credential: "key", Approval: &pawl.Approval{From: "security", Count: 2}}
	good := pawl.Event{Type: pawl.EvGlass, At: at, Actor: ana, Digest: plan.Digest(), Reason: "nobody is awake", Until: at.Add(time.Hour)}
	for name, c := range map[string]struct {
		change func(*pawl.Event)
		now    time.Duration
		want   bool
	}{
		"by who asked":    {func(*pawl.Event) {}, time.Minute, true},
		"of another plan": {func(e *pawl.Event) { e.Digest = "sha256:00" }, time.Minute, false},
		"of no plan":      {func(e *pawl.Event) { e.Digest = "" }, time.Minute, false},
		"without a why":   {func(e *pawl.Event) { e.Reason = "" }, time.Minute, false},
		"for ever":        {func(e *pawl.Event) { e.Until = time.Time{} }, time.Minute, false},
		"run out":         {func(*pawl.Event) {}, time.Hour, false},
	} {
		t.Run(name, func(t *testing.T) {
			ev := good
			c.change(&ev)
			s := rotation.Fold([]pawl.Event{{Type: pawl.EvPlanned, At: at, Actor: ana, Plan: &plan}, ev})
			if got := !s.Unapproved(at.Add(c.now)); got != c.want {
				t.Errorf("counts: %v, want %v", got, c.want)
			}
			if n := len(s.Approved(at)); n != 0 {
				t.Errorf("%d people are said to have agreed", n)
			}
		})
	}
}

// TestApprovalsThatCount: an approval is of one plan, by somebody else, and for
// a time.
func TestApprovalsThatCount(t *testing.T) {
	at := time.Date(2026, 11, 25, 2, 0, 0, 0, time.UTC)
	ana, bo := pawl.Actor{Type: "user", ID: "ana@acme.example"}, pawl.Actor{Type: "user", ID: "bo@acme.example"}
	for name, c := range map[string]struct {
		alone bool
		ev    pawl.Event
		now   time.Duration
		want  int
	}{
		"somebody else":          {false, pawl.Event{Actor: bo}, time.Minute, 1},
		"who asked":              {false, pawl.Event{Actor: ana}, time.Minute, 0},
		"who asked, by a token":  {false, pawl.Event{Actor: pawl.Actor{Type: "api_token", ID: "ana@acme.example/ci"}}, time.Minute, 0},
		"who asked, alone":       {true, pawl.Event{Actor: ana}, time.Minute, 1},
		"of another plan":        {false, pawl.Event{Actor: bo, Digest: "sha256:00"}, time.Minute, 0},
		"in time":                {false, pawl.Event{Actor: bo, Until: at.Add(time.Hour)}, time.Minute, 1},
		"run out":                {false, pawl.Event{Actor: bo, Until: at.Add(time.Hour)}, time.Hour, 0},
		"given again after that": {false, pawl.Event{Actor: bo, Until: at.Add(3 * time.Hour)}, 2 * time.Hour, 1},
	} {
		t.Run(name, func(t *testing.T) {
			plan := pawl.Plan{Format: 1, Credential: "key", Approval: &pawl.Approval{From: "security", Count: 1, Alone: c.alone}}
			c.ev.Type, c.ev.At = pawl.EvApproved, at
			s := rotation.Fold([]pawl.Event{{Type: pawl.EvPlanned, At: at, Actor: ana, Plan: &plan}, c.ev, c.ev}) // twice is once
			if got := len(s.Approved(at.Add(c.now))); got != c.want {
				t.Errorf("%d approvals count, want %d", got, c.want)
			}
		})
	}
}
