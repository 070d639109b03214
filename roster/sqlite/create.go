package sqlite

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/pawl-dev/pawl"
)

// create makes a roster beside the path, and puts it there whole, so that a file
// at the path with nothing in it is never one that is just being made. Of two who
// do so at once, one is first, and its file is the roster.
func create(ctx context.Context, path string) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".new-*") // 0600
	if err != nil {
		return wrap(pawl.Unavailable, err, "the folder of the state has to be one that can be written")
	}
	made := f.Name()
	defer sweep(made, append([]string{""}, besides...)...)
	if err := f.Close(); err != nil {
		return wrap(pawl.Unavailable, err, "")
	}
	if err := fill(ctx, made); err != nil {
		return err
	}
	if err := unburden(path); err != nil {
		return err
	}
	// To crash before this leaves a file that nobody looks at.
	if err := os.Link(made, path); err != nil && !errors.Is(err, fs.ErrExist) {
		return wrap(pawl.Unavailable, err, "the folder of the state has to be one that can be written, on a disk of this machine")
	}
	return nil
}

// fill makes a roster of an empty file. Closed, all of it is in that file.
func fill(ctx context.Context, made string) error {
	db, err := pool(made, "rw", 1, "synchronous(EXTRA)")
	if err != nil {
		return err
	}
	r := &Roster{write: db, path: made}
	if _, err := db.ExecContext(ctx, "PRAGMA journal_mode = WAL"); err != nil { // not inside of a transaction
		return errors.Join(failure(opening, err, false), db.Close())
	}
	if err := r.steps(ctx, 0); err != nil {
		return errors.Join(err, db.Close())
	}
	if err := db.Close(); err != nil {
		return failure(opening, err, false)
	}
	return nil
}

// besides are the files that SQLite has beside one, by how their names go on.
var besides = []string{"-wal", "-shm", "-journal"}

// unburden takes away what an earlier file at the path has left beside it: it would
// be read as the new one's. Nobody has these before there is a file at the path, so
// what was there while there was none is nobody's.
func unburden(path string) error {
	var left []string
	for _, end := range besides {
		if _, err := os.Lstat(path + end); err == nil {
			left = append(left, end)
		}
	}
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return wrap(pawl.Unavailable, sweep(path, left...), "remove what is left of the earlier team.db: team.db-wal, team.db-shm")
}

func sweep(path string, ends ...string) error {
	var all []error
	for _, end := range ends {
		if err := os.Remove(path + end); !errors.Is(err, fs.ErrNotExist) {
			all = append(all, err)
		}
	}
	return errors.Join(all...)
}
