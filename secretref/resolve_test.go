package secretref_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/secretref"
	"github.com/zalando/go-keyring"
)

func write(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func env(vars map[string]string) func(string) string {
	return func(name string) string { return vars[name] }
}

func resolve(t *testing.T, r *secretref.Resolver, text, host string) (string, error) {
	t.Helper()
	ref, err := secretref.ParseRef(text)
	if err != nil {
		t.Fatal(err)
	}
	s, err := r.Resolve(t.Context(), ref, host)
	return string(s.Reveal()), err
}

func TestResolve(t *testing.T) {
	dir, home := t.TempDir(), t.TempDir()
	write(t, filepath.Join(dir, "secrets/a"), "CANARY-file\r\n\n")
	write(t, filepath.Join(home, "b"), "CANARY-home")
	write(t, filepath.Join(home, ".netrc"), "machine api.heroku.com password CANARY-netrc\nmachine 127.0.0.1:80 password CANARY-port\n")
	write(t, filepath.Join(dir, "creds/slack"), "CANARY-cred\n")
	r := &secretref.Resolver{
		Getenv: env(map[string]string{"TOKEN": "CANARY-env", "HOME": home, "CREDENTIALS_DIRECTORY": filepath.Join(dir, "creds"), "PATH": os.Getenv("PATH"), "SECRET": "CANARY-hidden"}),
		Dir:    dir,
		Keyring: func(name string) (string, error) {
			if name != "heroku" {
				return "", keyring.ErrNotFound
			}
			return "CANARY-keyring", nil
		},
	}
	for _, c := range []struct{ ref, host, want string }{
		{"env:TOKEN", "", "CANARY-env"},
		{"file:secrets/a", "", "CANARY-file"},
		{"file:~/b", "", "CANARY-home"},
		{"file:" + filepath.Join(home, "b"), "", "CANARY-home"},
		{"credential:slack", "", "CANARY-cred"},
		{"keyring:heroku", "", "CANARY-keyring"},
		{"netrc", "api.heroku.com", "CANARY-netrc"},
		{"netrc", "api.heroku.com:443", "CANARY-netrc"},
		{"netrc", "127.0.0.1:80", "CANARY-port"},
		{"command: [cat, secrets/a]", "", "CANARY-file"},
		{`command: ["sh", "-c", "echo $HOME; echo no >&2"]`, "", home},
		{`command: ["sh", "-c", "echo x${SECRET}x"]`, "", "xx"},
	} {
		got, err := resolve(t, r, c.ref, c.host)
		if err != nil || got != c.want {
			t.Errorf("%s = %q, %v, want %q", c.ref, got, err, c.want)
		}
	}
	r.Getenv = env(map[string]string{"NETRC": write(t, filepath.Join(dir, "n"), "machine x password CANARY-n")})
	if got, err := resolve(t, r, "netrc", "x"); got != "CANARY-n" {
		t.Errorf("$NETRC: %q, %v", got, err)
	}
}

func TestResolveFails(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "empty"), "\n")
	write(t, filepath.Join(dir, "big"), strings.Repeat("CANARY", 20000))
	write(t, filepath.Join(dir, ".netrc"), "machine a password CANARY")
	r := &secretref.Resolver{Dir: dir, Home: dir, Getenv: env(map[string]string{"PATH": os.Getenv("PATH"), "EMPTY": "", "BIG": strings.Repeat("CANARY", 20000)}),
		Keyring: func(name string) (string, error) {
			if name == "locked" {
				return "", errors.New("CANARY says the keyring")
			}
			return "", keyring.ErrNotFound
		}}
	for _, c := range []struct {
		ref, hint string
		kind      pawl.Kind
	}{
		{"env:UNSET", "UNSET", pawl.Denied},
		{"env:EMPTY", "EMPTY", pawl.Denied},
		{"env:BIG", "", pawl.Invalid},
		{"file:absent", "create", pawl.Denied},
		{"file:empty", "put", pawl.Denied},
		{"file:big", "", pawl.Invalid},
		{"file:.", "", pawl.Invalid},
		{"file:/dev/zero", "", pawl.Invalid},
		{"credential:x", "LoadCredential=x", pawl.Denied},
		{"keyring:x", "service pawl", pawl.Denied},
		{"keyring:locked", "unlocked", pawl.Denied},
		{"netrc", "machine", pawl.Denied},
		{"command: [no-such-program-here]", "install", pawl.Denied},
		{`command: ["sh", "-c", "echo CANARY; echo CANARY >&2; exit 1"]`, "by hand", pawl.Denied},
		{`command: ["true"]`, "by hand", pawl.Denied},
		{`command: ["cat", "big"]`, "by hand", pawl.Invalid},
	} {
		_, err := resolve(t, r, c.ref, "api.heroku.com")
		if pawl.KindOf(err) != c.kind || !strings.Contains(pawl.HintOf(err), c.hint) {
			t.Errorf("%s: %v (kind %v, hint %q), want kind %v, hint with %q", c.ref, err, pawl.KindOf(err), pawl.HintOf(err), c.kind, c.hint)
		}
		// The argv of a command is part of the catalog, and is named.
		if text := fmt.Sprintf("%+v", err); strings.Contains(text, "CANARY") {
			t.Errorf("%s: leaks: %s", c.ref, text)
		}
	}
	if _, err := r.Resolve(t.Context(), secretref.Ref{}, ""); pawl.KindOf(err) != pawl.Invalid {
		t.Errorf("zero Ref: %v", err)
	}
	if _, err := r.Resolve(t.Context(), secretref.Ref{Scheme: secretref.Command}, ""); pawl.KindOf(err) != pawl.Invalid {
		t.Errorf("empty command: %v", err)
	}
}

func TestCommandIsGivenUp(t *testing.T) {
	r := &secretref.Resolver{Dir: t.TempDir(), Getenv: env(map[string]string{"PATH": os.Getenv("PATH")})}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	ref, err := secretref.NewCommand([]string{"sleep", "3600"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Resolve(ctx, ref, ""); pawl.KindOf(err) != pawl.Unavailable {
		t.Errorf("got %v, want Unavailable", err)
	}
}

func TestKeyringIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		forever := make(chan struct{})
		defer close(forever)
		r := &secretref.Resolver{Timeout: time.Minute, Keyring: func(string) (string, error) { <-forever; return "", nil }}
		ref, _ := secretref.ParseRef("keyring:x")
		if _, err := r.Resolve(t.Context(), ref, ""); pawl.KindOf(err) != pawl.Unavailable {
			t.Errorf("got %v, want Unavailable", err)
		}
	})
}
