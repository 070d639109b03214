package seal

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"errors"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/aead/xaesgcm"
	"github.com/tink-crypto/tink-go/v2/insecuresecretdataaccess"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/secretdata"
	"github.com/tink-crypto/tink-go/v2/tink"

	"github.com/pawl-dev/pawl"
)

const kekSize = 32

// A KEK is the key that wraps a keyset. It comes from outside of the data it
// protects. The zero KEK wraps nothing.
type KEK struct{ key pawl.Secret }

// NewKEK makes a fresh key.
func NewKEK() KEK {
	var key [kekSize]byte
	rand.Read(key[:])
	return KEK{pawl.NewSecret(key[:])}
}

// ParseKEK reads a key as it is in a key file or a systemd credential: 32 raw
// bytes, or their standard base64. Anything else is [pawl.Invalid].
func ParseKEK(text pawl.Secret) (KEK, error) {
	raw := text.Reveal()
	if len(raw) != kekSize {
		decoded, err := base64.StdEncoding.Strict().DecodeString(string(bytes.TrimSpace(raw)))
		if err != nil || len(decoded) != kekSize {
			return KEK{}, &pawl.Error{Op: "seal.ParseKEK", Kind: pawl.Invalid, Err: errors.New("not a key"),
				Hint: "a key is 32 random bytes, raw or in base64: restore it from a backup"}
		}
		raw = decoded
	}
	return KEK{pawl.NewSecret(raw)}, nil
}

// LoadOrCreateKEK reads the key file at path and makes it first if there is
// none; see [KeyFile]. It belongs outside of the data directory: whoever copies
// both has everything.
func LoadOrCreateKEK(path string) (KEK, error) {
	text, err := KeyFile(path, func() (pawl.Secret, error) { return NewKEK().text(), nil })
	if err != nil {
		return KEK{}, err
	}
	return ParseKEK(text)
}

func (k KEK) text() pawl.Secret {
	return pawl.NewSecret([]byte(base64.StdEncoding.EncodeToString(k.key.Reveal()) + "\n"))
}

// aead returns the KEK as a Tink primitive.
func (k KEK) aead() (tink.AEAD, error) {
	if k.key.IsZero() {
		return nil, failed("seal", pawl.Invalid, "no key")
	}
	h, err := handle(k.key)
	if err != nil {
		return nil, failed("seal", pawl.Other, "cannot use the key")
	}
	a, err := aead.New(h)
	if err != nil {
		return nil, failed("seal", pawl.Other, "cannot use the key")
	}
	return a, nil
}

func handle(key pawl.Secret) (*keyset.Handle, error) {
	const salt = 12 // bytes; with GCM's own nonce of 12 that makes 192 bits
	params, err := xaesgcm.NewParameters(xaesgcm.VariantNoPrefix, salt)
	if err != nil {
		return nil, err
	}
	k, err := xaesgcm.NewKey(secretdata.NewBytesFromData(key.Reveal(), insecuresecretdataaccess.Token{}), 0, params)
	if err != nil {
		return nil, err
	}
	m := keyset.NewManager()
	id, err := m.AddKey(k)
	if err != nil {
		return nil, err
	}
	if err := m.SetPrimary(id); err != nil {
		return nil, err
	}
	return m.Handle()
}
