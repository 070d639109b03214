// Package seal encrypts values before they are written down.
//
// A [Box] holds a Tink keyset: XAES-256-GCM with 192-bit nonces, so random
// nonces are safe without counting messages. The keyset lies wrapped beside
// the data; the key that unwraps it, the [KEK], comes from outside of it. Who
// has only the data, or a backup of it, has nothing.
//
//	KEK (key file, systemd credential) → keyset (in the journal) → values
//
// Each ciphertext is bound by its associated data to where it belongs, so one
// that is moved to another row, rotation or installation does not open.
package seal

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/prf"
	"github.com/tink-crypto/tink-go/v2/tink"

	"github.com/pawl-dev/pawl"
)

// A Context says where a sealed value belongs. It is not stored with the
// value: whoever opens it must know it.
type Context struct {
	Install    string // id of the installation
	Table      string
	Row        string
	Rotation   string
	Credential string
	Kind       string // "old", "new", "prior", …
	Version    int
}

// associated is "pawl/v1|" and each field behind its length, so that no two
// contexts have the same bytes.
func (c Context) associated() []byte {
	out := []byte("pawl/v1|")
	for _, field := range []string{c.Install, c.Table, c.Row, c.Rotation, c.Credential, c.Kind} {
		out = binary.BigEndian.AppendUint32(out, uint32(len(field)))
		out = append(out, field...)
	}
	return binary.BigEndian.AppendUint64(out, uint64(c.Version))
}

// A Box seals and opens values. It is safe for concurrent use.
type Box struct {
	keys    *keyset.Handle // of aead
	tags    *keyset.Handle // of digest
	aead    tink.AEAD
	digests *prf.Set
}

// wrapped is the stored form of a box: two keysets, each a Tink
// EncryptedKeyset under the KEK. Digests have a keyset of their own because
// they must stay the same when the key for values is changed.
type wrapped struct {
	Format int    `json:"pawl_keyset"`
	Values []byte `json:"values"`
	Tags   []byte `json:"tags"`
}

const (
	wrapFormat = 1
	wrapValues = "pawl/keyset/v1/values" // associated data of the wrapping
	wrapTags   = "pawl/keyset/v1/tags"
)

// Create makes a box with fresh keys, and the wrapped form to keep.
func Create(kek KEK) ([]byte, *Box, error) {
	keys, err := keyset.NewHandle(aead.XAES256GCM192BitNonceKeyTemplate())
	if err != nil {
		return nil, nil, failed("seal.Create", pawl.Other, "cannot make a key")
	}
	tags, err := keyset.NewHandle(prf.HMACSHA256PRFKeyTemplate())
	if err != nil {
		return nil, nil, failed("seal.Create", pawl.Other, "cannot make a key")
	}
	box, err := newBox(keys, tags)
	if err != nil {
		return nil, nil, err
	}
	text, err := box.Wrap(kek)
	return text, box, err
}

// Open returns the box that [Create] wrapped. With another KEK, or if the
// wrapped form was changed, it is [pawl.Invalid].
func Open(text []byte, kek KEK) (*Box, error) {
	var w wrapped
	if err := json.Unmarshal(text, &w); err != nil || w.Format != wrapFormat {
		return nil, failed("seal.Open", pawl.Invalid, "not a wrapped keyset of a format that this pawl knows")
	}
	master, err := kek.aead()
	if err != nil {
		return nil, err
	}
	keys, err1 := unwrap(w.Values, master, wrapValues)
	tags, err2 := unwrap(w.Tags, master, wrapTags)
	if err1 != nil || err2 != nil {
		return nil, &pawl.Error{Op: "seal.Open", Kind: pawl.Invalid, Err: errors.New("this key does not open the keyset"),
			Hint: "the key file is not the one this journal was made with: restore the right one"}
	}
	return newBox(keys, tags)
}

func newBox(keys, tags *keyset.Handle) (*Box, error) {
	a, err1 := aead.New(keys)
	d, err2 := prf.NewPRFSet(tags)
	if err1 != nil || err2 != nil {
		return nil, failed("seal", pawl.Invalid, "the keyset cannot be used")
	}
	return &Box{keys, tags, a, d}, nil
}

// Wrap returns the box in the form to keep, for this KEK: after a change of
// the KEK the values need not be sealed again.
func (b *Box) Wrap(kek KEK) ([]byte, error) {
	master, err := kek.aead()
	if err != nil {
		return nil, err
	}
	keys, err1 := wrap(b.keys, master, wrapValues)
	tags, err2 := wrap(b.tags, master, wrapTags)
	if err1 != nil || err2 != nil {
		return nil, failed("seal.Wrap", pawl.Other, "cannot wrap the keyset")
	}
	text, err := json.Marshal(wrapped{wrapFormat, keys, tags})
	if err != nil {
		return nil, failed("seal.Wrap", pawl.Other, "cannot wrap the keyset")
	}
	return text, nil
}

func wrap(h *keyset.Handle, master tink.AEAD, as string) ([]byte, error) {
	var out bytes.Buffer
	err := h.WriteWithAssociatedData(keyset.NewBinaryWriter(&out), master, []byte(as))
	return out.Bytes(), err
}

func unwrap(text []byte, master tink.AEAD, as string) (*keyset.Handle, error) {
	return keyset.ReadWithAssociatedData(keyset.NewBinaryReader(bytes.NewReader(text)), master, []byte(as))
}

// Seal encrypts a value for this place. No value, or an empty one, is
// [pawl.Invalid].
func (b *Box) Seal(v pawl.Secret, c Context) ([]byte, error) {
	if v.IsZero() {
		return nil, failed("seal.Seal", pawl.Invalid, "no value")
	}
	text, err := b.aead.Encrypt(v.Reveal(), c.associated())
	if err != nil {
		return nil, failed("seal.Seal", pawl.Other, "cannot encrypt")
	}
	return text, nil
}

// Open decrypts what was sealed for this very place. Anything else is
// [pawl.Invalid].
func (b *Box) Open(ciphertext []byte, c Context) (pawl.Secret, error) {
	plain, err := b.aead.Decrypt(ciphertext, c.associated())
	if err != nil {
		return pawl.Secret{}, &pawl.Error{Op: "seal.Open", Kind: pawl.Invalid, Err: errors.New("the sealed value does not open here"),
			Hint: "it was damaged, moved, or sealed by another installation"}
	}
	v := pawl.NewSecret(plain)
	clear(plain)
	return v, nil
}

const digestBytes = 6

// Digest returns a short keyed digest of a value, "hmac:" and 12 hexadecimal
// digits, by which people can tell values of one installation apart. Without
// the keyset it says nothing about the value, not even about a weak one. No
// value has no digest: "".
func (b *Box) Digest(v pawl.Secret) string {
	if v.IsZero() {
		return ""
	}
	sum, err := b.digests.ComputePrimaryPRF(v.Reveal(), digestBytes)
	if err != nil { // only if more bytes are asked for than the PRF has
		return "hmac:unavailable"
	}
	return "hmac:" + hex.EncodeToString(sum)
}

// failed keeps causes out: what a cryptographic library says is of no use to
// an operator, and what it might quote is.
func failed(op string, kind pawl.Kind, why string) error {
	return &pawl.Error{Op: op, Kind: kind, Err: errors.New(why)}
}
