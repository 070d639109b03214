package terminal

import (
	"strings"
	"unicode/utf8"

	"github.com/pawl-dev/pawl/wording"
)

// Clip cuts a text to a width in columns.
func Clip(text string, width int) string {
	text = wording.Printable(strings.Join(strings.Fields(text), " "))
	used := 0
	for i, r := range text {
		if used += columns(r); used > width || used == width && i+utf8.RuneLen(r) < len(text) {
			return text[:i] + "…"
		}
	}
	return text
}

// Fold breaks a text between words where a terminal of a width would break it in
// the middle of one. It begins at a column, and goes on at another. What is
// broken already stays as it is.
func Fold(text string, width, at, next int) string {
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
