package dst_test

import (
	"flag"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/internal/dst"
)

var (
	seeds  = flag.Int("dst.seeds", 1000, "how many seeds to run")
	first  = flag.Uint64("dst.first", 1, "the first of them")
	seed   = flag.Uint64("dst.seed", 0, "run this seed only")
	trace  = flag.Bool("dst.trace", false, "with -dst.seed: print what happened")
	name   = flag.String("dst.mutant", "", "give the worker this bug")
	beyond = flag.Bool("dst.beyond", false, "lift the assumption on how late calls land")
)

// TestSeeds runs the real core in as many worlds as there are seeds, and wants
// every invariant to hold in each of them.
func TestSeeds(t *testing.T) {
	opt := dst.Options{Beyond: *beyond, Mutant: *name}
	if *seed != 0 {
		opt.Trace = *trace
		report(t, dst.Run(*seed, opt), opt)
		return
	}
	var all tally
	each(*first, *seeds, opt, func(r dst.Result) bool {
		all.add(r)
		if len(r.Broken) > 0 {
			report(t, r, opt)
		}
		return all.broken < 10 || *beyond
	})
	t.Log(all.String())
}

// report prints a run that broke something: the invariant, what happened, and
// how to see it again.
func report(t *testing.T, r dst.Result, opt dst.Options) {
	t.Helper()
	if len(r.Broken) > 0 && !opt.Trace {
		opt.Trace = true
		r = dst.Run(r.Seed, opt)
	}
	if opt.Trace {
		t.Logf("seed %d:\n%s", r.Seed, strings.Join(r.Events, "\n"))
	}
	t.Logf("seed %d: outcome %q after %v, %d drives, %d calls, %d faults %s", r.Seed, r.Outcome, r.Took, r.Drives, r.Calls, r.Faults, r.Person)
	for _, v := range r.Broken {
		t.Errorf("seed %d: %v\nreplay: go test ./internal/dst -run TestSeeds -dst.trace -dst.seed=%d -dst.beyond=%v -dst.mutant=%q -v", r.Seed, v, r.Seed, opt.Beyond, opt.Mutant)
	}
}

// each runs seeds on all processors, and hands the results over one at a time
// until take has enough.
func each(from uint64, n int, opt dst.Options, take func(dst.Result) bool) {
	var next atomic.Uint64
	var mu sync.Mutex
	var wg sync.WaitGroup
	enough := false
	one := func() bool {
		i := next.Add(1) - 1
		if i >= uint64(n) {
			return false
		}
		r := dst.Run(from+i, opt)
		mu.Lock()
		defer mu.Unlock()
		enough = enough || !take(r)
		return !enough
	}
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for one() {
			}
		})
	}
	wg.Wait()
}

// tally is what many runs came to.
type tally struct {
	runs, broken                 int
	ends                         map[string]int
	invariants                   map[string]int
	calls, drives, faults, steps int
	fenced, stale                int
	virtual                      time.Duration
	orphans, two, mixed          []time.Duration
}

func (a *tally) add(r dst.Result) {
	if a.ends == nil {
		a.ends, a.invariants = map[string]int{}, map[string]int{}
	}
	a.runs++
	end := string(r.Outcome)
	if end == "" {
		end = "a person: " + r.Person
	}
	a.ends[end]++
	if len(r.Broken) > 0 {
		a.broken++
		a.invariants[r.Broken[0].Invariant]++
	}
	a.calls, a.drives, a.faults, a.steps, a.virtual = a.calls+r.Calls, a.drives+r.Drives, a.faults+r.Faults, a.steps+r.Steps, a.virtual+r.Took
	a.fenced, a.stale = a.fenced+r.Fenced, a.stale+r.Exposure.Stale
	a.orphans = append(a.orphans, r.Exposure.Orphans...)
	if r.Outcome == pawl.Completed {
		a.two, a.mixed = append(a.two, r.Exposure.TwoLive), append(a.mixed, r.Exposure.Mixed)
	}
}

func (a *tally) String() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%d runs, %d broke something %v; %.1f virtual days, %d calls, %d drives, %d faults, %d steps\n",
		a.runs, a.broken, a.invariants, a.virtual.Hours()/24, a.calls, a.drives, a.faults, a.steps)
	for end, n := range a.ends {
		fmt.Fprintf(&text, "%8d %s\n", n, end)
	}
	fmt.Fprintf(&text, "%d calls fenced off, %d sent by a process that had just been taken over\n", a.fenced, a.stale)
	fmt.Fprintf(&text, "orphans %s\ntwo generations live %s\nconsumers mixed %s", spread(a.orphans), spread(a.two), spread(a.mixed))
	return text.String()
}

func spread(all []time.Duration) string {
	if len(all) == 0 {
		return "none"
	}
	slices.Sort(all)
	return fmt.Sprintf("%d: p50 %v, p99 %v, max %v", len(all), all[len(all)/2].Round(time.Millisecond), all[len(all)*99/100].Round(time.Millisecond), all[len(all)-1].Round(time.Millisecond))
}

// TestSameSeedSameRun: a seed decides everything.
func TestSameSeedSameRun(t *testing.T) {
	for i := range uint64(50) {
		opt := dst.Options{Trace: true}
		a, b := dst.Run(i, opt), dst.Run(i, opt)
		if !slices.Equal(a.Events, b.Events) {
			t.Fatalf("seed %d took two ways", i)
		}
		if c := dst.Run(i, dst.Options{}); c.Took != a.Took || c.Calls != a.Calls || c.Faults != a.Faults {
			t.Fatalf("seed %d takes another way when it is traced", i)
		}
	}
}

// TestEveryFaultFires: a fault that never happens tests nothing.
func TestEveryFaultFires(t *testing.T) {
	fired := map[string]int{}
	ends := map[pawl.Outcome]int{}
	for i := range uint64(400) {
		r := dst.Run(i+1, dst.Options{})
		ends[r.Outcome]++
		for f, n := range r.Fired {
			fired[dst.FaultName(f)] += n
		}
	}
	for i := range uint64(40) {
		for f, n := range bubble(t, i+1, dst.Options{}).Fired {
			fired[dst.FaultName(f)] += n
		}
	}
	for f, n := range fired {
		if n == 0 {
			t.Errorf("%s never happened", f)
		}
	}
	for _, o := range []pawl.Outcome{pawl.Completed, pawl.RolledBack, pawl.Failed} {
		if ends[o] == 0 {
			t.Errorf("no run ended as %s", o)
		}
	}
}
