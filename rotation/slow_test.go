package rotation_test

import (
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/rotation"
)

// TestWriteLandsAfterTheKill: what a process had sent when it was killed is
// carried out a while later. Whoever goes back at once waits for it.
func TestWriteLandsAfterTheKill(t *testing.T) {
	w := newWorld(t, somePlan())
	var lands time.Time
	land := func() {
		if !lands.IsZero() && !w.now.Before(lands) {
			w.holds["a"], lands = "id-1", time.Time{}
		}
	}
	killed := false
	w.fate = func(a rotation.Action) fate {
		if killed || a.Do != rotation.DoSet || a.Consumer != "a" {
			return fine
		}
		killed = true
		lands = w.now.Add(12 * time.Second)
		return fate{crash: true}
	}
	back := false
	w.signal = func() {
		land()
		if killed && !back {
			back = true
			w.append(pawl.Event{Type: pawl.EvRollback, Reason: "asked for", Actor: ana})
		}
	}
	w.run()
	w.now = w.now.Add(time.Hour)
	land()
	if !killed || w.state.Outcome != pawl.RolledBack || w.holds["a"] != "id-old" {
		t.Errorf("%q, and a holds %s", w.state.Outcome, w.holds["a"])
	}
	for _, wrong := range w.check() {
		t.Error(wrong)
	}
}

// TestSlowWriteLands: a write that did not answer for half a minute is carried
// out a while later. Whoever goes back meanwhile waits for it before the new
// generation is revoked, or a place would be left on a dead value.
func TestSlowWriteLands(t *testing.T) {
	w := newWorld(t, somePlan())
	var lands time.Time
	land := func() {
		if !lands.IsZero() && !w.now.Before(lands) {
			w.holds["a"], lands = "id-1", time.Time{}
		}
	}
	slow := true
	w.write = func(a rotation.Action, ev *pawl.Event) bool {
		if a.Consumer != "a" || a.Side != pawl.New || !slow {
			return false
		}
		slow = false
		w.now = w.now.Add(30 * time.Second)
		lands = w.now.Add(18 * time.Second)
		ev.Result, ev.Kind = pawl.Unsure, pawl.Unknown.String()
		w.append(pawl.Event{Type: pawl.EvRollback, Reason: "asked for", Actor: ana})
		return true
	}
	w.signal = land
	w.run()
	w.now = w.now.Add(time.Hour)
	land()
	if slow || w.state.Outcome != pawl.RolledBack || w.holds["a"] != "id-old" {
		t.Errorf("%q, and a holds %s", w.state.Outcome, w.holds["a"])
	}
	for _, wrong := range w.check() {
		t.Error(wrong)
	}
}
