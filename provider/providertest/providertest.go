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
	"slices"
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
	kinds   []pawl.Kind // what the error may be; [noError]: there need not be one
	applied int         // how often it takes effect in the end
}

// noError stands among kinds for success.
const noError pawl.Kind = 255

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
		{sim.Twice, []pawl.Kind{noError, pawl.Unknown}, 2}, // a careful provider sees another writer at work
		{sim.Garble, unknown, 1},
		{sim.HTML, unknown, 0},
		{sim.Huge, unknown, 0},
		{sim.Gzip, unknown, 0},
		{sim.Redirect, []pawl.Kind{pawl.Invalid}, 0},
	}
}

// A lie is a fault in a request that only reads, and the one Kind of error that
// may be made of it; Other allows any. Deny is none: what it means depends on
// whose token was refused.
type lie struct {
	fault sim.Fault
	kind  pawl.Kind
}

func lies() []lie {
	return []lie{
		{sim.Refuse, pawl.Unavailable},
		{sim.Fail, pawl.Unavailable},
		{sim.Forbid, pawl.Other},
		{sim.Throttle, pawl.Throttled},
		{sim.ThrottleAbsurd, pawl.Throttled},
		{sim.ThrottleBare, pawl.Throttled},
		{sim.Drop, pawl.Unavailable},
		{sim.Lose, pawl.Unavailable},
		{sim.Garble, pawl.Unavailable},
		{sim.HTML, pawl.Unavailable},
		{sim.Huge, pawl.Unavailable},
		{sim.Gzip, pawl.Unavailable},
		{sim.Redirect, pawl.Invalid},
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

// failed checks that err is a clean [*pawl.Error] of one of these kinds, or nil
// if there are none.
func (c checker) failed(t *testing.T, op string, err error, kinds ...pawl.Kind) {
	t.Helper()
	if err == nil && (len(kinds) == 0 || slices.Contains(kinds, noError)) {
		return
	}
	if len(kinds) == 0 {
		t.Fatalf("%s = %v, want no error", op, err)
	}
	c.clean(t, err)
	if _, ok := errors.AsType[*pawl.Error](err); !ok {
		t.Fatalf("%s = %v (%T), want a *pawl.Error", op, err, err)
	}
	if !slices.Contains(kinds, pawl.KindOf(err)) && !slices.Contains(kinds, pawl.Other) {
		t.Fatalf("%s = %v, want one of the kinds %v", op, err, kinds)
	}
}

// misled checks the outcome of a read that a fault happened to. A read whose
// connection broke may have been repeated by net/http, and be right.
func (c checker) misled(t *testing.T, op string, err error, l lie) {
	t.Helper()
	if l.fault == sim.Drop || l.fault == sim.Lose {
		c.failed(t, op, err, l.kind, noError)
		return
	}
	c.failed(t, op, err, l.kind)
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
