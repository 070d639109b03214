package main

import (
	"sync/atomic"
	"testing"

	"github.com/pawl-dev/pawl/sim"
	"github.com/pawl-dev/pawl/sim/world"
)

// TestServerWritesEachAppOnce: rotations that are under way at a server at once
// write to the apps that they share together, as those of one command do.
func TestServerWritesEachAppOnce(t *testing.T) {
	t.Parallel()
	f := newFire(t, world.Options{}, "soak: 0s, watch: 0s")
	more := f.furthers("deploy-key", "metrics-key")
	var begun atomic.Int32 // nothing is minted before all of them are driven
	all := make(chan struct{})
	f.rules.Add(sim.Rule{Match: sim.Match{Vendor: "heroku", Method: "POST", Path: "/oauth/authorizations"}, Times: 3, Fires: func() {
		if begun.Add(1) == 3 {
			close(all)
		}
		select {
		case <-all:
		case <-t.Context().Done():
		}
	}})
	h := newHost(f)
	if code := h.client(batchOf3...); code != exitDone {
		t.Fatalf("exit %d\n%s", code, f.printed())
	}
	if n := f.requests("PATCH", "/config-vars"); n != len(world.Apps) {
		t.Errorf("%d PATCHes of config vars, want %d", n, len(world.Apps))
	}
	for _, c := range more {
		f.checkFurther(c)
	}
	f.mustEndWell()
}
