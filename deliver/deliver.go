// Package deliver brings a value to one person: encrypted to their own key, or
// into a marked block of a file of theirs. No message and no link ever holds
// it.
package deliver

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"filippo.io/age/armor"

	"github.com/pawl-dev/pawl"
)

// Recipients are whom a value is encrypted to.
type Recipients []age.Recipient

// Parse reads recipients, one a line: age1…, ssh-ed25519 …, ssh-rsa …. Empty
// lines and lines that begin with # are left out. A private key is refused, and
// nothing is quoted.
func Parse(text string) (Recipients, error) {
	var all Recipients
	for n, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		r, err := parse(line)
		if err != nil {
			return nil, &pawl.Error{Op: "deliver.Parse", Kind: pawl.Invalid, Err: fmt.Errorf("line %d %w", n+1, err)}
		}
		all = append(all, r)
	}
	if len(all) == 0 {
		return nil, &pawl.Error{Op: "deliver.Parse", Kind: pawl.Invalid, Err: errors.New("names no recipient")}
	}
	return all, nil
}

func parse(line string) (age.Recipient, error) {
	upper := strings.ToUpper(line)
	switch {
	case strings.HasPrefix(upper, "AGE-SECRET-KEY-"), strings.HasPrefix(upper, "-----BEGIN"):
		return nil, errors.New("is a private key; want its public half (age-keygen -y, or the .pub file)")
	case strings.HasPrefix(line, "ssh-"):
		r, err := agessh.ParseRecipient(line)
		if err != nil {
			return nil, errors.New("is no SSH key that can be encrypted to; ssh-ed25519 and ssh-rsa are")
		}
		return r, nil
	case strings.HasPrefix(line, "age1"):
		all, err := age.ParseRecipients(strings.NewReader(line))
		if err != nil || len(all) != 1 {
			return nil, errors.New("begins like an age recipient and is none; was all of it copied?")
		}
		return all[0], nil
	}
	return nil, errors.New("is no recipient: want age1…, ssh-ed25519 … or ssh-rsa …")
}

// Encrypt returns the value as text that only a recipient can read, with
// `age -d`.
func Encrypt(value pawl.Secret, to Recipients) ([]byte, error) {
	var out bytes.Buffer
	wrapped := armor.NewWriter(&out)
	w, err := age.Encrypt(wrapped, to...)
	if err == nil {
		_, err = io.Copy(w, bytes.NewReader(value.Reveal()))
	}
	if err == nil {
		err = w.Close()
	}
	if err == nil {
		err = wrapped.Close()
	}
	if err != nil {
		return nil, &pawl.Error{Op: "deliver.Encrypt", Kind: pawl.Invalid, Err: errors.New("cannot encrypt to these recipients")}
	}
	return out.Bytes(), nil
}
