package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pawl-dev/pawl/sim/world"
)

func TestZZ(t *testing.T) {
	f := newFire(t, world.Options{}, "soak: 0s, watch: 0s")
	if code := f.pawl(rotate...); code != exitDone {
		t.Fatalf("exit %d\n%s", code, f.printed())
	}
	var b strings.Builder
	for _, e := range f.rules.Log() {
		fmt.Fprintf(&b, "%3d %-10s %-6s %s\n", e.N, e.Vendor, e.Method, e.Path)
	}
	t.Log("\n" + b.String())
}
