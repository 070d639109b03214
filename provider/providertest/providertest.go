// Package providertest is what every provider must pass: one call of [Issuer]
// or [Consumer] from its test, against its simulator.
//
// The suites hold providers to the comments of [pawl.Issuer], [pawl.Consumer]
// and the optional interfaces, under every fault of package sim, and check for
// each fault that it really happened.
package providertest

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/sim"
)

// writes are the requests that are broken where the test does not say which.
var writes = sim.Match{Method: "WRITE"}

// A harm is a fault in a request that changes something, and what follows.
type harm struct {
	fault   sim.Fault
	kinds   []pawl.Kind // what the error may be; none: no error
	applied int         // how often it takes effect in the end
}

func harms() []harm {
	unknown := []pawl.Kind{pawl.Unknown}
	// Nothing was changed, but the vendor's word for it is not worth much: it
	// may be a proxy that speaks, which no longer knows.
	unsure := []pawl.Kind{pawl.Unknown, pawl.Unavailable}
	return []harm{
		{sim.Refuse, unsure, 0},
		{sim.Fail, unknown, 0},
		{sim.FailApplied, unknown, 1},
		{sim.Deny, []pawl.Kind{pawl.Denied}, 0},
		{sim.Forbid, []pawl.Kind{pawl.Forbidden}, 0},
		{sim.Throttle, []pawl.Kind{pawl.Throttled}, 0},
		{sim.ThrottleDate, []pawl.Kind{pawl.Throttled}, 0},
		{sim.ThrottleAbsurd, []pawl.Kind{pawl.Throttled}, 0},
		{sim.ThrottleBare, []pawl.Kind{pawl.Throttled}, 0},
		{sim.Drop, unknown, 0},
		{sim.Lose, unknown, 1},
		{sim.Late, unknown, 1},
		{sim.Twice, nil, 2},
		{sim.Garble, unknown, 1},
		{sim.HTML, unknown, 0},
		{sim.Huge, unknown, 0},
		{sim.Gzip, unknown, 0},
		{sim.Redirect, []pawl.Kind{pawl.Invalid}, 0},
	}
}

// lies are the faults in a request that only reads, and the one Kind of error
// that may be made of each; Other allows any. Deny is left out: what it means
// depends on whose token was refused.
func lies() map[sim.Fault]pawl.Kind {
	return map[sim.Fault]pawl.Kind{
		sim.Refuse: pawl.Unavailable, sim.Fail: pawl.Unavailable, sim.Drop: pawl.Unavailable, sim.Lose: pawl.Unavailable,
		sim.Garble: pawl.Unavailable, sim.HTML: pawl.Unavailable, sim.Huge: pawl.Unavailable, sim.Gzip: pawl.Unavailable,
		sim.Throttle: pawl.Throttled, sim.ThrottleBare: pawl.Throttled, sim.ThrottleAbsurd: pawl.Throttled,
		sim.Redirect: pawl.Invalid, sim.Forbid: pawl.Other,
	}
}

// checker checks what a provider gives back for what it must never contain.
type checker struct{ mark string }

func (c checker) clean(t *testing.T, what any) {
	t.Helper()
	text := fmt.Sprintf("%v %+v %#v", what, what, what)
	for err, ok := what.(error); ok && err != nil; err = errors.Unwrap(err) {
		text += fmt.Sprintf(" %v %+v %s", err, err, pawl.HintOf(err))
	}
	for _, secret := range []string{c.mark, sim.Mark} {
		if strings.Contains(text, secret) {
			t.Errorf("secret in %.300q", text)
		}
	}
}

// failed checks that err is a clean [*pawl.Error] of one of these kinds.
func (c checker) failed(t *testing.T, op string, err error, kinds ...pawl.Kind) {
	t.Helper()
	if len(kinds) == 0 && err != nil {
		t.Fatalf("%s = %v, want no error", op, err)
	}
	if len(kinds) == 0 {
		return
	}
	c.clean(t, err)
	if _, ok := errors.AsType[*pawl.Error](err); !ok {
		t.Fatalf("%s = %v (%T), want a *pawl.Error", op, err, err)
	}
	for _, k := range kinds {
		if k == pawl.Other || pawl.KindOf(err) == k {
			return
		}
	}
	t.Fatalf("%s = %v, want one of the kinds %v", op, err, kinds)
}

// fired checks that f happened once, and that a redirect led nobody astray.
func fired(t *testing.T, s *sim.Server, f sim.Fault) {
	t.Helper()
	if n := s.Fired(f); n != 1 {
		t.Fatalf("%q happened %d times, want once; requests: %v", f, n, s.Log())
	}
	if n := s.Strayed(); n != 0 {
		t.Fatalf("%d requests followed the redirect", n)
	}
}
