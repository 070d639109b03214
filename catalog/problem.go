package catalog

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/pawl-dev/pawl"
)

// A Problem is one mistake in a catalog.
type Problem struct {
	File       string // relative to the catalog's folder, with slashes
	Line       int    // 1-based; 0 if it is about the file as a whole
	Column     int    // 1-based, in characters
	Source     string // the line, or the part of it that matters, with possible secrets masked
	Caret      int    // 1-based column of the caret in Source
	Width      int    // how many characters the caret underlines
	Message    string
	Suggestion string // `did you mean "secret"?`; may be empty
}

// Error returns the problem on one line, in the form that editors can jump to.
func (p Problem) Error() string {
	if p.Line == 0 {
		return p.File + ": " + p.Message
	}
	return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Message)
}

// String returns the problem with its source line, a caret and the suggestion.
func (p Problem) String() string {
	var b strings.Builder
	b.WriteString(p.Error() + "\n")
	margin := "  "
	if p.Line > 0 {
		number := strconv.Itoa(p.Line)
		margin = "  " + strings.Repeat(" ", len(number)) + " | "
		fmt.Fprintf(&b, "  %s | %s\n", number, p.Source)
		fmt.Fprintf(&b, "%s%s%s\n", margin, indentLike(p.Source, p.Caret-1), strings.Repeat("^", max(p.Width, 1)))
	}
	if p.Suggestion != "" {
		b.WriteString(margin + p.Suggestion + "\n")
	}
	return b.String()
}

// indentLike returns n blanks, with a tab wherever line has one, so that the
// caret stands right whatever the width of a tab.
func indentLike(line string, n int) string {
	var b strings.Builder
	for _, r := range line {
		if n--; n < 0 {
			break
		}
		if r != '\t' {
			r = ' '
		}
		b.WriteRune(r)
	}
	return b.String() + strings.Repeat(" ", max(n, 0))
}

// Problems are all mistakes of a catalog, in order of file, line and column.
type Problems []Problem

// Error returns all problems as they are shown to people.
func (ps Problems) Error() string {
	texts := make([]string, len(ps))
	for i, p := range ps {
		texts[i] = p.String()
	}
	return strings.Join(texts, "\n")
}

// Err returns nil if there is no problem, and otherwise a [*pawl.Error] of Kind
// Invalid that wraps ps.
func (ps Problems) Err() error {
	if len(ps) == 0 {
		return nil
	}
	return &pawl.Error{Op: "catalog.Load", Kind: pawl.Invalid, Hint: "nothing was done; mend the catalog and try again", Err: ps}
}

// In returns the problems with their files below dir, for a reader whose
// current folder is another one than the catalog's.
func (ps Problems) In(dir string) Problems {
	in := slices.Clone(ps)
	for i := range in {
		in[i].File = path.Join(dir, in[i].File)
	}
	return in
}

func (ps Problems) sort() {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Message, b.Message))
	})
}

// printable replaces what could do things to a terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\t' || unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, s)
}
