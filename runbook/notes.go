package runbook

import (
	"fmt"
	"regexp"
	"strings"
)

// What people write by hand stands between these, each alone on a line.
const (
	notesBegin = "<!-- notes -->"
	notesEnd   = "<!-- /notes -->"
)

// A note is what somebody wrote, and the heading below which it stands.
type note struct {
	heading string
	lines   []string
}

// A MarkerError says which marker has no other half. A document with one is
// left as it is.
type MarkerError struct {
	Line   int
	Marker string
}

func (e *MarkerError) Error() string {
	return fmt.Sprintf("line %d: %s without its other half", e.Line, e.Marker)
}

// Merge returns fresh with the notes of an earlier text in it: each at the end
// of the section in which it stood, wherever in it it was moved, and in order.
// One whose section is gone goes to the end, with a word on where it was.
func Merge(fresh, earlier []byte) ([]byte, error) {
	notes, err := readNotes(string(earlier))
	if err != nil || len(notes) == 0 {
		return fresh, err
	}
	sections := split(string(fresh))
	for _, n := range notes {
		at := len(sections) - 1 // that of the notes
		for i, s := range sections {
			if s.heading == n.heading {
				at = i
			}
		}
		text := strings.Join(n.lines, "\n")
		if sections[at].heading != n.heading {
			text = "(was below “" + n.heading + "”)\n" + text
		}
		sections[at].put(text)
	}
	var out strings.Builder
	for _, s := range sections {
		out.WriteString(s.text)
	}
	return []byte(out.String()), nil
}

// readNotes returns the notes that are not empty.
func readNotes(text string) (notes []note, err error) {
	heading, open, fence := "", 0, false
	var lines []string
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimRight(line, "\r\n")
		switch mark := strings.TrimSpace(line); {
		case mark == notesBegin && open > 0, mark == notesEnd && open == 0:
			return nil, &MarkerError{n, mark}
		case mark == notesBegin:
			open, lines = n, nil
		case mark == notesEnd:
			if strings.TrimSpace(strings.Join(lines, "")) != "" {
				notes = append(notes, note{heading, trimBlank(lines)})
			}
			open = 0
		case open > 0:
			lines = append(lines, line)
		default:
			fence = fence != strings.HasPrefix(line, "```")
			if h := headingOf(line); h != "" && !fence {
				heading = h
			}
		}
	}
	if open > 0 {
		return nil, &MarkerError{open, notesBegin}
	}
	return notes, nil
}

func trimBlank(lines []string) []string {
	for len(lines) > 0 && strings.TrimSpace(lines[0]) == "" {
		lines = lines[1:]
	}
	for len(lines) > 0 && strings.TrimSpace(lines[len(lines)-1]) == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}

// headingLine is a heading: its number changes when a step comes before it, and
// what follows a colon when a setting does.
var headingLine = regexp.MustCompile("^#{1,6} +(?:\\d+\\. +)?([^:]+)")

// headingOf is the name of the section that a line begins, or "".
func headingOf(line string) string {
	if m := headingLine.FindStringSubmatch(line); m != nil {
		return strings.TrimSpace(m[1])
	}
	return ""
}

// A section is a heading and what stands below it, up to the next one.
type section struct {
	heading string
	text    string
}

func split(text string) []section {
	all, fence := []section{{}}, false
	for line := range strings.Lines(text) {
		fence = fence != strings.HasPrefix(line, "```")
		if h := headingOf(strings.TrimRight(line, "\n")); h != "" && !fence {
			all = append(all, section{heading: h})
		}
		all[len(all)-1].text += line
	}
	return all
}

// put adds a note at the end of the section, or into the empty one that waits
// there.
func (s *section) put(text string) {
	empty := notesBegin + "\n" + notesEnd + "\n"
	full := notesBegin + "\n" + text + "\n" + notesEnd + "\n"
	if strings.Contains(s.text, empty) {
		s.text = strings.Replace(s.text, empty, full, 1)
		return
	}
	body, tail := s.text, ""
	if i := strings.Index(body, recordBegin); i >= 0 { // what follows belongs to the next section
		body, tail = body[:i], body[i:]
	}
	s.text = strings.TrimRight(body, "\n") + "\n\n" + full + "\n" + tail
}
