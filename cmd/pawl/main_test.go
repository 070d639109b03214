package main

import (
	"flag"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain makes the test binary a pawl too, so that tests can start the real
// program, and kill it.
func TestMain(m *testing.M) {
	// The tests mostly wait, for processes that mostly wait. -parallel overrides.
	flag.Set("test.parallel", "16")
	testscript.Main(m, map[string]func(){
		"pawl": main,
	})
}
