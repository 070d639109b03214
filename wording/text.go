package wording

import (
	"regexp"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// Printable is a vendor's text without anything that a terminal would act on.
func Printable(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '\uFFFD'
		}
		return r
	}, text)
}

// Capital begins a text with a capital letter.
func Capital(text string) string {
	first, n := utf8.DecodeRuneInString(text)
	if n == 0 {
		return ""
	}
	return string(unicode.ToUpper(first)) + text[n:]
}

var (
	operation = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(^|: |\n)(?:[a-z]+\.[A-Z]\w*|connecting|preflight): `)
	})
	kind = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(^|: |\n)(?:error|invalid|denied|forbidden|not found|conflict|mismatch|throttled|unavailable|needs a person): `)
	})
)

// Plainly is an error's text for people: without the names of operations, and
// without their kinds, which the exit code and the hint tell better. What is
// not known to have happened stays said.
func Plainly(text string) string {
	for { // what one removal joins, another may remove
		next := kind().ReplaceAllString(operation().ReplaceAllString(text, "$1"), "$1")
		if next == text {
			return text
		}
		text = next
	}
}
