// Package attest asks a consumer which value it uses so that only one who has
// the value can answer, and only now: with a nonce that was never used before.
// What is asked and answered is defined by package health.
package attest

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/health"
)

// A Question is asked of a consumer once. It holds no secret and can be written
// down, to read an answer that comes later.
type Question struct{ Context, Name, Nonce string }

// Ask returns a question that nobody can have foreseen: its nonce has 128
// random bits.
func Ask(context, name string) Question { return Question{context, name, rand.Text()} }

// An Answer is an HMAC. It cannot be printed: neither it nor anything else that
// a consumer says of a value belongs into a text.
type Answer struct{ mac [sha256.Size]byte }

// Format implements [fmt.Formatter].
func (Answer) Format(f fmt.State, _ rune) { fmt.Fprint(f, "[answer]") }

// Parse reads an answer, 64 hexadecimal digits.
func Parse(text string) (a Answer, ok bool) {
	if len(text) != hex.EncodedLen(len(a.mac)) {
		return Answer{}, false
	}
	if _, err := hex.Decode(a.mac[:], []byte(text)); err != nil {
		return Answer{}, false
	}
	return a, true
}

// Shows reports whether a is what somebody answers to q who uses this value. It
// takes as long for any value of one length. No value is shown by any answer:
// an HMAC with an empty key can be made by everybody.
func (q Question) Shows(a Answer, value pawl.Secret) bool {
	if value.IsZero() {
		return false
	}
	want, _ := Parse(health.MAC(value.Reveal(), q.Context, q.Name, q.Nonce))
	return subtle.ConstantTimeCompare(want.mac[:], a.mac[:]) == 1
}

// Guessable reports whether a value is so short that somebody who sees an
// answer could find it by trying.
func Guessable(value pawl.Secret) bool { return len(value.Reveal()) < health.MinValue }
