package audit

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"github.com/pawl-dev/pawl"
)

// Attest signs that a document of this kind, letter for letter, is one that the
// installation made:
//
//	pawl/0b9c…/evidence      the origin of the log, and the kind
//	4711                     how many bytes
//	nND/nri/U0xuHUrYSy0H…=   SHA-256
//
// No checkpoint begins with such a line, so neither can be taken for the other.
func (s *Signer) Attest(kind string, document []byte) ([]byte, error) {
	signed, err := note.Sign(&note.Note{Text: attestation(s.install, kind, document)}, s.signer)
	if err != nil {
		return nil, &pawl.Error{Op: "audit.Attest", Err: err}
	}
	return signed, nil
}

// CheckAttested shows that a document is what the holder of the key signed, as
// this kind. If not, that is [pawl.Conflict] and a [*TamperError].
func CheckAttested(signed []byte, key, kind string, document []byte) error {
	install, err := InstallOf(key)
	if err != nil {
		return err
	}
	verifier, err := note.NewVerifier(strings.TrimSpace(key))
	if err != nil {
		return err // InstallOf has read it
	}
	if !strings.HasPrefix(string(signed), attestation(install, kind, document)+"\n") {
		return tampered(-1, "it is not what was signed: something was changed, left out or added")
	}
	n, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		return tampered(-1, "it is not signed by this key")
	}
	if !canonical(n, signed) || n.Text != attestation(install, kind, document) {
		return tampered(-1, "its signature is not in canonical form")
	}
	return nil
}

func attestation(install, kind string, document []byte) string {
	sum := sha256.Sum256(document)
	return fmt.Sprintf("%s%s/%s\n%d\n%s\n", originPrefix, install, kind, len(document), base64.StdEncoding.EncodeToString(sum[:]))
}

// canonical reports whether a note with one signature is written in the one way
// in which it is: package note reads signatures leniently.
func canonical(n *note.Note, signed []byte) bool {
	if len(n.Sigs) != 1 || len(n.UnverifiedSigs) != 0 {
		return false
	}
	s := n.Sigs[0]
	if _, err := base64.StdEncoding.Strict().DecodeString(s.Base64); err != nil {
		return false
	}
	return string(signed) == n.Text+"\n— "+s.Name+" "+s.Base64+"\n"
}
