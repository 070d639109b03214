package main

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/engine"
	"github.com/pawl-dev/pawl/rotation"
	"github.com/pawl-dev/pawl/terminal"
)

// soaking is a rotation that soaks for a time from now on.
func soaking(soak time.Duration) engine.Update {
	now := time.Now()
	plan := pawl.Plan{Format: 1, Credential: "heroku-api-key", Reason: pawl.Manual, Soak: soak}
	s := rotation.Fold([]pawl.Event{
		{Type: pawl.EvPlanned, At: now, Plan: &plan},
		{Type: pawl.EvPreflight, At: now, Result: pawl.Done, ID: "old"},
		{Type: pawl.EvIntended, Step: pawl.StepMint, At: now, Attempt: 1},
		{Type: pawl.EvEnded, Step: pawl.StepMint, At: now, Attempt: 1, Result: pawl.Done, ID: "new"},
		{Type: pawl.EvChecked, At: now, Side: pawl.New, Attempt: 1},
	})
	ev := pawl.Event{Type: pawl.EvSoaking, At: now, Until: now.Add(soak)}
	s.Apply(ev)
	d := rotation.Decide(s, now)
	return engine.Update{ID: pawl.RotationID{Credential: "heroku-api-key", Number: 1}, Event: ev, State: s, Waits: d.Waits, Phase: d.Phase}
}

// TestLongWaits: where nothing is repainted, a long wait is said now and then,
// with what is left of it.
func TestLongWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		a := &app{env: env{err: &out, getenv: func(string) string { return "" }}}
		s := &screen{a: a, told: map[string]bool{}}
		end := s.paint()
		s.watch(soaking(30 * time.Minute))
		<-time.After(29 * time.Minute)
		end()
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		if len(lines) != 6 || !strings.Contains(lines[0], "Soaking") {
			t.Fatalf("told:\n%s\nwant the soak, and then a word after 1, 3, 7, 15 and 25 minutes", out.String())
		}
		if want := "both keys stay valid, 29:00 left · old key: still valid; safe to stop · 1:00"; !strings.HasSuffix(lines[1], want) {
			t.Errorf("told %q, want %q", lines[1], want)
		}
	})
}

// TestGlance: what has to be in sight is there, also where the terminal is
// narrow.
func TestGlance(t *testing.T) {
	var g glance
	u := soaking(10 * time.Minute)
	g.begun = u.Event.At
	g.see(u)
	text := ""
	for _, l := range g.lines(u.Event.At.Add(90*time.Second), "*") {
		text += l.Sign + terminal.Clip(l.Text, 57) + "\n"
	}
	want := "* 4/7 Soaking 1:30\n  both keys stay valid, 8:30 left\n  old key: still valid; safe to stop · 1:30\n"
	if text != want {
		t.Errorf("in sight:\n%s\nwant:\n%s", text, want)
	}
	g.name = "heroku-api-key"
	if l := g.lines(u.Event.At, "*"); len(l) != 1 || !strings.HasPrefix(l[0].Text, "heroku-api-key 4/7 Soaking") {
		t.Errorf("one of several: %v", l)
	}
}
