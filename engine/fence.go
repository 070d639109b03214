package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/provider/fence"
	"github.com/pawl-dev/pawl/rotation"
)

// Between the commit of an intent and the moment in which its request leaves,
// anything may happen: the process is stopped and continued, the machine sleeps,
// a queue is long. So every effect is fenced: right before each request that
// changes something it is asked whether this process still drives, and for the
// revoke whether everything that it rests on still holds. A call that is fenced
// off has certainly not happened.

// fence is asked as often as a call sends something, from any goroutine.
func (r *run) fence(a rotation.Action) fence.Fence {
	id, at, j := r.id, r.at, r.e.cfg.Journal
	ours := func(ctx context.Context) error {
		now, err := j.Position(ctx, id)
		switch {
		case err != nil: // not knowing counts as no
			return &pawl.Error{Op: "engine", Kind: pawl.Unavailable, Err: errors.New("the journal cannot be asked whether this process still drives")}
		case now.Epoch != at.Epoch:
			return &pawl.Error{Op: "engine", Kind: pawl.Conflict, Err: errors.New("another process drives the rotation now")}
		case a.Do == rotation.DoRevoke && now.Revision != at.Revision:
			return &pawl.Error{Op: "engine", Kind: pawl.Unavailable, Err: errors.New("something was journaled since the revoke was decided")}
		}
		return nil
	}
	if a.Do != rotation.DoRevoke {
		return ours
	}
	judged := r.state.Clone()
	return func(ctx context.Context) error {
		if err := ours(ctx); err != nil {
			return err
		}
		return r.mayRevoke(judged)
	}
}

// fenced asks the fence before a call is begun, for providers that send nothing
// over the wire, and so that none is begun in vain.
func (r *run) fenced(step pawl.Step, a rotation.Action, do func(context.Context) outcome) func(context.Context) outcome {
	return func(ctx context.Context) outcome {
		if err := fence.Ask(ctx); err != nil {
			return one(r.ended(step, a, err))
		}
		return do(ctx)
	}
}

// mayRevoke is the last look before the one effect that cannot be undone. A
// refusal by the guard is passing: the proofs are taken again. A clock that has
// jumped is for a person to look at, since soak and evidence are measured by it.
func (r *run) mayRevoke(s *rotation.State) error {
	jump, ahead := r.jumped(), time.Duration(r.ahead.Load())
	if back := jump - ahead; back < -clockBack { // also if it only went back to where it was: evidence is from the time between
		jump = back
	}
	if jump > clockJump || jump < -clockBack {
		return &pawl.Error{Op: "engine", Kind: pawl.Operator, Err: fmt.Errorf("the wall clock has jumped by %s since this process began", jump.Round(time.Second)),
			Hint: "check the clock (or was the machine asleep?), then resume"}
	}
	if err := s.Guard(r.e.now()); err != nil {
		return &pawl.Error{Op: "engine", Kind: pawl.Unavailable, Err: err}
	}
	return nil
}

// clockJump is how far wall clock and monotonic clock may drift apart while a
// process runs. A stepping NTP client stays below.
// Backwards it is less: evidence looks younger by as much.
const (
	clockJump = 2 * time.Minute
	clockBack = 5 * time.Second
)

// jumped is how much further the wall clock went than the monotonic one since
// this process took the rotation up.
func (r *run) jumped() time.Duration {
	return r.e.now().Sub(r.wall) - time.Since(r.begun)
}
