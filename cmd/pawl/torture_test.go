package main

import (
	"flag"
	"sync/atomic"
	"testing"
)

// How much the tests under fire take on: a few cases, so that `go test ./...` is
// done soon; with -some, enough to find what is grossly wrong, as `make test`
// does; with -torture, all of them.
var (
	some    = flag.Bool("some", false, "take many requests, faults and moments instead of a few")
	torture = flag.Bool("torture", false, "take every request, fault and moment")
)

// amount is how much of something is taken on.
func amount(few, many, all int) int {
	switch {
	case *torture:
		return all
	case *some:
		return many
	}
	return few
}

// taken reports whether the i-th of some rows is taken on: by default one of so
// many, with -some and with -torture each.
func taken(i, oneOf int) bool { return *some || *torture || i%oneOf == 0 }

// oneProcessor is in the environment of a pawl under fire by default: many run at
// one time, and to wake the threads of each is an eighth of what they cost. With
// -some and -torture they have all the processors that there are, as in
// transcripts.
func oneProcessor() []string {
	if *some || *torture {
		return nil
	}
	return []string{"GOMAXPROCS=1"}
}

// tally says how much was done, and how much of it went wrong. `make torture`
// collects these lines.
func tally(t *testing.T, what string, n, violations int) {
	t.Helper()
	t.Logf("tally | %s | %d | %d", what, n, violations)
}

// A count is counted by tests that run at the same time.
type count struct{ n atomic.Int64 }

func (c *count) add() { c.n.Add(1) }

// addIf counts a test that failed.
func (c *count) addIf(t *testing.T) {
	if t.Failed() {
		c.add()
	}
}

func (c *count) get() int { return int(c.n.Load()) }
