package dst_test

import (
	"flag"
	"slices"
	"testing"

	"github.com/pawl-dev/pawl/internal/dst"
)

var most = flag.Int("dst.mutants", 300, "how many seeds a mutant may survive, if testdata/seeds.txt knows none for it; 0 leaves the mutants out")

// TestMutants gives the worker one bug at a time. A bug that no seed brings to
// light is a net that nothing tests.
func TestMutants(t *testing.T) {
	if *most == 0 {
		t.Skip("left out")
	}
	known := pastSeeds(t)
	for _, m := range dst.Mutants() {
		t.Run(m.Name, func(t *testing.T) {
			opt := dst.Options{Mutant: m.Name}
			for _, p := range known {
				if p.mutant == m.Name && caught(m, dst.Run(p.seed, opt)) {
					return
				}
			}
			tried, by := 0, dst.Result{}
			each(*first, *most, opt, func(r dst.Result) bool {
				tried++
				if caught(m, r) {
					by = r
				}
				return by.Seed == 0
			})
			if by.Seed == 0 {
				t.Fatalf("%s: not caught by %v in %d seeds", m.Breaks, m.Caught, tried)
			}
			t.Logf("caught by %v (seed %d) after %d seeds", by.Broken[0], by.Seed, tried)
		})
	}
}

func caught(m dst.Mutant, r dst.Result) bool {
	return len(r.Broken) > 0 && slices.Contains(m.Caught, r.Broken[0].Invariant)
}
