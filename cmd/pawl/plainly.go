package main

import "regexp"

var (
	operation = regexp.MustCompile(`(^|: |\n)(?:[a-z]+\.[A-Z]\w*|connecting|preflight): `)
	kind      = regexp.MustCompile(`(^|: |\n)(?:error|invalid|denied|forbidden|not found|conflict|mismatch|throttled|unavailable|needs a person): `)
)

// plainly is an error's text for people: without the names of operations, and
// without their kinds, which the exit code and the hint tell better. What is
// not known to have happened stays said.
func plainly(text string) string {
	for { // what one removal joins, another may remove
		next := kind.ReplaceAllString(operation.ReplaceAllString(text, "$1"), "$1")
		if next == text {
			return text
		}
		text = next
	}
}
