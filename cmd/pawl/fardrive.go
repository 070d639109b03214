package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/api"
	"github.com/pawl-dev/pawl/engine"
	"github.com/pawl-dev/pawl/rotation"
)

// The paces of following.
const (
	// lull is how long nothing must have happened for a rotation to be left that
	// its server has left: it may take it up again at once.
	lull = 3 * time.Second
	// away is how long a server is waited for that has gone away.
	away = 10 * time.Minute
	// patient is the longest pause between two tries to reach it again.
	patient = 5 * time.Second
)

// Drive has the server go on, and tells what it does until the rotation is
// finished, or waits for somebody, or ctx ends: that ends the telling and not
// the rotation.
func (f *far) Drive(ctx context.Context, id pawl.RotationID, opt engine.Options) (engine.Result, error) {
	from, err := f.seen(ctx, id)
	if err != nil {
		return engine.Result{}, err
	}
	run, err := farJournal{f: f}.Load(ctx, id)
	if err != nil {
		return engine.Result{}, err
	}
	s := rotation.FollowAll(run.Events)
	if fresh := f.known.drives(id); s.Outcome == "" && !fresh {
		if err := f.goOn(ctx, id, s, opt); err != nil {
			return engine.Result{ID: id, State: s}, err
		}
	}
	t := newTrail(f, id, run.Events[:min(from, len(run.Events))], opt)
	t.there = len(run.Events)
	t.auto = opt.AutoRevoke && s.Outcome == "" && s.Target == pawl.New && s.Plan.Reason != pawl.Rehearsal
	res, err := t.follow(ctx)
	f.known.saw(id, t.seen)
	return res, err
}

// goOn asks for the revoke, if a flag does, and for what was given up on to be
// tried again. A rotation that was just begun goes on anyhow. That it was finished
// meanwhile is no error.
func (f *far) goOn(ctx context.Context, id pawl.RotationID, s *rotation.State, opt engine.Options) error {
	if opt.AutoRevoke && s.Authorised == (pawl.Actor{}) && s.Target == pawl.New && s.Plan.Reason != pawl.Rehearsal {
		if _, err := f.Say(ctx, id, "revoke", api.Decision{Why: "--auto-revoke"}, 0); err != nil {
			return f.unlessOver(ctx, id, err)
		}
	}
	if _, err := f.Say(ctx, id, "resume", api.Decision{}, 0); err != nil {
		return f.unlessOver(ctx, id, err)
	}
	return nil
}

func (f *far) unlessOver(ctx context.Context, id pawl.RotationID, err error) error {
	if now, failed := f.Load(ctx, id); failed == nil && now.Outcome != "" {
		return nil
	}
	return f.heard(err)
}

// look tells a rotation from its beginning, and has nothing go on.
func (f *far) look(ctx context.Context, id pawl.RotationID, watch func(engine.Update)) (engine.Result, error) {
	run, err := farJournal{f: f}.Load(ctx, id)
	if err != nil {
		return engine.Result{}, err
	}
	t := newTrail(f, id, nil, engine.Options{Watch: watch})
	t.there = len(run.Events)
	return t.follow(ctx)
}

// A trail is a rotation that is followed: every event once and in order, however
// often the connection breaks.
type trail struct {
	f     *far
	id    pawl.RotationID
	opt   engine.Options
	auto  bool // the revoke was asked for by this command, and is among what comes
	state *rotation.State
	seen  int // events
	there int // events that there were when it began: what they say is not how it is
	last  pawl.Event
	phase rotation.Phase
	since time.Time // when waiting for proofs began
	heard time.Time // when something was heard last, the server being there
}

func newTrail(f *far, id pawl.RotationID, before []pawl.Event, opt engine.Options) *trail {
	t := &trail{f: f, id: id, opt: opt, state: rotation.FollowAll(before), seen: len(before), since: time.Now(), heard: time.Now()}
	if t.seen > 0 {
		t.last = before[t.seen-1]
	}
	return t
}

// follow goes along until there is nothing more to wait for. Where the server
// goes away it is waited for: it goes on with the rotation, and so does this.
func (t *trail) follow(ctx context.Context) (engine.Result, error) {
	if t.settled() {
		return t.left(ctx, false), nil
	}
	var gone time.Time // since when no connection has lasted; zero: one did
	pause := 100 * time.Millisecond
	for {
		begun := time.Now()
		if res, err, over := t.listen(ctx); over {
			return res, err
		}
		switch {
		case time.Since(begun) > patient:
			pause, gone = 100*time.Millisecond, time.Time{}
		case gone.IsZero():
			gone = time.Now()
		case time.Since(gone) > away:
			return t.result(false, &pawl.Error{Op: "server", Kind: pawl.Unavailable, Err: errors.New("it has gone away, and did not come back"), Hint: "pawl status " + t.id.Credential}), nil
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return t.result(false, context.Cause(ctx)), nil
		}
		pause = min(2*pause, patient)
		t.heard = time.Now() // silence counts from when it is there again
	}
}

// listen takes what comes by one connection. It reports whether that is all, or
// the connection has only broken.
func (t *trail) listen(ctx context.Context) (engine.Result, error, bool) {
	lines, ended, stop := t.connect(ctx)
	defer stop()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case l := <-lines:
			t.take(l)
		case err := <-ended:
			if p, ok := errors.AsType[*api.Problem](err); ok && p.Status < 500 {
				return engine.Result{}, t.f.heard(err), true
			}
			if ctx.Err() == nil {
				return engine.Result{}, nil, false
			}
		case <-tick.C:
		case <-ctx.Done():
			return t.result(false, context.Cause(ctx)), nil, true
		}
		if t.settled() {
			return t.left(ctx, false), nil, true
		}
		if t.late() {
			return t.left(ctx, true), nil, true
		}
	}
}

// connect begins to follow with the event after the one that was seen last.
func (t *trail) connect(ctx context.Context) (lines <-chan api.Line, ended <-chan error, stop func()) {
	ctx, stop = context.WithCancel(ctx)
	come, end, from := make(chan api.Line), make(chan error, 1), t.seen
	go func() {
		end <- t.f.Follow(ctx, t.id, from, func(l api.Line) error {
			select {
			case come <- l:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	}()
	return come, end, stop
}

// take takes in one event. One that was seen before is not told again.
func (t *trail) take(l api.Line) {
	if l.Number != t.seen+1 {
		return
	}
	t.seen, t.heard, t.last = l.Number, time.Now(), l.Event
	t.state.Follow(l.Event)
	d := rotation.Decide(t.state, l.Event.At)
	if d.Phase != t.phase {
		t.phase, t.since = d.Phase, time.Now()
	}
	if t.opt.Watch != nil && l.Event.Type != pawl.EvUnpaused {
		t.opt.Watch(engine.Update{ID: t.id, Event: l.Event, State: t.state, Waits: d.Waits, Phase: d.Phase})
	}
}

// settled reports whether the server has left the rotation, and only somebody
// can go on. What was asked for with a flag has to have been heard before.
func (t *trail) settled() bool {
	switch {
	case t.state.Outcome != "":
		return true
	case t.seen < t.there:
		return false
	case t.auto && t.state.Authorised == (pawl.Actor{}) && t.state.Target == pawl.New:
		return false
	}
	left := t.last.Type == pawl.EvStopped
	if left && somebodys(rotation.Decide(t.state, t.last.At)) {
		return true
	}
	return time.Since(t.heard) > lull && (left || somebodys(rotation.Decide(t.state, time.Now())))
}

// somebodys reports whether somebody else is waited for, and nothing besides.
func somebodys(d rotation.Decision) bool {
	return len(d.Waits) > 0 && len(d.Do) == 0 && len(d.Append) == 0 && !slices.ContainsFunc(d.Waits, func(w rotation.Wait) bool {
		return slices.Contains([]rotation.On{rotation.OnProof, rotation.OnEffect, rotation.OnTimer, rotation.OnDeath}, w.On)
	})
}

// late reports whether proofs were waited for long enough. The time of a soak or
// a watch does not count. The server waits on.
func (t *trail) late() bool {
	if t.opt.Timeout <= 0 {
		return false
	}
	if time.Since(t.since) <= t.opt.Timeout {
		return false
	}
	for _, w := range rotation.Decide(t.state, time.Now()).Waits {
		if w.On == rotation.OnTimer {
			t.since = time.Now()
			return false
		}
	}
	return true
}

// left is where the rotation was left. What it waits for its driver knows better
// than its journal: it saw more.
func (t *trail) left(ctx context.Context, late bool) engine.Result {
	r := t.result(late, nil)
	if t.state.Outcome != "" {
		return r
	}
	now, err := t.f.Rotation(ctx, t.id)
	if err != nil || now.Outcome != "" {
		return r // what is known is told all the same
	}
	r.Phase, r.Waits = rotation.Phase(now.Phase), nil
	for _, w := range now.Waits {
		x := rotation.Wait{On: rotation.On(w.On), Consumer: w.Consumer, Place: w.Place, Kind: pawl.KindNamed(w.Kind), Detail: w.Detail, Hint: w.Hint}
		if w.Until != nil {
			x.Until = *w.Until
		}
		r.Waits = append(r.Waits, x)
	}
	return r
}

func (t *trail) result(late bool, stop error) engine.Result {
	d := rotation.Decide(t.state, time.Now())
	if t.last.Type == pawl.EvStopped {
		d = rotation.Decide(t.state, t.last.At)
	}
	return engine.Result{ID: t.id, State: t.state, Phase: d.Phase, Waits: d.Waits, Late: late, Stop: stop}
}

// judge is the verdict on a result. To be rolled back by somebody else is no
// success of a command that was to rotate. Of one that a server drives, an interrupt is
// the end of the telling only.
func (a *app) judge(r engine.Result) verdict {
	v := judge(r)
	if a.onward && r.State.Outcome == pawl.RolledBack && r.State.Plan.Reason != pawl.Rehearsal {
		v.code, v.text = exitFailed, fmt.Sprintf("%s (%s)", v.text, r.State.Back)
	}
	if a.far == nil || v.code != exitInterrupted {
		return v
	}
	name := r.ID.Credential
	v.text = "not told any further; the server goes on with " + r.ID.String()
	v.next = []string{"pawl status " + name + " --watch", "pawl pause " + name}
	if r.State.Target == pawl.New && !r.State.Past() {
		v.next = append(v.next, "pawl rollback "+name)
	}
	return v
}
