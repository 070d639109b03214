package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"iter"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/journal"
)

// A querier is a transaction that reads.
type querier interface {
	query(text string, args ...any) (*sql.Rows, error)
	one(text string, args []any, into ...any) error
}

// A snapshot reads one state of the file, whatever is written meanwhile.
type snapshot struct {
	ctx context.Context
	tx  *sql.Tx
}

func (s snapshot) query(text string, args ...any) (*sql.Rows, error) {
	return s.tx.QueryContext(s.ctx, text, args...)
}

func (s snapshot) one(text string, args []any, into ...any) error {
	return s.tx.QueryRowContext(s.ctx, text, args...).Scan(into...)
}

// read calls f with a snapshot.
func (j *Journal) read(ctx context.Context, op string, f func(querier) error) error {
	tx, err := j.readers.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return failure(op, err)
	}
	defer tx.Rollback()
	return ours(op, f(snapshot{ctx, tx}))
}

// ours leaves our errors as they are and translates the driver's.
func ours(op string, err error) error {
	if _, ok := errors.AsType[*pawl.Error](err); ok || err == nil {
		return err
	}
	return failure(op, err)
}

// runColumns are those of find, latest, recent and list.
func runColumns(row *int64, r *journal.Run, created, updated *int64) []any {
	return []any{row, &r.ID.Credential, &r.ID.Number, &r.Revision, &r.Epoch, &r.Outcome, created, updated}
}

// lookUp reads the one rotation that a statement finds.
func lookUp(q querier, text string, args ...any) (row int64, r journal.Run, err error) {
	var created, updated int64
	err = q.one(text, args, runColumns(&row, &r, &created, &updated)...)
	r.Created, r.Updated = fromMillis(created), fromMillis(updated)
	return row, r, err
}

func find(q querier, op string, id pawl.RotationID) (int64, journal.Run, error) {
	row, r, err := lookUp(q, sqlFind, id.Credential, id.Number)
	if errors.Is(err, sql.ErrNoRows) {
		err = noRotation(op, id)
	}
	return row, r, err
}

func (t *tx) find(op string, id pawl.RotationID) (int64, journal.Run, error) { return find(t, op, id) }

func (t *tx) load(op string, id pawl.RotationID) (journal.Run, error) { return load(t, op, id) }

func load(q querier, op string, id pawl.RotationID) (journal.Run, error) {
	row, r, err := find(q, op, id)
	if err != nil {
		return journal.Run{}, err
	}
	r.Events, err = events(q, op, row)
	return r, err
}

func events(q querier, op string, row int64) ([]pawl.Event, error) {
	rows, err := q.query(sqlEvents, row)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := []pawl.Event{}
	for rows.Next() {
		var body sql.RawBytes
		var e pawl.Event
		if err := rows.Scan(&body); err != nil {
			return nil, err
		}
		if err := json.Unmarshal(body, &e); err != nil {
			return nil, &pawl.Error{Op: op, Kind: pawl.Invalid, Err: fmt.Errorf("an event cannot be read: %w", err), Hint: damagedHint}
		}
		out = append(out, e)
	}
	return out, rows.Err()
}

// Load implements [journal.Journal].
func (j *Journal) Load(ctx context.Context, id pawl.RotationID) (run journal.Run, err error) {
	const op = "journal.Load"
	err = j.read(ctx, op, func(q querier) error {
		run, err = load(q, op, id)
		return err
	})
	return run, err
}

// Latest implements [journal.Journal].
func (j *Journal) Latest(ctx context.Context, credential string) (run journal.Run, err error) {
	const op = "journal.Latest"
	err = j.read(ctx, op, func(q querier) error {
		var row int64
		row, run, err = lookUp(q, sqlLatest, credential)
		if errors.Is(err, sql.ErrNoRows) {
			return &pawl.Error{Op: op, Kind: pawl.NotFound, Err: fmt.Errorf("%s was never rotated", credential)}
		}
		if err != nil {
			return err
		}
		run.Events, err = events(q, op, row)
		return err
	})
	return run, err
}

// List implements [journal.Journal].
func (j *Journal) List(ctx context.Context, open bool) (out []journal.Run, err error) {
	text := sqlList
	if open {
		text = sqlListOpen
	}
	err = j.read(ctx, "journal.List", func(q querier) error {
		_, out, err = runs(q, text)
		return err
	})
	return out, err
}

// runs reads the rotations that a statement finds, and which rows they are in.
func runs(q querier, text string, args ...any) (at []int64, out []journal.Run, err error) {
	rows, err := q.query(text, args...)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var row, created, updated int64
		var r journal.Run
		if err := rows.Scan(runColumns(&row, &r, &created, &updated)...); err != nil {
			return nil, nil, err
		}
		r.Created, r.Updated = fromMillis(created), fromMillis(updated)
		at, out = append(at, row), append(out, r)
	}
	return at, out, rows.Err()
}

// Recent implements [journal.Journal].
func (j *Journal) Recent(ctx context.Context, credential string, most int) (out []journal.Run, err error) {
	const op = "journal.Recent"
	err = j.read(ctx, op, func(q querier) error {
		var at []int64
		if at, out, err = runs(q, sqlRecent, credential, max(most, 0)); err != nil {
			return err
		}
		for i, row := range at {
			if out[i].Events, err = events(q, op, row); err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}

// Position implements [journal.Journal].
func (j *Journal) Position(ctx context.Context, id pawl.RotationID) (at journal.At, err error) {
	const op = "journal.Position"
	err = j.read(ctx, op, func(q querier) error {
		_, run, err := find(q, op, id)
		at = journal.At{Revision: run.Revision, Epoch: run.Epoch}
		return err
	})
	return at, err
}

// Sealed implements [journal.Journal].
func (j *Journal) Sealed(ctx context.Context, id pawl.RotationID, name string) (text []byte, err error) {
	const op = "journal.Sealed"
	err = j.read(ctx, op, func(q querier) error {
		err := q.one(sqlSealed, []any{id.Credential, id.Number, name}, &text)
		if errors.Is(err, sql.ErrNoRows) {
			return &pawl.Error{Op: op, Kind: pawl.NotFound, Err: fmt.Errorf("%v has no sealed value %q", id, name)}
		}
		return err
	})
	return text, err
}

// Meta implements [journal.Journal].
func (j *Journal) Meta(ctx context.Context, name string) (value []byte, err error) {
	err = j.read(ctx, "journal.Meta", func(q querier) error {
		err := q.one(sqlMeta, []any{name}, &value)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		return err
	})
	return value, err
}

// auditPage is how many records are read at a time. Between pages nothing is
// held, so that a long export does not keep the write-ahead log from shrinking.
const auditPage = 256

// Audit implements [journal.Journal].
func (j *Journal) Audit(ctx context.Context) ([]byte, iter.Seq2[[]byte, error], error) {
	const op = "journal.Audit"
	var size int64
	var checkpoint []byte
	err := j.read(ctx, op, func(q querier) error { return q.one(sqlHead, nil, &size, &checkpoint) })
	if err != nil {
		return nil, nil, err
	}
	return checkpoint, func(yield func([]byte, error) bool) {
		for from := int64(0); from < size; from += auditPage {
			page, err := j.records(ctx, op, from, min(from+auditPage, size))
			if err != nil {
				yield(nil, err)
				return
			}
			for _, line := range page {
				if !yield(line, nil) {
					return
				}
			}
		}
	}, nil
}

func (j *Journal) records(ctx context.Context, op string, from, to int64) (page [][]byte, err error) {
	err = j.read(ctx, op, func(q querier) error {
		rows, err := q.query(sqlRecords, from, to)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var line []byte
			if err := rows.Scan(&line); err != nil {
				return err
			}
			page = append(page, line)
		}
		return rows.Err()
	})
	return page, err
}
