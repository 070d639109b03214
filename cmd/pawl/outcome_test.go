package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/engine"
	"github.com/pawl-dev/pawl/rotation"
)

// TestLookAgain: a mint's answer was lost, and nothing was found that it made. It
// may be that the vendor's list hid it for longer than was looked: whoever reads
// that the rotation is done reads that too. Of what was found and revoked there
// is nothing to say.
func TestLookAgain(t *testing.T) {
	at := time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)
	plan := pawl.Plan{Format: 1, Credential: "heroku-api-key", Reason: pawl.Scheduled}
	tell := func(found ...string) string {
		r := engine.Result{ID: pawl.RotationID{Credential: "heroku-api-key", Number: 1}, State: rotation.Fold([]pawl.Event{
			{Type: pawl.EvPlanned, At: at, Plan: &plan, Label: "pawl/abc/heroku-api-key/1"},
			{Type: pawl.EvPreflight, At: at, Result: pawl.Done, ID: "old"},
			{Type: pawl.EvIntended, Step: pawl.StepMint, At: at, Attempt: 1, Label: "pawl/abc/heroku-api-key/1/1"},
			{Type: pawl.EvEnded, Step: pawl.StepMint, At: at, Attempt: 1, Label: "pawl/abc/heroku-api-key/1/1", Result: pawl.Unsure, Kind: "outcome unknown"},
			{Type: pawl.EvListed, At: at.Add(time.Minute), Label: "pawl/abc/heroku-api-key/1/1", IDs: found},
			{Type: pawl.EvIntended, Step: pawl.StepMint, At: at.Add(time.Minute), Attempt: 2, Label: "pawl/abc/heroku-api-key/1/2"},
			{Type: pawl.EvEnded, Step: pawl.StepMint, At: at.Add(time.Minute), Attempt: 2, Label: "pawl/abc/heroku-api-key/1/2", Result: pawl.Done, ID: "new"},
			{Type: pawl.EvClosed, At: at.Add(time.Hour), Outcome: pawl.Completed},
		})}
		v := judge(r)
		if v.code != exitDone {
			t.Errorf("exit %d", v.code)
		}
		i := slices.IndexFunc(v.next, func(s string) bool { return strings.HasPrefix(s, "pawl sweep") })
		if i < 0 {
			return ""
		}
		if err := understood(v.next[i]); err != nil {
			t.Errorf("says to go on with %s: %v", v.next[i], err)
		}
		return v.next[i]
	}
	if tell() == "" {
		t.Error("nothing was found, and nobody is told to look again")
	}
	if got := tell("orphan"); got != "" {
		t.Errorf("it was found and revoked, and yet: %s", got)
	}
}

// How long a soak lasts is said where it is waited for, and nothing stands before
// it where a place would.
func TestTimerSaysUntilWhen(t *testing.T) {
	until := time.Date(2026, 11, 25, 14, 30, 0, 0, time.Local)
	lines := waitLines([]rotation.Wait{{On: rotation.OnTimer, Detail: "both keys stay valid", Until: until}, {On: rotation.OnProof, Consumer: "api-prod", Detail: "1 of 2 dynos up"}})
	if got, want := waitText(lines[0], 14), "both keys stay valid until 2026-11-25 14:30:00"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := waitText(lines[1], 14), "api-prod       1 of 2 dynos up"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
