package history

import (
	"slices"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/journal"
)

// Enough is how many of the newest rotations of a credential are looked at:
// what it took years ago says little of what it will take.
const Enough = 20

// Method says how a runbook was shown to work.
type Method string

const (
	RealRun   Method = "real-run"                      // a completed rotation
	Rehearsed Method = "dry-run-on-prod-with-rollback" // a completed rehearsal
	ReadOnly  Method = "read-only-docs"                // nothing but plans and documents
)

// A History is what the newest rotations of one credential show.
type History struct {
	Runs  []Run // newest first
	Total int   // how many there were, also those that were not looked at
}

// Of reads rotations of one credential, with their events, newest first.
func Of(runs []journal.Run) History {
	var h History
	for _, j := range runs {
		h.Runs = append(h.Runs, One(j))
	}
	if len(runs) > 0 {
		h.Total = runs[0].ID.Number // they are numbered from 1, without a gap
	}
	return h
}

// A Span is how long something usually takes.
type Span struct {
	N      int // of how many; 0: it is not known
	Median time.Duration
	P90    time.Duration
}

// Took is the driven time of the completed rotations.
func (h History) Took() Span {
	return h.span(func(r Run) (time.Duration, bool) { return r.Driven, r.Outcome == pawl.Completed })
}

// Work is what the completed rotations took without the waits of their plans,
// which another plan may have shorter or longer.
func (h History) Work() Span {
	return h.span(func(r Run) (time.Duration, bool) { return r.Driven - r.Waited, r.Outcome == pawl.Completed })
}

// Rehearsal is the driven time of the completed rehearsals.
func (h History) Rehearsal() Span {
	return h.span(func(r Run) (time.Duration, bool) { return r.Driven, r.Method == Rehearsed })
}

// Step is what a step usually takes: see [Step] for the names.
func (h History) Step(name string) Span {
	return h.span(func(r Run) (time.Duration, bool) {
		i := slices.IndexFunc(r.Steps, func(s Step) bool { return s.Name == name && s.Done })
		if i < 0 || r.Method == ReadOnly {
			return 0, false
		}
		return r.Steps[i].Took, true
	})
}

// Death is the time from the revoke to the first refusal.
func (h History) Death() Span {
	return h.span(func(r Run) (time.Duration, bool) { return r.ToDeath, r.Revoked && r.Outcome == pawl.Completed })
}

func (h History) span(of func(Run) (time.Duration, bool)) Span {
	var all []time.Duration
	for _, r := range h.Runs {
		if d, ok := of(r); ok {
			all = append(all, d)
		}
	}
	return spanOf(all)
}

// spanOf sorts what it is given. The median of an even number is the mean of
// the two in the middle; the 90th percentile is one that really was, by the
// nearest rank.
func spanOf(all []time.Duration) Span {
	n := len(all)
	if n == 0 {
		return Span{}
	}
	slices.Sort(all)
	median := all[n/2]
	if n%2 == 0 {
		median = all[n/2-1] + (all[n/2]-all[n/2-1])/2
	}
	return Span{N: n, Median: median, P90: all[(n*9+9)/10-1]}
}

// Rotated is the newest completed rotation, or nil.
func (h History) Rotated() *Run {
	return h.newest(func(r Run) bool { return r.Outcome == pawl.Completed })
}

// Open is the unfinished rotation, or nil.
func (h History) Open() *Run { return h.newest(func(r Run) bool { return r.Outcome == "" }) }

func (h History) newest(match func(Run) bool) *Run {
	if i := slices.IndexFunc(h.Runs, match); i >= 0 {
		return &h.Runs[i]
	}
	return nil
}
