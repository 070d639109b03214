package terminal

import (
	"bytes"
	"io"
	"slices"
	"strconv"
	"sync"
)

// A Scroll is the lower end of a terminal: what is written to it stays and
// scrolls by, and below that a few live lines are repainted in place.
//
// The cursor is parked on the empty line between the two. A terminal that is
// resized moves its text and takes the cursor along, so that erasing from the
// cursor on is right whatever the live lines were wrapped to; what is typed
// meanwhile is echoed into the empty line; and a process that is killed leaves
// the cursor where the shell's prompt goes.
type Scroll struct {
	size func() (width, height int)

	mu    sync.Mutex
	out   io.Writer
	lives []*live
	asked int          // questions that are open: nothing is painted, and what is written waits
	late  bytes.Buffer // what was written meanwhile
	shown bool         // live lines are on the screen now
	inner bool         // what was written last did not end its line
}

// New returns a scroll that writes to out. Size is the terminal's; nil: it is not
// one, and nothing is ever live.
func New(out io.Writer, size func() (width, height int)) *Scroll {
	return &Scroll{out: out, size: size}
}

// A live is a block of live lines.
type live struct {
	lines func() []Line
}

// A Line is what stands before it, which may be coloured, and a text that is cut
// to the width that is left.
type Line struct{ Sign, Text string }

// Write writes what stays.
func (b *Scroll) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.asked > 0 {
		return b.late.Write(p)
	}
	return len(p), b.put(p)
}

// put erases the live lines, writes, and paints them again, in one go.
func (b *Scroll) put(p []byte) error {
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
func (b *Scroll) paint(all *bytes.Buffer) {
	if b.size == nil || len(b.lives) == 0 {
		return
	}
	width, height := b.size()
	var lines []Line
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
		all.WriteString("\n" + l.Sign + Clip(l.Text, width-3))
	}
	all.WriteString("\r\x1b[" + strconv.Itoa(len(lines)) + "A")
	b.shown = true
}

// Repaint paints the live lines as they are now.
func (b *Scroll) Repaint() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.asked == 0 && len(b.lives) > 0 {
		b.put(nil)
	}
}

// Add puts a block of live lines below the others; remove takes it away.
func (b *Scroll) Add(lines func() []Line) (remove func()) {
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

// Question takes the live lines away as long as something is asked, so that
// nothing is painted over the question or what is typed. It is written to w;
// what others write waits for done.
func (b *Scroll) Question() (w io.Writer, done func()) {
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
