package engine

import (
	"context"
	"errors"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/journal"
	"github.com/pawl-dev/pawl/rotation"
)

// append journals what somebody has to say who does not drive the rotation: the
// events and sealed values that made returns for the state as it is. If the
// rotation moves meanwhile, made is asked again. The protocol is
// compare-and-swap, so it makes no difference whether some process drives it.
func (e *Engine) append(ctx context.Context, id pawl.RotationID, made func(journal.Run, *rotation.State) (journal.Batch, error)) error {
	for {
		run, err := e.cfg.Journal.Load(ctx, id)
		if err != nil {
			return err
		}
		s := rotation.Fold(run.Events)
		if s.Outcome != "" {
			return &pawl.Error{Op: "engine.Signal", Kind: pawl.Conflict, Err: errors.New(id.String() + " is finished")}
		}
		b, err := made(run, s)
		if err != nil {
			return err
		}
		e.sign(id, s, &b)
		_, err = e.cfg.Journal.Append(ctx, id, journal.At{Revision: run.Revision}, b)
		switch pawl.KindOf(err) {
		case pawl.Conflict:
			continue
		case pawl.Unknown:
			if e.happened(ctx, id, len(run.Events), b) {
				return nil
			}
		}
		return err
	}
}

// sign says when and by whom the events of a batch are, and what they mean to
// an auditor.
func (e *Engine) sign(id pawl.RotationID, s *rotation.State, b *journal.Batch) {
	now := e.now()
	for i := range b.Events {
		ev := &b.Events[i]
		if ev.Actor = e.cfg.Actor; ev.At.IsZero() {
			ev.At = now
		}
		before := len(s.Kills)
		s.Apply(*ev)
		b.Audit = append(append(b.Audit, account(id, s, *ev)...), orphans(id, s, *ev, before)...)
	}
}

// happened reports whether an append whose outcome is unknown was made.
func (e *Engine) happened(ctx context.Context, id pawl.RotationID, count int, b journal.Batch) bool {
	run, err := e.cfg.Journal.Load(ctx, id)
	return err == nil && len(run.Events) >= count+len(b.Events) && sameEvents(run.Events[count:count+len(b.Events)], b.Events)
}
