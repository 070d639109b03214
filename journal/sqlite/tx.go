package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/pawl-dev/pawl/audit"
)

// A tx is the transaction of a group, in the hands of one request at a time.
type tx struct {
	*writer
	log        auditLog
	wiped      bool
	checkpoint []byte // set by seal if the log grew
}

// An auditLog is the size of the audit log within a transaction.
type auditLog struct {
	known bool // size was read
	grown bool
	size  int64
}

// exec runs a statement and returns how many rows it changed.
func (t *tx) exec(text string, args ...any) (int64, error) {
	done, err := t.result(text, args)
	if err != nil {
		return 0, err
	}
	return done.RowsAffected()
}

func (w *writer) query(text string, args ...any) (*sql.Rows, error) {
	s, err := w.prepare(text)
	if err != nil {
		return nil, err
	}
	return s.QueryContext(context.Background(), args...)
}

// one reads a single row. No row is sql.ErrNoRows.
func (w *writer) one(text string, args []any, into ...any) error {
	s, err := w.prepare(text)
	if err != nil {
		return err
	}
	return s.QueryRowContext(context.Background(), args...).Scan(into...)
}

// hashes reads the stored nodes of the Merkle tree.
func (w *writer) hashes() tlog.HashReader {
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			var hash []byte
			if err := w.one(sqlHash, []any{index}, &hash); err != nil {
				return nil, err
			}
			if copy(out[i][:], hash) != tlog.HashSize {
				return nil, errors.New("a hash of the wrong length")
			}
		}
		return out, nil
	})
}

// record appends events to the audit log.
func (t *tx) record(events []audit.Event) error {
	if len(events) == 0 {
		return nil
	}
	if !t.log.known {
		var checkpoint []byte
		if err := t.one(sqlHead, nil, &t.log.size, &checkpoint); err != nil {
			return err
		}
		t.log.known = true
	}
	g, err := audit.Grow(t.signer.Install(), t.log.size, t.hashes(), events)
	if err != nil {
		return err
	}
	for i, line := range g.Records {
		if _, err := t.exec(sqlRecordPut, g.First+int64(i), line); err != nil {
			return err
		}
	}
	for i, e := range events {
		if err := t.indexAbout(e, g.First+int64(i)); err != nil {
			return err
		}
	}
	for i, hash := range g.Hashes {
		if _, err := t.exec(sqlHashPut, g.Hash0+int64(i), hash[:]); err != nil {
			return err
		}
	}
	t.log.size, t.log.grown = g.Size(), true
	return nil
}

// seal signs the new head of the audit log, if it grew: once for the group.
func (t *tx) seal() error {
	if !t.log.grown {
		return nil
	}
	checkpoint, err := t.signer.Head(t.log.size, t.hashes())
	if err != nil {
		return err
	}
	if _, err := t.exec(sqlHeadPut, t.log.size, checkpoint); err != nil {
		return err
	}
	t.checkpoint = checkpoint
	return nil
}
