package seal_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/seal"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func secret(text string) pawl.Secret { return pawl.NewSecret([]byte(text)) }

func newBox(t testing.TB) *seal.Box {
	t.Helper()
	_, box, err := seal.Create(seal.NewKEK())
	must(t, err)
	return box
}

func somewhere() seal.Context {
	return seal.Context{Install: "7f3a", Table: "sealed", Row: "new/1", Rotation: "heroku-api-key/12", Credential: "heroku-api-key", Kind: "new", Version: 1}
}

func TestSealAndOpen(t *testing.T) {
	kek := seal.NewKEK()
	wrapped, box, err := seal.Create(kek)
	must(t, err)
	again, err := seal.Open(wrapped, kek)
	must(t, err)
	for _, text := range []string{"CANARY-token", "\x00\xff CANARY", strings.Repeat("CANARY", 10_000)} {
		ct, err := box.Seal(secret(text), somewhere())
		must(t, err)
		if bytes.Contains(ct, []byte(text)) {
			t.Error("the value is in the ciphertext")
		}
		got, err := again.Open(ct, somewhere())
		must(t, err)
		if got.IsZero() || !got.Equal(secret(text)) {
			t.Errorf("%q did not come back", text)
		}
		if box.Digest(secret(text)) != again.Digest(got) {
			t.Errorf("%q has two digests in one installation", text)
		}
	}
	for _, none := range []pawl.Secret{{}, secret("")} {
		_, err := box.Seal(none, somewhere())
		refused(t, "no value", err)
	}
}

func TestSealingTwiceDiffers(t *testing.T) {
	box := newBox(t)
	a, err := box.Seal(secret("CANARY-token"), somewhere())
	must(t, err)
	b, err := box.Seal(secret("CANARY-token"), somewhere())
	must(t, err)
	if bytes.Equal(a, b) {
		t.Error("equal values can be seen to be equal")
	}
}

// refused fails unless err is Invalid and says nothing about values.
func refused(t testing.TB, what string, err error) {
	t.Helper()
	if _, ok := errors.AsType[*pawl.Error](err); !ok || pawl.KindOf(err) != pawl.Invalid || strings.Contains(fmt.Sprintf("%v %+v", err, err), "CANARY") {
		t.Errorf("%s: got %v, want Invalid", what, err)
	}
}

// contexts are drawn from few short texts, so that fields that run into each
// other, such as "a"+"b" and "ab"+"", are frequent.
func contexts() *rapid.Generator[seal.Context] {
	text := rapid.SampledFrom([]string{"", "a", "b", "ab", "ba", "a\x00", "|", "\x00\x00\x00\x01a"})
	return rapid.Custom(func(t *rapid.T) seal.Context {
		return seal.Context{
			Install: text.Draw(t, "install"), Table: text.Draw(t, "table"), Row: text.Draw(t, "row"), Rotation: text.Draw(t, "rotation"),
			Credential: text.Draw(t, "credential"), Kind: text.Draw(t, "kind"), Version: rapid.IntRange(0, 3).Draw(t, "version"),
		}
	})
}

// TestSwap moves ciphertexts between places: they open where they were sealed
// and nowhere else.
func TestSwap(t *testing.T) {
	box := newBox(t)
	rapid.Check(t, func(t *rapid.T) {
		places := rapid.SliceOfNDistinct(contexts(), 2, 6, rapid.ID).Draw(t, "places")
		sealed := make([][]byte, len(places))
		for i, c := range places {
			var err error
			if sealed[i], err = box.Seal(secret(fmt.Sprint("CANARY-", i)), c); err != nil {
				t.Fatal(err)
			}
		}
		for i, ct := range sealed {
			for k, c := range places {
				v, err := box.Open(ct, c)
				if i == k && (err != nil || !v.Equal(secret(fmt.Sprint("CANARY-", i)))) {
					t.Fatalf("%+v does not open: %v", c, err)
				}
				if i != k && (err == nil || !v.IsZero()) {
					t.Fatalf("sealed for %+v, opens for %+v", places[i], c)
				}
			}
		}
	})
}

func TestEveryBit(t *testing.T) {
	kek := seal.NewKEK()
	wrapped, box, err := seal.Create(kek)
	must(t, err)
	ct, err := box.Seal(secret("CANARY-token"), somewhere())
	must(t, err)
	for bit := range len(ct) * 8 {
		flipped := bytes.Clone(ct)
		flipped[bit/8] ^= 1 << (bit % 8)
		_, err := box.Open(flipped, somewhere())
		refused(t, fmt.Sprint("bit ", bit), err)
	}
	refusedOpen := func(what string, wrapped []byte, kek seal.KEK) {
		_, err := seal.Open(wrapped, kek)
		refused(t, what, err)
	}
	refusedOpen("other key", wrapped, seal.NewKEK())
	refusedOpen("no key", wrapped, seal.KEK{})
	refusedOpen("nothing", nil, kek)
	refusedOpen("newer format", bytes.Replace(wrapped, []byte(`:1,`), []byte(`:2,`), 1), kek)
	_, err = newBox(t).Open(ct, somewhere())
	refused(t, "other box", err)
	_, err = box.Open(nil, somewhere())
	refused(t, "no ciphertext", err)
}

// TestKeysetsSwapped puts the wrapped digest keyset in the place of the other.
func TestKeysetsSwapped(t *testing.T) {
	kek := seal.NewKEK()
	wrapped, _, err := seal.Create(kek)
	must(t, err)
	swapped := strings.NewReplacer(`"values"`, `"tags"`, `"tags"`, `"values"`).Replace(string(wrapped))
	_, err = seal.Open([]byte(swapped), kek)
	refused(t, "swapped keysets", err)
}

func TestWrap(t *testing.T) {
	box := newBox(t)
	ct, err := box.Seal(secret("CANARY-token"), somewhere())
	must(t, err)
	kek := seal.NewKEK()
	wrapped, err := box.Wrap(kek)
	must(t, err)
	again, err := seal.Open(wrapped, kek)
	must(t, err)
	if v, err := again.Open(ct, somewhere()); err != nil || !v.Equal(secret("CANARY-token")) {
		t.Errorf("under another KEK: %v", err)
	}
}

func TestDigest(t *testing.T) {
	a, b := newBox(t), newBox(t)
	d := a.Digest(secret("CANARY-token"))
	if !regexp.MustCompile(`^hmac:[0-9a-f]{12}$`).MatchString(d) {
		t.Errorf("got %q", d)
	}
	if d != a.Digest(secret("CANARY-token")) {
		t.Error("not stable")
	}
	if d == a.Digest(secret("CANARY-other")) || d == b.Digest(secret("CANARY-token")) {
		t.Error("it depends on less than value and installation")
	}
	if got := a.Digest(pawl.Secret{}); got != "" {
		t.Errorf("no value has the digest %q", got)
	}
}

func TestKEKFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys", "pawl.key")
	kek, err := seal.LoadOrCreateKEK(path)
	must(t, err)
	wrapped, _, err := seal.Create(kek)
	must(t, err)
	info, err := os.Stat(path)
	must(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	again, err := seal.LoadOrCreateKEK(path)
	must(t, err)
	if _, err := seal.Open(wrapped, again); err != nil {
		t.Errorf("read again: %v", err)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

func TestKEKFileRefused(t *testing.T) {
	good := filepath.Join(t.TempDir(), "good.key")
	_, err := seal.LoadOrCreateKEK(good)
	must(t, err)
	for name, make := range map[string]func(path string) error{
		"Readable": func(path string) error {
			return errors.Join(os.WriteFile(path, make32(), 0o600), os.Chmod(path, 0o640))
		},
		"Symlink":   func(path string) error { return os.Symlink(good, path) },
		"Directory": func(path string) error { return os.Mkdir(path, 0o700) },
		"Empty":     func(path string) error { return os.WriteFile(path, nil, 0o600) },
		"Not a key": func(path string) error { return os.WriteFile(path, []byte("CANARY-password"), 0o600) },
		"Too long":  func(path string) error { return os.WriteFile(path, bytes.Repeat([]byte("CANARY"), 1000), 0o600) },
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "pawl.key")
			must(t, make(path))
			before, _ := os.ReadFile(path)
			_, err := seal.LoadOrCreateKEK(path)
			refused(t, name, err)
			if pawl.HintOf(err) == "" {
				t.Error("no hint")
			}
			if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
				t.Error("the file was changed")
			}
		})
	}
}

func make32() []byte { return bytes.Repeat([]byte{7}, 32) }

func TestKEKFileCannotBeMade(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(file, nil, 0o600))
	if _, err := seal.LoadOrCreateKEK(filepath.Join(file, "pawl.key")); pawl.KindOf(err) != pawl.Unavailable {
		t.Errorf("got %v, want Unavailable", err)
	}
}

// TestKEKFileMadeAtOnce has several processes start on a fresh machine.
func TestKEKFileMadeAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys", "pawl.key")
	keys := make([]seal.KEK, 8)
	var wg sync.WaitGroup
	for i := range keys {
		wg.Go(func() {
			var err error
			if keys[i], err = seal.LoadOrCreateKEK(path); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	wrapped, _, err := seal.Create(keys[0])
	must(t, err)
	for i, kek := range keys {
		if _, err := seal.Open(wrapped, kek); err != nil {
			t.Errorf("process %d has another key: %v", i, err)
		}
	}
}

func TestParseKEK(t *testing.T) {
	raw, err := seal.ParseKEK(pawl.NewSecret(make32()))
	must(t, err)
	text, err := seal.ParseKEK(secret("BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\n"))
	must(t, err)
	wrapped, _, err := seal.Create(raw)
	must(t, err)
	if _, err := seal.Open(wrapped, text); err != nil {
		t.Errorf("raw and base64 are two keys: %v", err)
	}
	if out := fmt.Sprintf("%v %+v %#v %s", raw, raw, raw, raw); strings.Contains(out, "7 7 7") || strings.Contains(out, "BwcH") {
		t.Errorf("a key prints as %s", out)
	}
	for _, bad := range []string{"", "CANARY", strings.Repeat("A", 43), strings.Repeat("A", 64)} {
		_, err := seal.ParseKEK(secret(bad))
		refused(t, bad, err)
	}
}

func BenchmarkSeal(b *testing.B) {
	box, v, c := newBox(b), secret(strings.Repeat("CANARY-", 9)), somewhere()
	for b.Loop() {
		if _, err := box.Seal(v, c); err != nil {
			b.Fatal(err)
		}
	}
}
