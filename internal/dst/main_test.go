package dst_test

import (
	"os"
	"runtime/debug"
	"testing"
)

// TestMain trades memory for speed: a run lives for a millisecond.
func TestMain(m *testing.M) {
	debug.SetGCPercent(800)
	os.Exit(m.Run())
}
