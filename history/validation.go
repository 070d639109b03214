package history

import "time"

// DefaultStale is how long a validation counts where the catalog does not say.
const DefaultStale = 180 * 24 * time.Hour

// A Validation is when, and by what, a runbook was last shown to work. The zero
// one is none: it only was written.
type Validation struct {
	Method Method // ReadOnly if there is none
	At     time.Time
	Run    Run
}

// Validated is the newest validation.
func (h History) Validated() Validation {
	if r := h.newest(func(r Run) bool { return r.Method != ReadOnly }); r != nil {
		return Validation{Method: r.Method, At: r.Ended, Run: *r}
	}
	return Validation{Method: ReadOnly}
}

// Age says whether a validation still counts.
type Age string

const (
	Never Age = "never" // there is none
	Fresh Age = "fresh"
	Stale Age = "stale" // it has expired
)

// Age says whether it counts at a time, if it counts for this long; zero is
// [DefaultStale]. It has expired when exactly that much has passed.
func (v Validation) Age(stale time.Duration, now time.Time) Age {
	switch {
	case v.At.IsZero():
		return Never
	case now.Before(v.Expires(stale)):
		return Fresh
	}
	return Stale
}

// Expires is when it stops counting; zero if there is none.
func (v Validation) Expires(stale time.Duration) time.Time {
	if v.At.IsZero() {
		return time.Time{}
	}
	if stale <= 0 {
		stale = DefaultStale
	}
	return v.At.Add(stale)
}
