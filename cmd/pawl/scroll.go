package main

import (
	"bytes"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
)

// A scroll is the lower end of a terminal: what is written to it stays and
// scrolls by, and below that a few live lines are repainted in place.
//
// The cursor is parked on the empty line between the two. A terminal that is
// resized moves its text and takes the cursor along, so that erasing from the
// cursor on is right whatever the live lines were wrapped to; what is typed
// meanwhile is echoed into the empty line; and a process that is killed leaves
// the cursor where the shell's prompt goes.
type scroll struct {
	size func() (width, height int) // nil: not a terminal, nothing is ever live

	mu    sync.Mutex
	out   io.Writer
	lives []*live
	asked int          // questions that are open: nothing is painted, and what is written waits
	late  bytes.Buffer // what was written meanwhile
	shown bool         // live lines are on the screen now
	inner bool         // what was written last did not end its line
}

// A live is a block of live lines. A line is what stands before it, which may
// be coloured, and a text that is cut to the width that is left.
type live struct {
	lines func() []liveLine
}

type liveLine struct{ sign, text string }

// Write writes what stays.
func (b *scroll) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.asked > 0 {
		return b.late.Write(p)
	}
	return len(p), b.put(p)
}

// put erases the live lines, writes, and paints them again, in one go.
func (b *scroll) put(p []byte) error {
	var all bytes.Buffer
	if b.shown {
		all.WriteString("\r\x1b[J")
		b.shown = false
	}
	all.Write(p)
	if len(p) > 0 {
		b.inner = p[len(p)-1] != '\n'
	}
	if b.asked == 0 && !b.inner {
		b.paint(&all)
	}
	if all.Len() == 0 {
		return nil
	}
	_, err := b.out.Write(all.Bytes())
	return err
}

// paint adds the live lines, and parks the cursor above them.
func (b *scroll) paint(all *bytes.Buffer) {
	if b.size == nil || len(b.lives) == 0 {
		return
	}
	width, height := b.size()
	var lines []liveLine
	for _, l := range b.lives {
		lines = append(lines, l.lines()...)
	}
	if most := height - 3; len(lines) > most { // it must never push away more than it can erase
		lines = lines[:max(0, most)]
	}
	if len(lines) == 0 || width < 20 {
		return
	}
	for _, l := range lines {
		all.WriteString("\n" + l.sign + clip(l.text, width-3))
	}
	all.WriteString("\r\x1b[" + strconv.Itoa(len(lines)) + "A")
	b.shown = true
}

// clip cuts a text to a width in columns.
func clip(text string, width int) string {
	text = printable(strings.Join(strings.Fields(text), " "))
	used := 0
	for i, r := range text {
		if used += columns(r); used > width || used == width && i+utf8.RuneLen(r) < len(text) {
			return text[:i] + "…"
		}
	}
	return text
}

// folded breaks a text between words where the terminal would break it in the
// middle of one. It begins at a column, and goes on at another. What is broken
// already, or is not for a terminal, stays as it is.
func (a *app) folded(text string, at, next int) string {
	if !a.lively() || a.size == nil {
		return text
	}
	width, _ := a.size()
	if width < 2*next || strings.Contains(text, "\n") {
		return text
	}
	var b strings.Builder
	for word := range strings.SplitSeq(text, " ") {
		w := 0
		for _, r := range word {
			w += columns(r)
		}
		if b.Len() > 0 {
			if at++; at+w > width {
				b.WriteString("\n" + strings.Repeat(" ", next))
				at = next
			} else {
				b.WriteByte(' ')
			}
		}
		b.WriteString(word)
		at += w
	}
	return b.String()
}

// columns is how wide a rune is, rather too wide than too narrow: a line that
// wraps is erased wrongly.
func columns(r rune) int {
	if r >= 0x1100 && !(r >= 0x2000 && r < 0x2E80) { // what is drawn with lines and signs is narrow
		return 2
	}
	return 1
}

// repaint paints the live lines as they are now.
func (b *scroll) repaint() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.asked == 0 && len(b.lives) > 0 {
		b.put(nil)
	}
}

// add puts a block of live lines below the others; remove takes it away.
func (b *scroll) add(lines func() []liveLine) (remove func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	l := &live{lines}
	b.lives = append(b.lives, l)
	if b.asked == 0 {
		b.put(nil)
	}
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.lives = slices.DeleteFunc(b.lives, func(x *live) bool { return x == l })
		if b.asked == 0 {
			b.put(nil)
		}
	}
}

// question takes the live lines away as long as something is asked, so that
// nothing is painted over the question or what is typed. It is written to w;
// what others write waits for done.
func (b *scroll) question() (w io.Writer, done func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked++
	if b.asked == 1 {
		b.put(nil)
	}
	return b.out, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.asked--; b.asked == 0 {
			late := bytes.Clone(b.late.Bytes())
			b.late.Reset()
			b.put(late)
		}
	}
}
