package heroku

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"github.com/pawl-dev/pawl"
)

// authorization is what the API tells of one. Everything but the id may be
// missing.
// https://devcenter.heroku.com/articles/platform-api-reference#oauth-authorization
type authorization struct {
	ID          string  `json:"id"`
	Description string  `json:"description"`
	CreatedAt   stamp   `json:"created_at"`
	AccessToken *access `json:"access_token"`
}

type access struct {
	Token     shown   `json:"token"`
	ExpiresIn seconds `json:"expires_in"`
}

// generation returns a without its value.
func (a authorization) generation(now time.Time) pawl.Generation {
	g := pawl.Generation{ID: a.ID, Label: a.Description, Created: a.CreatedAt.Time}
	if a.AccessToken != nil && a.AccessToken.ExpiresIn.given {
		g.Expires = now.Add(a.AccessToken.ExpiresIn.left)
	}
	return g
}

// token returns what the API shows of the token, which is the zero value for
// nothing.
func (a authorization) token() shown {
	if a.AccessToken == nil {
		return shown{}
	}
	return a.AccessToken.Token
}

// shown is a token as the API shows it: whole, masked, or not at all. Newer
// accounts see it whole only once, in the answer that creates it, and later
// with stars in the middle.
type shown struct{ text pawl.Secret }

// UnmarshalJSON implements [json.Unmarshaler].
func (s *shown) UnmarshalJSON(text []byte) error {
	var v *string
	if err := json.Unmarshal(text, &v); err != nil {
		return errors.New("a token that is not a text")
	}
	if v != nil && *v != "" {
		s.text = pawl.NewSecret([]byte(*v))
	}
	return nil
}

func (s shown) masked() bool { return bytes.IndexByte(s.text.Reveal(), '*') >= 0 }

// whole returns the token if all of it is there.
func (s shown) whole() (pawl.Secret, bool) {
	return s.text, !s.text.IsZero() && !s.masked()
}

// contradicts reports whether s cannot be the token that value is. What shows
// nothing contradicts nothing.
func (s shown) contradicts(value pawl.Secret) bool {
	if s.text.IsZero() {
		return false
	}
	if !s.masked() {
		return !s.text.Equal(value)
	}
	mask, v := s.text.Reveal(), value.Reveal()
	prefix := mask[:bytes.IndexByte(mask, '*')]
	suffix := mask[bytes.LastIndexByte(mask, '*')+1:]
	return len(v) < len(prefix)+len(suffix) || !bytes.HasPrefix(v, prefix) || !bytes.HasSuffix(v, suffix)
}

// stamp is a time that may be missing or unreadable, which is then zero:
// nothing depends on it.
type stamp struct{ time.Time }

// UnmarshalJSON implements [json.Unmarshaler].
func (s *stamp) UnmarshalJSON(text []byte) error {
	var t time.Time
	if json.Unmarshal(text, &t) == nil {
		s.Time = t
	}
	return nil
}

// seconds is how long a token still lives: a whole number, as such or as text,
// or null for no end.
type seconds struct {
	left  time.Duration
	given bool
}

// UnmarshalJSON implements [json.Unmarshaler].
func (s *seconds) UnmarshalJSON(text []byte) error {
	text = bytes.Trim(text, `"`)
	if string(text) == "null" || len(text) == 0 {
		return nil
	}
	n, err := strconv.ParseFloat(string(text), 64)
	if err != nil || n != n {
		return errors.New("expires_in is not a number")
	}
	const century = 100 * 365 * 24 * 3600 // beyond that a Duration overflows, and nobody waits for it
	*s = seconds{time.Duration(min(max(n, -century), century)) * time.Second, true}
	return nil
}
