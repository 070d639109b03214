package main

import (
	"flag"
	"sync/atomic"
	"testing"
)

// torture makes the tests under fire take every case instead of some.
var torture = flag.Bool("torture", false, "take every request, fault and moment instead of some")

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
