package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"time"

	_ "modernc.org/sqlite" // the driver
	code "modernc.org/sqlite/lib"

	"github.com/pawl-dev/pawl"
)

const (
	applicationID = 0x7061776d // "pawm", in the header of the file: not a journal
	busyWait      = "5000"     // milliseconds
	readersAtOnce = 4
)

// Open opens a roster, and makes it if there is none. A file that is no roster,
// or was written by a newer pawl, is [pawl.Invalid] and is not changed.
func Open(ctx context.Context, path string) (*Roster, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, failure(opening, err, false)
	}
	if err := prepare(path); err != nil {
		return nil, err
	}
	r := &Roster{}
	if r.write, err = pool(path, "rw", 1, "synchronous(EXTRA)", "secure_delete(1)"); err != nil {
		return nil, err
	}
	if err := r.migrate(ctx); err != nil {
		return nil, errors.Join(err, r.write.Close())
	}
	if r.read, err = pool(path, "ro", readersAtOnce, "query_only(1)"); err != nil {
		return nil, errors.Join(err, r.write.Close())
	}
	return r, nil
}

const opening = "opening team.db"

// pool returns connections. Of those that write there is one: SQLite lets one
// write at a time anyway.
func pool(path, mode string, most int, pragmas ...string) (*sql.DB, error) {
	q := url.Values{"mode": {mode}, "_defensive": {"1"}, "_dqs": {"0"}, "_txlock": {"immediate"},
		"_pragma": append(pragmas, "busy_timeout("+busyWait+")", "trusted_schema(0)", "foreign_keys(1)")}
	if mode == "ro" {
		q.Del("_txlock")
	}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: filepath.ToSlash(path), OmitHost: true, RawQuery: q.Encode()}).String())
	if err != nil {
		return nil, failure(opening, err, false)
	}
	db.SetMaxOpenConns(most)
	db.SetMaxIdleConns(most)
	return db, nil
}

// prepare sees to it that there is a file that only its owner may read.
func prepare(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err == nil {
		err = f.Close()
	}
	if !errors.Is(err, fs.ErrExist) {
		return wrap(pawl.Unavailable, err, "the folder of the state has to be one that can be written")
	}
	info, err := os.Lstat(path)
	switch {
	case err != nil:
		return wrap(pawl.Unavailable, err, "")
	case !info.Mode().IsRegular():
		return wrap(pawl.Invalid, fmt.Errorf("%s is not a plain file", path), "")
	case info.Mode().Perm()&0o077 != 0 && runtime.GOOS != "windows":
		return wrap(pawl.Invalid, fmt.Errorf("others may read %s (mode %04o)", path, info.Mode().Perm()), "run: chmod 600 "+path)
	}
	return nil
}

func wrap(kind pawl.Kind, err error, hint string) error {
	if err == nil {
		return nil
	}
	return &pawl.Error{Op: opening, Kind: kind, Err: err, Hint: hint}
}

// migrate brings the file to the newest format, one transaction for each step,
// so that an interrupted one is taken up where it was.
func (r *Roster) migrate(ctx context.Context) error {
	names := migrationNames()
	at, err := r.format(ctx)
	switch {
	case err != nil:
		return err
	case at > len(names):
		return newer(at)
	case at == 0: // SQLite does not change this inside of a transaction
		if err := r.useWAL(ctx); err != nil {
			return err
		}
	}
	for n := at + 1; n <= len(names); n++ {
		text, err := migrations.ReadFile(names[n-1])
		if err != nil {
			return wrap(pawl.Other, err, "")
		}
		if err := r.step(ctx, n, string(text)); err != nil {
			return err
		}
	}
	return nil
}

// useWAL switches to a write-ahead log. SQLite does not wait for locks to do
// that, and of two processes that make a roster at once one has to.
func (r *Roster) useWAL(ctx context.Context) error {
	for tries := 0; ; tries++ {
		_, err := r.write.ExecContext(ctx, "PRAGMA journal_mode = WAL")
		if err == nil || primary(err) != code.SQLITE_BUSY || tries == 1000 {
			if err != nil {
				return failure(opening, err, false)
			}
			return nil
		}
		select {
		case <-ctx.Done():
			return failure(opening, context.Cause(ctx), false)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// step applies migration n, unless another process just did.
func (r *Roster) step(ctx context.Context, n int, text string) error {
	return r.change(ctx, opening, func(tx *sql.Tx) error {
		var there int
		if err := tx.QueryRowContext(ctx, "SELECT user_version FROM pragma_user_version").Scan(&there); err != nil || there >= n {
			return err
		}
		_, err := tx.ExecContext(ctx, text+"\nPRAGMA application_id = "+strconv.Itoa(applicationID)+";\nPRAGMA user_version = "+strconv.Itoa(n)+";")
		return err
	})
}

// format returns the number of the file's newest migration, 0 for a file with
// nothing in it.
func (r *Roster) format(ctx context.Context) (int, error) {
	var app, version, tables int
	row := r.write.QueryRowContext(ctx, `SELECT (SELECT application_id FROM pragma_application_id), (SELECT user_version FROM pragma_user_version), (SELECT count(*) FROM sqlite_schema)`)
	if err := row.Scan(&app, &version, &tables); err != nil {
		return 0, failure(opening, err, false)
	}
	if app != applicationID && (app != 0 || version != 0 || tables != 0) {
		return 0, wrap(pawl.Invalid, errors.New("team.db is the database of something else"), "move it away, and restore the newest backup; nothing was changed")
	}
	return version, nil
}

func newer(at int) error {
	return wrap(pawl.Invalid, fmt.Errorf("team.db was written by a newer pawl (format %d, this one knows %d)", at, len(migrationNames())), "use that pawl; nothing was changed")
}
