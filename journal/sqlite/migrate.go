package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/pawl-dev/pawl"
)

const migrationDir = "sql/migrations"

// newest returns the number of the last migration this pawl knows.
func newest() int { return len(migrationNames()) }

// migrationNames returns the migrations in order; a test sees to it that they
// are numbered 1, 2, … without a gap.
func migrationNames() []string {
	names, err := fs.Glob(migrations, path.Join(migrationDir, "*.sql"))
	if err != nil { // only for a malformed pattern
		panic("sqlite: " + err.Error())
	}
	slices.Sort(names)
	return names
}

// migrate brings the file to the newest format, one transaction for each step,
// so that an interrupted one is taken up where it was.
func (w *writer) migrate(ctx context.Context, from int, o Options) error {
	if err := w.useWAL(ctx); err != nil {
		return err
	}
	for n := from + 1; n <= newest(); n++ {
		if err := w.step(ctx, n, o); err != nil {
			return err
		}
	}
	return nil
}

// step applies migration n, unless another process just did.
func (w *writer) step(ctx context.Context, n int, o Options) error {
	text, err := migrations.ReadFile(migrationNames()[n-1])
	if err != nil {
		return openError(pawl.Other, err, "")
	}
	if _, err := w.conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return openFailure(err)
	}
	if err := w.stepIn(ctx, n, string(text), o); err != nil {
		w.conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK") // the first error is the one to tell
		return err
	}
	if _, err := w.conn.ExecContext(ctx, "COMMIT"); err != nil {
		w.conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
		return openFailure(err)
	}
	return nil
}

func (w *writer) stepIn(ctx context.Context, n int, text string, o Options) error {
	there, err := o.sqlite().formatOf(ctx, w.conn)
	if err != nil || there >= n {
		return err
	}
	text += fmt.Sprintf("\nPRAGMA application_id = %d;\nPRAGMA user_version = %d;\n", applicationID, n)
	if _, err := w.conn.ExecContext(ctx, text); err != nil {
		return openFailure(err)
	}
	switch n {
	case 1:
		return w.found(ctx, o)
	case 2:
		return w.indexAudit(ctx)
	}
	return nil
}

// found makes the file the journal of the signer's installation, with an empty
// audit log.
func (w *writer) found(ctx context.Context, o Options) error {
	if _, err := w.conn.ExecContext(ctx, sqlInstallPut, o.Signer.Install(), o.Signer.Public(), millis(o.now()())); err != nil {
		return openFailure(err)
	}
	root, err := tlog.TreeHash(0, nil)
	if err != nil {
		return openError(pawl.Other, err, "")
	}
	checkpoint, err := o.Signer.Sign(tlog.Tree{Hash: root})
	if err != nil {
		return err
	}
	if _, err := w.conn.ExecContext(ctx, sqlHeadPut, 0, checkpoint); err != nil {
		return openFailure(err)
	}
	return nil
}

// useWAL switches to a write-ahead log. SQLite does not wait for locks to do
// that, and of two processes that make a journal at once one has to.
func (w *writer) useWAL(ctx context.Context) error {
	deadline := time.Now().Add(busyWait)
	for {
		var mode string
		err := w.conn.QueryRowContext(ctx, "PRAGMA journal_mode = WAL").Scan(&mode)
		switch {
		case err == nil && strings.EqualFold(mode, "wal"):
			return nil
		case err == nil:
			return openError(pawl.Unavailable, errors.New("no write-ahead log is possible there (journal_mode "+strconv.Quote(mode)+")"),
				"use a local disk")
		case !isBusy(err) || time.Now().After(deadline):
			return openFailure(err)
		}
		select {
		case <-ctx.Done():
			return openError(pawl.Unavailable, context.Cause(ctx), "")
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func millis(t time.Time) int64 { return t.UnixMilli() }

func fromMillis(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
