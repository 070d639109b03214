package catalog

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// maxDuration is longer than anybody waits; more is a slip of the finger.
const maxDuration = 3660 * 24 * time.Hour

var errDurationForm = errors.New("not a duration: write a number and w, d, h, m or s, as 90d or 1h30m")

// ParseDuration reads a duration such as "90d", "2w" or "1h30m": whole numbers
// with the units w, d, h, m and s, each once and from long to short. It is
// never negative and at most ten years. A day is 24 hours.
func ParseDuration(text string) (time.Duration, error) {
	if strings.HasPrefix(text, "-") {
		return 0, errors.New("a duration cannot be negative")
	}
	var total time.Duration
	last := len(units())
	for rest := text; rest != ""; {
		digits := strings.TrimLeft(rest, "0123456789")
		number := rest[:len(rest)-len(digits)]
		if number == "" || digits == "" {
			return 0, errDurationForm
		}
		rank := strings.IndexByte("smhdw", digits[0])
		if rank < 0 || rank >= last {
			return 0, errDurationForm
		}
		n, err := strconv.Atoi(number)
		unit := units()[rank]
		if err != nil || time.Duration(n) > maxDuration/unit {
			return 0, errTooLong
		}
		if total += time.Duration(n) * unit; total > maxDuration {
			return 0, errTooLong
		}
		rest, last = digits[1:], rank
	}
	if text == "" {
		return 0, errDurationForm
	}
	return total, nil
}

var errTooLong = errors.New("a duration of more than ten years is not meant seriously")

func units() [5]time.Duration {
	return [...]time.Duration{time.Second, time.Minute, time.Hour, 24 * time.Hour, 7 * 24 * time.Hour}
}

// suggestDuration guesses what was meant by something that is no duration. A
// number alone is taken to be of the unit that is usual there.
func suggestDuration(text, usual string) string {
	number := text[:len(text)-len(strings.TrimLeft(text, "0123456789"))]
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 || n > 3660 {
		return ""
	}
	word := strings.ToLower(strings.TrimSpace(text[len(number):]))
	unit := ""
	switch {
	case word == "":
		unit = usual
	case strings.HasPrefix("days", word):
		unit = "d"
	case strings.HasPrefix("weeks", word):
		unit = "w"
	case strings.HasPrefix("months", word) && len(word) > 1:
		n, unit = n*30, "d"
	case strings.HasPrefix("years", word):
		n, unit = n*365, "d"
	case strings.HasPrefix("hours", word) || word == "hrs":
		unit = "h"
	case strings.HasPrefix("minutes", word) || word == "mins":
		unit = "m"
	case strings.HasPrefix("seconds", word) || word == "secs":
		unit = "s"
	}
	guess := strconv.Itoa(n) + unit
	if _, err := ParseDuration(guess); err != nil || guess == text {
		return ""
	}
	return fmt.Sprintf("did you mean %q?", guess)
}

// wait is a duration of a catalog file that may be zero.
type wait time.Duration

func (w *wait) readNode(r *reader, n *node) { *w = wait(readDuration(r, n, "m")) }

// readDuration reads a duration whose usual unit is given, for suggestions.
func readDuration(r *reader, n *node, usual string) time.Duration {
	if n.kind == intNode || n.kind == floatNode {
		r.report(n.at, suggestDuration(n.text, usual), "%s", errDurationForm)
		return 0
	}
	if !r.is(n, textNode) {
		return 0
	}
	d, err := ParseDuration(n.text)
	if err != nil {
		r.report(n.at, suggestDuration(n.text, usual), "%s", err)
	}
	return d
}

// period is a duration of a catalog file that must not be zero.
type period time.Duration

func (p *period) readNode(r *reader, n *node) {
	before := len(r.problems)
	*p = period(readDuration(r, n, "d"))
	if *p == 0 && len(r.problems) == before {
		r.report(n.at, "", "must be longer than nothing")
	}
}

// FormatDuration writes a duration as [ParseDuration] reads it, in the longest
// units that fit: "90d", "1h30m". What is less than a second is left out.
func FormatDuration(d time.Duration) string {
	text := ""
	for i, unit := range []time.Duration{24 * time.Hour, time.Hour, time.Minute, time.Second} {
		if n := d / unit; n > 0 {
			text += strconv.FormatInt(int64(n), 10) + "dhms"[i:i+1]
			d -= n * unit
		}
	}
	if text == "" {
		return "0s"
	}
	return text
}
