// Package secretref turns a reference to a secret, as a catalog holds it, into
// the secret.
//
//	env:NAME              an environment variable
//	file:PATH             a file, relative to the catalog's folder
//	command: [ARGV…]      what a program prints, run without a shell
//	credential:NAME       a systemd credential ($CREDENTIALS_DIRECTORY)
//	keyring:NAME          the operating system's keyring, service "pawl"
//	netrc                 the password of the connection's host in ~/.netrc
//
// A catalog never holds a secret itself, so anything else is refused, and
// refused without quoting it.
package secretref

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Scheme says where a reference leads.
type Scheme string

const (
	Env        Scheme = "env"
	File       Scheme = "file"
	Command    Scheme = "command"
	Credential Scheme = "credential"
	Keyring    Scheme = "keyring"
	Netrc      Scheme = "netrc"
)

// Forms lists how references are written, for people.
func Forms() []string {
	return []string{"env:NAME", "file:PATH", "command: [ARGV]", "credential:NAME", "keyring:NAME", "netrc"}
}

// A Ref is a reference to a secret. It holds no secret and may be printed.
type Ref struct {
	Scheme Scheme
	Name   string   // the part after the colon; empty for Netrc and Command
	Argv   []string // of a Command
}

// String returns the reference as it is written in a catalog.
func (r Ref) String() string {
	switch r.Scheme {
	case Netrc:
		return "netrc"
	case Command:
		text, err := json.Marshal(r.Argv)
		if err != nil { // strings always marshal
			return "command: []"
		}
		return "command: " + string(text)
	}
	return string(r.Scheme) + ":" + r.Name
}

// ErrNotReference is what [ParseRef] returns for text that has no known scheme:
// most likely the secret itself. The error does not quote it.
var ErrNotReference = errors.New("holds a value, not a reference: write one of " + strings.Join(Forms(), ", "))

// ParseRef reads a reference. Its errors never quote the text, which may be a
// secret that somebody pasted.
func ParseRef(text string) (Ref, error) {
	if text == string(Netrc) {
		return Ref{Scheme: Netrc}, nil
	}
	scheme, rest, _ := strings.Cut(text, ":")
	switch Scheme(scheme) {
	case Env:
		return named(Env, rest, isVariable, "the name of an environment variable")
	case Credential:
		return named(Credential, rest, isFileName, "the name of a systemd credential")
	case Keyring:
		return named(Keyring, rest, isPrintable, "the name of a keyring entry")
	case File:
		return named(File, rest, isPrintable, "a path")
	case Command:
		argv, err := parseArgv(rest)
		if err != nil {
			return Ref{}, err
		}
		return NewCommand(argv)
	}
	return Ref{}, ErrNotReference
}

// NewCommand returns a reference to what a program prints.
func NewCommand(argv []string) (Ref, error) {
	if len(argv) == 0 || argv[0] == "" {
		return Ref{}, errors.New("command: names no program")
	}
	for _, arg := range argv {
		if strings.ContainsRune(arg, 0) || !utf8.ValidString(arg) {
			return Ref{}, errors.New("command: an argument is no text")
		}
	}
	return Ref{Scheme: Command, Argv: argv}, nil
}

func named(s Scheme, name string, valid func(string) bool, what string) (Ref, error) {
	if !valid(name) {
		return Ref{}, fmt.Errorf("%s: must be followed by %s", s, what)
	}
	return Ref{Scheme: s, Name: name}, nil
}

// parseArgv reads "[a, b]" where each item is a bare word or a JSON string. In
// YAML a command is usually a list, this is for one that was written as text.
func parseArgv(text string) ([]string, error) {
	bad := errors.New("command: must be a list, as [heroku, auth:token]")
	text = strings.TrimSpace(text)
	inner, open := strings.CutPrefix(text, "[")
	inner, closed := strings.CutSuffix(inner, "]")
	if !open || !closed {
		return nil, bad
	}
	var argv []string
	if json.Unmarshal([]byte(text), &argv) == nil {
		return argv, nil
	}
	if strings.ContainsAny(inner, "\"'[]{}") {
		return nil, bad
	}
	for word := range strings.SplitSeq(inner, ",") {
		argv = append(argv, strings.TrimSpace(word))
	}
	return argv, nil
}

func isVariable(s string) bool {
	for i, r := range s {
		letter := r == '_' || 'A' <= r && r <= 'Z' || 'a' <= r && r <= 'z'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return s != ""
}

func isFileName(s string) bool {
	return isPrintable(s) && !strings.ContainsAny(s, `/\`) && s != "." && s != ".."
}

func isPrintable(s string) bool {
	for _, r := range s {
		if r < ' ' || r == 0x7f || r == utf8.RuneError {
			return false
		}
	}
	return s != "" && strings.TrimSpace(s) == s
}
