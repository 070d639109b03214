package audit

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/pawl-dev/pawl"
)

const originPrefix = "pawl/"

// A Signer signs the checkpoints of one installation. It is safe for
// concurrent use.
type Signer struct {
	signer  note.Signer
	public  string
	install string
}

// GenerateKey makes the signing key of a new installation and, with it, the
// installation's id: a log and its key belong together. The result is the text
// form that [ParseSigner] reads, a note signer key.
func GenerateKey() (pawl.Secret, error) {
	var id [16]byte
	rand.Read(id[:])
	text, _, err := note.GenerateKey(rand.Reader, fmt.Sprintf("%s%x", originPrefix, id))
	if err != nil {
		return pawl.Secret{}, &pawl.Error{Op: "audit.GenerateKey", Err: err}
	}
	return pawl.NewSecret([]byte(text)), nil
}

// ParseSigner returns the signer of a key made by [GenerateKey]. Anything else
// is [pawl.Invalid]; the error does not quote it.
func ParseSigner(key pawl.Secret) (*Signer, error) {
	text := strings.TrimSpace(string(key.Reveal()))
	signer, err := note.NewSigner(text)
	if err != nil {
		return nil, badKey()
	}
	install, ok := strings.CutPrefix(signer.Name(), originPrefix)
	// A signer key is PRIVATE+KEY+NAME+HASH+BASE64(algorithm byte, seed), and
	// NewSigner has seen to it that all five parts are there.
	seed, err := base64.StdEncoding.DecodeString(strings.SplitN(text, "+", 5)[4])
	if !ok || install == "" || err != nil || len(seed) != 1+ed25519.SeedSize {
		return nil, badKey()
	}
	public, err := note.NewEd25519VerifierKey(signer.Name(), ed25519.NewKeyFromSeed(seed[1:]).Public().(ed25519.PublicKey))
	if err != nil {
		return nil, badKey()
	}
	return &Signer{signer, public, install}, nil
}

func badKey() error {
	return &pawl.Error{Op: "audit.ParseSigner", Kind: pawl.Invalid,
		Hint: "the audit key file is damaged or is not an audit key: restore it from a backup",
		Err:  errors.New("not a signing key")}
}

// Install returns the id of the installation whose log the signer signs.
func (s *Signer) Install() string { return s.install }

// Public returns the key that verifies what s signs, as text. It is not secret.
func (s *Signer) Public() string { return s.public }

// InstallOf returns whose log a public key verifies. A key that is none is
// [pawl.Invalid].
func InstallOf(key string) (string, error) {
	verifier, err := note.NewVerifier(strings.TrimSpace(key))
	if err == nil {
		if install, ok := strings.CutPrefix(verifier.Name(), originPrefix); ok && install != "" {
			return install, nil
		}
	}
	return "", &pawl.Error{Op: "audit.InstallOf", Kind: pawl.Invalid, Err: errors.New("not a public audit key"),
		Hint: "a public audit key looks like pawl/ID+HASH+BASE64"}
}

// Sign returns the checkpoint of a tree.
func (s *Signer) Sign(tree tlog.Tree) ([]byte, error) {
	text := fmt.Sprintf("%s%s\n%d\n%s\n", originPrefix, s.install, tree.N, tree.Hash)
	signed, err := note.Sign(&note.Note{Text: text}, s.signer)
	if err != nil {
		return nil, &pawl.Error{Op: "audit.Sign", Err: err}
	}
	return signed, nil
}

// A Checkpoint is a signed statement about a log: it had this many records,
// and this root.
type Checkpoint struct {
	Install string
	Tree    tlog.Tree
}

// ParseCheckpoint checks the signature of a checkpoint with a public key and
// returns what it says. A checkpoint that the key did not sign, or that is not
// letter for letter as it was signed, is [pawl.Conflict] and a [*TamperError];
// a key that is none is [pawl.Invalid].
func ParseCheckpoint(signed []byte, key string) (Checkpoint, error) {
	verifier, err := note.NewVerifier(strings.TrimSpace(key))
	if err != nil {
		return Checkpoint{}, &pawl.Error{Op: "audit.ParseCheckpoint", Kind: pawl.Invalid, Err: errors.New("not a public audit key"),
			Hint: "a public audit key looks like pawl/ID+HASH+BASE64"}
	}
	n, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		return Checkpoint{}, tampered(-1, "the checkpoint is not signed by this key")
	}
	// Signatures are read leniently by package note: unused bits and line
	// breaks in base64 do not count. Here each bit does.
	if _, err := base64.StdEncoding.Strict().DecodeString(n.Sigs[0].Base64); err != nil {
		return Checkpoint{}, tampered(-1, "the checkpoint's signature is not in canonical form")
	}
	c, ok := parseTree(n.Text)
	if !ok || originPrefix+c.Install != verifier.Name() {
		return Checkpoint{}, tampered(-1, "the checkpoint is not one of this installation's log")
	}
	return c, nil
}

// parseTree reads origin, size and root; C2SP allows lines after them.
func parseTree(text string) (Checkpoint, bool) {
	lines := strings.SplitN(text, "\n", 4)
	if len(lines) < 4 {
		return Checkpoint{}, false
	}
	install, ok := strings.CutPrefix(lines[0], originPrefix)
	size, err := strconv.ParseInt(lines[1], 10, 64)
	root, err2 := tlog.ParseHash(lines[2])
	if !ok || err != nil || err2 != nil || size < 0 || strconv.FormatInt(size, 10) != lines[1] {
		return Checkpoint{}, false
	}
	return Checkpoint{install, tlog.Tree{N: size, Hash: root}}, true
}
