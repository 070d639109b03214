package httpprobe

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/probe/attest"
)

// shown is what an answer says of the value in use.
type shown interface{ of(value pawl.Secret) bool }

// digest is the SHA-256 of some value. It is never printed.
type digest struct{ sum [sha256.Size]byte }

// Format keeps a digest out of any text.
func (digest) Format(f fmt.State, _ rune) { fmt.Fprint(f, "[digest]") }

// of reports whether d is the digest of a value.
func (d digest) of(value pawl.Secret) bool {
	if value.IsZero() {
		return false
	}
	sum := sha256.Sum256(value.Reveal())
	return subtle.ConstantTimeCompare(sum[:], d.sum[:]) == 1
}

// answer is the HMAC of some value that was asked for with a nonce.
type answer struct {
	attest.Answer
	to attest.Question
}

func (a answer) of(value pawl.Secret) bool { return a.to.Shows(a.Answer, value) }

// text returns the expression's output, or says what is wrong.
func (q *query) text(ctx context.Context, body any) (text, wrong string) {
	got, wrong := q.first(ctx, body)
	if wrong != "" {
		return "", wrong
	}
	if got == nil {
		return "", "attests nothing"
	}
	text, _ = got.(string)
	return text, ""
}

// digest reads the expression's output as a digest, or says what is wrong.
func (q *query) digest(ctx context.Context, body any) (d digest, wrong string) {
	text, wrong := q.text(ctx, body)
	if wrong != "" {
		return d, wrong
	}
	if len(text) != hex.EncodedLen(sha256.Size) {
		return d, "attests something that is not a SHA-256"
	}
	if _, err := hex.Decode(d.sum[:], []byte(text)); err != nil {
		return digest{}, "attests something that is not a SHA-256"
	}
	return d, ""
}

// answer reads the expression's output as the answer to a question.
func (q *query) answer(ctx context.Context, body any, to attest.Question) (a answer, wrong string) {
	text, wrong := q.text(ctx, body)
	if wrong != "" {
		return a, wrong
	}
	mac, ok := attest.Parse(text)
	if !ok {
		return a, "attests something that is not an HMAC-SHA256"
	}
	return answer{mac, to}, ""
}
