package engine

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/journal"
	"github.com/pawl-dev/pawl/rotation"
)

// append journals events that are true whatever else happened meanwhile.
func (r *run) append(ctx context.Context, o outcome) error {
	for tries := 0; ; {
		err := r.commit(ctx, o)
		switch pawl.KindOf(err) {
		case pawl.Conflict:
			if err := r.reload(ctx); err != nil || r.state.Outcome != "" {
				return err
			}
			continue
		case pawl.Unavailable:
			if tries++; tries <= 3 {
				time.Sleep(time.Duration(tries) * 100 * time.Millisecond)
				continue
			}
			r.drop(ctx, o)
		}
		return err
	}
}

// drop gets rid of a generation whose value we hold and cannot write down: it
// can still be revoked now. If that fails its label finds it later.
func (r *run) drop(ctx context.Context, o outcome) {
	for _, ev := range o.events {
		if ev.Type == pawl.EvEnded && ev.Step == pawl.StepMint && ev.ID != "" {
			_ = r.hands.Issuer.Revoke(ctx, ev.ID)
		}
	}
}

// commit journals a batch where the state is, and applies it. What need not
// survive a crash is only applied.
func (r *run) commit(ctx context.Context, o outcome) error {
	now := r.e.now()
	b := journal.Batch{Seal: o.seal}
	next := r.state.Clone()
	var applied []pawl.Event
	for _, ev := range o.events {
		ev = r.values.scrub(ev)
		if ev.At.IsZero() {
			ev.At = now
		}
		if ev.Actor == (pawl.Actor{}) {
			ev.Actor = r.e.cfg.Actor
		}
		keep := next.Noteworthy(ev)
		before := len(next.Kills)
		next.Apply(ev)
		if keep {
			b.Events = append(b.Events, ev)
			b.Audit = append(b.Audit, account(r.id, next, ev)...)
			b.Audit = append(b.Audit, orphans(r.id, next, ev, before)...)
		}
		if ev.Type == pawl.EvClosed {
			b.Close, b.Wipe = ev.Outcome, true
		}
		applied = append(applied, ev)
	}
	if len(b.Events) > 0 || len(b.Seal) > 0 {
		r.chain.link(b.Audit)
		rev, err := r.e.cfg.Journal.Append(ctx, r.id, r.at, b)
		if pawl.KindOf(err) == pawl.Unknown {
			rev, err = r.recover(ctx, b)
		}
		if err != nil {
			return err
		}
		r.at.Revision, r.count = rev, r.count+len(b.Events)
	}
	r.state = next
	for _, ev := range applied {
		if ev.Type == pawl.EvEnded && ev.Result == pawl.Done {
			r.since = time.Now()
		}
		r.tell(ev)
	}
	return nil
}

// recover finds out whether an append whose outcome is unknown happened.
func (r *run) recover(ctx context.Context, b journal.Batch) (int64, error) {
	loaded, err := r.e.cfg.Journal.Load(ctx, r.id)
	if err != nil {
		return 0, err
	}
	if loaded.Epoch == r.at.Epoch && len(loaded.Events) >= r.count+len(b.Events) &&
		sameEvents(loaded.Events[r.count:r.count+len(b.Events)], b.Events) {
		// What others appended after it is taken in by whatever comes next: the
		// next append is refused, and a fence says no.
		return r.at.Revision + 1, nil
	}
	kind := pawl.Conflict // somebody said something meanwhile
	if loaded.Revision == r.at.Revision {
		kind = pawl.Unavailable // to be tried again a few times: a broken disk keeps nothing, ever
	}
	return 0, &pawl.Error{Op: "engine", Kind: kind, Err: errors.New("the journal did not keep what was written"),
		Hint: "the disk may be broken or full: look at the system's log before going on"}
}

func sameEvents(a, b []pawl.Event) bool {
	for i := range a {
		x, y := a[i], b[i]
		if !x.At.Equal(y.At) || !x.Until.Equal(y.Until) {
			return false
		}
		x.At, x.Until, y.At, y.Until = time.Time{}, time.Time{}, time.Time{}, time.Time{}
		x.Plan, y.Plan, x.Evidence, y.Evidence = nil, nil, nil, nil
		if !reflect.DeepEqual(x, y) {
			return false
		}
	}
	return true
}

// reload takes in what others appended. If somebody else drives now, it stops.
func (r *run) reload(ctx context.Context) error {
	loaded, err := r.e.cfg.Journal.Load(ctx, r.id)
	if err != nil {
		return err
	}
	if loaded.Epoch != r.at.Epoch {
		return r.takenOver()
	}
	for _, ev := range loaded.Events[min(r.count, len(loaded.Events)):] {
		r.state.Apply(ev)
		r.tell(ev)
	}
	r.count, r.at.Revision = len(loaded.Events), loaded.Revision
	return r.adopt(ctx)
}

func (r *run) takenOver() error {
	return &pawl.Error{Op: "engine", Kind: pawl.Operator, Err: fmt.Errorf("another process drives %v now", r.id)}
}

func (r *run) tell(ev pawl.Event) {
	if r.opt.Watch == nil {
		return
	}
	d := rotation.Decide(r.state, r.e.now())
	r.opt.Watch(Update{ID: r.id, Event: ev, State: r.state, Waits: d.Waits, Phase: d.Phase})
}
