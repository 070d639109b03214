package runbook

import (
	"slices"
	"strings"
)

// Differ compares a document with what it would be if it were written now,
// without what people and recorded runs have put there: so that a check does
// not fail because time has passed, or because somebody moved a note. It
// returns the lines in which they differ, in order, "- " before one that is to
// go and "+ " before one that is to come.
func Differ(have, want []byte) (lines []string) {
	a, b := essence(string(have)), essence(string(want))
	common := shared(a, b)
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			i, j = i+1, j+1
		case j == len(b), i < len(a) && common[i+1][j] >= common[i][j+1]:
			lines = append(lines, "- "+a[i])
			i++
		default:
			lines = append(lines, "+ "+b[j])
			j++
		}
	}
	return lines
}

// shared tells how many lines the rests of two documents from i and j on have
// in common, in the same order.
func shared(a, b []string) [][]int32 {
	n := make([][]int32, len(a)+1)
	n[len(a)] = make([]int32, len(b)+1)
	for i := len(a) - 1; i >= 0; i-- {
		n[i] = make([]int32, len(b)+1)
		for j := len(b) - 1; j >= 0; j-- {
			n[i][j] = max(n[i+1][j], n[i][j+1])
			if a[i] == b[j] {
				n[i][j] = n[i+1][j+1] + 1
			}
		}
	}
	return n
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
