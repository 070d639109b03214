// Package sqlite is a [roster.Roster] in one SQLite file beside the journal,
// team.db (0600; -wal and -shm belong to it), which several processes may use at
// once: the server, and commands on the same machine.
//
// It is apart from the journal on purpose. To lose it is to invite people
// again; a rotation needs nothing of it. What was acknowledged survives kill -9
// and power loss (WAL, synchronous=EXTRA). The statements are under sql/, the
// schema is sql/migrations.
package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"io/fs"
	"slices"
	"sync/atomic"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/roster"
)

// A Roster is a [roster.Roster] in a SQLite file. It is that file for as long as it
// is at its path: once it was replaced, removed or emptied, each call is
// [pawl.Unavailable], until it is opened again. Others change what is at the path,
// and who is shut out there would be let in by this one.
type Roster struct {
	path  string
	write *sql.DB
	read  source

	held  *sql.Conn     // keeps the -wal and the -shm from being made anew
	files []fs.FileInfo // what is open, as in parts; nil: it is just being opened
	gone  atomic.Bool   // they were not there once
}

var _ roster.Roster = (*Roster)(nil)

// Close closes the file.
func (r *Roster) Close() error {
	var held error
	if r.held != nil {
		held = r.held.Close()
	}
	if err := errors.Join(held, r.read.Close(), r.write.Close()); err != nil {
		return &pawl.Error{Op: "closing team.db", Kind: pawl.Unavailable, Err: err}
	}
	return nil
}

// change makes a change in a transaction. An error that is ours refuses it.
func (r *Roster) change(ctx context.Context, op string, f func(*sql.Tx) error) error {
	if err := r.here(); err != nil {
		return err
	}
	tx, err := r.write.BeginTx(ctx, nil)
	if err != nil {
		return failure(op, err, false)
	}
	if err := f(tx); err != nil {
		tx.Rollback() // the first error is the one to tell
		return failure(op, err, false)
	}
	// To crash before this is to have done nothing.
	if err := tx.Commit(); err != nil {
		return failure(op, err, true)
	}
	return nil
}

// policy makes a change of who may come in. The edition grows with it, or
// neither happens.
func (r *Roster) policy(ctx context.Context, op string, f func(*sql.Tx) error) error {
	return r.change(ctx, op, func(tx *sql.Tx) error {
		if err := f(tx); err != nil {
			return err
		}
		return grow(ctx, tx)
	})
}

// run runs a statement that changes a row that has to be there.
func run(ctx context.Context, tx *sql.Tx, none error, name string, args ...any) error {
	done, err := tx.ExecContext(ctx, statement(name), args...)
	if err != nil {
		return err
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, none)
	}
	return nil
}

// one runs a single statement as a change of its own.
func (r *Roster) one(ctx context.Context, op string, none error, name string, args ...any) error {
	return r.change(ctx, op, func(tx *sql.Tx) error { return run(ctx, tx, none, name, args...) })
}

// A reader is what statements that change nothing are run with.
type reader interface {
	QueryContext(context.Context, string, ...any) (*sql.Rows, error)
}

// rows reads all rows of a statement.
func rows[T any](ctx context.Context, db reader, op string, scan func(*sql.Rows) (T, error), name string, args ...any) ([]T, error) {
	found, err := db.QueryContext(ctx, statement(name), args...)
	if err != nil {
		return nil, failure(op, err, false)
	}
	defer found.Close()
	var all []T
	for found.Next() {
		v, err := scan(found)
		if err != nil {
			return nil, failure(op, err, false)
		}
		all = append(all, v)
	}
	if err := found.Err(); err != nil {
		return nil, failure(op, err, false)
	}
	return all, nil
}

// row reads one row that has to be there.
func row[T any](ctx context.Context, db reader, op, what string, scan func(*sql.Rows) (T, error), name string, args ...any) (v T, err error) {
	all, err := rows(ctx, db, op, scan, name, args...)
	switch {
	case err != nil:
		return v, err
	case len(all) == 0:
		return v, roster.NotFound(what)
	}
	return all[0], nil
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func when(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// list is a list as text. None at all is null, which is not the same as an
// empty one.
func list[T ~string](all []T) string {
	text, err := json.Marshal(all)
	if err != nil {
		panic("roster/sqlite: " + err.Error()) // of a list of texts
	}
	return string(text)
}

func unlist[T ~string](text string, into *[]T) error { return json.Unmarshal([]byte(text), into) }

func bytes(b []byte) []byte {
	if b == nil {
		return []byte{} // a column that is never NULL
	}
	return slices.Clone(b)
}
