package witness_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/audit"
	"github.com/pawl-dev/pawl/journal"
	"github.com/pawl-dev/pawl/journal/journaltest"
	"github.com/pawl-dev/pawl/witness"
)

var clock = time.Date(2026, 7, 1, 9, 0, 0, 0, time.UTC)

func options() witness.Options {
	return witness.Options{Client: http.DefaultClient, Now: func() time.Time { return clock }, Env: []string{"PATH=" + os.Getenv("PATH"), "HOME=/nonexistent"}}
}

func parse(t *testing.T, name string) witness.Witness {
	t.Helper()
	w, err := witness.Parse(name, options())
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// grow adds so many records to a log.
func grow(t *testing.T, j journal.Journal, n int, what string) {
	t.Helper()
	for i := range n {
		if err := j.Record(t.Context(), journaltest.Record(fmt.Sprint(what, i))); err != nil {
			t.Fatal(err)
		}
	}
}

func logOf(t *testing.T, j *journal.Memory) witness.Log {
	t.Helper()
	checkpoint, _, err := j.Audit(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return witness.Log{Checkpoint: checkpoint, Key: j.PublicKey(), Hashes: j.AuditHashes(t.Context())}
}

// suite is what every witness does: it sees a log grow, and tells one that was
// set back, is another one with as many records, or is of somebody else.
func suite(t *testing.T, w witness.Witness) {
	signer := journaltest.Signer(t)
	now := func() time.Time { return clock }
	j := journal.NewMemory(signer, now)
	show := func(j *journal.Memory, want pawl.Kind, size int64) {
		t.Helper()
		seen, err := w.Show(t.Context(), logOf(t, j))
		if pawl.KindOf(err) != want || err == nil && (seen.Size != size || seen.At.IsZero()) {
			t.Fatalf("%+v %v, want kind %v and %d records", seen, err, want, size)
		}
	}
	show(j, pawl.Other, 0)
	for range 3 {
		grow(t, j, 3, "record")
	}
	show(j, pawl.Other, 9)
	show(j, pawl.Other, 9)
	grow(t, j, 4, "record")
	show(j, pawl.Other, 13)

	back := journal.NewMemory(signer, now)
	grow(t, back, 9, "record")
	show(back, pawl.Conflict, 0)
	grow(t, back, 9, "other")
	show(back, pawl.Conflict, 0)
	show(j, pawl.Other, 13) // what was refused has changed nothing
	if kept, err := w.Kept(t.Context(), signer.Install()); err == nil {
		if head, err := audit.ParseCheckpoint(kept, signer.Public()); err != nil || head.Tree.N != 13 {
			t.Errorf("kept %+v %v", head, err)
		}
	}
}

func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log.checkpoint")
	suite(t, parse(t, "file:"+path))
	if err := os.WriteFile(path, []byte("something else"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := parse(t, "file:"+path).Show(t.Context(), logOf(t, journal.NewMemory(journaltest.Signer(t), time.Now))); pawl.KindOf(err) != pawl.Conflict {
		t.Errorf("a file that is no checkpoint was replaced: %v", err)
	}
	if _, err := parse(t, "file:"+path+"/x").Show(t.Context(), logOf(t, journal.NewMemory(journaltest.Signer(t), time.Now))); pawl.KindOf(err) != pawl.Unavailable {
		t.Errorf("no folder: %v", err)
	}
}

func TestGit(t *testing.T) {
	dir := t.TempDir()
	git := func(args ...string) string {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-C", dir}, args...)...)
		cmd.Env = options().Env
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("git %v: %v %s", args, err, out)
		}
		return string(out)
	}
	w := parse(t, "git:"+dir)
	if _, err := w.Show(t.Context(), logOf(t, journal.NewMemory(journaltest.Signer(t), time.Now))); pawl.KindOf(err) != pawl.Unavailable {
		t.Fatalf("no repository: %v", err)
	}
	git("init", "--quiet")
	if err := os.WriteFile(filepath.Join(dir, "staged.txt"), []byte("somebody's work"), 0o600); err != nil {
		t.Fatal(err)
	}
	git("add", "staged.txt")
	suite(t, w)
	if log := git("log", "--format=%an %s"); log != "pawl pawl: 13 records\npawl pawl: 9 records\npawl pawl: 0 records\n" {
		t.Errorf("commits:\n%s", log)
	}
	second := journal.NewMemory(journaltest.Signer(t), time.Now) // of another installation, in the same repository
	if _, err := w.Show(t.Context(), logOf(t, second)); err != nil {
		t.Error(err)
	}
	// Killed between add and commit.
	third := journaltest.Signer(t)
	name := "pawl-" + third.Install() + ".checkpoint"
	if err := os.WriteFile(filepath.Join(dir, name), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	git("add", name)
	if _, err := w.Show(t.Context(), logOf(t, journal.NewMemory(third, time.Now))); err != nil {
		t.Error(err)
	}
	if status := git("status", "--porcelain"); status != "A  staged.txt\n" {
		t.Errorf("what somebody had staged: %q", status)
	}
}

// A theirs is a witness by C2SP tlog-witness, as its authors describe it.
type theirs struct {
	key    ed25519.PrivateKey
	size   int64
	root   tlog.Hash
	broken string
}

func (w *theirs) vkey() string {
	raw := append([]byte{4}, w.key.Public().(ed25519.PublicKey)...)
	sum := sha256.Sum256(append([]byte("witness.example\n"), raw...))
	return fmt.Sprintf("witness.example+%x+%s", sum[:4], base64.StdEncoding.EncodeToString(raw))
}

func (w *theirs) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	head, checkpoint, _ := strings.Cut(string(body), "\n\n")
	lines := strings.Split(head, "\n")
	old, err := strconv.ParseInt(strings.TrimPrefix(lines[0], "old "), 10, 64)
	if r.URL.Path != "/add-checkpoint" || err != nil || w.broken == "500" {
		http.Error(out, "no", 500)
		return
	}
	n, root := parseHead(checkpoint)
	if old != w.size {
		out.WriteHeader(409)
		fmt.Fprintf(out, "%d\n", w.size)
		return
	}
	var proof tlog.TreeProof
	for _, line := range lines[1:] {
		h, err := tlog.ParseHash(line)
		if err != nil {
			http.Error(out, "proof", 400)
			return
		}
		proof = append(proof, h)
	}
	if old == n && old > 0 && root != w.root || 0 < old && old < n && tlog.CheckTree(proof, n, root, old, w.root) != nil {
		http.Error(out, "not consistent", 422)
		return
	}
	w.size, w.root = n, root
	text, _, _ := strings.Cut(checkpoint, "\n\n")
	at := uint64(clock.Unix())
	raw := append([]byte{4}, w.key.Public().(ed25519.PublicKey)...)
	sum := sha256.Sum256(append([]byte("witness.example\n"), raw...))
	sig := binary.BigEndian.AppendUint64(append([]byte{}, sum[:4]...), at)
	signed := fmt.Sprintf("cosignature/v1\ntime %d\n%s\n", at, text)
	if w.broken == "signature" {
		signed += "x"
	}
	sig = append(sig, ed25519.Sign(w.key, []byte(signed))...)
	fmt.Fprintf(out, "— other.example AAAA\n— witness.example %s\n", base64.StdEncoding.EncodeToString(sig))
}

func parseHead(checkpoint string) (int64, tlog.Hash) {
	lines := strings.Split(checkpoint, "\n")
	n, _ := strconv.ParseInt(lines[1], 10, 64)
	root, _ := tlog.ParseHash(lines[2])
	return n, root
}

func TestRemote(t *testing.T) {
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	them := &theirs{key: key}
	srv := httptest.NewServer(them)
	defer srv.Close()
	name := srv.URL + "#" + them.vkey()
	suite(t, parse(t, name))
	them.size, them.root = 0, tlog.Hash{}
	suite(t, parse(t, name)) // which forgot all
	if got := parse(t, name).Name(); strings.Contains(got, "#") || got != srv.URL {
		t.Errorf("name %q", got)
	}
	j := journal.NewMemory(journaltest.Signer(t), time.Now)
	them.size = 0
	for what, kind := range map[string]pawl.Kind{"500": pawl.Unavailable, "signature": pawl.Mismatch} {
		them.broken = what
		if _, err := parse(t, name).Show(t.Context(), logOf(t, j)); pawl.KindOf(err) != kind {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestParse(t *testing.T) {
	_, key, _ := ed25519.GenerateKey(nil)
	vkey := (&theirs{key: key}).vkey()
	for _, name := range []string{"", "file:", "git:", "ftp://x#" + vkey, "https://w.example", "https://w.example#x", "http://w.example#" + vkey,
		"https://u:p@w.example#" + vkey, "https://w.example#" + strings.Replace(vkey, "witness.example", "other.example", 1), "/a/file"} {
		if w, err := witness.Parse(name, options()); pawl.KindOf(err) != pawl.Invalid {
			t.Errorf("%q: %v %v", name, w, err)
		}
	}
	if _, err := witness.Parse("https://w.example/log#"+vkey, options()); err != nil {
		t.Error(err)
	}
}
