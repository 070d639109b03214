package main

import (
	"flag"
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
