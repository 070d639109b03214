package dst

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/journal"
	"github.com/pawl-dev/pawl/seal"
)

// ledger is the world's journal as one process's engine uses it. Of the
// interface there is what a drive needs; the rest is not there, and panics.
type ledger struct {
	journal.Journal
	k *worker
}

func (l ledger) Install() string { return "dst" }

func (l ledger) Load(ctx context.Context, _ pawl.RotationID) (journal.Run, error) {
	return post(ctx, l.k, "load", false, func(answer func(journal.Run, error)) {
		s := l.k.s
		s.after(s.moment(), func() { answer(s.journal.run(), nil) })
	})
}

func (l ledger) Claim(ctx context.Context, _ pawl.RotationID) (journal.Run, error) {
	return post(ctx, l.k, "claim", false, func(answer func(journal.Run, error)) {
		s := l.k.s
		s.after(s.moment(), func() {
			epoch, err := s.journal.claim()
			if err != nil {
				answer(journal.Run{}, refused("claim", pawl.Conflict))
				return
			}
			s.tracef("worker %d drives, epoch %d", l.k.n, epoch)
			answer(s.journal.run(), nil)
		})
	})
}

// Position is answered on the spot: it is what every poll and every fence asks.
func (l ledger) Position(context.Context, pawl.RotationID) (journal.At, error) {
	h := l.k.s.host
	h.mu.Lock()
	defer h.mu.Unlock()
	select {
	case <-l.k.over:
		return journal.At{}, refused("position", pawl.Unavailable)
	default:
		return journal.At{Revision: int64(h.s.journal.revision), Epoch: h.s.journal.epoch}, nil
	}
}

func (l ledger) Sealed(_ context.Context, _ pawl.RotationID, name string) ([]byte, error) {
	h := l.k.s.host
	h.mu.Lock()
	defer h.mu.Unlock()
	v, ok := h.s.journal.open(name)
	if !ok {
		return nil, refused("sealed", pawl.NotFound)
	}
	return []byte(strconv.Itoa(int(v))), nil
}

// Append is [worker.write] for an engine: a crash before it or after it, and an
// answer that is lost, are different things.
func (l ledger) Append(ctx context.Context, _ pawl.RotationID, where journal.At, b journal.Batch) (int64, error) {
	decided := time.Since(l.k.s.host.began)
	return post(ctx, l.k, "append", false, func(answer func(int64, error)) {
		l.k.decided, l.k.at = decided, at{int(where.Revision), where.Epoch}
		l.k.s.after(l.k.s.moment(), func() {
			if l.k.alive {
				l.append(b, answer)
			}
		})
	})
}

func (l ledger) append(b journal.Batch, answer func(int64, error)) {
	s, k := l.k.s, l.k
	switch {
	case s.strikes(faultJournalDown):
		answer(0, refused("append", pawl.Unavailable))
		return
	case s.strikes(faultJournalLost):
		s.after(s.moment(), func() { answer(0, refused("append", pawl.Unknown)) })
		return
	}
	var seals []sealed
	for _, x := range b.Seal {
		if s.host.has(flawSeal) && strings.HasPrefix(x.Name, "new/") {
			continue
		}
		n, _ := strconv.Atoi(string(x.Ciphertext))
		seals = append(seals, sealed{x.Name, value(n)})
	}
	before := s.journal.epoch
	if _, err := s.journal.append(k.at, b.Events, seals, !s.host.has(flawEpoch)); err != nil {
		answer(0, refused("append", pawl.Conflict))
		return
	}
	s.mon.appended(k, before)
	for _, ev := range b.Events {
		s.traceEvent(k, ev)
		s.mon.journaled(ev, k)
	}
	revision, lost := int64(s.journal.revision), s.strikes(faultJournalDone)
	s.after(s.moment(), func() {
		if lost {
			answer(0, refused("append", pawl.Unknown))
			return
		}
		answer(revision, nil)
	})
}

// run is the rotation as a loaded one.
func (j *journalState) run() journal.Run {
	r := journal.Run{ID: rotationID, Revision: int64(j.revision), Epoch: j.epoch, Created: start, Updated: start, Events: slices.Clone(j.events)}
	if j.closed {
		r.Outcome = j.events[len(j.events)-1].Outcome
	}
	return r
}

func refused(op string, kind pawl.Kind) error {
	return &pawl.Error{Op: "dst." + op, Kind: kind, Err: errors.New("simulated")}
}

// box seals nothing: it numbers values, so that nothing has to be revealed.
type box struct{ h *host }

func (b box) Seal(x pawl.Secret, _ seal.Context) ([]byte, error) {
	b.h.mu.Lock()
	defer b.h.mu.Unlock()
	v := b.h.valueOf(x)
	if v == nothing && !x.Equal(b.h.snapshotOf(nothing)) {
		return nil, errNoSuchValue
	}
	return []byte(strconv.Itoa(int(v))), nil
}

func (b box) Open(sealed []byte, c seal.Context) (pawl.Secret, error) {
	n, err := strconv.Atoi(string(sealed))
	if strings.HasPrefix(c.Kind, "prior/") {
		return b.h.snapshotOf(value(n)), err
	}
	return b.h.secretOf(value(n)), err
}
