package engine_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/engine"
)

// TestVerify: each place is looked at, nothing is changed, and one that fell
// back is seen.
func TestVerify(t *testing.T) {
	k := newKeys(t)
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, k)
		w.places["api"].holds, w.places["api"].runs = mark+"-third", mark+"-third"
		report, seen, err := w.engine().Verify(t.Context(), w.plan, engine.Written{})
		if err != nil || report.Old.ID != "id-old" || report.Dead || len(report.Problems) > 0 {
			t.Fatalf("Verify = %+v, %v; want id-old, alive", report, err)
		}
		for i, want := range []bool{true, true, false, true} { // store, canary, api, ci
			s := seen[i]
			if s.Proved != want || s.Err != nil {
				t.Errorf("%s: proved = %v, %v; want %v", s.ID, s.Proved, s.Err, want)
			}
			if holds := i < 2; holds != (s.Digest != "") || s.At.IsZero() { // ci cannot tell, api has another value
				t.Errorf("%s: digest %q, looked at %v", s.ID, s.Digest, s.At)
			}
		}
		if seen[1].Class != pawl.Attested || seen[2].Holds != pawl.HoldsOther || !seen[3].Silent {
			t.Errorf("canary is %s, api holds %q, ci silent = %v", seen[1].Class, seen[2].Holds, seen[3].Silent)
		}
		if n := w.changes(); n != 0 {
			t.Errorf("%d changes were made: %q", n, w.calls)
		}
	})
}

// TestStrays tells what an installation left over from what others made, and
// keeps the one in use.
func TestStrays(t *testing.T) {
	k := newKeys(t)
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, k)
		ours := engine.Label(w.journal.Install()) + w.plan.Credential
		for id, label := range map[string]string{
			"ours":    "acme-platform-token 2026-11-01 " + ours + "/3/1",
			"open":    "acme-platform-token 2026-11-22 " + ours + "/4/1",
			"older":   "acme-platform-token 2026-01-01",
			"longer":  ours + "2/1/1",
			"foreign": "somebody's laptop",
		} {
			w.tokens = append(w.tokens, &token{id: id, label: label, value: mark + id})
		}
		_, strays, err := w.engine().Strays(t.Context(), w.plan, "acme-platform-token", func(id, _ string) bool { return id == "open" })
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, s := range strays {
			got = append(got, s.Generation.ID+map[bool]string{true: " ours", false: " not ours"}[s.Ours])
		}
		slices.Sort(got)
		if want := "older not ours,ours ours"; strings.Join(got, ",") != want {
			t.Errorf("strays = %q, want %q", got, want)
		}
		if n := w.changes(); n != 0 {
			t.Errorf("%d changes were made", n)
		}
	})
}
