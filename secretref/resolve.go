package secretref

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/zalando/go-keyring"
)

// maxSize bounds a secret; a longer one is a mistake, such as the wrong file.
const maxSize = 64 << 10

// A Resolver reads secrets from where references lead. The zero value knows no
// environment, so it finds nothing in variables, credentials and netrc. It may
// be used concurrently if its functions may.
type Resolver struct {
	Getenv  func(string) string               // the environment; nil: empty
	Dir     string                            // the catalog's folder: relative paths start here
	Home    string                            // the home folder, for ~ and .netrc; empty: $HOME
	Keyring func(name string) (string, error) // nil: the operating system's
	Timeout time.Duration                     // for commands and the keyring; zero: 30 s
}

// Resolve returns the secret that ref leads to. Host is the host[:port] of the
// connection that the secret is for; only netrc needs it.
//
// A secret that is not there is [pawl.Denied] with a hint that says what to do:
// somebody has to sign in. One that cannot be used as it is, such as a file
// that is too big, is [pawl.Invalid]; one that did not come in time is
// [pawl.Unavailable]. No error quotes any part of a secret or
// of what a program printed.
func (r *Resolver) Resolve(ctx context.Context, ref Ref, host string) (pawl.Secret, error) {
	value, err := r.read(ctx, ref, host)
	if err != nil {
		return pawl.Secret{}, err
	}
	if len(value) > maxSize {
		return pawl.Secret{}, tooBig(ref)
	}
	if len(value) == 0 {
		return pawl.Secret{}, failed(pawl.Denied, ref, "is empty", "put the secret there")
	}
	return pawl.NewSecret(value), nil
}

func (r *Resolver) read(ctx context.Context, ref Ref, host string) ([]byte, error) {
	switch ref.Scheme {
	case Env:
		return r.env(ref)
	case File:
		return readFile(ref, r.path(ref.Name))
	case Credential:
		return r.credential(ref)
	case Keyring:
		return r.keyring(ctx, ref)
	case Netrc:
		return r.netrc(ref, host)
	case Command:
		if len(ref.Argv) > 0 {
			return r.command(ctx, ref)
		}
	}
	return nil, &pawl.Error{Op: "secretref.Resolve", Kind: pawl.Invalid, Err: ErrNotReference}
}

func (r *Resolver) env(ref Ref) ([]byte, error) {
	value := r.getenv(ref.Name)
	if value == "" {
		return nil, failed(pawl.Denied, ref, "is not set", "set the environment variable "+ref.Name)
	}
	return []byte(value), nil
}

func (r *Resolver) credential(ref Ref) ([]byte, error) {
	dir := r.getenv("CREDENTIALS_DIRECTORY")
	if dir == "" {
		return nil, failed(pawl.Denied, ref, "is not there: this process has no systemd credentials",
			"run pawl as a systemd service with LoadCredential="+ref.Name)
	}
	return readFile(ref, filepath.Join(dir, ref.Name))
}

// keyring waits for the keyring no longer than the timeout. The operating
// system may be asking somebody to unlock it and offers no way to give up, so
// the call itself is left behind then.
func (r *Resolver) keyring(ctx context.Context, ref Ref) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, r.timeout())
	defer cancel()
	get := r.Keyring
	if get == nil {
		get = func(name string) (string, error) { return keyring.Get("pawl", name) }
	}
	type answer struct {
		value string
		err   error
	}
	done := make(chan answer, 1)
	go func() {
		value, err := get(ref.Name)
		done <- answer{value, err}
	}()
	select {
	case <-ctx.Done():
		return nil, failed(pawl.Unavailable, ref, "did not answer in time", "unlock the keyring")
	case a := <-done:
		if errors.Is(a.err, keyring.ErrNotFound) {
			return nil, failed(pawl.Denied, ref, "is not there", "store it under the service pawl and the name "+ref.Name)
		}
		if a.err != nil { // its text may come from outside and is not repeated
			return nil, failed(pawl.Denied, ref, "cannot be read", "is there a keyring, and is it unlocked? Or refer to a file:")
		}
		return []byte(a.value), nil
	}
}

func (r *Resolver) netrc(ref Ref, host string) ([]byte, error) {
	path := r.getenv("NETRC")
	if path == "" {
		path = filepath.Join(r.home(), ".netrc")
	}
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return nil, failed(pawl.Denied, ref, "is not there: no file "+path, signIn(host, path))
	}
	text, err := readFile(ref, path)
	if err != nil {
		return nil, err
	}
	names := []string{host}
	if bare, _, err := net.SplitHostPort(host); err == nil {
		names = append(names, bare)
	}
	for _, name := range names {
		if password, ok := netrcPassword(string(text), name); ok {
			return []byte(password), nil
		}
	}
	return nil, failed(pawl.Denied, ref, "has no password for "+host, signIn(host, path))
}

// signIn is how a password for a host comes into a netrc file.
func signIn(host, path string) string {
	return "sign in with the vendor's command line, or add the line \"machine " + host + " login NAME password TOKEN\" to " + path
}

func (r *Resolver) path(name string) string {
	if rest, ok := strings.CutPrefix(name, "~/"); ok {
		return filepath.Join(r.home(), rest)
	}
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(r.Dir, name)
}

func (r *Resolver) getenv(name string) string {
	if r.Getenv == nil {
		return ""
	}
	return r.Getenv(name)
}

func (r *Resolver) home() string { return cmp.Or(r.Home, r.getenv("HOME")) }

func (r *Resolver) timeout() time.Duration { return cmp.Or(r.Timeout, 30*time.Second) }

// readFile reads a regular file: a pipe or a device could block for ever or
// never end. Newlines at the end are not part of a secret.
func readFile(ref Ref, path string) ([]byte, error) {
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, failed(pawl.Denied, ref, "is not there: no file "+path, "create "+path+", with the secret and nothing else in it: only you may read it (chmod 600)")
	}
	if err == nil && !info.Mode().IsRegular() {
		return nil, failed(pawl.Invalid, ref, path+" is not a regular file", "")
	}
	if err != nil {
		return nil, unreadable(ref, path, err)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, unreadable(ref, path, err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	if err != nil {
		return nil, unreadable(ref, path, err)
	}
	if len(text) > maxSize {
		return nil, tooBig(ref)
	}
	return bytes.TrimRight(text, "\r\n"), nil
}

func tooBig(ref Ref) error {
	return failed(pawl.Invalid, ref, "is more than 64 KiB", "this is hardly what was meant")
}

func unreadable(ref Ref, path string, err error) error {
	if errors.Is(err, os.ErrPermission) {
		return failed(pawl.Denied, ref, "may not be read by this user: "+path, "change the owner or the mode of the file")
	}
	return failed(pawl.Denied, ref, "cannot be read: "+path, "")
}

// failed makes an error about a reference; what continues a sentence that
// begins with the reference.
func failed(kind pawl.Kind, ref Ref, what, hint string) error {
	name := ref.String()
	if ref.Scheme == Command {
		name = "command " + ref.Argv[0]
	}
	return &pawl.Error{Op: "secretref.Resolve", Kind: kind, Hint: hint, Err: fmt.Errorf("%s %s", name, what)}
}
