package main

import (
	"context"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/engine"
	"github.com/pawl-dev/pawl/journal"
	"github.com/pawl-dev/pawl/journal/sqlite"
	"github.com/pawl-dev/pawl/rotation"
)

// watchEvery is how often the journal is asked whether something was appended.
const watchEvery = 300 * time.Millisecond

// runWatch tells rotations that another process drives, from the journal, as
// that process tells them itself: the same lines, the same live lines, and in
// the end the same exit code. Several that are open are told one after the
// other; nothing is missed by that, since the journal keeps all of it.
func (a *app) runWatch(ctx context.Context, args []string) error {
	j, err := a.readState(ctx)
	if err != nil {
		return err
	}
	if j == nil {
		return a.runStatus(ctx, args)
	}
	defer j.Close()
	ids, err := watched(ctx, j, args)
	if err != nil {
		return err
	}
	if len(ids) == 0 {
		return a.runStatus(ctx, args)
	}
	sc, worst := newScreen(a), error(nil)
	for _, id := range ids {
		if err := a.follow(ctx, j, id, sc); err != nil && worst == nil {
			worst = err
		}
		if ctx.Err() != nil {
			break
		}
	}
	return worst
}

// watched is the newest rotation of a credential, or all that are open.
func watched(ctx context.Context, j journal.Journal, args []string) (ids []pawl.RotationID, err error) {
	if len(args) == 1 {
		if strings.Contains(args[0], "/") {
			return watchedOne(ctx, j, args[0])
		}
		run, err := j.Latest(ctx, args[0])
		if pawl.KindOf(err) == pawl.NotFound {
			return nil, nil
		}
		return []pawl.RotationID{run.ID}, err
	}
	runs, err := j.List(ctx, true)
	for _, r := range runs {
		ids = append(ids, r.ID)
	}
	return ids, err
}

// watchedOne is a rotation by its number; none, if there is none.
func watchedOne(ctx context.Context, j journal.Journal, what string) ([]pawl.RotationID, error) {
	var id pawl.RotationID
	if id.UnmarshalText([]byte(what)) != nil {
		return nil, notNumbered()
	}
	if _, err := j.Load(ctx, id); pawl.KindOf(err) == pawl.NotFound {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	return []pawl.RotationID{id}, nil
}

// follow tells one rotation until it has ended or nobody drives it any more.
func (a *app) follow(ctx context.Context, j journal.Journal, id pawl.RotationID, sc *screen) error {
	sc.recall(ctx, j, id.Credential)
	run, err := j.Load(ctx, id)
	if err != nil {
		return err
	}
	if run.Outcome != "" {
		a.say("%s %v has been over since %s (%s), and nothing of it is under way. This is how it went; another one begins by:  %s", a.sign(idle),
			id, run.Updated.Local().Format("2006-01-02 15:04:05"), run.Outcome, a.pasteable("pawl rotate "+id.Credential))
	}
	sc.begin(id, rotation.Fold(run.Events).Plan)
	end := sync.OnceFunc(sc.paint())
	defer end()
	if a.far != nil {
		r, err := a.far.look(ctx, id, sc.watch)
		if end(); err != nil {
			return err
		}
		return a.conclude(r, sc)
	}
	t := &tail{j: j, id: id, state: new(rotation.State)}
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		driven := a.driven() // before reading: what it appended last is read then
		more, err := t.read(ctx, func(events []pawl.Event) { sc.retell(id, t.state, events) })
		if err != nil {
			return err
		}
		if t.state.Outcome != "" || !more && (!driven || t.stopped) {
			end()
			dec := rotation.Decide(t.state, time.Now())
			return a.conclude(engine.Result{ID: id, State: t.state, Phase: dec.Phase, Waits: dec.Waits}, sc)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			end()
			return &exit{code: exitInterrupted, err: context.Cause(ctx), safe: "Only the watching has ended."}
		}
	}
}

// driven reports whether any process drives rotations here.
func (a *app) driven() bool {
	path, err := a.stateFile()
	if err != nil {
		return false
	}
	_, held, err := sqlite.DriverLockHolder(filepath.Dir(path))
	return err == nil && held
}

// A tail follows a rotation's journal.
type tail struct {
	j        journal.Journal
	id       pawl.RotationID
	revision int64
	count    int
	state    *rotation.State
	stopped  bool // the last thing that happened is that its driver stopped
}

// read tells what was appended since it read last, and reports whether there
// was anything.
func (t *tail) read(ctx context.Context, tell func([]pawl.Event)) (bool, error) {
	at, err := t.j.Position(ctx, t.id)
	if err != nil || at.Revision == t.revision {
		return false, err
	}
	run, err := t.j.Load(ctx, t.id)
	if err != nil {
		return false, err
	}
	fresh := run.Events[min(t.count, len(run.Events)):]
	tell(fresh)
	t.revision, t.count = run.Revision, len(run.Events)
	t.stopped = len(run.Events) > 0 && run.Events[len(run.Events)-1].Type == pawl.EvStopped
	return len(fresh) > 0, nil
}
