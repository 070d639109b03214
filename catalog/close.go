package catalog

import "time"

// Closes returns the first moment from t on at which the window is not open; t
// itself if it is not open then. It is zero for a window that never closes.
func (w Window) Closes(t time.Time) time.Time {
	switch {
	case !w.Contains(t):
		return t
	case w.zone == nil:
		return time.Time{}
	}
	year, month, day := t.In(w.zone).Date()
	var found time.Time
	for d := -1; d < 15; d++ { // as in Next: days may be skipped, and hours shown twice
		next, last := w.closing(time.Date(year, month, day+d, 12, 0, 0, 0, w.zone), t), !found.IsZero()
		if !next.IsZero() && (found.IsZero() || next.Before(found)) {
			found = next
		}
		if last {
			break
		}
	}
	return found
}

// closing returns the first moment after t at which the window ceases to be
// open around a day, or zero.
func (w Window) closing(noon, t time.Time) time.Time {
	var first time.Time
	for _, m := range w.moments(noon, w.to%dayMinutes) {
		if m.After(t) && !w.Contains(m) && (first.IsZero() || m.Before(first)) {
			first = m
		}
	}
	return first
}
