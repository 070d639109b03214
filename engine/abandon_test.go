package engine_test

import (
	"slices"
	"testing"
	"testing/synctest"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/engine"
)

// TestAbandon: what is left is said before it is left, a stranger's value that
// was overwritten included; and nothing is done at any vendor.
func TestAbandon(t *testing.T) {
	k := newKeys(t)
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, k)
		api := w.places["api"]
		api.holds, api.runs = mark+"-third", mark+"-third"
		w.start()
		if left, err := w.engine().Remainder(t.Context(), w.id); err != nil || len(left.Only) != 0 {
			t.Errorf("before anything happened: %+v, %v", left, err)
		}
		w.drive(t.Context(), engine.Options{})
		before := w.changes()
		left, err := w.engine().Remainder(t.Context(), w.id)
		if err != nil {
			t.Fatal(err)
		}
		if want := []string{"old id-old", "what api held before"}; !slices.Equal(left.Only, want) {
			t.Errorf("only in the journal: %q, want %q", left.Only, want)
		}
		var states []string
		for _, g := range left.Generations {
			states = append(states, g.Name+" "+g.ID+" "+g.State)
		}
		if want := []string{"old id-old live", "new/1 id-1 live"}; !slices.Equal(states, want) {
			t.Errorf("generations %q, want %q", states, want)
		}
		if err := w.engine().Abandon(t.Context(), w.id, "the vendor is gone", left); err != nil {
			t.Fatal(err)
		}
		s, err := w.engine().Load(t.Context(), w.id)
		if err != nil || s.Outcome != pawl.Failed || s.Abandoned != "the vendor is gone" || w.changes() != before {
			t.Errorf("%q, %q, %d changes, %v", s.Outcome, s.Abandoned, w.changes()-before, err)
		}
		if _, err := w.journal.Sealed(t.Context(), w.id, "new/1"); pawl.KindOf(err) != pawl.NotFound {
			t.Errorf("the new value is still sealed: %v", err)
		}
	})
}
