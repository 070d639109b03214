package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	code "modernc.org/sqlite/lib"

	"github.com/pawl-dev/pawl/journal"
)

// Faults makes commits of a journal fail.
type Faults struct{ J *Journal }

// FailNext implements journaltest.Faults. The writer is idle when a test calls
// it: no request is under way.
func (f Faults) FailNext(fault journal.Fault) {
	w := f.J.writer
	w.commit = func() error {
		w.commit = func() error { return w.exec("COMMIT") }
		switch fault {
		case journal.FaultRefused:
			return simulated{code.SQLITE_FULL}
		case journal.FaultHappened:
			if err := w.exec("COMMIT"); err != nil {
				return err
			}
		}
		return errors.New("simulated: the disk does not answer")
	}
}

type simulated struct{ code int }

func (simulated) Error() string { return "simulated" }
func (s simulated) Code() int   { return s.code }

var MigrationNames = migrationNames

// Hold begins to read and does not end before release.
func (j *Journal) Hold(ctx context.Context) (release func(), err error) {
	tx, err := j.readers.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	var n int
	if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM sealed").Scan(&n); err != nil {
		return nil, err
	}
	return func() { tx.Rollback() }, nil
}

// FillDisk makes the file unable to grow by more than a few pages: SQLite then
// fails as it does on a full disk. Zero lifts that.
func (j *Journal) FillDisk(ctx context.Context, pages int) error {
	var now int
	if err := j.writer.conn.QueryRowContext(ctx, "PRAGMA page_count").Scan(&now); err != nil {
		return err
	}
	limit := now + pages
	if pages == 0 {
		limit = 1 << 30
	}
	_, err := j.writer.conn.ExecContext(ctx, fmt.Sprintf("PRAGMA max_page_count = %d", limit))
	return err
}

// On puts a journal on another SQLite.
func (o Options) On(driver, vfs, synchronous string, keepWAL func(*sql.Conn) error) Options {
	o.engine = &engine{driver: driver, vfs: vfs, oldest: "3.51.0", synchronous: synchronous, keepWAL: keepWAL}
	return o
}

// Failure is how an error with this code of SQLite is told.
func Failure(code int) error { return failure("journal.Append", simulated{code}) }

// Execute runs statements on the file as another program would.
func Execute(path string, statements ...string) error {
	db, err := sql.Open(modernc.driver, path)
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(1)
	for _, s := range statements {
		if _, err = db.Exec(s); err != nil {
			break
		}
	}
	return errors.Join(err, db.Close())
}
