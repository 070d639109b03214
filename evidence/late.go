package evidence

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/pawl-dev/pawl/audit"
)

// A Late is a credential that was not rotated when it was due.
type Late struct {
	Credential string     `json:"credential"`
	Last       time.Time  `json:"last"` // when it had been rotated before
	Due        time.Time  `json:"due"`
	Done       *time.Time `json:"done,omitempty"` // absent: not by the end of the time
	By         int64      `json:"by_seconds"`
	Why        []string   `json:"why"`
	Record     int64      `json:"record"` // the rotation before, from which the time counts
}

// reasons bounds how many are given; the records have all.
const reasons = 6

// late finds what was due in the time and not done by then, or done in it and
// due before. What was never rotated is due at no time that the log could tell.
func late(entries []Entry, s *seen) []Late {
	all := []Late{}
	for _, name := range slices.Sorted(maps.Keys(s.completed)) {
		done := s.completed[name]
		for i, c := range done {
			l := Late{Credential: name, Last: c.at, Due: c.at.Add(s.every(name)), Record: c.record}
			until := s.end()
			if i+1 < len(done) && done[i+1].at.Before(until) {
				until = done[i+1].at
				l.Done = &until
			}
			if !until.After(l.Due) || until.Before(s.in.From) {
				continue
			}
			l.By = int64(until.Sub(l.Due) / time.Second)
			l.Why = why(name, c.at, l.Due, until, entries)
			all = append(all, l)
		}
	}
	slices.SortStableFunc(all, func(a, b Late) int { return cmp.Compare(b.By, a.By) })
	return all
}

// never lists what has a schedule and was never rotated to the end, as far as
// the log goes: since when it is late, the log cannot tell.
func never(s *seen) []string {
	all := []string{}
	for _, name := range slices.Sorted(maps.Keys(s.in.Every)) {
		done := s.completed[name]
		if s.every(name) > 0 && (s.in.Credential == "" || s.in.Credential == name) && (len(done) == 0 || !done[0].at.Before(s.end())) {
			all = append(all, name)
		}
	}
	return all
}

// why says what the log has of a credential between one rotation and the next.
func why(name string, last, due, until time.Time, entries []Entry) []string {
	var all []string
	begun := false
	for _, e := range entries {
		r := e.Record
		if r.Target.Credential != name || !r.Time.After(last) || r.Time.After(until) {
			continue
		}
		say := func(format string, args ...any) {
			if len(all) < reasons {
				all = append(all, fmt.Sprintf("#%d %s: ", r.Index, r.Time.Format(time.DateTime))+fmt.Sprintf(format, args...))
			}
		}
		switch r.Action {
		case audit.RotatePlanned:
			if r.Time.After(due) && !begun {
				say("begun %s after it was due", days(r.Time.Sub(due)))
			}
			begun = true
		case audit.RotateFailed, audit.RotateAbandoned, audit.RotateRolledBack, audit.RotateRollback, audit.RotateNeedsOperator, audit.RotatePaused:
			say("%s %s", noteOf(r).What, noteOf(r).Detail)
		}
	}
	if !begun {
		all = append(all, "no rotation of it was begun")
	}
	return all
}

func days(d time.Duration) string {
	switch {
	case d < time.Hour:
		return "less than an hour"
	case d < 48*time.Hour:
		return fmt.Sprintf("%d hours", int(d.Hours()))
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}
