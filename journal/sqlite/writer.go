package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/audit"
)

// groupSize bounds how many appends share a transaction, and so how long the
// first of them waits.
const groupSize = 128

// A writer owns the only connection that writes. One goroutine takes requests
// from the queue until it is closed.
type writer struct {
	path   string
	signer *audit.Signer
	db     *sql.DB
	conn   *sql.Conn
	stmts  map[string]*sql.Stmt
	queue  chan *request
	done   chan struct{}

	truncate bool // sealed values were wiped, but the WAL still holds pages with them

	commit func() error // COMMIT; tests make it fail
}

// A request is one change, made by the writer's goroutine inside of a
// transaction. An error that is a [*pawl.Error] refuses this change alone; any
// other is a failure of the database.
type request struct {
	op     string
	change func(*tx) error
	err    error
	done   chan struct{}
}

// write hands a change to the writer and waits until it is durable, or is
// certainly not, or nobody knows. A change that was handed over is waited for
// even if ctx ends: that takes no longer than a commit.
func (j *Journal) write(ctx context.Context, op string, change func(*tx) error) error {
	if ctx.Err() != nil {
		return &pawl.Error{Op: op, Kind: pawl.Unavailable, Err: context.Cause(ctx)}
	}
	if j.writer == nil {
		return &pawl.Error{Op: op, Kind: pawl.Unavailable, Err: errors.New("the journal was opened for reading only")}
	}
	r := &request{op: op, change: change, done: make(chan struct{})}
	j.mu.RLock()
	if j.closed {
		j.mu.RUnlock()
		return conflict(op, errors.New("the journal is closed"))
	}
	j.writer.queue <- r
	j.mu.RUnlock()
	<-r.done
	return r.err
}

// run serves the queue.
func (w *writer) run() {
	defer close(w.done)
	for r := range w.queue {
		group := w.gather(r)
		checkpoint := w.serve(group)
		for _, r := range group {
			close(r.done)
		}
		if checkpoint != nil {
			keepWitness(w.path, checkpoint)
		}
	}
}

// gather returns r and what waits behind it.
func (w *writer) gather(r *request) []*request {
	group := []*request{r}
	for len(group) < groupSize {
		select {
		case r, ok := <-w.queue:
			if !ok {
				return group
			}
			group = append(group, r)
		default:
			return group
		}
	}
	return group
}

// serve makes the changes of a group in one transaction and sets each one's
// error. It returns the new checkpoint if the audit log grew.
func (w *writer) serve(group []*request) []byte {
	if err := w.exec("BEGIN IMMEDIATE"); err != nil {
		failAll(group, func(op string) error { return failure(op, err) })
		return nil
	}
	t := &tx{writer: w}
	made, err := w.change(t, group)
	if err == nil && len(made) > 0 {
		err = t.seal()
	}
	if err != nil || len(made) == 0 {
		w.rollback()
		failAll(made, func(op string) error { return failure(op, err) })
		return nil
	}
	// To crash before this is to have done nothing. To crash after it, before
	// anybody is told, is what Unknown is for.
	if err := w.commit(); err != nil {
		w.rollback() // of a commit that was refused; otherwise there is nothing to roll back
		failAll(made, func(op string) error { return commitFailure(op, err) })
		return nil
	}
	w.truncate = w.truncate || t.wiped
	w.truncateWAL()
	return t.checkpoint
}

// change makes the changes and returns the requests whose change is part of the
// transaction now. After a failure of the database that is all of them, since
// none can be kept.
func (w *writer) change(t *tx, group []*request) ([]*request, error) {
	var made []*request
	for _, r := range group {
		refused, err := w.attempt(t, r)
		switch {
		case err != nil:
			return group, err
		case refused != nil:
			r.err = refused
		default:
			made = append(made, r)
		}
	}
	return made, nil
}

// attempt makes one change in a savepoint of its own.
func (w *writer) attempt(t *tx, r *request) (refused, failed error) {
	if err := w.exec("SAVEPOINT request"); err != nil {
		return nil, err
	}
	before := t.log
	err := r.change(t)
	if _, ours := errors.AsType[*pawl.Error](err); err != nil && !ours {
		return nil, err
	}
	if err != nil {
		t.log = before
		if err := w.exec("ROLLBACK TO request"); err != nil {
			return nil, err
		}
	}
	return err, w.exec("RELEASE request")
}

func failAll(group []*request, why func(op string) error) {
	for _, r := range group {
		r.err = why(r.op)
	}
}

// rollback ends the transaction. SQLite may have done so by itself, and then
// says that there is none.
func (w *writer) rollback() { _ = w.exec("ROLLBACK") }

// truncateWAL empties the write-ahead log once sealed values were wiped, so
// that no copy of them stays in it. While somebody reads that is not possible;
// then it is tried again after the next commit and at the end.
func (w *writer) truncateWAL() {
	if !w.truncate {
		return
	}
	const patience = 50 // milliseconds
	w.waitForLocks(patience)
	defer w.waitForLocks(busyWait.Milliseconds())
	var busy, log, moved int
	row := w.conn.QueryRowContext(context.Background(), "PRAGMA wal_checkpoint(TRUNCATE)")
	if err := row.Scan(&busy, &log, &moved); err == nil && busy == 0 {
		w.truncate = false
	}
}

// waitForLocks sets how long a statement waits for other processes. This pragma
// takes effect when it is prepared, so it is never kept prepared. It does not
// fail.
func (w *writer) waitForLocks(milliseconds int64) {
	_, _ = w.conn.ExecContext(context.Background(), fmt.Sprintf("PRAGMA busy_timeout = %d", milliseconds))
}

// exec runs a statement. It is not bound to anybody's context: to interrupt a
// transaction that several share would fail them all.
func (w *writer) exec(text string, args ...any) error {
	_, err := w.result(text, args)
	return err
}

func (w *writer) result(text string, args []any) (sql.Result, error) {
	s, err := w.prepare(text)
	if err != nil {
		return nil, err
	}
	return s.ExecContext(context.Background(), args...)
}

func (w *writer) prepare(text string) (*sql.Stmt, error) {
	if s, ok := w.stmts[text]; ok {
		return s, nil
	}
	s, err := w.conn.PrepareContext(context.Background(), text)
	if err == nil {
		w.stmts[text] = s
	}
	return s, err
}

func (w *writer) close() error {
	w.truncate = true
	w.truncateWAL()
	var errs []error
	for _, s := range w.stmts {
		errs = append(errs, s.Close())
	}
	return errors.Join(append(errs, w.conn.Close(), w.db.Close())...)
}
