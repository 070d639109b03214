package dst_test

import (
	"flag"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/pawl-dev/pawl/internal/dst"
)

var (
	seeds  = flag.Int("dst.seeds", 20000, "how many seeds to run")
	first  = flag.Uint64("dst.first", 1, "the first of them")
	seed   = flag.Uint64("dst.seed", 0, "run this seed only")
	trace  = flag.Bool("dst.trace", false, "with -dst.seed: print what happened")
	name   = flag.String("dst.mutant", "", "with -dst.seed: give the worker this bug")
	beyond = flag.Bool("dst.beyond", false, "lift the assumption on how late calls land")
)

func replay(t *testing.T, r dst.Result, opt dst.Options) {
	t.Helper()
	opt.Trace = true
	full := dst.Run(r.Seed, opt)
	var text strings.Builder
	for _, e := range full.Events {
		fmt.Fprintln(&text, e)
	}
	t.Logf("%s", text.String())
}

// each runs seeds on all processors and hands the results over in any order,
// one at a time.
func each(from uint64, n int, opt dst.Options, take func(dst.Result) bool) {
	var next atomic.Uint64
	var mu sync.Mutex
	var wg sync.WaitGroup
	stop := false
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for {
				i := next.Add(1) - 1
				if i >= uint64(n) {
					return
				}
				r := dst.Run(from+i, opt)
				mu.Lock()
				if !stop && !take(r) {
					stop = true
				}
				done := stop
				mu.Unlock()
				if done {
					return
				}
			}
		})
	}
	wg.Wait()
}

func TestSeeds(t *testing.T) {
	opt := dst.Options{Beyond: *beyond, Mutant: *name}
	if *seed != 0 {
		r := dst.Run(*seed, opt)
		if *trace {
			replay(t, r, opt)
		}
		for _, v := range r.Broken {
			t.Errorf("seed %d: %v", *seed, v)
		}
		t.Logf("%q %s %v", r.Outcome, r.Person, r.Took)
		return
	}
	count := map[string]int{}
	bad := map[string][]uint64{}
	each(*first, *seeds, opt, func(r dst.Result) bool {
		count["outcome "+string(r.Outcome)+" "+r.Person]++
		for _, v := range r.Broken {
			bad[v.Invariant] = append(bad[v.Invariant], r.Seed)
			if len(bad[v.Invariant]) <= 6 {
				t.Errorf("seed %d: %v", r.Seed, v)
			}
		}
		return true
	})
	for k, v := range count {
		t.Logf("%6d %s", v, k)
	}
	for k, v := range bad {
		t.Logf("%6d broken %s", len(v), k)
	}
}
