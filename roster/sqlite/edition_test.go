package sqlite_test

import (
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/roster"
	"github.com/pawl-dev/pawl/roster/sqlite"
)

// TestLook: it says the same as who has the file open, and makes nothing.
func TestLook(t *testing.T) {
	path := filepath.Join(t.TempDir(), "team.db")
	if _, err := sqlite.Look(t.Context(), path); pawl.KindOf(err) != pawl.NotFound {
		t.Errorf("nothing there: %v", err)
	}
	if made, _ := filepath.Glob(path + "*"); made != nil {
		t.Errorf("looking has made %v", made)
	}
	r := open(t, path)
	if _, err := r.PutPerson(t.Context(), roster.Person{ID: "ana"}); err != nil {
		t.Fatal(err)
	}
	is, err := r.Edition(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if seen, err := sqlite.Look(t.Context(), path); err != nil || seen != is {
		t.Errorf("open: %+v %v, want %+v", seen, err, is)
	}
	r.Close()
	if seen, err := sqlite.Look(t.Context(), path); err != nil || seen != is {
		t.Errorf("closed: %+v %v, want %+v", seen, err, is)
	}
}

// TestOfBefore: a file of an older pawl has everybody in it still, and is an
// edition from then on; each time another one.
func TestOfBefore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "team.db")
	r := open(t, path)
	if _, err := r.PutPerson(t.Context(), roster.Person{ID: "ana"}); err != nil {
		t.Fatal(err)
	}
	r.Close()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("DROP TABLE edition; ALTER TABLE code DROP COLUMN behind; PRAGMA user_version = 1"); err != nil {
		t.Fatal(err)
	}
	db.Close()
	if seen, err := sqlite.Look(t.Context(), path); err != nil || seen != (roster.Edition{Number: 1}) {
		t.Errorf("%+v %v", seen, err)
	}
	r = open(t, path)
	defer r.Close()
	if is, err := r.Edition(t.Context()); err != nil || is.ID == "" || is.Number != 1 {
		t.Errorf("%+v %v", is, err)
	}
	if _, err := r.Person(t.Context(), "ana"); err != nil {
		t.Error(err)
	}
}
