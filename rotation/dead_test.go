package rotation_test

import (
	"strings"
	"testing"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/rotation"
)

// TestOldDiesUnused: a rotation that goes back before anybody was asked to use
// the new generation ends, also if the old one has died meanwhile.
func TestOldDiesUnused(t *testing.T) {
	w := newWorld(t, somePlan())
	w.show = func(a rotation.Action, ev *pawl.Event) {
		if a.Do == rotation.DoCheck && a.Side == pawl.New && ev.Kind == "" && w.state.Target == pawl.New {
			ev.Kind = pawl.Mismatch.String()
			delete(w.live, "id-old")
		}
	}
	w.run()
	if w.state.Outcome != pawl.Failed || len(w.live) != 0 || w.state.OldValid() {
		t.Fatalf("%q, live: %v, the old one is said to be valid: %v", w.state.Outcome, w.live, w.state.OldValid())
	}
}

// TestAbortedOntoDeadOld: nothing can be gone back to, and the vendor has not
// minted what can be used. A person is asked; once one goes on, it is minted
// anew, and the rotation comes to its end.
func TestAbortedOntoDeadOld(t *testing.T) {
	w := newWorld(t, somePlan())
	w.append(pawl.Event{Type: pawl.EvAuthorised, Actor: ana})
	broken := true
	w.signal = func() {
		if broken && w.state.Places[2].Touched { // it was in use, and is dead
			delete(w.live, w.state.NewID())
			delete(w.live, "id-old")
		}
	}
	w.fate = func(a rotation.Action) fate {
		if broken && a.Do == rotation.DoMint && w.state.Places[2].Touched {
			return fate{result: pawl.NotDone, kind: pawl.Invalid}
		}
		return fine
	}
	d := w.run()
	if len(d.Waits) != 1 || d.Waits[0].On != rotation.OnHelp || !strings.Contains(d.Waits[0].Hint, "pawl resume key") {
		t.Fatalf("waits for %+v, want a person who is told what to do", d.Waits)
	}
	w.drive()
	if d = w.run(); len(d.Waits) != 1 || d.Waits[0].On != rotation.OnHelp {
		t.Fatalf("resumed while the vendor is broken: waits for %+v, want a person again", d.Waits)
	}
	broken = false
	w.drive()
	w.append(pawl.Event{Type: pawl.EvAuthorised, Actor: ana})
	if w.run(); w.state.Outcome != pawl.Completed || len(w.check()) > 0 {
		t.Fatalf("%q, %v", w.state.Outcome, w.check())
	}
}

// TestRejectedAtTheVendor: a change that a person at the vendor never agrees to
// is asked for again when the rotation is taken up, not more often than once an
// hour, and not for ever.
func TestRejectedAtTheVendor(t *testing.T) {
	w := newWorld(t, somePlan())
	asked := 0
	w.write = func(a rotation.Action, ev *pawl.Event) bool {
		if a.Consumer != "store" || a.Side != pawl.New {
			return false
		}
		asked++
		ev.Pending, ev.Detail = true, "approve it"
		return true
	}
	for range 3 {
		if d := w.run(); len(d.Waits) != 1 || d.Waits[0].On != rotation.OnVendor || asked != 1 {
			t.Fatalf("asked %d times, waits for %+v", asked, d.Waits)
		}
		w.now = w.now.Add(rotation.Reask / 4)
		w.drive()
	}
	for range 2 * rotation.Asks {
		w.now = w.now.Add(2 * rotation.Reask)
		w.drive()
		w.run()
	}
	d := w.run()
	if asked != rotation.Asks+1 || len(d.Waits) != 1 || d.Waits[0].On != rotation.OnHelp {
		t.Fatalf("asked %d times, waits for %+v; want %d and a person", asked, d.Waits, rotation.Asks+1)
	}
	w.append(pawl.Event{Type: pawl.EvRollback, Reason: "test"})
	if w.run(); w.state.Outcome != pawl.RolledBack || len(w.check()) > 0 {
		t.Fatalf("%q, %v", w.state.Outcome, w.check())
	}
}
