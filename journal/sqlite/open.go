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
	"strings"
	"time"

	driver "modernc.org/sqlite"

	"github.com/pawl-dev/pawl"
)

const (
	applicationID = 0x7061776c // "pawl", in the header of the file
	busyWait      = 5 * time.Second
	readersAtOnce = 4
)

// An engine is a SQLite, and how it is told to write. Tests put the journal on
// another one, whose disk loses power.
type engine struct {
	driver      string // of database/sql
	vfs         string // "" is the engine's own
	oldest      string // version
	synchronous string
	keepWAL     func(*sql.Conn) error
}

// modernc is the engine of the product. Below 3.53.4, rolling a journal back
// can damage the file (https://www.sqlite.org/changes.html).
var modernc = engine{driver: "sqlite", oldest: "3.53.4", synchronous: "EXTRA", keepWAL: keepWAL}

func (o Options) sqlite() engine {
	if o.engine == nil {
		return modernc
	}
	return *o.engine
}

// dsn is constant but for the path, which is escaped: a _pragma is executed as
// it stands. Its order is the driver's, alphabetical, so journal_mode is not
// here: it must come after synchronous, and not before it is known that the
// file is ours.
func (e engine) dsn(path, mode string, pragmas ...string) string {
	q := url.Values{
		"mode":       {mode},
		"_defensive": {"1"},
		"_dqs":       {"0"},
		"_pragma": append(pragmas, fmt.Sprintf("busy_timeout(%d)", busyWait.Milliseconds()),
			"trusted_schema(0)", "foreign_keys(1)"),
	}
	if e.vfs != "" {
		q.Set("vfs", e.vfs)
	}
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(path), OmitHost: true, RawQuery: q.Encode()}).String()
}

// openPool returns the connections for reading. Each one sees what is
// committed, and cannot write.
func (e engine) openPool(path string) (*sql.DB, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, openError(pawl.Unavailable, err, "")
	}
	db, err := sql.Open(e.driver, e.dsn(abs, "ro", "query_only(1)"))
	if err != nil {
		return nil, openFailure(err)
	}
	db.SetMaxOpenConns(readersAtOnce)
	return db, nil
}

// openSingle returns the only connection that writes.
func (e engine) openSingle(ctx context.Context, path string) (*sql.DB, *sql.Conn, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, nil, openError(pawl.Unavailable, err, "")
	}
	db, err := sql.Open(e.driver, e.dsn(abs, "rw", "synchronous("+e.synchronous+")", "secure_delete(1)"))
	if err != nil {
		return nil, nil, openFailure(err)
	}
	db.SetMaxOpenConns(1)
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, nil, errors.Join(openFailure(err), db.Close())
	}
	return db, conn, nil
}

// prepareFile sees to it that there is a file, possibly empty, that only its
// owner may read, in a place where SQLite can lock.
func prepareFile(path string) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return openError(pawl.Unavailable, err, "the directory of the journal cannot be made: choose another, or correct its permissions")
	}
	if err := safeDir(dir); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if errors.Is(err, fs.ErrExist) {
		// Not opened: closing it again would drop the locks that SQLite holds
		// on it in this process.
		return existingFile(path)
	}
	if err != nil {
		return openError(pawl.Unavailable, err, "the journal cannot be made there: correct the permissions of "+dir)
	}
	if err := f.Close(); err != nil {
		return openError(pawl.Unavailable, err, "")
	}
	return nil
}

func safeDir(dir string) error {
	if kind := networkFileSystem(dir); kind != "" {
		return openError(pawl.Unavailable, fmt.Errorf("%s is on a network file system (%s)", dir, kind),
			"locks do not work there, and a journal would be damaged: use a local disk")
	}
	info, err := os.Stat(dir)
	if err != nil {
		return openError(pawl.Unavailable, err, "")
	}
	if info.Mode().Perm()&0o022 != 0 && runtime.GOOS != "windows" {
		return openError(pawl.Invalid, fmt.Errorf("others may write to %s (mode %04o)", dir, info.Mode().Perm()), "run: chmod 700 "+dir)
	}
	return nil
}

func existingFile(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return openError(pawl.NotFound, err, "nothing was rotated here yet")
	case err != nil:
		return openError(pawl.Unavailable, err, "correct the permissions of "+filepath.Dir(path))
	case !info.Mode().IsRegular():
		return openError(pawl.Invalid, fmt.Errorf("%s is not a plain file", path), "name the file of the journal itself")
	case info.Mode().Perm()&0o077 != 0 && runtime.GOOS != "windows":
		return openError(pawl.Invalid, fmt.Errorf("others may read %s (mode %04o)", path, info.Mode().Perm()), "run: chmod 600 "+path)
	}
	return safeDir(filepath.Dir(path))
}

// formatOf returns the number of the file's newest migration, 0 for a file with
// nothing in it. It changes nothing.
func (e engine) formatOf(ctx context.Context, conn *sql.Conn) (int, error) {
	var is string
	var app, version, tables int
	row := conn.QueryRowContext(ctx, `SELECT sqlite_version(), (SELECT application_id FROM pragma_application_id),
		(SELECT user_version FROM pragma_user_version), (SELECT count(*) FROM sqlite_schema)`)
	if err := row.Scan(&is, &app, &version, &tables); err != nil {
		return 0, openFailure(err)
	}
	switch {
	case older(is, e.oldest):
		return 0, openError(pawl.Unavailable, fmt.Errorf("SQLite %s is too old", is), "build pawl with SQLite "+e.oldest+" or newer")
	case app == 0 && version == 0 && tables == 0:
		return 0, nil
	case app != applicationID:
		return 0, openError(pawl.Invalid, errors.New("the file is the database of another program"), "name the journal of pawl, or a file that does not exist")
	case version > newest():
		return 0, openError(pawl.Invalid, fmt.Errorf("the journal was written by a newer pawl (format %d, this one knows %d)", version, newest()),
			"use that pawl; nothing was changed")
	}
	return version, nil
}

// older compares versions such as 3.54.1.
func older(a, b string) bool {
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	for i := range min(len(as), len(bs)) {
		x, _ := strconv.Atoi(as[i])
		y, _ := strconv.Atoi(bs[i])
		if x != y {
			return x < y
		}
	}
	return len(as) < len(bs)
}

// quickCheck reads every page and looks for damage.
func quickCheck(ctx context.Context, conn *sql.Conn) error {
	var found string
	if err := conn.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&found); err != nil {
		return openFailure(err)
	}
	if found != "ok" {
		return damaged(errors.New("quick_check finds damage"))
	}
	return nil
}

// small reports whether looking at every page takes no time worth mentioning.
func small(path string) bool {
	const limit = 1 << 20
	info, err := os.Stat(path)
	return err == nil && info.Size() <= limit
}

// unclean reports whether the last writer was interrupted, or another one is
// at work: one that closes leaves an empty WAL.
func unclean(path string) bool {
	info, err := os.Stat(path + "-wal")
	return err == nil && info.Size() > 0
}

// keepWAL makes SQLite leave the -wal and -shm files when the last connection
// closes, so that a reader never has to create them.
func keepWAL(conn *sql.Conn) error {
	return conn.Raw(func(c any) error {
		control, ok := c.(driver.FileControl)
		if !ok {
			return errors.New("the driver has no file control")
		}
		_, err := control.FileControlPersistWAL("main", 1)
		return err
	})
}
