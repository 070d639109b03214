package health

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// MAC is what an application answers for one credential: the lower-case hex
// HMAC-SHA256, keyed with the value in use, of
//
//	pawl-attest-v1 LF context LF name LF nonce
//
// None of the three may hold a line feed, so that no two questions have the same
// text. The caller sees to that; [ValidNonce] and [ValidName] say how.
func MAC(value []byte, context, name, nonce string) string {
	mac := hmac.New(sha256.New, value)
	mac.Write([]byte("pawl-attest-v1\n" + context + "\n" + name + "\n" + nonce))
	return hex.EncodeToString(mac.Sum(nil))
}

// MinValue is how long a value must be, in bytes, to be attested to whoever
// asks: what is shorter can be guessed by trying.
const MinValue = 16

// ValidNonce reports whether a text can be a nonce: 16 to 128 letters, digits,
// dashes and underscores.
func ValidNonce(nonce string) bool {
	return len(nonce) >= 16 && len(nonce) <= 128 && only(nonce, "-_")
}

// ValidName reports whether a text can name a credential or be a context: at
// most 128 letters, digits and -_./: characters.
func ValidName(name string) bool { return len(name) <= 128 && only(name, "-_./:") }

func only(text, punctuation string) bool {
	for _, b := range []byte(text) {
		letter := b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9'
		if !letter && strings.IndexByte(punctuation, b) < 0 {
			return false
		}
	}
	return true
}
