package infisical

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/pawl-dev/pawl"
)

// state is what the place held when it was looked at.
type state struct {
	absent  bool
	empty   bool // there is a secret, and its value is ""
	hidden  bool // there is a value, but this identity may not see it
	value   pawl.Secret
	version int // 0: the server did not say
	updated time.Time
}

func (s state) mark() string {
	if s.absent || s.version == 0 {
		return ""
	}
	return strconv.Itoa(s.version)
}

// holds reports whether s is known to be c. A value that was there before the
// server trimmed what it is given counts as its trimmed self: that is all that
// could be put back.
func (s state) holds(c content) bool {
	switch {
	case s.hidden:
		return false
	case s.absent || c.absent:
		return s.absent && c.absent
	case s.empty || c.empty: // which no generation is, but what was there before may be
		return s.empty && c.empty
	}
	return s.value.Equal(c.value) || s.value.Equal(trimmed(c.value))
}

// content is what the place is to hold, or may hold.
type content struct {
	absent bool
	empty  bool
	value  pawl.Secret
}

// snapshot is how a state is written down. It is only ever kept sealed.
type snapshot struct {
	Absent bool   `json:"absent,omitempty"`
	Value  []byte `json:"value,omitempty"`
}

func (s state) snapshot() (pawl.Secret, error) {
	text, err := json.Marshal(snapshot{s.absent, s.value.Reveal()})
	if err != nil {
		return pawl.Secret{}, err
	}
	return pawl.NewSecret(text), nil
}

func readContent(c pawl.Content) (content, error) {
	if c.Secret.IsZero() {
		return content{}, errors.New("no value is given")
	}
	if !c.Snapshot {
		return content{value: c.Secret}, nil
	}
	var snap snapshot
	if json.Unmarshal(c.Secret.Reveal(), &snap) != nil {
		return content{}, errors.New("not a snapshot of an Infisical secret")
	}
	if snap.Absent {
		return content{absent: true}, nil
	}
	return content{value: pawl.NewSecret(snap.Value), empty: len(snap.Value) == 0}, nil
}

// storable reports why the server would not keep this very value.
func storable(value pawl.Secret) error {
	if !utf8.Valid(value.Reveal()) {
		return errors.New("the value is not UTF-8, which is all that JSON can carry")
	}
	if !value.Equal(trimmed(value)) {
		return errors.New("Infisical would trim the value: it begins or ends with white space")
	}
	return nil
}

// trimmed is what the server makes of a value: JavaScript's trim, and a newline
// at the very end stays.
func trimmed(value pawl.Secret) pawl.Secret {
	text := value.Reveal()
	out := bytes.TrimFunc(text, isSpace)
	if bytes.HasSuffix(text, []byte("\n")) {
		out = append(bytes.Clone(out), '\n')
	}
	return pawl.NewSecret(out)
}

// isSpace is white space as ECMAScript has it, which differs from Go's in
// U+0085 and U+FEFF.
func isSpace(r rune) bool {
	switch r {
	case '\t', '\n', '\v', '\f', '\r', '\u2028', '\u2029', '\uFEFF':
		return true
	}
	return unicode.Is(unicode.Zs, r)
}
