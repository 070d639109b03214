package main

import (
	"strings"
	"time"

	"github.com/pawl-dev/pawl/catalog"
)

// parseReported reads when something was reported: nothing for now, a time of
// today, a day and a time on the clock here, RFC 3339, or how long ago.
func parseReported(text string, now time.Time) (time.Time, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return now, nil
	}
	if ago, ok := strings.CutSuffix(text, "ago"); ok {
		d, err := catalog.ParseDuration(strings.ReplaceAll(ago, " ", ""))
		if err != nil {
			return time.Time{}, usage("--reported-at: %v", err)
		}
		return now.Add(-d), nil
	}
	at, err := time.Time{}, error(nil)
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00", "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02T15:04:05", "2006-01-02T15:04"} {
		if at, err = time.ParseInLocation(layout, text, now.Location()); err == nil {
			break
		}
	}
	if clock, e := time.ParseInLocation("15:04", text, now.Location()); err != nil && e == nil {
		at, err = time.Date(now.Year(), now.Month(), now.Day(), clock.Hour(), clock.Minute(), 0, 0, now.Location()), nil
	}
	switch {
	case err != nil:
		return time.Time{}, usage(`--reported-at: want a time, as 14:30, "2026-11-25 14:30", 2026-11-25T14:30:00Z, or "2h ago"`)
	case at.After(now.Add(time.Minute)):
		return time.Time{}, usage("--reported-at: %s is still to come", at.Format(time.RFC3339))
	}
	return at, nil
}
