package deliver_test

import (
	"bytes"
	"crypto/ed25519"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"filippo.io/age/armor"
	"golang.org/x/crypto/ssh"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/deliver"
)

const value = "HRKU-CANARY-it's-new"

func secret(s string) pawl.Secret { return pawl.NewSecret([]byte(s)) }

func open(t *testing.T, text []byte, id age.Identity) string {
	t.Helper()
	r, err := age.Decrypt(armor.NewReader(bytes.NewReader(text)), id)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(plain)
}

// TestEncrypt: each recipient opens it, and nobody else sees anything.
func TestEncrypt(t *testing.T) {
	x, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	line, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	id, err := agessh.NewEd25519Identity(private)
	if err != nil {
		t.Fatal(err)
	}
	to, err := deliver.Parse("# ana\n" + x.Recipient().String() + "\n\n" + string(ssh.MarshalAuthorizedKey(line)))
	if err != nil {
		t.Fatal(err)
	}
	text, err := deliver.Encrypt(secret(value), to)
	if err != nil || bytes.Contains(text, []byte("CANARY")) {
		t.Fatalf("%v: %s", err, text)
	}
	for _, id := range []age.Identity{x, id} {
		if got := open(t, text, id); got != value {
			t.Errorf("opened %q", got)
		}
	}
}

// TestParseRefuses what is no recipient, and quotes none of it.
func TestParseRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":       "",
		"comments":      "# CANARY\n",
		"a private key": "AGE-SECRET-" + "KEY-1CANARY",
		"a pem":         "-----BEGIN " + "OPENSSH PRIVATE KEY-----\nCANARY",
		"cut short":     "age1canaryCANARY",
		"a dsa key":     "ssh-dss CANARY",
		"a word":        "CANARY",
		"an address":    "ops@acme.example",
	} {
		if to, err := deliver.Parse(text); pawl.KindOf(err) != pawl.Invalid || strings.Contains(err.Error(), "CANARY") || to != nil {
			t.Errorf("%s: %v, %v", name, to, err)
		}
	}
}

func TestBlock(t *testing.T) {
	const begin, end = "# pawl heroku-api-key begin\n", "# pawl heroku-api-key end\n"
	const body = begin + `export HEROKU_API_KEY='HRKU-CANARY-it'\''s-new'` + "\n" + end
	for name, tt := range map[string]struct{ text, want string }{
		"no file":       {"", body},
		"appended":      {"alias ls=ls\n", "alias ls=ls\n" + body},
		"no newline":    {"alias ls=ls", "alias ls=ls\n" + body},
		"replaced":      {"a\n" + begin + "export HEROKU_API_KEY='old'\nx\n" + end + "b", "a\n" + body + "b"},
		"of another":    {"# pawl other begin\nx\n# pawl other end\n", "# pawl other begin\nx\n# pawl other end\n" + body},
		"already there": {"a\n" + body + "b\n", "a\n" + body + "b\n"},
		"nearly a mark": {"  # pawl heroku-api-key begin\n", "  # pawl heroku-api-key begin\n" + body},
		"windows lines": {"a\r\n", "a\r\n" + body},
		"not even text": {"\xff\x00\n", "\xff\x00\n" + body},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "profile")
			if tt.text != "" {
				if err := os.WriteFile(path, []byte(tt.text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			b := deliver.Block{Path: path, Name: "heroku-api-key", Variable: "HEROKU_API_KEY"}
			if had, err := b.Holds(secret(value)); err != nil || had != (tt.text == tt.want) {
				t.Errorf("Holds = %v, %v", had, err)
			}
			for range 2 {
				if err := b.Write(secret(value)); err != nil {
					t.Fatal(err)
				}
				got, err := os.ReadFile(path)
				if err != nil || string(got) != tt.want {
					t.Fatalf("%v: %q, want %q", err, got, tt.want)
				}
			}
			info, err := os.Stat(path)
			if err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%v: mode %v", err, info.Mode())
			}
			if had, err := b.Holds(secret(value)); !had || err != nil {
				t.Errorf("afterwards Holds = %v, %v", had, err)
			}
			all, err := os.ReadDir(filepath.Dir(path))
			if err != nil || len(all) != 1 {
				t.Errorf("%v: %v is left in the folder", err, all)
			}
		})
	}
}

func TestBlockRefuses(t *testing.T) {
	const begin, end = "# pawl heroku-api-key begin\n", "# pawl heroku-api-key end\n"
	for name, make := range map[string]func(path string) error{
		"a symbolic link": func(path string) error {
			return os.Symlink("elsewhere", path)
		},
		"a folder":    func(path string) error { return os.Mkdir(path, 0o700) },
		"no end":      func(path string) error { return os.WriteFile(path, []byte("a\n"+begin+"b\n"), 0o600) },
		"no begin":    func(path string) error { return os.WriteFile(path, []byte("a\n"+end+"b\n"), 0o600) },
		"two of them": func(path string) error { return os.WriteFile(path, []byte(begin+end+begin+end), 0o600) },
		"too long":    func(path string) error { return os.WriteFile(path, bytes.Repeat([]byte("a"), 1<<21), 0o600) },
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "profile")
			if err := make(path); err != nil {
				t.Fatal(err)
			}
			before, _ := os.ReadFile(path)
			err := deliver.Block{Path: path, Name: "heroku-api-key", Variable: "HEROKU_API_KEY"}.Write(secret(value))
			if pawl.KindOf(err) != pawl.Conflict || strings.Contains(err.Error(), "CANARY") {
				t.Errorf("Write = %v, want a conflict", err)
			}
			if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
				t.Error("it was changed")
			}
		})
	}
	if err := (deliver.Block{Path: filepath.Join(t.TempDir(), "p"), Name: "n", Variable: "V"}).Write(secret("CANARY\nrm -rf /")); err == nil {
		t.Error("a value of two lines was written")
	}
}
