package dst_test

import (
	"flag"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/pawl-dev/pawl/internal/dst"
)

var engines = flag.Int("dst.engine", 100, "how many seeds to run with the real engine")

// bubble runs a seed with the real engine.
func bubble(t *testing.T, seed uint64, opt dst.Options) (r dst.Result) {
	synctest.Test(t, func(*testing.T) { r = dst.RunEngine(seed, opt, synctest.Wait) })
	return r
}

// TestEngine puts the real engine, with its goroutines, its fence, its preflight
// and its confirmation of a mint, into the worlds of the seeds.
func TestEngine(t *testing.T) {
	if *seed != 0 {
		reportEngine(t, bubble(t, *seed, dst.Options{Trace: true, Beyond: *beyond, Mutant: *name}))
		return
	}
	var all tally
	var mu sync.Mutex
	var next atomic.Uint64
	t.Run("seeds", func(t *testing.T) {
		for range runtime.GOMAXPROCS(0) {
			t.Run("", func(t *testing.T) {
				t.Parallel()
				for i := next.Add(1) - 1; i < uint64(*engines) && !t.Failed(); i = next.Add(1) - 1 {
					r := bubble(t, *first+i, dst.Options{Beyond: *beyond, Mutant: *name})
					if len(r.Broken) > 0 {
						reportEngine(t, bubble(t, r.Seed, dst.Options{Trace: true, Beyond: *beyond, Mutant: *name}))
						t.Errorf("seed %d: %v", r.Seed, r.Broken[0])
					}
					mu.Lock()
					all.add(r)
					mu.Unlock()
				}
			})
		}
	})
	t.Log(all.String())
}

func reportEngine(t *testing.T, r dst.Result) {
	t.Helper()
	t.Logf("seed %d:\n%s", r.Seed, strings.Join(r.Events, "\n"))
	t.Logf("seed %d: outcome %q after %v, %d drives, %d calls, %d faults %s", r.Seed, r.Outcome, r.Took, r.Drives, r.Calls, r.Faults, r.Person)
	for _, v := range r.Broken {
		t.Errorf("seed %d: %v\nreplay: go test ./internal/dst -run TestEngine -dst.seed=%d -dst.beyond=%v -v", r.Seed, v, r.Seed, *beyond)
	}
}

// TestFlaws gives what stands around the engine one fault at a time, and wants the
// monitor to name it. Seeds that once did are tried first.
func TestFlaws(t *testing.T) {
	known := pastSeeds(t)
	for _, f := range dst.Flaws() {
		t.Run(f.Name, func(t *testing.T) {
			for _, p := range known {
				if p.mutant != f.Name {
					continue
				}
				if r := bubble(t, p.seed, dst.Options{Mutant: f.Name}); len(r.Broken) > 0 && slices.Contains(f.Caught, r.Broken[0].Invariant) {
					return
				}
			}
			for i := range uint64(3000) {
				r := bubble(t, i+1, dst.Options{Mutant: f.Name})
				if len(r.Broken) == 0 {
					continue
				}
				if !slices.Contains(f.Caught, r.Broken[0].Invariant) {
					t.Errorf("seed %d: %s, want one of %v", r.Seed, r.Broken[0], f.Caught)
				}
				t.Logf("seed %d: %s", r.Seed, r.Broken[0])
				return
			}
			t.Errorf("%s: not caught", f.Breaks)
		})
	}
}

// TestEngineTakesOneWay: also with goroutines a seed decides everything.
func TestEngineTakesOneWay(t *testing.T) {
	for i := range uint64(15) {
		a, b := bubble(t, i, dst.Options{Trace: true}), bubble(t, i, dst.Options{Trace: true})
		if !slices.Equal(a.Events, b.Events) {
			t.Fatalf("seed %d took two ways", i)
		}
	}
}
