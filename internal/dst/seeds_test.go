package dst_test

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/pawl-dev/pawl/internal/dst"
)

// A past seed once showed something.
type past struct {
	seed   uint64
	mutant string // "" if it was a bug of the real core
	why    string
}

// pastSeeds reads testdata/seeds.txt: a seed, a mutant or "-", and why.
func pastSeeds(t *testing.T) (all []past) {
	t.Helper()
	text, err := os.ReadFile("testdata/seeds.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		f := strings.SplitN(line, " ", 3)
		seed, err := strconv.ParseUint(f[0], 10, 64)
		if err != nil || len(f) != 3 {
			t.Fatalf("testdata/seeds.txt: %q is not SEED MUTANT WHY", line)
		}
		p := past{seed, f[1], f[2]}
		if p.mutant == "-" {
			p.mutant = ""
		}
		all = append(all, p)
	}
	return all
}

// TestPastSeeds runs every seed that once broke the real core.
func TestPastSeeds(t *testing.T) {
	for _, p := range pastSeeds(t) {
		if p.mutant != "" {
			continue
		}
		if r := dst.Run(p.seed, dst.Options{}); len(r.Broken) > 0 {
			t.Errorf("seed %d (%s) breaks again: %v", p.seed, p.why, r.Broken[0])
		}
	}
}
