package catalog

import (
	"strings"
	"unicode/utf8"
)

// mask stands for what may be a secret. It is of one length so that it does
// not tell the length of what it hides.
const mask = "********"

// tokenPrefixes lists how the tokens of vendors begin.
func tokenPrefixes() []string {
	return []string{"HRKU-", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-",
		"xoxb-", "xoxp-", "xoxa-", "xoxe-", "xoxr-", "xoxs-", "xapp-", "sk_live_", "rk_live_"}
}

// LooksSecret reports whether a text that somebody typed holds what is most
// likely a secret, so that it is refused instead of written down.
func LooksSecret(text string) bool { return looksSecret(text) }

// looksSecret reports whether text holds what is most likely a secret.
func looksSecret(text string) bool { return len(secretSpans(text)) > 0 }

// A span is a range of bytes.
type span struct{ from, to int }

// secretSpans finds what is most likely a secret in text.
func secretSpans(text string) []span {
	var spans []span
	for from := 0; from < len(text); {
		if !isWordByte(text[from]) {
			from++
			continue
		}
		to := from
		for to < len(text) && isWordByte(text[to]) {
			to++
		}
		if isSecretWord(text[from:to]) {
			spans = append(spans, span{from, to})
		}
		from = to
	}
	if s, ok := passwordInURL(text); ok {
		spans = append(spans, s)
	}
	return spans
}

func isWordByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("_-+/=~", c) >= 0
}

func isSecretWord(word string) bool {
	for _, prefix := range tokenPrefixes() {
		before, rest, found := strings.Cut(word, prefix)
		if found && len(rest) >= 4 && (before == "" || charClass(before[len(before)-1]) < 0) {
			return true
		}
	}
	return strings.HasPrefix(word, "-----BEGIN") || isRandom(word)
}

// isRandom reports whether a word looks drawn by chance: long, with letters and
// digits, and changing between small letters, capitals and digits far more
// often than words and names do. Ids in the form of a UUID are not secret.
func isRandom(word string) bool {
	word = strings.Trim(word, "=/")
	if len(word) < 32 || isUUID(word) {
		return false
	}
	var count [3]int
	changes, last := 0, -1
	for i := range len(word) {
		class := charClass(word[i])
		if class < 0 {
			continue
		}
		count[class]++
		if last >= 0 && class != last {
			changes++
		}
		last = class
	}
	letters, digits := count[0]+count[1], count[2]
	return digits >= 2 && letters >= 2 && changes*5 >= len(word)
}

func charClass(c byte) int {
	switch {
	case 'a' <= c && c <= 'z':
		return 0
	case 'A' <= c && c <= 'Z':
		return 1
	case '0' <= c && c <= '9':
		return 2
	}
	return -1
}

func isUUID(word string) bool {
	if len(word) != 36 {
		return false
	}
	for i := range len(word) {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		if dash != (word[i] == '-') || !dash && !strings.ContainsRune("0123456789abcdefABCDEF", rune(word[i])) {
			return false
		}
	}
	return true
}

// passwordInURL finds the "user:password" of a URL.
func passwordInURL(text string) (span, bool) {
	_, rest, found := strings.Cut(text, "://")
	if !found {
		return span{}, false
	}
	from := len(text) - len(rest)
	authority := rest
	if end := strings.IndexAny(rest, "/?# \t\"'"); end >= 0 {
		authority = rest[:end]
	}
	user := strings.LastIndexByte(authority, '@')
	if user < 0 || !strings.Contains(authority[:user], ":") {
		return span{}, false
	}
	return span{from, from + user}, true
}

// masked returns text with everything that looks like a secret masked.
func masked(text string) string {
	text, _ = cover(text, secretSpans(text), 0)
	return text
}

// cover replaces spans of text by the mask, and returns where the byte at
// offset went.
func cover(text string, spans []span, offset int) (string, int) {
	hide := make([]bool, len(text))
	for _, s := range spans {
		for i := max(s.from, 0); i < min(s.to, len(text)); i++ {
			hide[i] = true
		}
	}
	var b strings.Builder
	moved := -1
	for i := 0; i < len(text); {
		if hide[i] && (i == 0 || !hide[i-1]) {
			b.WriteString(mask)
		}
		if i >= offset && moved < 0 {
			moved = b.Len()
			if hide[i] {
				moved -= len(mask)
			}
		}
		_, size := utf8.DecodeRuneInString(text[i:])
		if !hide[i] {
			b.WriteString(text[i : i+size])
		}
		i += size
	}
	if moved < 0 {
		moved = b.Len()
	}
	return b.String(), moved
}

// Mask is a text in which what looks like a secret is hidden, so that it can be
// shown.
func Mask(text string) string { return masked(text) }
