package roster

import (
	"crypto/rand"
	"hash/crc32"
	"regexp"
	"slices"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
)

// A Token lets a program in. It is never more than who made it, at any moment:
// somebody who loses a role, or is disabled, takes it from their tokens too.
type Token struct {
	ID      string // not secret: to list and to revoke it
	Hash    Hash
	Name    string
	Person  string // who made it; empty: it was made on the server itself
	By      string // who made it, as an actor
	Roles   []access.Role
	Teams   []string
	Scope   []access.Action // nil: all that the roles allow
	Created time.Time
	Expires time.Time
	Used    time.Time
	Revoked time.Time // zero: it is not
}

// How long a token is good if nobody says, and at most; and how many there are.
const (
	TokenFor    = 90 * 24 * time.Hour
	TokenAtMost = 366 * 24 * time.Hour
	MostTokens  = 100 // of one maker, that are good
)

// Good reports whether a token is neither revoked nor expired.
func (t Token) Good(now time.Time) bool {
	return t.Revoked.IsZero() && now.Before(t.Expires) && t.Created.Sub(now) <= skew
}

// Check reports why a token cannot be kept as it is, or nil.
func (t Token) Check() error {
	if err := ValidName(t.Name); err != nil {
		return err
	}
	age := t.Expires.Sub(t.Created)
	switch {
	case t.ID == "" || t.By == "":
		return fault(pawl.Invalid, "", "a token has an id and somebody who made it")
	case age <= 0 || age > TokenAtMost:
		return fault(pawl.Invalid, "give it between an hour and 366 days", "a token cannot be good for that long")
	case len(t.Roles) == 0:
		return fault(pawl.Invalid, "name a role that its maker has", "a token without a role could do nothing")
	}
	for _, r := range t.Roles {
		if !r.Valid() {
			return fault(pawl.Invalid, "", "%q is no role", r)
		}
	}
	if err := checkTeams(t.Teams); err != nil {
		return err
	}
	for _, a := range t.Scope {
		if !slices.Contains(access.Actions(), a) {
			return fault(pawl.Invalid, "", "%q is no action", a)
		}
	}
	return nil
}

// Subject is a token as access sees it. Maker is who made it, and not looked at
// if it was made on the server itself. Its name as an actor begins with who is
// behind it: what they ask for by a token, they cannot approve themselves.
func (t Token) Subject(maker Person, now time.Time) (access.Subject, error) {
	if !t.Good(now) {
		return access.Subject{}, fault(pawl.Denied, "make another one:  pawl token create", "this token is not good any more")
	}
	who := access.Subject{Actor: pawl.Actor{Type: "api_token", ID: t.By + "/" + t.Name}, Service: true, Scope: slices.Clone(t.Scope),
		Roles: slices.Clone(t.Roles), Teams: slices.Clone(t.Teams)}
	if t.Person == "" {
		return who, nil
	}
	if _, err := maker.Subject(false); err != nil || maker.ID != t.Person {
		return access.Subject{}, fault(pawl.Denied, "ask an admin", "the account of who made this token is disabled")
	}
	who.Roles, who.Teams = both(t.Roles, maker.Roles), both(t.Teams, maker.Teams)
	return who, nil
}

// both is what is in either list.
func both[T comparable](a, b []T) []T {
	return slices.DeleteFunc(slices.Clone(a), func(x T) bool { return !slices.Contains(b, x) })
}

// The form of a token: pawl_, a letter for what it is, 30 random characters of
// base 62 (178 bits), and their CRC-32 in 6. The prefix and the checksum let a
// scanner tell one in a text without asking anybody, and without mistakes.
const (
	alphabet = "0123456789" + "ABCDEFGHIJKLMNOPQRSTUVWXYZ" + "abcdefghijklmnopqrstuvwxyz"
	random   = 30
	checksum = 6
)

// Pattern is what a token looks like, for scanners.
const Pattern = `\bpawl_[a-z][0-9A-Za-z]{36}\b`

var whole = regexp.MustCompile(`^pawl_[a-z][0-9A-Za-z]{36}$`)

// A Letter says what a token is.
type Letter byte

const (
	OfToken   Letter = 't' // of a program
	OfCode    Letter = 'c' // lets one person in once
	OfSession Letter = 's' // in a browser's cookie
)

// NewToken makes a token. It is shown once and kept by nobody but who gets it.
func NewToken(letter Letter) pawl.Secret {
	body := make([]byte, 0, random)
	for len(body) < random {
		var b [64]byte
		rand.Read(b[:])
		for _, x := range b {
			if x < 4*62 && len(body) < random { // every character is as likely
				body = append(body, alphabet[x%62])
			}
		}
	}
	text := "pawl_" + string(rune(letter)) + string(body)
	return pawl.NewSecret([]byte(text + sum(text)))
}

// NewID returns a short name for a token or a session.
func NewID() string { return rand.Text()[:10] }

// WellFormed reports whether a text is a token of this letter with a checksum
// that is right. It says nothing of whether it opens anything.
func WellFormed(letter Letter, secret pawl.Secret) bool {
	text := string(secret.Reveal())
	return whole.MatchString(text) && text[5] == byte(letter) && sum(text[:len(text)-checksum]) == text[len(text)-checksum:]
}

// LetterOf returns what a text says it is, or 0 if it is no token.
func LetterOf(secret pawl.Secret) Letter {
	text := secret.Reveal()
	if len(text) > 5 && WellFormed(Letter(text[5]), secret) {
		return Letter(text[5])
	}
	return 0
}

func sum(text string) string {
	n := crc32.ChecksumIEEE([]byte(text))
	out := make([]byte, checksum)
	for i := checksum - 1; i >= 0; i-- {
		out[i], n = alphabet[n%62], n/62
	}
	return string(out)
}
