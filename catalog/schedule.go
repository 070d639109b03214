package catalog

import (
	"slices"
	"time"
)

// A Standing says how a credential stands with its schedule.
type Standing string

const (
	Never       Standing = "never"       // never rotated here, so its age is not known
	OK          Standing = "ok"          //
	DueSoon     Standing = "due soon"    // within the longest reminder
	Overdue     Standing = "overdue"     //
	Unscheduled Standing = "unscheduled" // rotated, and nobody says when again
)

// usualRemind is when a rotation is due soon if the catalog asks for no
// reminder, and if that is not most of the time.
const usualRemind = 14 * 24 * time.Hour

// Due is when the next rotation is due after one that was completed at last:
// exactly so many times 24 hours later, whatever the clocks on the wall do
// meanwhile. It is zero if there is no schedule or last is zero.
func (s Schedule) Due(last time.Time) time.Time {
	if s.Every == 0 || last.IsZero() {
		return time.Time{}
	}
	return last.Add(s.Every)
}

// Lead is how long before it is due it is due soon: the longest reminder, or 14
// days but at most a quarter of the time between two rotations.
func (s Schedule) Lead() time.Duration {
	if len(s.Remind) > 0 {
		return slices.Max(s.Remind)
	}
	return min(usualRemind, s.Every/4)
}

// Standing says how it stands at a time, if the last rotation was completed at
// last (zero: never). It is overdue from the moment at which it is due.
func (s Schedule) Standing(last, now time.Time) Standing {
	due := s.Due(last)
	switch {
	case last.IsZero():
		return Never
	case due.IsZero():
		return Unscheduled
	case !now.Before(due):
		return Overdue
	case !now.Before(due.Add(-s.Lead())):
		return DueSoon
	}
	return OK
}

// Reminders are the moments at which somebody is to be reminded, in order.
func (s Schedule) Reminders(last time.Time) []time.Time {
	due := s.Due(last)
	if due.IsZero() {
		return nil
	}
	var all []time.Time
	for _, before := range s.Remind {
		all = append(all, due.Add(-before))
	}
	slices.SortFunc(all, time.Time.Compare)
	return slices.Compact(all)
}

// Opening is when the next rotation may begin and until when, if it is wanted
// from the time on at which it is due soon: the first window that is open then
// or later, and later than now. Without a window it may always; both are zero
// then, as they are if it is not known when it is due.
func (s Schedule) Opening(last, now time.Time) (from, to time.Time) {
	due := s.Due(last)
	if due.IsZero() || s.Window.String() == "" {
		return time.Time{}, time.Time{}
	}
	wanted := due.Add(-s.Lead())
	if wanted.Before(now) {
		wanted = now
	}
	from = s.Window.Next(wanted)
	return from, s.Window.Closes(from)
}
