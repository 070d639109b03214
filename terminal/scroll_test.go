package terminal

import (
	"bytes"
	"strings"
	"testing"
)

// A screenful is a terminal that understands what a scroll sends: enough of one
// to see what stays and what is live.
type screenful struct {
	rows     [][]rune
	row, col int
	width    int
}

func (s *screenful) Write(p []byte) (int, error) {
	for text := string(p); text != ""; {
		switch {
		case strings.HasPrefix(text, "\x1b[J"):
			s.at(s.row)
			s.rows = s.rows[:s.row+1]
			s.rows[s.row] = s.rows[s.row][:min(s.col, len(s.rows[s.row]))]
			text = text[3:]
		case strings.HasPrefix(text, "\x1b["):
			end := strings.IndexByte(text, 'A')
			for range text[2:end] { // one digit
				s.row -= int(text[2] - '0')
			}
			text = text[end+1:]
		default:
			r := []rune(text)[0]
			s.put(r)
			text = text[len(string(r)):]
		}
	}
	return len(p), nil
}

func (s *screenful) at(row int) {
	for len(s.rows) <= row {
		s.rows = append(s.rows, nil)
	}
}

func (s *screenful) put(r rune) {
	switch r {
	case '\r':
		s.col = 0
	case '\n':
		s.row, s.col = s.row+1, 0
		s.at(s.row)
	default:
		s.at(s.row)
		line := s.rows[s.row]
		for len(line) <= s.col {
			line = append(line, ' ')
		}
		line[s.col] = r
		s.rows[s.row] = line
		s.col++
	}
}

func (s *screenful) text() string {
	var lines []string
	for _, r := range s.rows {
		lines = append(lines, strings.TrimRight(string(r), " "))
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n")
}

func newScroll(width, height int) (*Scroll, *screenful) {
	s := &screenful{width: width}
	return New(s, func() (int, int) { return width, height }), s
}

func fixed(text ...string) func() []Line {
	var lines []Line
	for _, t := range text {
		lines = append(lines, Line{"● ", t})
	}
	return func() []Line { return lines }
}

func want(t *testing.T, s *screenful, text string) {
	t.Helper()
	if got := s.text(); got != text {
		t.Fatalf("on the screen:\n%s\nwant:\n%s", got, text)
	}
}

// TestScrollKeepsWhatIsFinished: finished lines stay in their order, whatever is
// repainted below them, and nothing is left of what was live.
func TestScrollKeepsWhatIsFinished(t *testing.T) {
	b, s := newScroll(60, 24)
	b.Write([]byte("first\n"))
	remove := b.Add(fixed("live one", "live two"))
	want(t, s, "first\n\n● live one\n● live two")
	b.Write([]byte("second\n"))
	b.Repaint()
	want(t, s, "first\nsecond\n\n● live one\n● live two")
	if s.row != 2 || s.col != 0 {
		t.Errorf("the cursor is at %d, %d, want on the empty line above the live ones", s.row, s.col)
	}
	other := b.Add(fixed("another"))
	want(t, s, "first\nsecond\n\n● live one\n● live two\n● another")
	remove()
	want(t, s, "first\nsecond\n\n● another")
	other()
	b.Write([]byte("third\n"))
	want(t, s, "first\nsecond\nthird")
}

// TestScrollLeavesQuestionsAlone: as long as something is asked nothing is
// painted, and what is said meanwhile comes after the answer.
func TestScrollLeavesQuestionsAlone(t *testing.T) {
	b, s := newScroll(60, 24)
	b.Add(fixed("live"))
	w, done := b.Question()
	want(t, s, "")
	w.Write([]byte("Begin? [y/N] "))
	b.Write([]byte("something happened\n"))
	b.Repaint()
	b.Add(fixed("more"))
	want(t, s, "Begin? [y/N]")
	s.Write([]byte("y\n")) // echoed by the terminal
	done()
	want(t, s, "Begin? [y/N] y\nsomething happened\n\n● live\n● more")
}

// TestScrollFits: a line never wraps, and the live lines never push away more
// than can be erased.
func TestScrollFits(t *testing.T) {
	b, s := newScroll(30, 5)
	b.Add(fixed(strings.Repeat("x", 40), "世界世界世界世界世界世界世界世界", "three"))
	for _, line := range strings.Split(s.text(), "\n") {
		n := 0
		for _, r := range line {
			n += columns(r)
		}
		if n > 29 {
			t.Errorf("%q is %d wide", line, n)
		}
	}
	if strings.Contains(s.text(), "three") {
		t.Errorf("more lines than fit:\n%s", s.text())
	}
	if got := Clip("exactly", 7); got != "exactly" {
		t.Errorf("clip = %q", got)
	}
	if got := Clip("a\x1b[2Jb\tc", 20); strings.Contains(got, "\x1b") {
		t.Errorf("clip lets %q through", got)
	}
}

// TestScrollWithoutATerminal only passes on.
func TestScrollWithoutATerminal(t *testing.T) {
	var out bytes.Buffer
	b := New(&out, nil)
	b.Add(fixed("live"))
	b.Write([]byte("a\nb"))
	b.Repaint()
	b.Write([]byte("c\n"))
	if out.String() != "a\nbc\n" {
		t.Errorf("written: %q", out.String())
	}
}
