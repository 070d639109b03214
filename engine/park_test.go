package engine_test

import (
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/engine"
	"github.com/pawl-dev/pawl/rotation"
)

// TestPark: a soak needs no process. Whoever is told when it is over takes the
// rotation up again and it ends as any other; nobody is told that a person is
// needed.
func TestPark(t *testing.T) {
	bubble(t, func(w *world) { w.plan.Soak = 3 * time.Hour }, func(t *testing.T, w *world) {
		w.signal(pawl.Event{Type: pawl.EvAuthorised})
		res := w.drive(t.Context(), engine.Options{Park: time.Minute})
		if left := time.Until(res.Wake); res.Phase != rotation.Soaking || res.Stop != nil || left < 2*time.Hour || left > 3*time.Hour {
			t.Fatalf("left in %s until %v (%v)", res.Phase, res.Wake, res.Stop)
		}
		for _, ev := range w.events() {
			if ev.Type == pawl.EvStopped {
				t.Errorf("it says that it stopped: %q", ev.Detail)
			}
		}
		time.Sleep(time.Until(res.Wake))
		w.drive(t.Context(), engine.Options{Park: time.Minute})
		w.check(pawl.Completed)
	})
}

// TestParksOnlyOnTimers: a proof that stays away is looked for.
func TestParksOnlyOnTimers(t *testing.T) {
	bubble(t, nil, func(t *testing.T, w *world) {
		w.signal(pawl.Event{Type: pawl.EvAuthorised})
		w.drive(t.Context(), engine.Options{Park: time.Minute})
		w.check(pawl.Completed)
	})
}
