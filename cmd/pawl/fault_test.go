package main

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/pawl-dev/pawl/sim"
	"github.com/pawl-dev/pawl/sim/world"
)

// calls are the kinds of request of a rotation: the columns of the fault
// matrix.
var calls = []call{
	{"SignIn", sim.Match{Vendor: "infisical", Method: "POST", Path: "/api/v1/auth/**"}},
	{"StoreRead", sim.Match{Vendor: "infisical", Method: "GET", Path: "/api/v4/secrets/*"}},
	{"StoreWrite", sim.Match{Vendor: "infisical", Method: "PATCH", Path: "/api/v4/secrets/*"}},
	{"Mint", sim.Match{Vendor: "heroku", Method: "POST", Path: "/oauth/authorizations"}},
	{"List", sim.Match{Vendor: "heroku", Method: "GET", Path: "/oauth/authorizations"}},
	{"Check", sim.Match{Vendor: "heroku", Method: "GET", Path: "/account"}},
	{"AppRead", sim.Match{Vendor: "heroku", Method: "GET", Path: "/apps/*/config-vars"}},
	{"AppWrite", sim.Match{Vendor: "heroku", Method: "PATCH", Path: "/apps/*/config-vars"}},
	{"Releases", sim.Match{Vendor: "heroku", Method: "GET", Path: "/apps/*/releases"}},
	{"Dynos", sim.Match{Vendor: "heroku", Method: "GET", Path: "/apps/*/dynos"}},
	{"SecretKey", sim.Match{Vendor: "github", Method: "GET", Path: "/repos/acme/api/actions/secrets/public-key"}},
	{"SecretWrite", sim.Match{Vendor: "github", Method: "PUT", Path: "/repos/acme/api/actions/secrets/*"}},
	{"Dispatch", sim.Match{Vendor: "github", Method: "POST", Path: "/repos/acme/api/actions/workflows/*/dispatches"}},
	{"Run", sim.Match{Vendor: "github", Method: "GET", Path: "/repos/acme/api/actions/runs/*"}},
	{"Health", sim.Match{Vendor: "apps", Method: "GET", Path: "/**"}},
	{"Revoke", sim.Match{Vendor: "heroku", Method: "DELETE", Path: "/oauth/authorizations/*"}},
	{"Notify", sim.Match{Vendor: "slack", Method: "POST", Path: "/chat.postMessage"}},
}

// A call is a kind of request, and what it is called in the matrix.
type call struct {
	name string
	sim.Match
}

func (c call) reads() bool { return c.Method == "GET" }

// A trouble is a fault, what it is called in the matrix, and which calls it can
// happen to; nil is all.
type trouble struct {
	name string
	sim.Fault
	of func(call) bool
}

// troubles are the rows of the fault matrix.
var troubles = []trouble{
	{"ResetBefore", sim.Drop, nil},
	{"ResetAfter", sim.Lose, nil},
	{"Late", sim.Late, nil},
	{"Twice", sim.Twice, nil},
	{"429Seconds", sim.Throttle, nil},
	{"429Date", sim.ThrottleDate, nil},
	{"429AbsurdRetryAfter", sim.ThrottleAbsurd, nil},
	{"429NoRetryAfter", sim.ThrottleBare, nil},
	{"429NegativeRetryAfter", sim.ThrottlePast, nil},
	{"500", sim.Fail, nil},
	{"500Applied", sim.FailApplied, nil},
	{"502", sim.BadGateway, nil},
	{"503", sim.Refuse, nil},
	{"503Applied", sim.RefuseApplied, nil},
	{"401", sim.Deny, nil},
	{"403", sim.Forbid, nil},
	{"404", sim.Missing, func(c call) bool { return c.name == "Revoke" }},
	{"409", sim.Conflict, func(c call) bool { return !c.reads() }},
	{"422Limit", sim.Limit, func(c call) bool { return !c.reads() }},
	{"Truncated", sim.Garble, nil},
	{"WrongType", sim.Mistype, nil},
	{"HTML200", sim.HTML, nil},
	{"Drip", sim.Slow, nil},
	{"NeverEnding", sim.Stall, nil},
	{"HugeBody", sim.Huge, nil},
	{"GzipBomb", sim.Gzip, nil},
	{"RedirectElsewhere", sim.Redirect, nil},
	{"StaleRead", sim.Stale, call.reads},
}

// slow reports whether a trouble takes the whole deadline of a request.
func (x trouble) slow() bool { return x.Fault == sim.Slow || x.Fault == sim.Stall }

func (x trouble) happensTo(c call) bool { return x.of == nil || x.of(c) }

// TestFaultMatrix lets each fault happen to each kind of request, the first one
// and the third, and wants the rotation to end well, at once or after resuming.
// By default the first one of a corner of the matrix is taken, with -some a diagonal;
// -torture takes all, and prints the matrix.
func TestFaultMatrix(t *testing.T) {
	t.Parallel()
	b := board{verdicts: map[[2]string]string{}}
	t.Cleanup(func() { b.print(t) })
	for i, c := range calls {
		for j, x := range troubles {
			if !x.happensTo(c) || (i+j)%amount(3*len(calls), len(calls), 1) != amount(3, 3, 0) || x.slow() && !*torture {
				continue
			}
			t.Run(c.name+"/"+x.name, func(t *testing.T) {
				t.Parallel()
				defer turn()()
				for _, after := range []int{0, 2}[:amount(1, 2, 2)] {
					b.note(c.name, x.name, underFault(t, sim.Rule{Match: c.Match, Fault: x.Fault, Times: 1, After: after}))
				}
			})
		}
	}
}

// underFault returns what became of it: "." done at once, "r" after resuming,
// "-" if the fault was not met, and "X" for a violation.
func underFault(t *testing.T, r sim.Rule) string {
	t.Helper()
	f := newFire(t, world.Options{}, "soak: 0s, watch: 0s")
	f.rules.Add(r)
	codes := f.untilDone()
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
	f.mustRotateAgain()
	switch {
	case t.Failed():
		return "X"
	case f.rules.Fired(r.Fault) == 0:
		return "-"
	case len(codes) > 1:
		return "r"
	}
	return "."
}

// staying are troubles that last until somebody mends them.
var staying = []sim.Fault{sim.Deny, sim.Forbid, sim.Limit, sim.Fail, sim.FailApplied, sim.Lose, sim.Drop, sim.ThrottleAbsurd, sim.HTML}

// TestFaultsThatStay has one kind of request fail from its first or third one
// on until pawl has given up. It gives up, before it has asked too often; the
// old key is valid, unless it says that a person is needed; and once it is
// mended, the rotation ends well.
func TestFaultsThatStay(t *testing.T) {
	t.Parallel()
	var n, violations count
	t.Cleanup(func() { tally(t, "faults that stay until somebody mends them", n.get(), violations.get()) })
	for i, c := range calls {
		for j, fault := range staying {
			if (i+2*j)%amount(3*len(calls), len(calls), 1) != amount(1, 1, 0) {
				continue
			}
			t.Run(c.name+"/"+string(fault), func(t *testing.T) {
				t.Parallel()
				defer turn()()
				n.add()
				defer violations.addIf(t)
				faultStays(t, sim.Rule{Match: c.Match, Fault: fault, After: j % 2 * 2})
			})
		}
	}
}

func faultStays(t *testing.T, r sim.Rule) {
	t.Helper()
	f := newFire(t, world.Options{}, "soak: 0s, watch: 0s")
	f.rules.Add(r)
	code := f.pawl(append(slices.Clone(rotate), "--timeout", "15s")...)
	f.rules.Mend()
	fired := f.rules.Fired(r.Fault)
	switch {
	case fired == 0 && r.After == 0:
		t.Fatalf("the fault did not fire; exit %d\n%s", code, f.printed())
	case code == exitDone: // nothing depended on it, or looking found it done
		f.mustEndWell()
	case !slices.Contains([]int{exitDone, exitFailed, exitSignIn, exitIncomplete, exitHelp}, code):
		t.Errorf("exit %d", code)
	case code != exitHelp && !f.w.Heroku.Valid(f.old):
		t.Errorf("exit %d, and the old key is dead", code)
	}
	const budget = 60 // of one kind of request, in 15 seconds
	if fired > budget {
		t.Errorf("%d requests into the same failure", fired)
	}
	t.Logf("exit %d, fired %d times", code, fired)
	for tries := 0; tries < 3 && code != exitDone; tries++ {
		code = f.pawl(resume...)
	}
	if code != exitDone {
		t.Errorf("after it was mended: exit %d", code)
	}
	f.mustRotateAgain()
}

// untilDone rotates, and resumes up to three times. It returns the exit codes.
func (f *fire) untilDone() []int {
	codes := []int{f.pawl(rotate...)}
	for range 3 {
		if codes[len(codes)-1] == exitDone {
			break
		}
		codes = append(codes, f.pawl(resume...))
	}
	return codes
}

// mustRotateAgain: whatever ended the last rotation, nothing is lost, and the
// next one is a clean one.
func (f *fire) mustRotateAgain() {
	f.t.Helper()
	if code := f.pawl(rotate...); code != exitDone {
		f.t.Errorf("the next rotation: exit %d", code)
	}
	f.mustEndWell()
	if strings.Contains(f.printed(), sim.Mark) {
		f.t.Error("a vendor's answer was quoted")
	}
	if f.t.Failed() {
		f.t.Log(f.printed())
	}
}

// A board collects what became of the cells of the matrix.
type board struct {
	mu       sync.Mutex
	verdicts map[[2]string]string // call and trouble
}

func (b *board) note(call, trouble, verdict string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.verdicts[[2]string{call, trouble}] += verdict
}

// print shows the matrix: what became of the first request of a kind, and of
// the third.
func (b *board) print(t *testing.T) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out strings.Builder
	fmt.Fprintf(&out, "\n%-22s", "")
	for _, c := range calls {
		fmt.Fprintf(&out, " %-*s", len(c.name), c.name)
	}
	violations, cells := 0, 0
	for _, x := range troubles {
		fmt.Fprintf(&out, "\n%-22s", x.name)
		for _, c := range calls {
			v := b.verdicts[[2]string{c.name, x.name}]
			violations += strings.Count(v, "X")
			cells += len(v) - strings.Count(v, "-")
			fmt.Fprintf(&out, " %-*s", len(c.name), v)
		}
	}
	t.Logf("%s\n. done at once, r after resuming, - not met, X violation; the first request of its kind, and the third", &out)
	tally(t, "faults at requests of the real program", cells, violations)
}
