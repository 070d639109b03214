package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/audit"
	"github.com/pawl-dev/pawl/journal"
)

// errMoved says that somebody else made the rotation with this number.
var errMoved = errors.New("another rotation was begun first")

// Begin implements [journal.Journal].
func (j *Journal) Begin(ctx context.Context, credential string, first func(pawl.RotationID) (journal.Batch, error)) (journal.Run, error) {
	const op = "journal.Begin"
	if credential == "" || strings.Contains(credential, "/") {
		return journal.Run{}, invalid(op, fmt.Errorf("%q cannot be the name of a credential", credential))
	}
	for {
		id, err := j.next(ctx, op, credential)
		if err != nil {
			return journal.Run{}, err
		}
		b, err := first(id) // here, and not in the transaction, which others wait for
		if err != nil {
			return journal.Run{}, err
		}
		run, err := j.begin(ctx, op, id, b)
		if err == nil {
			return run, nil
		}
		if !errors.Is(err, errMoved) {
			return journal.Run{}, err
		}
	}
}

// next returns the id of the credential's next rotation.
func (j *Journal) next(ctx context.Context, op, credential string) (pawl.RotationID, error) {
	var number int
	var outcome pawl.Outcome
	err := j.readers.QueryRowContext(ctx, sqlNewest, credential).Scan(&number, &outcome)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		number = 0
	case err != nil:
		return pawl.RotationID{}, failure(op, err)
	case outcome == "":
		return pawl.RotationID{}, stillOpen(op, pawl.RotationID{Credential: credential, Number: number})
	}
	return pawl.RotationID{Credential: credential, Number: number + 1}, nil
}

func (j *Journal) begin(ctx context.Context, op string, id pawl.RotationID, b journal.Batch) (run journal.Run, err error) {
	events, err := encode(op, b)
	if err != nil {
		return journal.Run{}, err
	}
	at := millis(j.now())
	err = j.write(ctx, op, func(t *tx) error {
		if err := t.stillNext(op, id); err != nil {
			return err
		}
		if _, err := t.exec(sqlBegin, id.Credential, id.Number, at); err != nil {
			return err
		}
		row, _, err := t.find(op, id)
		if err != nil {
			return err
		}
		if err := t.append(op, row, journal.At{}, b, events, at); err != nil {
			return err
		}
		run, err = t.load(op, id)
		return err
	})
	return run, err
}

// stillNext looks again, now that nobody else can write.
func (t *tx) stillNext(op string, id pawl.RotationID) error {
	number, outcome := 0, pawl.Completed
	err := t.one(sqlNewest, []any{id.Credential}, &number, &outcome)
	switch {
	case err != nil && !errors.Is(err, sql.ErrNoRows):
		return err
	case outcome == "":
		return stillOpen(op, pawl.RotationID{Credential: id.Credential, Number: number})
	case number+1 != id.Number:
		return conflict(op, errMoved)
	}
	return nil
}

// Claim implements [journal.Journal].
func (j *Journal) Claim(ctx context.Context, id pawl.RotationID) (run journal.Run, err error) {
	const op = "journal.Claim"
	at := millis(j.now())
	err = j.write(ctx, op, func(t *tx) error {
		row, now, err := t.find(op, id)
		if err != nil {
			return err
		}
		if now.Outcome != "" {
			return hasEnded(op, now)
		}
		if _, err := t.exec(sqlClaim, row, at); err != nil {
			return err
		}
		run, err = t.load(op, id)
		return err
	})
	if err != nil {
		return journal.Run{}, err
	}
	return run, nil
}

// Append implements [journal.Journal].
func (j *Journal) Append(ctx context.Context, id pawl.RotationID, at journal.At, b journal.Batch) (int64, error) {
	const op = "journal.Append"
	events, err := encode(op, b)
	if err != nil {
		return 0, err
	}
	now := millis(j.now())
	err = j.write(ctx, op, func(t *tx) error {
		row, run, err := t.find(op, id)
		switch {
		case err != nil:
			return err
		case run.Outcome != "":
			return hasEnded(op, run)
		case at.Revision != run.Revision || at.Epoch != 0 && at.Epoch != run.Epoch:
			return conflict(op, fmt.Errorf("%v is at revision %d, epoch %d", id, run.Revision, run.Epoch))
		}
		return t.append(op, row, at, b, events, now)
	})
	if err != nil {
		return 0, err
	}
	return at.Revision + 1, nil
}

func hasEnded(op string, r journal.Run) error {
	return conflict(op, fmt.Errorf("%v has ended: %s", r.ID, r.Outcome))
}

// append adds a batch to the rotation in this row. That it is where at says was
// looked up for the error's sake; what decides is the statement.
func (t *tx) append(op string, row int64, at journal.At, b journal.Batch, events []string, now int64) error {
	moved, err := t.exec(sqlAdvance, row, at.Revision, at.Epoch, string(b.Close), now)
	if err != nil {
		return err
	}
	if moved != 1 {
		return conflict(op, errors.New("the rotation has moved on"))
	}
	for i, text := range events {
		if _, err := t.exec(sqlEventPut, row, at.Revision+1, i, text); err != nil {
			return err
		}
	}
	for _, s := range b.Seal {
		if _, err := t.exec(sqlSeal, row, s.Name, s.Ciphertext); err != nil {
			return err
		}
	}
	if b.Wipe {
		if _, err := t.exec(sqlWipe, row); err != nil {
			return err
		}
		t.wiped = true
	}
	return t.record(b.Audit)
}

// encode returns the events as they are stored.
func encode(op string, b journal.Batch) ([]string, error) {
	for _, s := range b.Seal {
		if s.Name == "" || len(s.Ciphertext) == 0 {
			return nil, invalid(op, errors.New("a sealed value without name or content"))
		}
	}
	var out []string
	for _, e := range b.Events {
		text, err := json.Marshal(e)
		if err != nil {
			return nil, invalid(op, err)
		}
		out = append(out, string(text))
	}
	return out, nil
}

// Record implements [journal.Journal].
func (j *Journal) Record(ctx context.Context, events ...audit.Event) error {
	return j.write(ctx, "journal.Record", func(t *tx) error { return t.record(events) })
}

// SetMeta implements [journal.Journal].
func (j *Journal) SetMeta(ctx context.Context, name string, value []byte) (there []byte, err error) {
	if value == nil {
		value = []byte{} // nil is NULL, which the column refuses
	}
	err = j.write(ctx, "journal.SetMeta", func(t *tx) error {
		if _, err := t.exec(sqlMetaPut, name, value); err != nil {
			return err
		}
		return t.one(sqlMeta, []any{name}, &there)
	})
	if err != nil {
		return nil, err
	}
	return there, nil
}
