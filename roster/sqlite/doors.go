package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"time"

	code "modernc.org/sqlite/lib"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/roster"
)

func scanPasskey(from *sql.Rows) (k roster.Passkey, err error) {
	var created, used int64
	err = from.Scan(&k.ID, &k.Person, &k.Name, &k.Data, &created, &used)
	k.Created, k.Used = when(created), when(used)
	return k, err
}

// ofNobody turns a reference to a person who is not there into ours.
func ofNobody(err error) error {
	if primary(err) == code.SQLITE_CONSTRAINT {
		return roster.NotFound("person")
	}
	return err
}

// AddPasskey implements [roster.Roster].
func (r *Roster) AddPasskey(ctx context.Context, k roster.Passkey) error {
	return r.policy(ctx, "roster.AddPasskey", func(tx *sql.Tx) error {
		return ofNobody(run(ctx, tx, roster.Taken("this passkey is known already"), "passkey_add", bytes(k.ID), k.Person, k.Name, bytes(k.Data), millis(k.Created), millis(k.Used)))
	})
}

// Passkey implements [roster.Roster].
func (r *Roster) Passkey(ctx context.Context, id []byte) (roster.Passkey, error) {
	return row(ctx, r.read, "roster.Passkey", "passkey", scanPasskey, "passkey", bytes(id))
}

// PasskeysOf implements [roster.Roster].
func (r *Roster) PasskeysOf(ctx context.Context, person string) ([]roster.Passkey, error) {
	return rows(ctx, r.read, "roster.PasskeysOf", scanPasskey, "passkeys_of", person)
}

// UsePasskey implements [roster.Roster].
func (r *Roster) UsePasskey(ctx context.Context, id, before, after []byte, at time.Time) error {
	return r.change(ctx, "roster.UsePasskey", func(tx *sql.Tx) error {
		moved := roster.Taken("this passkey was used meanwhile; try again")
		err := run(ctx, tx, moved, "passkey_use", bytes(after), millis(at), bytes(id), bytes(before))
		if errors.Is(err, moved) {
			if _, none := row(ctx, tx, "roster.UsePasskey", "passkey", scanPasskey, "passkey", bytes(id)); none != nil {
				return none
			}
		}
		return err
	})
}

// DropPasskey implements [roster.Roster].
func (r *Roster) DropPasskey(ctx context.Context, person string, id []byte) error {
	return r.policy(ctx, "roster.DropPasskey", func(tx *sql.Tx) error {
		return run(ctx, tx, roster.NotFound("passkey"), "passkey_drop", person, bytes(id))
	})
}

func scanSession(from *sql.Rows) (s roster.Session, err error) {
	var hash []byte
	var created, seen, proved int64
	err = from.Scan(&hash, &s.ID, &s.Person, &s.Method, &created, &seen, &proved, &s.Agent, &s.From)
	copy(s.Hash[:], hash)
	s.Created, s.Seen, s.Proved = when(created), when(seen), when(proved)
	return s, err
}

// AddSession implements [roster.Roster].
func (r *Roster) AddSession(ctx context.Context, s roster.Session, instead roster.Hash) error {
	return r.change(ctx, "roster.AddSession", func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, statement("session_end"), instead[:]); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, statement("sessions_over"), millis(s.Created.Add(-roster.SessionAge)), millis(s.Created.Add(-roster.SessionIdle))); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, statement("session_add"), s.Hash[:], s.ID, s.Person, s.Method, millis(s.Created), millis(s.Seen), millis(s.Proved), s.Agent, s.From)
		return ofNobody(err)
	})
}

// Session implements [roster.Roster].
func (r *Roster) Session(ctx context.Context, h roster.Hash) (roster.Session, error) {
	return row(ctx, r.read, "roster.Session", "session", scanSession, "session", h[:])
}

// SessionsOf implements [roster.Roster].
func (r *Roster) SessionsOf(ctx context.Context, person string) ([]roster.Session, error) {
	return rows(ctx, r.read, "roster.SessionsOf", scanSession, "sessions_of", person)
}

// SeeSession implements [roster.Roster].
func (r *Roster) SeeSession(ctx context.Context, h roster.Hash, at time.Time) error {
	return r.one(ctx, "roster.SeeSession", roster.NotFound("session"), "session_see", millis(at), h[:])
}

// DropSession implements [roster.Roster].
func (r *Roster) DropSession(ctx context.Context, person, id string) error {
	err := r.policy(ctx, "roster.DropSession", func(tx *sql.Tx) error {
		return run(ctx, tx, roster.NotFound("session"), "session_drop", person, id)
	})
	if id == "" && pawl.KindOf(err) == pawl.NotFound {
		return nil
	}
	return err
}

func scanCode(from *sql.Rows) (c roster.Code, err error) {
	var created, expires int64
	err = from.Scan(&c.Person, &c.By, &c.Maker, &created, &expires)
	c.Created, c.Expires = when(created), when(expires)
	return c, err
}

// AddCode implements [roster.Roster].
func (r *Roster) AddCode(ctx context.Context, c roster.Code) error {
	return r.change(ctx, "roster.AddCode", func(tx *sql.Tx) error {
		if c.Person != "" {
			if _, err := person(ctx, tx, "person", c.Person); err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(ctx, statement("code_replace"), c.Person); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, statement("code_add"), c.Hash[:], c.Person, c.By, c.Maker, millis(c.Created), millis(c.Expires)); err != nil {
			return err
		}
		return growFor(ctx, tx, c)
	})
}

// TakeCode implements [roster.Roster]. That it was too late is found out only
// once it is gone.
func (r *Roster) TakeCode(ctx context.Context, h roster.Hash, at time.Time) (c roster.Code, err error) {
	err = r.change(ctx, "roster.TakeCode", func(tx *sql.Tx) error {
		if c, err = row(ctx, tx, "roster.TakeCode", "code", scanCode, "code_take", h[:]); err != nil {
			return err
		}
		return growFor(ctx, tx, c)
	})
	if err == nil && !at.Before(c.Expires) {
		return roster.Code{}, roster.NotFound("code")
	}
	c.Hash = h
	return c, err
}
