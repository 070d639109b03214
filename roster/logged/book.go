package logged

import (
	"context"
	"log/slog"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/audit"
	"github.com/pawl-dev/pawl/journal"
	"github.com/pawl-dev/pawl/roster"
)

// Record appends to the audit log; it is the journal's.
type Record func(ctx context.Context, events ...audit.Event) error

// Recorded reads the audit log; it is the journal's AuditPage.
type Recorded func(ctx context.Context, about journal.About, before int64, most int) (journal.Page, error)

// A Book is where changes of a roster are written down: a roster has one, whoever
// changes it. Roster and Record are required. It is safe for concurrent use.
type Book struct {
	Roster   roster.Roster
	Record   Record
	Recorded Recorded         // nil: an older roster is not noticed
	Now      func() time.Time // nil: time.Now
	Log      *slog.Logger     // nil: nothing is logged
}

func (b *Book) now() time.Time {
	if b.Now == nil {
		return time.Now().UTC().Round(0)
	}
	return b.Now().UTC().Round(0)
}

// A Change is what is done to whom, for people.
type Change struct {
	By     pawl.Actor
	Where  string // "person bo", "token x ci"
	Detail string
}

func (c Change) event(outcome audit.Outcome, at time.Time) audit.Event {
	ev := audit.New(audit.PolicyChanged, outcome, at, c.By)
	ev.Target.Where, ev.Context.Detail = c.Where, c.Where+": "+c.Detail
	return ev
}

// Change makes a change of who may what. In a roster that is older than the log
// nothing is changed.
func (b *Book) Change(ctx context.Context, c Change, change func() error) error {
	s, err := b.Standing(ctx)
	if err != nil {
		return err
	}
	if s.Older() {
		return s.Err()
	}
	intent := c.event(audit.Pending, b.now())
	intent.Context.Roster = audit.Edition(s.Is)
	if err := b.Record(ctx, intent); err != nil {
		return err
	}
	// To crash from here on leaves an intent without an outcome, as everywhere.
	err = change()
	if failed := b.after(ctx, c, intent, err); failed != nil && b.Log != nil {
		b.Log.Error("recording a change of the team", "err", failed)
	}
	return err
}

// after writes down what became of an intent.
func (b *Book) after(ctx context.Context, c Change, intent audit.Event, err error) error {
	after := c.event(audit.Success, b.now())
	after.Prev = intent.ID
	if err != nil {
		after.Outcome, after.Context.Kind = audit.Failure, pawl.KindOf(err).String()
		if pawl.KindOf(err) == pawl.Unknown {
			after.Outcome = audit.Unknown
		}
	}
	return b.note(context.WithoutCancel(ctx), after)
}

// Happened writes down a change that is made.
func (b *Book) Happened(ctx context.Context, c Change) error {
	return b.note(ctx, c.event(audit.Success, b.now()))
}

// note adds the edition, read before the record is made.
func (b *Book) note(ctx context.Context, ev audit.Event) error {
	is, err := b.Roster.Edition(ctx)
	if err != nil {
		return err
	}
	ev.Context.Roster = audit.Edition(is)
	return b.Record(ctx, ev)
}
