package catalog

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

// A position is a place in a file: 1-based, columns in characters.
type position struct{ line, column, width int }

// maxProblems bounds what is said of one file; nobody mends more at once.
const maxProblems = 500

// A source is a file that is being read, and collects what is wrong with it.
type source struct {
	file     string
	text     []byte
	lines    [][]byte           // of text, once one was asked for
	shown    numbered           // the line that was asked for last
	secrets  map[int][]span     // what has to be masked, by line, where it was asked for
	guarded  bool               // any value in it may be a secret, unless it is known not to be
	open     map[position]bool  // of a guarded file: tokens that may be shown
	starts   map[int][]position // of a guarded file: tokens by line
	problems Problems
}

// report adds a problem at a position.
func (s *source) report(at position, suggestion, format string, args ...any) {
	if len(s.problems) == maxProblems {
		format, args, suggestion = "there are more problems in this file from here on", nil, "mend what is reported first"
	}
	if len(s.problems) > maxProblems {
		return
	}
	p := Problem{
		File: s.file, Line: at.line, Column: at.column,
		Message: printable(masked(fmt.Sprintf(format, args...))), Suggestion: printable(masked(suggestion)),
	}
	p.Source, p.Caret, p.Width = s.excerpt(at)
	s.problems = append(s.problems, p)
}

// suggest is [suggest] as long as problems are still reported.
func (s *source) suggest(word string, valid []string) string {
	if len(s.problems) >= maxProblems {
		return ""
	}
	return suggest(word, valid)
}

// reportFile adds a problem of the file as a whole.
func (s *source) reportFile(suggestion, format string, args ...any) {
	s.problems = append(s.problems, Problem{File: s.file, Message: printable(masked(fmt.Sprintf(format, args...))), Suggestion: suggestion})
}

// excerpt returns the line of a position as it may be shown, and where in it
// the caret goes and how wide it is. The width of what is masked is not told.
func (s *source) excerpt(at position) (line string, caret, width int) {
	text := s.line(at.line)
	from := byteOffset(text, at.column-1)
	to := from + byteOffset(text[from:], at.width)
	text, cut := around(text, from)
	spans := make([]span, 0, 8)
	for _, one := range s.spans(at.line) {
		if one.to > cut && one.from < cut+len(text) {
			spans = append(spans, span{one.from - cut, one.to - cut})
		}
	}
	shown, start := cover(text, spans, from-cut)
	_, end := cover(text, spans, min(to-cut, len(text)))
	if strings.HasPrefix(shown[start:], mask) {
		end = max(end, start+len(mask))
	}
	line, caret = window(printable(shown), utf8.RuneCountInString(shown[:start])+1)
	width = min(utf8.RuneCountInString(shown[start:max(start, end)]), utf8.RuneCountInString(line)-caret+1)
	return line, caret, max(width, 1)
}

// around cuts a line that is too long to work on as a whole down to the part
// around an offset, and returns where that begins.
func around(text string, offset int) (string, int) {
	const most = 4096
	from, to := max(0, offset-most), min(len(text), offset+most)
	for from > 0 && !utf8.RuneStart(text[from]) {
		from--
	}
	for to < len(text) && !utf8.RuneStart(text[to]) {
		to++
	}
	return text[from:to], from
}

// spans returns what has to be masked of a line. It is found in the whole line
// and once, because a secret that is cut in two does not look like one.
func (s *source) spans(line int) []span {
	known, ok := s.secrets[line]
	if ok {
		return known
	}
	text := s.line(line)
	spans := secretSpans(text)
	if s.guarded {
		spans = append(spans, s.guardedSpans(line, text)...)
	}
	if s.secrets == nil {
		s.secrets = map[int][]span{}
	}
	s.secrets[line] = spans
	return spans
}

// A numbered line is valid UTF-8.
type numbered struct {
	n    int
	text string
}

func (s *source) line(n int) string {
	if s.lines == nil {
		s.lines = bytes.Split(s.text, []byte("\n"))
	}
	if n < 1 || n > len(s.lines) {
		return ""
	}
	if s.shown.n != n { // of a long line, many things may have to be said
		s.shown = numbered{n, strings.ToValidUTF8(strings.TrimRight(string(s.lines[n-1]), "\r"), "\ufffd")}
	}
	return s.shown.text
}

// guardedSpans covers all of a line but the tokens that may be shown. What
// belongs to no token, such as the further lines of a long text, is covered.
func (s *source) guardedSpans(line int, text string) []span {
	var spans []span
	from := len(text) - len(strings.TrimLeft(text, " "))
	covering := true
	for _, at := range s.starts[line] {
		offset := byteOffset(text, at.column-1)
		if covering && offset > from {
			spans = append(spans, span{from, offset})
		}
		from, covering = offset, !s.open[at]
	}
	if covering && from < len(text) {
		spans = append(spans, span{from, len(text)})
	}
	return spans
}

func byteOffset(text string, characters int) int {
	for i := range text {
		if characters <= 0 {
			return i
		}
		characters--
	}
	return len(text)
}

// window returns the part of a very long line that is around the caret.
func window(line string, caret int) (string, int) {
	const most, before = 160, 60
	runes := []rune(line)
	if len(runes) <= most {
		return line, caret
	}
	from := min(max(0, caret-1-before), len(runes)-1)
	to := min(len(runes), from+most)
	shown := string(runes[from:to])
	if to < len(runes) {
		shown += "…"
	}
	if from > 0 {
		return "…" + shown, caret - from + 1
	}
	return shown, caret
}
