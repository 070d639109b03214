package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/pawl-dev/pawl/sim"
	"github.com/pawl-dev/pawl/sim/world"
)

// calls are the kinds of request of a rotation: the columns of the fault
// matrix.
var calls = []struct {
	name string
	sim.Match
}{
	{"sign-in", sim.Match{Vendor: "infisical", Method: "POST", Path: "/api/v1/auth/**"}},
	{"store-read", sim.Match{Vendor: "infisical", Method: "GET", Path: "/api/v4/secrets/*"}},
	{"store-write", sim.Match{Vendor: "infisical", Method: "PATCH", Path: "/api/v4/secrets/*"}},
	{"mint", sim.Match{Vendor: "heroku", Method: "POST", Path: "/oauth/authorizations"}},
	{"list", sim.Match{Vendor: "heroku", Method: "GET", Path: "/oauth/authorizations"}},
	{"check", sim.Match{Vendor: "heroku", Method: "GET", Path: "/account"}},
	{"app-read", sim.Match{Vendor: "heroku", Method: "GET", Path: "/apps/*/config-vars"}},
	{"app-write", sim.Match{Vendor: "heroku", Method: "PATCH", Path: "/apps/*/config-vars"}},
	{"releases", sim.Match{Vendor: "heroku", Method: "GET", Path: "/apps/*/releases"}},
	{"dynos", sim.Match{Vendor: "heroku", Method: "GET", Path: "/apps/*/dynos"}},
	{"secret-key", sim.Match{Vendor: "github", Method: "GET", Path: "/repos/acme/api/actions/secrets/public-key"}},
	{"secret-write", sim.Match{Vendor: "github", Method: "PUT", Path: "/repos/acme/api/actions/secrets/*"}},
	{"dispatch", sim.Match{Vendor: "github", Method: "POST", Path: "/repos/acme/api/actions/workflows/*/dispatches"}},
	{"run", sim.Match{Vendor: "github", Method: "GET", Path: "/repos/acme/api/actions/runs/*"}},
	{"health", sim.Match{Vendor: "apps", Method: "GET", Path: "/**"}},
	{"revoke", sim.Match{Vendor: "heroku", Method: "DELETE", Path: "/oauth/authorizations/*"}},
	{"notify", sim.Match{Vendor: "slack", Method: "POST", Path: "/chat.postMessage"}},
}

// TestFaultMatrix lets each fault happen to each kind of request, the first one
// and a later one, and wants the rotation to end well, at once or after
// resuming. By default a diagonal of the matrix is taken; -torture takes all.
func TestFaultMatrix(t *testing.T) {
	t.Parallel()
	for i, c := range calls {
		for j, fault := range sim.Faults() {
			slow := fault == sim.Slow // takes the whole deadline of a request
			if !*torture && ((i+j)%len(calls) != 3 || slow) {
				continue
			}
			t.Run(c.name+"/"+string(fault), func(t *testing.T) {
				t.Parallel()
				defer turn()()
				for _, after := range []int{0, 2} {
					underFault(t, sim.Rule{Match: c.Match, Fault: fault, Times: 1, After: after})
				}
			})
		}
	}
}

func underFault(t *testing.T, r sim.Rule) {
	f := newFire(t, world.Options{}, "soak: 0s, watch: 0s")
	f.rules.Add(r)
	codes := []int{f.pawl(rotate...)}
	for range 3 {
		if codes[len(codes)-1] == exitDone {
			break
		}
		codes = append(codes, f.pawl("resume", world.Credential, "--yes", "--auto-revoke", "--no-input"))
	}
	f.rules.Settle() // what was late has landed now
	f.rules.Mend()   // and the vendors are well again
	if r.After == 0 && f.rules.Fired(r.Fault) == 0 {
		t.Fatalf("the fault did not fire; exits %v\n%s", codes, f.printed())
	}
	for _, code := range codes {
		if !slices.Contains([]int{exitDone, exitFailed, exitSignIn, exitIncomplete, exitHelp}, code) {
			t.Errorf("exits %v; a fault at a vendor is 1, 4 or 6, or 7 after the revoke", codes)
		}
	}
	if codes[len(codes)-1] != exitDone {
		t.Errorf("not ended by resuming: exits %v", codes)
	}
	// Whatever ended it: nothing is lost, and the next rotation is a clean one.
	if code := f.pawl(rotate...); code != exitDone {
		t.Errorf("the next rotation: exit %d", code)
	}
	f.mustEndWell()
	if t.Failed() {
		t.Log(f.printed())
	}
	if strings.Contains(f.printed(), sim.Mark) {
		t.Error("a vendor's answer was quoted")
	}
}
