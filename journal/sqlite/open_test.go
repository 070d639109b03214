package sqlite_test

import (
	"bytes"
	"database/sql"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
	code "modernc.org/sqlite/lib"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/audit"
	"github.com/pawl-dev/pawl/journal"
	"github.com/pawl-dev/pawl/journal/journaltest"
	"github.com/pawl-dev/pawl/journal/sqlite"
)

func mkdir(t testing.TB, path string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
}

// made returns the path of a closed journal with some rotations in it.
func made(t testing.TB, signer *audit.Signer) string {
	t.Helper()
	path := newPath(t)
	j := open(t, path, signer)
	for _, name := range []string{"a", "b", "c"} {
		write(t, j, name, journaltest.Batch("one"))
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// refused opens a journal, which must fail in this way, with a hint, and leave
// the file as it is.
func refused(t *testing.T, o sqlite.Options, kind pawl.Kind, says string) {
	t.Helper()
	before, _ := os.ReadFile(o.Path)
	j, err := sqlite.Open(t.Context(), o)
	if err == nil {
		j.Close()
		t.Fatal("it opened")
	}
	if e, ok := errors.AsType[*pawl.Error](err); !ok || e.Kind != kind || pawl.HintOf(err) == "" || !strings.Contains(err.Error(), says) {
		t.Errorf("got %v (kind %v, hint %q), want kind %v saying %q", err, pawl.KindOf(err), pawl.HintOf(err), kind, says)
	}
	after, _ := os.ReadFile(o.Path)
	if !bytes.Equal(before, after) {
		t.Error("the file was changed")
	}
}

func TestRefusedFiles(t *testing.T) {
	signer := journaltest.Signer(t)
	tests := map[string]struct {
		make func(t *testing.T, path string)
		kind pawl.Kind
		says string
	}{
		"NotSQLite": {func(t *testing.T, path string) {
			must(t, os.WriteFile(path, bytes.Repeat([]byte("to whom it may concern\n"), 100), 0o600))
		}, pawl.Invalid, "not a database"},
		"OtherProgram": {func(t *testing.T, path string) {
			db, err := sql.Open("sqlite", path)
			must(t, err)
			_, err = db.Exec("CREATE TABLE contacts (name TEXT)")
			must(t, errors.Join(err, db.Close(), os.Chmod(path, 0o600)))
		}, pawl.Invalid, "another program"},
		"Readable": {func(t *testing.T, path string) {
			must(t, os.Rename(made(t, signer), path))
			must(t, os.Chmod(path, 0o644))
		}, pawl.Invalid, "others may read"},
		"Directory": {func(t *testing.T, path string) {
			must(t, os.Mkdir(path, 0o700))
		}, pawl.Invalid, "not a plain file"},
		"Symlink": {func(t *testing.T, path string) {
			must(t, os.Symlink(made(t, signer), path))
		}, pawl.Invalid, "not a plain file"},
		"SharedDirectory": {func(t *testing.T, path string) {
			must(t, os.Chmod(filepath.Dir(path), 0o777))
		}, pawl.Invalid, "others may write"},
		"Newer": {func(t *testing.T, path string) {
			must(t, os.Rename(made(t, signer), path))
			poke(t, path, 60, 99) // user_version, https://www.sqlite.org/fileformat2.html
		}, pawl.Invalid, "newer pawl"},
		"Truncated": {func(t *testing.T, path string) {
			must(t, os.Rename(made(t, signer), path))
			must(t, os.Truncate(path, 3*4096))
		}, pawl.Invalid, ""},
		"Scribbled": {func(t *testing.T, path string) {
			must(t, os.Rename(made(t, signer), path))
			for page := range 6 {
				poke(t, path, int64(page+2)*4096, 0xdeadbeef)
			}
		}, pawl.Invalid, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			path := newPath(t)
			mkdir(t, path)
			tt.make(t, path)
			refused(t, sqlite.Options{Path: path, Signer: signer}, tt.kind, tt.says)
		})
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func poke(t testing.TB, path string, at int64, value uint32) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	must(t, err)
	_, err = f.WriteAt(binary.BigEndian.AppendUint32(nil, value), at)
	must(t, errors.Join(err, f.Close()))
}

func TestDirectoryIsAFile(t *testing.T) {
	path := newPath(t)
	must(t, os.WriteFile(filepath.Dir(path), nil, 0o600))
	refused(t, sqlite.Options{Path: path, Signer: journaltest.Signer(t)}, pawl.Unavailable, "")
}

func TestNoSigner(t *testing.T) {
	path := newPath(t)
	if _, err := sqlite.Open(t.Context(), sqlite.Options{Path: path}); pawl.KindOf(err) != pawl.Invalid {
		t.Errorf("got %v, want Invalid", err)
	}
	if _, err := os.Stat(filepath.Dir(path)); err == nil {
		t.Error("a directory was made")
	}
}

func TestOtherSigner(t *testing.T) {
	path := made(t, journaltest.Signer(t))
	refused(t, sqlite.Options{Path: path, Signer: journaltest.Signer(t)}, pawl.Invalid, "belongs to installation")
}

// TestInterruptedCreation opens what a crash right after the file was made
// leaves: nothing in it.
func TestInterruptedCreation(t *testing.T) {
	path := newPath(t)
	mkdir(t, path)
	must(t, os.WriteFile(path, nil, 0o600))
	write(t, open(t, path, journaltest.Signer(t)), "a", journaltest.Batch("one"))
}

// TestOpenAtOnce lets several make the same journal.
func TestOpenAtOnce(t *testing.T) {
	path, signer := newPath(t), journaltest.Signer(t)
	errs := make(chan error)
	const openers = 6
	for range openers {
		go func() {
			j, err := sqlite.Open(t.Context(), sqlite.Options{Path: path, Signer: signer})
			if err == nil {
				err = errors.Join(j.Record(t.Context(), journaltest.Record("opened")), j.Close())
			}
			errs <- err
		}()
	}
	for range openers {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if n := verified(t, open(t, path, signer), signer.Public()); n != openers {
		t.Errorf("%d records, want %d", n, openers)
	}
}

func TestReadOnly(t *testing.T) {
	signer := journaltest.Signer(t)
	path := made(t, signer)
	before := list(t, path)
	r, err := sqlite.Open(t.Context(), sqlite.Options{Path: path, ReadOnly: true})
	must(t, err)
	defer r.Close()
	if runs, err := r.List(t.Context(), true); err != nil || len(runs) != 3 {
		t.Errorf("%d rotations, %v", len(runs), err)
	}
	if n := verified(t, r, r.PublicKey()); n != 3 || r.Install() != signer.Install() || r.PublicKey() != signer.Public() {
		t.Errorf("%d records of %s", n, r.Install())
	}
	if err := r.Record(t.Context(), journaltest.Record("x")); pawl.KindOf(err) != pawl.Unavailable {
		t.Errorf("a write: got %v, want Unavailable", err)
	}
	if after := list(t, path); !slices.Equal(before, after) {
		t.Errorf("files before %q, after %q", before, after)
	}

	w := open(t, path, signer) // somebody writes meanwhile
	run := write(t, w, "d", journaltest.Batch("new"))
	if at, err := r.Position(t.Context(), run.ID); err != nil || at.Revision != 1 {
		t.Errorf("the reader sees %+v, %v", at, err)
	}
}

func TestReadOnlyMakesNothing(t *testing.T) {
	path := newPath(t)
	refused(t, sqlite.Options{Path: path, ReadOnly: true}, pawl.NotFound, "")
	if _, err := os.Stat(filepath.Dir(path)); err == nil {
		t.Error("a directory was made")
	}
	mkdir(t, path)
	must(t, os.WriteFile(path, nil, 0o600))
	refused(t, sqlite.Options{Path: path, ReadOnly: true}, pawl.NotFound, "empty")
}

// TestRollback restores an older copy of everything but the checkpoint that is
// kept beside the journal.
func TestRollback(t *testing.T) {
	signer := journaltest.Signer(t)
	path := made(t, signer)
	backup, err := os.ReadFile(path)
	must(t, err)
	j := open(t, path, signer)
	write(t, j, "d", journaltest.Batch("forgotten by the backup"))
	must(t, j.Close())

	must(t, os.WriteFile(path, backup, 0o600))
	o := sqlite.Options{Path: path, Signer: signer}
	refused(t, o, pawl.Conflict, "the journal has 3 audit records, but had 4")
	witness, err := sqlite.Witness(path)
	must(t, err)
	o.AcceptRollback = true
	j, err = sqlite.Open(t.Context(), o)
	must(t, err)
	if now, err := sqlite.Witness(path); err != nil || bytes.Equal(now, witness) {
		t.Errorf("accepting it did not last: %v", err)
	}
	write(t, j, "d", journaltest.Batch("again"))
	must(t, j.Close())
	open(t, path, signer) // not asked again
}

// TestCheckpointLostItsContent opens what a power loss may leave of the
// checkpoint beside the journal: its name, or its name and its length. It was
// refused as the checkpoint of another journal.
func TestCheckpointLostItsContent(t *testing.T) {
	signer := journaltest.Signer(t)
	path := made(t, signer)
	for _, left := range [][]byte{nil, make([]byte, 200)} {
		must(t, os.WriteFile(filepath.Join(filepath.Dir(path), "audit.checkpoint"), left, 0o600))
		must(t, open(t, path, signer).Close())
	}
}

// TestOtherHistory has as many records as were seen, but others.
func TestOtherHistory(t *testing.T) {
	signer := journaltest.Signer(t)
	path := made(t, signer)
	forged, err := signer.Sign(tlog.Tree{N: 2, Hash: tlog.RecordHash([]byte("something else"))})
	must(t, err)
	must(t, os.WriteFile(filepath.Join(filepath.Dir(path), "audit.checkpoint"), forged, 0o600))
	refused(t, sqlite.Options{Path: path, Signer: signer}, pawl.Conflict, "not the one that was checkpointed")
}

// TestLogDoesNotFit changes the audit log behind the journal's back.
func TestLogDoesNotFit(t *testing.T) {
	signer := journaltest.Signer(t)
	for name, statement := range map[string]string{
		"Added":   "INSERT INTO audit_record SELECT max(idx) + 1, body FROM audit_record",
		"Dropped": "DROP TRIGGER record_kept; DELETE FROM audit_record WHERE idx = 2",
		"Hash":    "UPDATE audit_hash SET hash = zeroblob(32) WHERE idx = 3",
		"Head":    "UPDATE audit_head SET size = 2",
	} {
		t.Run(name, func(t *testing.T) {
			path := made(t, signer)
			db, err := sql.Open("sqlite", path)
			must(t, err)
			_, err = db.Exec(statement)
			must(t, errors.Join(err, db.Close()))
			refused(t, sqlite.Options{Path: path, Signer: signer}, pawl.Invalid, "audit log")
		})
	}
}

func TestFullDisk(t *testing.T) {
	signer := journaltest.Signer(t)
	path := newPath(t)
	j := open(t, path, signer)
	run := write(t, j, "a", journaltest.Batch("one"))
	must(t, j.FillDisk(t.Context(), 2))
	b := journaltest.Batch("too big")
	b.Seal = []journal.Sealed{{Name: "old", Ciphertext: make([]byte, 1<<20)}}
	_, err := j.Append(t.Context(), run.ID, journal.At{Revision: 1}, b)
	if pawl.KindOf(err) != pawl.Unavailable || !strings.Contains(pawl.HintOf(err), "make room") {
		t.Fatalf("got %v (hint %q), want Unavailable", err, pawl.HintOf(err))
	}
	if got, err := j.Load(t.Context(), run.ID); err != nil || got.Revision != 1 || len(got.Events) != 1 {
		t.Errorf("afterwards: %+v, %v", got, err)
	}
	must(t, j.FillDisk(t.Context(), 0))
	write(t, j, "a", b)
	if n := verified(t, j, signer.Public()); n != 2 {
		t.Errorf("%d audit records, want 2", n)
	}
}

// TestFullDiskIsSaid: no room for the -shm file was told as a broken disk.
func TestFullDiskIsSaid(t *testing.T) {
	for c, says := range map[int]string{code.SQLITE_FULL: "make room", code.SQLITE_IOERR_SHMSIZE: "make room", code.SQLITE_IOERR_FSYNC: "the disk reports errors"} {
		if hint := pawl.HintOf(sqlite.Failure(c)); !strings.Contains(hint, says) {
			t.Errorf("%d: %q, want %q", c, hint, says)
		}
	}
}

func TestMigrationsAreNumbered(t *testing.T) {
	for i, name := range sqlite.MigrationNames() {
		if want := string(rune('0'+(i+1)/10)) + string(rune('0'+(i+1)%10)); !strings.HasPrefix(filepath.Base(name), "00"+want+"_") {
			t.Errorf("migration %d is called %s", i+1, name)
		}
	}
}
