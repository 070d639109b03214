package schedule

import (
	"hash/fnv"
	"time"

	"github.com/pawl-dev/pawl/catalog"
)

// A Rule is what the catalog says of when a rotation may begin.
type Rule struct {
	catalog.Schedule
	Freezes []catalog.Freeze // that hold the credential
}

// Open reports whether a rotation may begin at t.
func (r Rule) Open(t time.Time) bool { return r.Window.Contains(t) && r.frozen(t) == nil }

// frozen is the freeze that is on at t and ends last, or nil.
func (r Rule) frozen(t time.Time) (on *catalog.Freeze) {
	for i, f := range r.Freezes {
		if f.Contains(t) && (on == nil || f.Until.After(on.Until)) {
			on = &r.Freezes[i]
		}
	}
	return on
}

// Next is the first moment from t on at which a rotation may begin; zero if
// there is none that can be seen.
func (r Rule) Next(t time.Time) time.Time {
	for range len(r.Freezes) + 1 { // each turn leaves at least one freeze behind
		t = r.Window.Next(t)
		f := r.frozen(t)
		if t.IsZero() || f == nil {
			return t
		}
		t = f.Until
	}
	return r.Window.Next(t)
}

// Closes is the first moment from t on at which none may; zero if that is never
// so. It is t itself where none may at t.
func (r Rule) Closes(t time.Time) time.Time {
	if !r.Open(t) {
		return t
	}
	closes := r.Window.Closes(t)
	for _, f := range r.Freezes {
		if f.From.After(t) && (closes.IsZero() || f.From.Before(closes)) {
			closes = f.From
		}
	}
	return closes
}

// reach is how far before it is due a stretch is looked for, at least: a window
// that is open once a week is among it.
const reach = 8 * 24 * time.Hour

// Margin is how long before it is due a rotation is meant to begin: a day, or
// less where that is much of its time. So what is overdue did not go as meant.
func (r Rule) Margin() time.Duration { return min(24*time.Hour, r.Every/10) }

// Meant is when a rotation is meant to begin and when the stretch ends in which
// that lies (zero: never), if the last one was completed at last. It depends on
// no clock: it stays where it is until the credential was rotated. It is zero if
// it is not known when it is due.
func (r Rule) Meant(last time.Time) (from, to time.Time) {
	due := r.Due(last)
	if due.IsZero() {
		return time.Time{}, time.Time{}
	}
	by := due.Add(-r.Margin())
	start := by.Add(-max(r.Lead(), reach))
	if half := last.Add(r.Every / 2); start.Before(half) { // a window once a week, and every day: not twice in one window
		start = half
	}
	for t := r.Next(start); !t.IsZero() && !t.After(by); {
		to = r.Closes(t)
		if to.IsZero() || to.After(by) {
			return by, to
		}
		from, t = t, r.Next(to)
	}
	if !from.IsZero() {
		return from, r.Closes(from)
	}
	from = r.Next(by)
	return from, r.Closes(from)
}

// Spread is how far a beginning is moved at most, so that not everything that
// has one window begins when it opens.
const Spread = 30 * time.Minute

// Moved is when the rotation of a credential begins that is meant to begin in a
// stretch. How far it is moved depends on its name alone, so that it is the
// same after a restart, and is known to whoever looks at the calendar.
func Moved(credential string, from, to time.Time, most time.Duration) time.Time {
	if !to.IsZero() {
		most = min(most, to.Sub(from)/2)
	}
	h := fnv.New32a()
	h.Write([]byte(credential))
	share := float64(mix(h.Sum32())) / (1 << 32)
	return from.Add(time.Duration(share * float64(max(most, 0))).Truncate(time.Second))
}

// mix spreads the bits of a hash whose inputs differ in their last letters only.
func mix(x uint32) uint32 {
	x ^= x >> 16
	x *= 0x85ebca6b
	x ^= x >> 13
	x *= 0xc2b2ae35
	return x ^ x>>16
}
