package ical_test

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/pawl-dev/pawl/ical"
	"pgregory.net/rapid"
)

var made = time.Date(2026, 11, 23, 2, 11, 4, 0, time.UTC)

func TestCalendar(t *testing.T) {
	got := text(t, ical.Calendar{Name: "Rotations", Product: "-//pawl//pawl//EN", Made: made, Events: []ical.Event{{
		UID: "heroku-api-key-due@pawl", Summary: "Rotate heroku-api-key; it is due, really", Description: "Owner: platform\nRun: pawl rotate heroku-api-key",
		From: time.Date(2026, 11, 24, 9, 0, 0, 0, time.FixedZone("CET", 3600)), Free: true, Categories: []string{"pawl", "a,b"},
		Alarms: []time.Duration{14 * 24 * time.Hour, 90 * time.Minute},
	}}})
	want := strings.ReplaceAll(`BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//pawl//pawl//EN
CALSCALE:GREGORIAN
METHOD:PUBLISH
NAME:Rotations
X-WR-CALNAME:Rotations
BEGIN:VEVENT
UID:heroku-api-key-due@pawl
DTSTAMP:20261123T021104Z
DTSTART:20261124T080000Z
SUMMARY:Rotate heroku-api-key\; it is due\, really
DESCRIPTION:Owner: platform\nRun: pawl rotate heroku-api-key
CATEGORIES:pawl,a\,b
TRANSP:TRANSPARENT
BEGIN:VALARM
ACTION:DISPLAY
DESCRIPTION:Rotate heroku-api-key\; it is due\, really
TRIGGER:-P14D
END:VALARM
BEGIN:VALARM
ACTION:DISPLAY
DESCRIPTION:Rotate heroku-api-key\; it is due\, really
TRIGGER:-P0DT1H30M0S
END:VALARM
END:VEVENT
END:VCALENDAR
`, "\n", "\r\n")
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func text(t interface{ Fatal(...any) }, c ical.Calendar) string {
	var b bytes.Buffer
	if err := c.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestConforms reads what was written by the rules of RFC 5545: whatever the
// text is, the lines are well formed and nothing of it is lost.
func TestConforms(t *testing.T) {
	anything := rapid.OneOf(rapid.String(), rapid.StringOfN(rapid.SampledFrom([]rune("ab;,\\:\"\n\r\t é漢👩‍🚀\x00\x7f")), 0, 200, -1))
	rapid.Check(t, func(t *rapid.T) {
		e := ical.Event{UID: "x@pawl", Summary: anything.Draw(t, "summary"), Description: anything.Draw(t, "description"),
			From: made, To: made.Add(time.Duration(rapid.IntRange(-10, 10).Draw(t, "minutes")) * time.Minute)}
		lines := unfold(t, text(t, ical.Calendar{Product: "p", Made: made, Events: []ical.Event{e}}))
		wellFormed(t, lines)
		for name, want := range map[string]string{"SUMMARY": e.Summary, "DESCRIPTION": e.Description} {
			if got := unescape(lines, name); got != clean(want) {
				t.Fatalf("%s: %q came back as %q", name, clean(want), got)
			}
		}
	})
}

// unfold checks the physical lines (section 3.1) and joins the folded ones.
func unfold(t *rapid.T, raw string) (lines []string) {
	if !strings.HasSuffix(raw, "\r\n") || !utf8.ValidString(raw) {
		t.Fatalf("no CRLF at the end, or not UTF-8: %q", raw)
	}
	for line := range strings.SplitSeq(strings.TrimSuffix(raw, "\r\n"), "\r\n") {
		if len(line) > 75 || strings.ContainsAny(line, "\r\n") || !utf8.ValidString(line) {
			t.Fatalf("not a line: %q (%d octets)", line, len(line))
		}
		if rest, folded := strings.CutPrefix(line, " "); folded && len(lines) > 0 {
			lines[len(lines)-1] += rest
			continue
		}
		lines = append(lines, line)
	}
	return lines
}

var contentLine = regexp.MustCompile(`^[A-Z-]+:[^\x00-\x08\x0A-\x1F\x7F]*$`)

func wellFormed(t *rapid.T, lines []string) {
	var open []string
	for _, line := range lines {
		if !contentLine.MatchString(line) {
			t.Fatalf("not a content line: %q", line)
		}
		name, value, _ := strings.Cut(line, ":")
		switch name {
		case "BEGIN":
			open = append(open, value)
		case "END":
			if len(open) == 0 || open[len(open)-1] != value {
				t.Fatalf("END:%s closes %v", value, open)
			}
			open = open[:len(open)-1]
		}
	}
	for _, required := range []string{"VERSION:2.0", "PRODID:p", "UID:x@pawl", fmt.Sprintf("DTSTAMP:%s", made.Format("20060102T150405Z"))} {
		if len(open) > 0 || !slices.Contains(lines, required) {
			t.Fatalf("no %s, or %v is not closed", required, open)
		}
	}
}

func unescape(lines []string, name string) string {
	for _, line := range lines {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.NewReplacer(`\\`, `\`, `\;`, `;`, `\,`, `,`, `\n`, "\n").Replace(value)
		}
	}
	return ""
}

// clean is what may stand in a text.
func clean(text string) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r == 0x7F {
			return -1
		}
		return r
	}, text)
}
