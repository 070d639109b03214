// Package relay sends what the rotations of a journal have come to, as spans.
//
// What there is to send is read from the journal, and how far it was sent is
// kept in memory: after a restart something may be sent again, as the same
// spans. It never makes a rotation wait, and nothing that goes wrong here is a
// rotation's business.
package relay

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/journal"
	"github.com/pawl-dev/pawl/trace"
)

// Config is what a Relay works with. All of it is required.
type Config struct {
	Journal journal.Journal
	// Send sends some spans of one rotation. An error whose Kind is Unchanged
	// says that they may be sent later; after any other they are given up.
	Send func(ctx context.Context, spans []trace.Span) error
	// Tell is told when sending begins to fail, or a rotation cannot be read, and,
	// with nil, when it works again.
	Tell func(error)
}

// A Relay is safe for concurrent use.
type Relay struct {
	cfg Config

	mu      sync.Mutex
	changed map[pawl.RotationID]bool

	sent    map[pawl.RotationID]mark // of the one who sends, as the rest
	failing bool
	fails   int // in a row
}

// A mark is how far a rotation was sent.
type mark struct {
	revision int64
	spans    int
}

const (
	pace    = 5 * time.Second // what ends in one go goes in one request
	longest = 5 * time.Minute // between attempts, while nobody answers
	atOnce  = 512             // spans
	most    = 10_000          // rotations that are remembered

	patience = 4 // failures in a row before somebody is told
)

// New returns a relay that knows of nothing to send.
func New(cfg Config) *Relay {
	return &Relay{cfg: cfg, changed: map[pawl.RotationID]bool{}, sent: map[pawl.RotationID]mark{}}
}

// Changed says that something may have happened to rotations. If it is of more
// than are remembered, what is beyond is sent when it changes again.
func (r *Relay) Changed(ids ...pawl.RotationID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, id := range ids {
		if len(r.changed) < most {
			r.changed[id] = true
		}
	}
}

// Since says so of every rotation that something was written of after a time.
// A process that was killed may not have sent it.
func (r *Relay) Since(ctx context.Context, at time.Time) error {
	open, err := r.cfg.Journal.List(ctx, true)
	if err != nil {
		return err
	}
	closed, err := r.cfg.Journal.Tips(ctx)
	if err != nil {
		return err
	}
	for _, run := range slices.Concat(open, closed) {
		if err := r.since(ctx, run, at); err != nil {
			return err
		}
	}
	return nil
}

// since says so of a rotation, and of those of its credential before it: one ends
// before the next begins.
func (r *Relay) since(ctx context.Context, run journal.Run, at time.Time) error {
	for run.Updated.After(at) {
		r.Changed(run.ID)
		before, err := r.cfg.Journal.Runs(ctx, journal.Which{Credential: run.ID.Credential, Before: run.ID, Most: 1})
		if err != nil || len(before) == 0 {
			return err
		}
		run = before[0]
	}
	return nil
}

// Run sends until ctx ends.
func (r *Relay) Run(ctx context.Context) {
	for ctx.Err() == nil {
		_ = r.Flush(ctx) // whoever has to know is told
		select {
		case <-ctx.Done():
		case <-time.After(pace):
		}
	}
}

// Flush sends what has changed, and again what could not be sent, until it is
// or ctx ends: with longer and longer waits, and as late as the collector asks
// for. It returns why something is left.
func (r *Relay) Flush(ctx context.Context) error {
	waits := backoff.NewExponentialBackOff()
	waits.MaxInterval = longest
	var why error
	for {
		err := r.round(ctx)
		if err == nil {
			return nil
		}
		if why == nil || ctx.Err() == nil { // to be cut off says less than what was before it
			why = err
		}
		wait := waits.NextBackOff()
		if e, ok := errors.AsType[*pawl.Error](err); ok {
			wait = max(wait, e.After)
		}
		if end, ok := ctx.Deadline(); ok && time.Until(end) < wait {
			return why
		}
		select {
		case <-ctx.Done():
			return why
		case <-time.After(wait):
		}
	}
}

// round sends what has changed once. What cannot be sent now stays changed.
func (r *Relay) round(ctx context.Context) error {
	r.mu.Lock()
	ids := slices.SortedFunc(maps.Keys(r.changed), func(a, b pawl.RotationID) int { return cmp.Compare(a.String(), b.String()) })
	clear(r.changed)
	r.mu.Unlock()
	if len(r.sent) > most { // at worst something is sent twice
		clear(r.sent)
	}
	for i, id := range ids {
		if err := r.send(ctx, id); err != nil {
			r.Changed(ids[i:]...)
			return err
		}
	}
	return nil
}

// send sends what has ended of a rotation since it was sent last.
func (r *Relay) send(ctx context.Context, id pawl.RotationID) error {
	m := r.sent[id]
	if at, err := r.cfg.Journal.Position(ctx, id); err == nil && at.Revision == m.revision {
		return nil
	}
	run, err := r.cfg.Journal.Load(ctx, id)
	switch {
	case pawl.KindOf(err) == pawl.NotFound:
		return nil
	case err != nil && ctx.Err() != nil: // cut off, which says nothing of the journal
		return err
	case err != nil:
		return r.failed(err)
	}
	spans := trace.Of(r.cfg.Journal.Install(), id, run.Events)
	for m.spans < len(spans) {
		batch := spans[m.spans:min(m.spans+atOnce, len(spans))]
		if err := r.failed(r.cfg.Send(ctx, batch)); err != nil {
			return err
		}
		m.spans += len(batch)
		r.sent[id] = m
	}
	m.revision = run.Revision
	r.sent[id] = m
	return nil
}

// failed says what went wrong, and returns it if it is worth another try: nothing
// waits behind what will never be read or taken.
func (r *Relay) failed(err error) error {
	r.tell(err)
	if pawl.KindOf(err).Unchanged() {
		return err
	}
	return nil
}

// tell says when it begins to fail and when it is over, and nothing in between.
// What passes by itself is not said.
func (r *Relay) tell(err error) {
	if r.fails++; err == nil {
		r.fails = 0
	}
	failing := err != nil && (r.failing || r.fails == patience || !pawl.KindOf(err).Unchanged())
	if failing != r.failing {
		r.failing = failing
		r.cfg.Tell(err)
	}
}
