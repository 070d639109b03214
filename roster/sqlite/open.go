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

	_ "modernc.org/sqlite" // the driver

	"github.com/pawl-dev/pawl"
)

const (
	applicationID = 0x7061776d // "pawm", in the header of the file: not a journal
	busyWait      = "5000"     // milliseconds
	readersAtOnce = 4
)

// Open opens a roster, and makes it if there is none. A file that is no roster, is
// empty, cut off or damaged, or was written by a newer pawl, is [pawl.Invalid] and
// is not changed. What is opened is the file that is at the path then: see
// [Roster].
func Open(ctx context.Context, path string) (*Roster, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, failure(opening, err, false)
	}
	there, err := prepare(ctx, path)
	if err != nil {
		return nil, err
	}
	r := &Roster{path: path}
	if r.write, err = pool(path, "rw", 1, "synchronous(EXTRA)", "secure_delete(1)"); err != nil {
		return nil, err
	}
	if err := r.migrate(ctx); err != nil {
		return nil, errors.Join(err, r.write.Close())
	}
	read, err := pool(path, "ro", readersAtOnce+1, "query_only(1)") // one of them is held
	if err != nil {
		return nil, errors.Join(err, r.write.Close())
	}
	r.read = source{read, r}
	if err := r.hold(ctx, there); err != nil {
		return nil, errors.Join(err, r.Close())
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

// prepare sees to it that there is a file that only its owner may read, and says
// which one.
func prepare(ctx context.Context, path string) (fs.FileInfo, error) {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := create(ctx, path); err != nil {
			return nil, err
		}
		info, err = os.Lstat(path)
	}
	switch {
	case err != nil:
		return nil, wrap(pawl.Unavailable, err, "")
	case !info.Mode().IsRegular():
		return nil, wrap(pawl.Invalid, fmt.Errorf("%s is not a plain file", path), "")
	case info.Mode().Perm()&0o077 != 0 && runtime.GOOS != "windows":
		return nil, wrap(pawl.Invalid, fmt.Errorf("others may read %s (mode %04o)", path, info.Mode().Perm()), "run: chmod 600 "+path)
	case info.Size() == 0:
		return nil, emptied()
	}
	return info, nil
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
	at, err := r.format(ctx)
	switch {
	case err != nil:
		return err
	case at > len(migrationNames()):
		return newer(at)
	case at == 0: // a new one is put there whole: see create
		return emptied()
	}
	return r.steps(ctx, at)
}

// steps applies the migrations after one.
func (r *Roster) steps(ctx context.Context, at int) error {
	names := migrationNames()
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
// nothing in it. One that is damaged is [pawl.Invalid].
func (r *Roster) format(ctx context.Context) (int, error) {
	var app, version, tables int
	row := r.write.QueryRowContext(ctx, `SELECT (SELECT application_id FROM pragma_application_id), (SELECT user_version FROM pragma_user_version), (SELECT count(*) FROM sqlite_schema)`)
	if err := row.Scan(&app, &version, &tables); err != nil {
		return 0, failure(opening, err, false)
	}
	if app != applicationID && (app != 0 || version != 0 || tables != 0) {
		return 0, wrap(pawl.Invalid, errors.New("team.db is the database of something else"), "move it away, and restore the newest backup; nothing was changed")
	}
	return version, r.whole(ctx)
}

// whole reads the file through: it is small, and a damaged one that can be read in
// part would let in whoever is in that part.
func (r *Roster) whole(ctx context.Context) error {
	var found string
	if err := r.write.QueryRowContext(ctx, "SELECT quick_check FROM pragma_quick_check LIMIT 1").Scan(&found); err != nil {
		return failure(opening, err, false)
	}
	if found != "ok" {
		return wrap(pawl.Invalid, errors.New("team.db is damaged"), restore)
	}
	return nil
}

// emptied is what to say of a file with nothing in it. A missing one is begun anew,
// since whoever takes it away knows; this one was cut off.
func emptied() error {
	return wrap(pawl.Invalid, errors.New("team.db is empty"), "put the newest team.db back; or, to begin with nobody, move it away. Nothing was changed")
}

func newer(at int) error {
	return wrap(pawl.Invalid, fmt.Errorf("team.db was written by a newer pawl (format %d, this one knows %d)", at, len(migrationNames())), "use that pawl; nothing was changed")
}
