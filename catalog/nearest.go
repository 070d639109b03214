package catalog

import (
	"fmt"
	"slices"
	"strings"
)

// suggest returns what a person may have meant by word: the nearest valid word
// if there is one that is near, or else which words there are.
func suggest(word string, valid []string) string {
	if near, ok := Nearest(word, valid); ok {
		return fmt.Sprintf("did you mean %q?", near)
	}
	if len(valid) == 0 {
		return ""
	}
	words := slices.Compact(slices.Sorted(slices.Values(valid)))
	const most = 20
	if len(words) > most {
		words = append(words[:most:most], "…")
	}
	return "valid here: " + strings.Join(words, ", ")
}

// Nearest returns the valid word that word was most likely to be. Of words
// equally near it is the first in alphabetical order.
func Nearest(word string, valid []string) (string, bool) {
	word = strings.ToLower(clip(word, 80))
	best, found, least := "", false, 0
	for _, v := range slices.Sorted(slices.Values(valid)) {
		d, ok := distance(word, strings.ToLower(v))
		if ok && (!found || d < least) {
			best, found, least = v, true, d
		}
	}
	return best, found
}

// distance is the number of edits between two words, and whether they are near
// enough for one to be a slip for the other. A word and its beginning are.
func distance(a, b string) (int, bool) {
	d := edits([]rune(a), []rune(b))
	short, long := min(len(a), len(b)), max(len(a), len(b))
	begins := short >= 3 && (strings.HasPrefix(a, b) || strings.HasPrefix(b, a))
	return d, begins || d <= max(1, (long+1)/3) && d < long
}

// edits is the Damerau-Levenshtein distance (optimal string alignment): the
// number of insertions, deletions, changes and swaps of neighbours.
func edits(a, b []rune) int {
	before, last := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := last[j-1]
			if a[i-1] != b[j-1] {
				change++
			}
			row[j] = min(last[j]+1, row[j-1]+1, change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}

// clip returns at most n characters of s.
func clip(s string, n int) string {
	for i := range s {
		if n--; n < 0 {
			return s[:i] + "…"
		}
	}
	return s
}
