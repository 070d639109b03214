package pawl

import (
	"bytes"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"log/slog"
)

// A Secret is a credential's value. It can be revealed, but not printed,
// logged, or marshaled by accident.
//
// The value hides in a closure because fmt does not call methods on
// unexported fields: when a Secret is buried in someone else's struct, all
// reflection can print of a func is its address. (A pointer to a slice is not
// enough; fmt follows it.)
type Secret struct{ reveal func() []byte }

// NewSecret returns a Secret holding a copy of value.
func NewSecret(value []byte) Secret {
	b := bytes.Clone(value)
	return Secret{func() []byte { return b }}
}

// Reveal returns the value. Every call to Reveal is a place to review.
func (s Secret) Reveal() []byte {
	if s.reveal == nil {
		return nil
	}
	return s.reveal()
}

// Format implements [fmt.Formatter] so that no verb can print the value.
func (Secret) Format(f fmt.State, _ rune) { io.WriteString(f, "[secret]") }

// LogValue implements [slog.LogValuer].
func (Secret) LogValue() slog.Value { return slog.StringValue("[secret]") }

// MarshalText refuses: a Secret is written down sealed, or not at all.
func (Secret) MarshalText() ([]byte, error) {
	return nil, errors.New("pawl: refusing to marshal a Secret")
}

// IsZero reports whether s holds no value, or an empty one.
func (s Secret) IsZero() bool { return s.reveal == nil || len(s.reveal()) == 0 }

// Equal reports whether both hold the same value, in constant time for values
// of one length. Two secrets without a value are not equal: nothing is known of
// either.
func (s Secret) Equal(t Secret) bool {
	if s.IsZero() || t.IsZero() {
		return false
	}
	return subtle.ConstantTimeCompare(s.Reveal(), t.Reveal()) == 1
}
