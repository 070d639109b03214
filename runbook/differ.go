package runbook

import (
	"slices"
	"strings"
)

// Differ compares a document with what it would be if it were written now,
// without what people and recorded runs have put there. It returns the first
// line in which they differ, as "have" and "want", or false: so that a check
// does not fail because time has passed, or because somebody moved a note.
func Differ(have, want []byte) (h, w string, differ bool) {
	a, b := essence(string(have)), essence(string(want))
	for i := range max(len(a), len(b)) {
		h, w = lineAt(a, i), lineAt(b, i)
		if h != w {
			return h, w, true
		}
	}
	return "", "", false
}

func lineAt(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "(end)"
}

// essence is a document without notes, records and blank lines.
func essence(text string) (lines []string) {
	skip, front := "", 0 // front is 1 inside of the front matter
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, " \r\n")
		mark := strings.TrimSpace(line)
		key, _, _ := strings.Cut(line, ":")
		if mark == "---" && skip == "" {
			front++
		}
		switch {
		case skip != "":
			if mark == skip {
				skip = ""
			}
		case mark == notesBegin:
			skip = notesEnd
		case mark == recordBegin:
			skip = recordEnd
		case mark == "", front == 1 && slices.Contains(recorded, key):
		default:
			lines = append(lines, line)
		}
	}
	return lines
}

// Ours reports whether a document was written by this package: it begins with
// front matter that names the rotation.
func Ours(text []byte) bool {
	rest, ok := strings.CutPrefix(strings.ReplaceAll(string(text), "\r\n", "\n"), "---\n")
	front, _, closed := strings.Cut(rest, "\n---\n")
	return ok && closed && strings.Contains("\n"+front, "\nrotation: ")
}
