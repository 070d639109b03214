package main

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain makes the test binary a pawl too, so that tests can start the real
// program, and kill it.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"pawl": main,
	})
}
