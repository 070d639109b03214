package sqlite_test

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/roster"
	"github.com/pawl-dev/pawl/roster/rostertest"
	"github.com/pawl-dev/pawl/roster/sqlite"
)

func open(t *testing.T, path string) *sqlite.Roster {
	t.Helper()
	r, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestSQLite(t *testing.T) {
	rostertest.Run(t, func(t *testing.T) roster.Roster { return open(t, filepath.Join(t.TempDir(), "team.db")) })
}

// TestTwoProcesses: what one has written, the other sees, and the file stays
// when both are gone.
func TestTwoProcesses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "team.db")
	a, b := open(t, path), open(t, path)
	if _, err := a.PutPerson(t.Context(), roster.Person{ID: "ana"}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Person(t.Context(), "ana"); err != nil {
		t.Error(err)
	}
	a.Close()
	b.Close()
	c := open(t, path)
	defer c.Close()
	if _, err := c.Person(t.Context(), "ana"); err != nil {
		t.Error(err)
	}
}

// TestFile: nobody else reads it, and nothing that opens a door is in it.
func TestFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "team.db")
	r := open(t, path)
	value := roster.NewToken(roster.OfToken)
	now := time.Now()
	if err := r.AddToken(t.Context(), roster.Token{ID: "x", Hash: roster.HashOf(value), Name: "ci", By: "ana", Roles: []access.Role{access.Viewer}, Created: now, Expires: now.Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	files, err := filepath.Glob(path + "*")
	if err != nil || len(files) != 3 {
		t.Fatal(files, err)
	}
	for _, name := range files {
		info, err := os.Stat(name)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", name, info.Mode(), err)
		}
		text, err := os.ReadFile(name)
		if err != nil || strings.Contains(string(text), string(value.Reveal()[6:30])) {
			t.Errorf("%s holds the token (%v)", name, err)
		}
	}
}

// TestRefusesFiles: what is not a roster that this pawl knows is left as it is.
func TestRefusesFiles(t *testing.T) {
	for what, c := range map[string]struct {
		spoil string
		kind  pawl.Kind
	}{
		"of a newer pawl":    {"PRAGMA user_version = 99", pawl.Invalid},
		"of another program": {"PRAGMA application_id = 7", pawl.Invalid},
	} {
		path := filepath.Join(t.TempDir(), "team.db")
		open(t, path).Close()
		db, err := sql.Open("sqlite", path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec(c.spoil); err != nil {
			t.Fatal(err)
		}
		db.Close()
		if _, err := sqlite.Open(t.Context(), path); pawl.KindOf(err) != c.kind {
			t.Errorf("%s: %v", what, err)
		}
	}
	path := filepath.Join(t.TempDir(), "team.db")
	if err := os.WriteFile(path, []byte(strings.Repeat("not a database ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := sqlite.Open(t.Context(), path); pawl.KindOf(err) != pawl.Invalid {
		t.Errorf("a text: %v", err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := sqlite.Open(t.Context(), path); pawl.KindOf(err) != pawl.Invalid || !strings.Contains(pawl.HintOf(err), "chmod 600") {
		t.Errorf("readable by others: %v", err)
	}
}

// TestOpenedAtOnce: a server and a command that begin together both have it.
func TestOpenedAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "team.db")
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			r, err := sqlite.Open(t.Context(), path)
			if err != nil {
				t.Error(err)
				return
			}
			defer r.Close()
			if _, err := r.PutPerson(t.Context(), roster.Person{ID: fmt.Sprint("p", i)}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}
