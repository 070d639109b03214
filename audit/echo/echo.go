// Package echo keeps those who are refused from filling the audit log. What is
// refused for the first time is written down at once; the same again is counted,
// and is one record with its number when ten minutes are over, or at the end.
//
// Whoever asks for something else each time gets no further: of one who is behind
// it there are twenty different ones in ten minutes, of everybody five hundred;
// what is more is counted together. That is as much as is remembered, too. To be
// killed loses the numbers of ten minutes, and no first one.
package echo

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/audit"
)

// How long the same is counted, and how many different ones are written down in
// that time: of one, and of everybody.
const (
	Window = 10 * time.Minute
	MostOf = 20
	Most   = 500
)

// An Echo is safe for concurrent use. Nothing runs while nobody is refused.
type Echo struct {
	record func(context.Context, ...audit.Event) error
	now    func() time.Time
	log    *slog.Logger

	mu   sync.Mutex
	said map[saying]*heard
	of   map[string]int // how many of them are whose
}

// New returns one that writes down what record takes. Now is the time of the
// records, windows are of the clock that timers go by.
func New(record func(context.Context, ...audit.Event) error, now func() time.Time, log *slog.Logger) *Echo {
	return &Echo{record: record, now: now, log: log, said: map[saying]*heard{}, of: map[string]int{}}
}

// A saying is what is the same. Without what was said it stands for all that
// there was no room for: of one, or, without whose they are either, of everybody.
type saying struct {
	of     string
	actor  pawl.Actor
	action audit.Action
	target audit.Target
	kind   string
	detail string
}

// rest reports whether it stands for many.
func (k saying) rest() bool { return k.action == "" }

// heard is how often, since when.
type heard struct {
	first audit.Event
	more  int // that are not written down
	end   *time.Timer
}

// Tell writes an event down, or counts it, and reports whether it was the first.
// Of is who is behind it, whatever they call themselves. If what is the first
// cannot be written down, it is none.
func (e *Echo) Tell(ctx context.Context, of string, ev audit.Event) (first bool, err error) {
	k, first := e.hear(of, ev)
	if !first {
		return false, nil
	}
	if err := e.record(ctx, ev); err != nil {
		e.over(k, false)
		return true, err
	}
	return true, nil
}

// hear counts an event, and returns as what; and whether it has to be written
// down.
func (e *Echo) hear(of string, ev audit.Event) (k saying, first bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	k = saying{of, ev.Actor, ev.Action, ev.Target, ev.Context.Kind, ev.Context.Detail}
	if e.said[k] == nil && e.of[of] >= MostOf {
		k = saying{of: of}
	}
	if e.said[k] == nil && len(e.said) >= Most {
		k = saying{}
	}
	if h := e.said[k]; h != nil {
		h.more++
		return k, false
	}
	h := &heard{first: ev, end: time.AfterFunc(Window, func() { e.over(k, true) })}
	e.said[k] = h
	if k.rest() {
		h.more++
		return k, false
	}
	e.of[of]++
	return k, true
}

// over ends a window, and writes down what was counted in it.
func (e *Echo) over(k saying, tell bool) {
	e.mu.Lock()
	h := e.said[k]
	delete(e.said, k)
	if h != nil && !k.rest() {
		if e.of[k.of]--; e.of[k.of] == 0 {
			delete(e.of, k.of)
		}
	}
	e.mu.Unlock()
	if h == nil {
		return // flushed meanwhile
	}
	h.end.Stop()
	if h.more == 0 {
		return
	}
	if tell {
		if err := e.record(context.Background(), e.sum(k, h)); err == nil {
			return
		}
	}
	e.log.Error("refusals that are not in the audit log", "who", h.first.Actor.ID, "more", h.more)
}

// sum is one record for all that was counted.
func (e *Echo) sum(k saying, h *heard) audit.Event {
	since := h.first.Time.UTC().Format(time.RFC3339)
	ev := audit.New(h.first.Action, h.first.Outcome, e.now(), h.first.Actor)
	if !k.rest() {
		ev.Target, ev.Context = h.first.Target, h.first.Context
		ev.Context.Detail += fmt.Sprintf(" (and %d more like it since %s)", h.more, since)
		return ev
	}
	if k.of == "" {
		ev.Actor = pawl.Actor{Type: "system", ID: "pawl"} // on behalf of many
	}
	ev.Context.Detail = fmt.Sprintf("%d others since %s, too many different ones to write down", h.more, since)
	return ev
}

// Flush writes down what was counted until now. Whoever stops calls it last.
func (e *Echo) Flush() {
	e.mu.Lock()
	all := make([]saying, 0, len(e.said))
	for k := range e.said {
		all = append(all, k)
	}
	e.mu.Unlock()
	for _, k := range all {
		e.over(k, true)
	}
}
