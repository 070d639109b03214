package catalog

import (
	_ "embed"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A Window is the part of a week in which a scheduled rotation may run, by the
// clock on the wall of its time zone: "Tue-Thu 09:00-16:00 Europe/Paris". One
// that ends before it begins, as 22:00-04:00, reaches into the next day. The
// zero Window is always open.
type Window struct {
	text     string
	days     [7]bool // on which it opens, by time.Weekday
	from, to int     // minutes of the day; to is exclusive
	zone     *time.Location
}

// ParseWindow reads a window: days, times and a time zone. Days are names and
// ranges with commas between them (Mon,Wed-Fri); without days it is every day.
// The zone is a name of the IANA database, of which the program needs a copy
// (time/tzdata).
func ParseWindow(text string) (Window, error) {
	w, err := parseWindow(text, time.LoadLocation)
	if err != nil {
		return Window{}, err
	}
	return w, nil
}

// A windowError is what is wrong with a window and what may have been meant.
type windowError struct{ message, suggestion string }

func (e *windowError) Error() string {
	if e.suggestion == "" {
		return e.message
	}
	return e.message + " (" + e.suggestion + ")"
}

func parseWindow(text string, load func(string) (*time.Location, error)) (Window, error) {
	words := strings.Fields(text)
	if n := len(words); n == 1 || n == 2 {
		if _, _, err := parseTimes(words[n-1]); err == nil {
			return Window{}, &windowError{"the time zone is missing", "add one, as Europe/Paris"}
		}
	}
	w := Window{text: strings.Join(words, " "), days: [7]bool{true, true, true, true, true, true, true}}
	if len(words) == 3 {
		days, err := parseDays(words[0])
		if err != nil {
			return w, err
		}
		w.days, words = days, words[1:]
	}
	if len(words) != 2 {
		return w, &windowError{"not a window: write days, times and a time zone, as Tue-Thu 09:00-16:00 Europe/Paris", ""}
	}
	var err error
	if w.from, w.to, err = parseTimes(words[0]); err != nil {
		return w, err
	}
	w.zone, err = parseZone(words[1], load)
	return w, err
}

func parseDays(text string) (days [7]bool, err error) {
	for part := range strings.SplitSeq(text, ",") {
		first, last, isRange := strings.Cut(part, "-")
		from, err := parseDay(first)
		if err != nil {
			return days, err
		}
		to := from
		if isRange {
			if to, err = parseDay(last); err != nil {
				return days, err
			}
		}
		for d := from; ; d = (d + 1) % 7 {
			days[d] = true
			if d == to {
				break
			}
		}
	}
	return days, nil
}

func parseDay(text string) (int, error) {
	names := dayNames()
	for d, name := range names {
		if strings.EqualFold(text, name) || strings.EqualFold(text, name[:3]) {
			return d, nil
		}
	}
	var short []string
	for _, name := range names {
		short = append(short, name[:3])
	}
	near, ok := Nearest(text, append(short, names...))
	if !ok {
		return 0, &windowError{fmt.Sprintf("%q is not a day", clip(text, 20)), "valid here: " + strings.Join(append(short[1:], short[0]), ", ")}
	}
	return 0, &windowError{fmt.Sprintf("%q is not a day", clip(text, 20)), fmt.Sprintf("did you mean %q?", near[:3])}
}

func dayNames() []string {
	names := make([]string, 7)
	for d := range names {
		names[d] = time.Weekday(d).String()
	}
	return names
}

func parseTimes(text string) (from, to int, err error) {
	first, last, isRange := strings.Cut(text, "-")
	if !isRange {
		return 0, 0, &windowError{fmt.Sprintf("%q is not a range of times, as 09:00-16:00", clip(text, 20)), ""}
	}
	if from, err = parseTime(first); err != nil {
		return 0, 0, err
	}
	if to, err = parseTime(last); err != nil {
		return 0, 0, err
	}
	switch {
	case from == dayMinutes:
		return 0, 0, &windowError{"24:00 is an end, not a beginning", `did you mean "00:00"?`}
	case from == to:
		return 0, 0, &windowError{"a window that ends when it begins is never open", `for the whole day write "00:00-24:00"`}
	}
	return from, to, nil
}

const dayMinutes = 24 * 60

func parseTime(text string) (int, error) {
	bad := &windowError{fmt.Sprintf("%q is not a time of the day, as 09:00", clip(text, 20)), ""}
	hour, minute, ok := strings.Cut(text, ":")
	h, errHour := strconv.ParseUint(hour, 10, 8)
	m, errMinute := strconv.ParseUint(minute, 10, 8)
	if !ok || len(hour) != 2 || len(minute) != 2 || errHour != nil || errMinute != nil {
		return 0, bad
	}
	if total := int(h*60 + m); m < 60 && total <= dayMinutes {
		return total, nil
	}
	return 0, bad
}

//go:embed zones.txt
var zoneNames string

func parseZone(name string, load func(string) (*time.Location, error)) (*time.Location, error) {
	hidden := strings.HasPrefix(name, "posix/") || strings.HasPrefix(name, "right/") // copies with other leap seconds
	if zone, err := load(name); err == nil && name != "" && name != "Local" && !hidden {
		return zone, nil
	}
	words := strings.Fields(zoneNames)
	for _, word := range words { // "Paris" is near no zone's whole name
		if _, city, ok := cutLast(word, '/'); ok && strings.EqualFold(city, name) {
			return nil, &windowError{fmt.Sprintf("unknown time zone %q", clip(name, 60)), fmt.Sprintf("did you mean %q?", word)}
		}
	}
	suggestion := "write a name of the IANA database, as Europe/Paris or UTC"
	if near, ok := Nearest(name, words); ok {
		suggestion = fmt.Sprintf("did you mean %q?", near)
	}
	return nil, &windowError{fmt.Sprintf("unknown time zone %q", clip(name, 60)), suggestion}
}

func cutLast(s string, sep byte) (before, after string, found bool) {
	i := strings.LastIndexByte(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}

// String returns the window as it was written.
func (w Window) String() string { return w.text }

// Contains reports whether the window is open at t.
func (w Window) Contains(t time.Time) bool {
	if w.zone == nil {
		return true
	}
	t = t.In(w.zone)
	minute, today := t.Hour()*60+t.Minute(), t.Weekday()
	if w.from < w.to {
		return w.days[today] && w.from <= minute && minute < w.to
	}
	yesterday := (today + 6) % 7
	return w.days[today] && minute >= w.from || w.days[yesterday] && minute < w.to
}

// Next returns the first moment from t on at which the window is open; t
// itself if it is open then.
func (w Window) Next(t time.Time) time.Time {
	if w.Contains(t) {
		return t
	}
	local := t.In(w.zone)
	year, month, day := local.Date()
	// A day may be skipped by a zone that changes its side of the date line,
	// and a window by the hour that is lost in spring: two weeks have it.
	var found time.Time
	for d := -1; d < 15; d++ {
		noon := time.Date(year, month, day+d, 12, 0, 0, 0, w.zone)
		next, last := w.opening(noon, t), !found.IsZero()
		if !next.IsZero() && (found.IsZero() || next.Before(found)) {
			found = next
		}
		if last { // a change of the clock is seen from the day before it too, so one more day was asked
			break
		}
	}
	return found
}

// opening returns the first moment after t at which the window comes to be
// open around a day, or zero. It opens when the clock shows its begin, at
// midnight, or when the clock is changed: then the begin may be skipped or
// shown twice.
func (w Window) opening(noon, t time.Time) time.Time {
	var first time.Time
	for _, m := range w.moments(noon, w.from) {
		if m.After(t) && w.Contains(m) && (first.IsZero() || m.Before(first)) {
			first = m
		}
	}
	return first
}

// moments are those around a day at which the window may open or close, if it
// does so at this minute of the day.
func (w Window) moments(noon time.Time, minute int) []time.Time {
	year, month, day := noon.Date()
	moments := []time.Time{
		time.Date(year, month, day, 0, minute, 0, 0, w.zone),
		time.Date(year, month, day, 0, 0, 0, 0, w.zone),
	}
	for _, m := range moments[:len(moments):len(moments)] {
		begin, end := m.ZoneBounds()
		for _, change := range []time.Time{begin, end} {
			if change.IsZero() || change.Sub(m).Abs() > 24*time.Hour {
				continue
			}
			_, before := change.Add(-time.Second).Zone()
			_, after := change.Zone()
			shift := time.Duration(before-after) * time.Second
			moments = append(moments, change, m.Add(shift), m.Add(-shift))
		}
	}
	return moments
}

// readNode implements nodeReader.
func (w *Window) readNode(r *reader, n *node) {
	if !r.is(n, textNode) {
		return
	}
	parsed, err := parseWindow(n.text, r.zone)
	if wrong, ok := errors.AsType[*windowError](err); ok {
		r.report(n.at, wrong.suggestion, "%s", wrong.message)
		return
	}
	*w = parsed
}
