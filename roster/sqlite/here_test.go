package sqlite_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/roster"
	"github.com/pawl-dev/pawl/roster/sqlite"
)

// copied makes a current copy of a roster that is in use.
func copied(t *testing.T, path string) string {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("VACUUM INTO ?", path+".copy"); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path+".copy", 0o600); err != nil {
		t.Fatal(err)
	}
	return path + ".copy"
}

// TestReplacedInUse: nobody is let in by a file that is not at its path any more,
// and nothing is written into it, also once it is put back.
func TestReplacedInUse(t *testing.T) {
	for what, spoil := range map[string]func(path string) error{
		"replaced by a copy": func(path string) error { return os.Rename(copied(t, path), path) },
		"removed":            os.Remove,
		"emptied":            func(path string) error { return os.Truncate(path, 0) },
		"without its -wal":   func(path string) error { return os.Remove(path + "-wal") },
		"without its -shm":   func(path string) error { return os.Remove(path + "-shm") },
		"another -wal": func(path string) error {
			return os.Rename(filepath.Join(filepath.Dir(path), "other"), path+"-wal")
		},
		"put back": func(path string) error {
			if err := os.Rename(path, path+".away"); err != nil {
				return err
			}
			return nil
		},
	} {
		t.Run(what, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "team.db")
			if err := os.WriteFile(filepath.Join(filepath.Dir(path), "other"), nil, 0o600); err != nil {
				t.Fatal(err)
			}
			r := open(t, path)
			defer r.Close()
			ana, err := r.PutPerson(t.Context(), roster.Person{ID: "ana"})
			if err != nil {
				t.Fatal(err)
			}
			if err := spoil(path); err != nil {
				t.Fatal(err)
			}
			for again := range 2 {
				if _, err := r.Person(t.Context(), "ana"); pawl.KindOf(err) != pawl.Unavailable || !strings.Contains(pawl.HintOf(err), "restart pawl serve") {
					t.Errorf("%d: let in: %v", again, err)
				}
				ana.Disabled = true
				if _, err := r.PutPerson(t.Context(), ana); pawl.KindOf(err) != pawl.Unavailable {
					t.Errorf("%d: changed: %v", again, err)
				}
				if _, err := r.Edition(t.Context()); pawl.KindOf(err) != pawl.Unavailable {
					t.Errorf("%d: compared: %v", again, err)
				}
				if what == "put back" {
					os.Rename(path+".away", path)
				}
			}
		})
	}
}

// TestHeldOpen: that others come and go, and that the file is copied and made
// small, is not to replace it.
func TestHeldOpen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "team.db")
	r := open(t, path)
	defer r.Close()
	other := open(t, path)
	if _, err := other.PutPerson(t.Context(), roster.Person{ID: "ana"}); err != nil {
		t.Fatal(err)
	}
	other.Close()
	copied(t, path)
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("VACUUM; PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
		t.Fatal(err)
	}
	db.Close()
	if _, err := r.Person(t.Context(), "ana"); err != nil {
		t.Error(err)
	}
	if _, err := r.PutPerson(t.Context(), roster.Person{ID: "bo"}); err != nil {
		t.Error(err)
	}
}

// TestCutOff: a file that is there and is not whole is refused and left as it is,
// whether it is opened or looked at, also while a server has it open. One that was
// damaged in use is no mistake of who asks.
func TestCutOff(t *testing.T) {
	for what, size := range map[string]int64{"empty": 0, "half": 20_000, "a bit": 100} {
		t.Run(what, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "team.db")
			r := open(t, path)
			if _, err := r.PutPerson(t.Context(), roster.Person{ID: "ana"}); err != nil {
				t.Fatal(err)
			}
			r.Close()
			r = open(t, path)
			if err := os.Truncate(path, size); err != nil {
				t.Fatal(err)
			}
			for _, when := range []string{"in use", "closed"} {
				if _, err := sqlite.Open(t.Context(), path); pawl.KindOf(err) != pawl.Invalid || !strings.Contains(pawl.HintOf(err), "newest") {
					t.Errorf("opened, %s: %v", when, err)
				}
				if _, err := sqlite.Look(t.Context(), path); pawl.KindOf(err) != pawl.Invalid {
					t.Errorf("looked at, %s: %v", when, err)
				}
				if when == "in use" {
					if _, err := r.Person(t.Context(), "ana"); err != nil && pawl.KindOf(err) != pawl.Unavailable {
						t.Errorf("asked: %v", err)
					}
				}
				r.Close()
			}
			if info, err := os.Stat(path); err != nil || info.Size() != size {
				t.Errorf("it is %v now (%v)", info, err)
			}
		})
	}
}

// TestLeftBeside: what an earlier file has left beside it is not read as a part of
// a new one.
func TestLeftBeside(t *testing.T) {
	path := filepath.Join(t.TempDir(), "team.db")
	r := open(t, path)
	if _, err := r.PutPerson(t.Context(), roster.Person{ID: "ana"}); err != nil {
		t.Fatal(err)
	}
	wal, err := os.ReadFile(path + "-wal")
	if err != nil || len(wal) == 0 {
		t.Fatal(len(wal), err)
	}
	r.Close()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path+"-wal", wal, 0o600); err != nil {
		t.Fatal(err)
	}
	r = open(t, path)
	defer r.Close()
	if all, err := r.People(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("%v %v", all, err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".*")); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}
