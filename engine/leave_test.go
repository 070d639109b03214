package engine_test

import (
	"testing"

	"github.com/pawl-dev/pawl/engine"
	"github.com/pawl-dev/pawl/rotation"
)

// TestOldIsLookedAtBeforeLeaving: that the old value is valid is what a person
// goes back to sleep on. Somebody else may have revoked it since it was last
// tried.
func TestOldIsLookedAtBeforeLeaving(t *testing.T) {
	bubble(t, nil, func(t *testing.T, w *world) {
		res := w.drive(t.Context(), engine.Options{})
		if waitsOn(res, rotation.OnRevoke) == nil || !res.State.OldValid() {
			t.Fatalf("left in %s, the old one valid: %v", res.Phase, res.State.OldValid())
		}
		w.mu.Lock()
		w.tokens[0].dead = true
		w.mu.Unlock()
		if res = w.drive(t.Context(), engine.Options{}); waitsOn(res, rotation.OnRevoke) == nil || res.State.OldValid() {
			t.Errorf("left in %s, the old one valid: %v, and it is dead", res.Phase, res.State.OldValid())
		}
	})
}
