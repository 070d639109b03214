// Package outbox is a [notify.Outbox] in one SQLite file beside the journal,
// outbox.db (0600; -wal and -shm belong to it). It is apart from the journal on
// purpose: a rotation never waits for somebody to be told, and to lose the file
// is to be told some things twice.
//
// The statements are under sql/.
package outbox

import (
	"context"
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	_ "modernc.org/sqlite" // the driver

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/notify"
)

const (
	applicationID = 0x70617778 // "pawx", in the header of the file
	format        = 1
	// most is how much may wait for one channel. Beyond, the oldest are given up:
	// whoever could not be reached for that long has other news first.
	most = 300
)

//go:embed sql/*.sql
var statements embed.FS

// statement returns the text of one. A test asks for each of them.
func statement(name string) string {
	text, err := statements.ReadFile("sql/" + name + ".sql")
	if err != nil {
		panic("outbox: " + err.Error()) // a name that is written in this package, and is not there
	}
	return string(text)
}

// A Box is a [notify.Outbox].
type Box struct{ db *sql.DB }

var _ notify.Outbox = (*Box)(nil)

// Open opens an outbox, and makes it if there is none.
func Open(ctx context.Context, path string) (*Box, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, failure(err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) // before SQLite, which would let others read it
	if err != nil {
		return nil, failure(err)
	}
	if err := f.Close(); err != nil {
		return nil, failure(err)
	}
	q := url.Values{"mode": {"rw"}, "_defensive": {"1"}, "_dqs": {"0"}, "_txlock": {"immediate"},
		"_pragma": {"journal_mode(WAL)", "synchronous(FULL)", "busy_timeout(5000)", "trusted_schema(0)", "foreign_keys(1)"}}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: filepath.ToSlash(path), OmitHost: true, RawQuery: q.Encode()}).String())
	if err != nil {
		return nil, failure(err)
	}
	db.SetMaxOpenConns(1)
	b := &Box{db}
	if err := b.prepare(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return b, nil
}

// prepare makes the tables of a new file, and refuses one of something else.
func (b *Box) prepare(ctx context.Context) error {
	return b.change(ctx, func(tx *sql.Tx) error {
		var app, version int
		if err := tx.QueryRowContext(ctx, "SELECT (SELECT application_id FROM pragma_application_id), (SELECT user_version FROM pragma_user_version)").Scan(&app, &version); err != nil {
			return err
		}
		switch {
		case app == applicationID && version == format:
			return nil
		case app != 0 || version != 0:
			return &pawl.Error{Op: "opening outbox.db", Kind: pawl.Invalid, Err: fmt.Errorf("it is the outbox of another pawl (format %d), or none", version), Hint: "move outbox.db away; a new one is made"}
		}
		_, err := tx.ExecContext(ctx, statement("schema")+fmt.Sprintf("PRAGMA application_id = %d;\nPRAGMA user_version = %d;", applicationID, format))
		return err
	})
}

// Close closes the file.
func (b *Box) Close() error { return b.db.Close() }

func failure(err error) error {
	if err == nil {
		return nil
	}
	if _, ours := errors.AsType[*pawl.Error](err); ours {
		return err
	}
	return &pawl.Error{Op: "outbox.db", Kind: pawl.Unavailable, Err: err}
}

// change makes a change in a transaction.
func (b *Box) change(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := b.db.BeginTx(ctx, nil)
	if err != nil {
		return failure(err)
	}
	if err := f(tx); err != nil {
		tx.Rollback() // the first error is the one to tell
		return failure(err)
	}
	return failure(tx.Commit())
}

func (b *Box) exec(ctx context.Context, name string, args ...any) error {
	_, err := b.db.ExecContext(ctx, statement(name), args...)
	return failure(err)
}

// Began implements [notify.Outbox].
func (b *Box) Began(ctx context.Context, now time.Time) (time.Time, error) {
	if err := b.exec(ctx, "began_put", now.UnixMilli()); err != nil {
		return time.Time{}, err
	}
	var began int64
	err := b.db.QueryRowContext(ctx, statement("began")).Scan(&began)
	return time.UnixMilli(began).UTC(), failure(err)
}

// has reports whether a note of the key of n is there that is one with it, and
// whether one of it was.
func has(ctx context.Context, db interface {
	QueryRowContext(context.Context, string, ...any) *sql.Row
}, n notify.Note) (there, earlier bool, err error) {
	var all, standing int
	err = db.QueryRowContext(ctx, statement("earlier"), n.Key).Scan(&all, &standing)
	return standing > 0 || all > 0 && !n.Stands, all > 0, err
}

// Has implements [notify.Outbox].
func (b *Box) Has(ctx context.Context, n notify.Note) (bool, error) {
	there, _, err := has(ctx, b.db, n)
	return there, failure(err)
}

// Put implements [notify.Outbox].
func (b *Box) Put(ctx context.Context, n notify.Note, channels []string) (fresh bool, err error) {
	err = b.change(ctx, func(tx *sql.Tx) error {
		there, earlier, err := has(ctx, tx, n)
		if err != nil || there {
			return err
		}
		if n.ID = n.Key; earlier {
			n.ID = fmt.Sprintf("%s/again-%d", n.Key, n.At.UnixMilli())
		}
		body, err := json.Marshal(n)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, statement("note_put"), n.ID, n.Key, n.Stands, string(body), n.At.UnixMilli()); err != nil {
			return err
		}
		for _, c := range channels {
			if _, err := tx.ExecContext(ctx, statement("delivery_put"), n.ID, c, n.At.UnixMilli()); err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, statement("crowd"), c, most); err != nil {
				return err
			}
		}
		fresh = true
		return nil
	})
	return fresh && err == nil, err
}

// Standing implements [notify.Outbox].
func (b *Box) Standing(ctx context.Context) (all []notify.Note, err error) {
	rows, err := b.db.QueryContext(ctx, statement("standing"))
	if err != nil {
		return nil, failure(err)
	}
	defer rows.Close()
	for rows.Next() {
		var body string
		var n notify.Note
		if err := errors.Join(rows.Scan(&body), json.Unmarshal([]byte(body), &n)); err != nil {
			return nil, failure(err)
		}
		all = append(all, n)
	}
	return all, failure(rows.Err())
}

// Over implements [notify.Outbox].
func (b *Box) Over(ctx context.Context, id, how string, now time.Time) error {
	return b.change(ctx, func(tx *sql.Tx) error {
		for _, s := range []struct {
			name string
			args []any
		}{{"over", []any{id}}, {"obsolete", []any{id}}, {"ending_put", []any{id, how, now.UnixMilli()}}} {
			if _, err := tx.ExecContext(ctx, statement(s.name), s.args...); err != nil {
				return err
			}
		}
		return nil
	})
}

// Due implements [notify.Outbox].
func (b *Box) Due(ctx context.Context, channel string, now time.Time, most int) (all []notify.Delivery, err error) {
	rows, err := b.db.QueryContext(ctx, statement("due"), channel, now.UnixMilli(), most)
	if err != nil {
		return nil, failure(err)
	}
	defer rows.Close()
	for rows.Next() {
		var d notify.Delivery
		var body string
		var made int64
		if err := rows.Scan(&d.Row, &d.Channel, &d.Ending, &d.How, &d.Ref, &d.Tries, &body, &made); err != nil {
			return nil, failure(err)
		}
		if err := json.Unmarshal([]byte(body), &d.Note); err != nil {
			return nil, failure(err)
		}
		d.Made = time.UnixMilli(made).UTC()
		all = append(all, d)
	}
	return all, failure(rows.Err())
}

// Next implements [notify.Outbox].
func (b *Box) Next(ctx context.Context, channel string) (time.Time, error) {
	var at sql.NullInt64
	if err := b.db.QueryRowContext(ctx, statement("next"), channel).Scan(&at); err != nil || !at.Valid {
		return time.Time{}, failure(err)
	}
	return time.UnixMilli(at.Int64).UTC(), nil
}

// Done implements [notify.Outbox].
func (b *Box) Done(ctx context.Context, d notify.Delivery, ref string) error {
	return b.exec(ctx, "done", d.Row, ref)
}

// Later implements [notify.Outbox].
func (b *Box) Later(ctx context.Context, d notify.Delivery, at time.Time) error {
	return b.exec(ctx, "later", d.Row, at.UnixMilli())
}

// Drop implements [notify.Outbox].
func (b *Box) Drop(ctx context.Context, d notify.Delivery) error { return b.exec(ctx, "drop", d.Row) }

// Waiting implements [notify.Outbox].
func (b *Box) Waiting(ctx context.Context) (map[string]int, error) {
	rows, err := b.db.QueryContext(ctx, statement("waiting"))
	if err != nil {
		return nil, failure(err)
	}
	defer rows.Close()
	all := map[string]int{}
	for rows.Next() {
		var channel string
		var n int
		if err := rows.Scan(&channel, &n); err != nil {
			return nil, failure(err)
		}
		all[channel] = n
	}
	return all, failure(rows.Err())
}

// Keep implements [notify.Outbox].
func (b *Box) Keep(ctx context.Context, channels []string, before time.Time) error {
	names, err := json.Marshal(append([]string{}, channels...))
	if err != nil {
		return failure(err)
	}
	if err := b.exec(ctx, "keep", string(names)); err != nil {
		return err
	}
	return b.exec(ctx, "prune", before.UnixMilli())
}
