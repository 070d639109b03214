package sqlite_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/pawl-dev/pawl"

	"github.com/pawl-dev/pawl/audit"
	"github.com/pawl-dev/pawl/journal"
	"github.com/pawl-dev/pawl/journal/journaltest"
	"github.com/pawl-dev/pawl/journal/sqlite"
)

func TestJournal(t *testing.T) {
	journaltest.Run(t, func(t *testing.T, s *audit.Signer) (journal.Journal, journaltest.Faults) {
		j := open(t, newPath(t), s)
		return j, sqlite.Faults{J: j}
	})
}

// newPath returns the path of a journal in a directory that does not exist yet.
func newPath(t testing.TB) string { return filepath.Join(t.TempDir(), "state", "pawl.db") }

func open(t testing.TB, path string, signer *audit.Signer) *sqlite.Journal {
	t.Helper()
	j, err := sqlite.Open(t.Context(), sqlite.Options{Path: path, Signer: signer, Now: journaltest.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	return j
}

// write begins a rotation of a credential, or appends to the open one.
func write(t testing.TB, j journal.Journal, credential string, b journal.Batch) journal.Run {
	t.Helper()
	run, err := j.Latest(t.Context(), credential)
	if pawl.KindOf(err) == pawl.NotFound {
		run, err = j.Begin(t.Context(), credential, func(pawl.RotationID) (journal.Batch, error) { return b, nil })
	} else if err == nil {
		_, err = j.Append(t.Context(), run.ID, journal.At{Revision: run.Revision}, b)
	}
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// verified returns the size of the audit log, after verifying it.
func verified(t testing.TB, j journal.Journal, key string) int64 {
	t.Helper()
	checkpoint, records, err := j.Audit(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	report, err := audit.Verify(checkpoint, key, records)
	if err != nil {
		t.Fatal(err)
	}
	return report.Size
}

func TestReopen(t *testing.T) {
	path, signer := newPath(t), journaltest.Signer(t)
	j := open(t, path, signer)
	run := write(t, j, "a", journaltest.Batch("one"))
	write(t, j, "a", journal.Batch{Seal: []journal.Sealed{{Name: "old", Ciphertext: []byte("sealed")}}})
	if _, err := j.SetMeta(t.Context(), "keyset", []byte("wrapped")); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}

	j = open(t, path, signer)
	got, err := j.Load(t.Context(), run.ID)
	if err != nil || got.Revision != 2 || len(got.Events) != 1 {
		t.Errorf("got %+v, %v", got, err)
	}
	if v, err := j.Sealed(t.Context(), run.ID, "old"); err != nil || string(v) != "sealed" {
		t.Errorf("sealed: %q, %v", v, err)
	}
	if v, err := j.Meta(t.Context(), "keyset"); err != nil || string(v) != "wrapped" {
		t.Errorf("meta: %q, %v", v, err)
	}
	if n := verified(t, j, signer.Public()); n != 1 {
		t.Errorf("%d audit records, want 1", n)
	}
	if err := j.Check(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestFilesArePrivate(t *testing.T) {
	path := newPath(t)
	j := open(t, path, journaltest.Signer(t))
	write(t, j, "a", journaltest.Batch("one"))
	if err := j.Close(); err != nil { // the checkpoint beside the file is written by now
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Dir(path))
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("directory: %v, %v", info.Mode(), err)
	}
	names := list(t, path)
	if want := []string{"audit.checkpoint", "pawl.db", "pawl.db-shm", "pawl.db-wal"}; !slices.Equal(names, want) {
		t.Errorf("files %q, want %q", names, want)
	}
	for _, name := range names {
		info, err := os.Stat(filepath.Join(filepath.Dir(path), name))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
}

// list returns the files beside the journal.
func list(t testing.TB, path string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// TestWipeLeavesNothing looks for a sealed value in the bytes of all files.
func TestWipeLeavesNothing(t *testing.T) {
	path := newPath(t)
	j := open(t, path, journaltest.Signer(t))
	value := bytes.Repeat([]byte("CANARY-sealed-"), 1000) // several pages, so that freed pages count too
	b := journaltest.Batch("mint")
	b.Seal = []journal.Sealed{{Name: "new/1", Ciphertext: value}}
	write(t, j, "a", b)
	if n := countInFiles(t, path, "CANARY"); n == 0 {
		t.Fatal("the value is nowhere even before the wipe: this test cannot fail")
	}
	write(t, j, "a", journal.Batch{Wipe: true, Close: pawl.Completed})
	if n := countInFiles(t, path, "CANARY"); n != 0 {
		t.Errorf("%d copies are left", n)
	}
}

// TestWipeWhileRead does the same while a reader holds on to the state before:
// the copy in the write-ahead log goes with the next write.
func TestWipeWhileRead(t *testing.T) {
	path := newPath(t)
	j := open(t, path, journaltest.Signer(t))
	write(t, j, "a", journal.Batch{Seal: []journal.Sealed{{Name: "new/1", Ciphertext: []byte("CANARY-sealed")}}})
	release, err := j.Hold(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	write(t, j, "a", journal.Batch{Wipe: true})
	if n := countInFiles(t, path, "CANARY"); n == 0 {
		t.Error("nothing to clean up: the reader does not hold anything")
	}
	release()
	write(t, j, "b", journaltest.Batch("next"))
	if n := countInFiles(t, path, "CANARY"); n != 0 {
		t.Errorf("%d copies are left", n)
	}
}

// countInFiles reads the files with another process: to open and close them in
// this one would drop the locks that SQLite holds on them.
func countInFiles(t testing.TB, path, marker string) (n int) {
	t.Helper()
	for _, file := range []string{path, path + "-wal", path + "-shm"} {
		text, err := exec.Command("cat", file).Output()
		if err != nil {
			t.Fatal(err)
		}
		n += bytes.Count(text, []byte(marker))
	}
	return n
}
