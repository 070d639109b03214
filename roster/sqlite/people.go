package sqlite

import (
	"context"
	"database/sql"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/roster"
)

func scanPerson(from *sql.Rows) (p roster.Person, err error) {
	var roles, teams string
	var created int64
	if err := from.Scan(&p.ID, &p.Name, &roles, &teams, &p.Disabled, &created, &p.Version); err != nil {
		return p, err
	}
	p.Created = when(created)
	if err := unlist(roles, &p.Roles); err != nil {
		return p, err
	}
	return p, unlist(teams, &p.Teams)
}

func scanLogin(from *sql.Rows) (l roster.Login, err error) {
	return l, from.Scan(&l.Issuer, &l.Subject)
}

// person reads somebody with their logins.
func person(ctx context.Context, db reader, name string, args ...any) (roster.Person, error) {
	const op = "roster.Person"
	p, err := row(ctx, db, op, "person", scanPerson, name, args...)
	if err != nil {
		return p, err
	}
	p.Logins, err = rows(ctx, db, op, scanLogin, "logins", p.ID)
	return p, err
}

// Person implements [roster.Roster].
func (r *Roster) Person(ctx context.Context, id string) (roster.Person, error) {
	return person(ctx, r.read, "person", id)
}

// PersonOf implements [roster.Roster].
func (r *Roster) PersonOf(ctx context.Context, l roster.Login) (roster.Person, error) {
	return person(ctx, r.read, "person_of", l.Issuer, l.Subject)
}

// People implements [roster.Roster].
func (r *Roster) People(ctx context.Context) ([]roster.Person, error) {
	const op = "roster.People"
	all, err := rows(ctx, r.read, op, scanPerson, "people")
	if err != nil {
		return nil, err
	}
	for i := range all {
		if all[i].Logins, err = rows(ctx, r.read, op, scanLogin, "logins", all[i].ID); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// PutPerson implements [roster.Roster].
func (r *Roster) PutPerson(ctx context.Context, p roster.Person) (roster.Person, error) {
	const op = "roster.PutPerson"
	if err := p.Check(); err != nil {
		return p, err
	}
	made := p
	err := r.policy(ctx, op, func(tx *sql.Tx) error {
		moved := roster.Moved(p.ID, p.Version)
		if p.Version == 0 {
			if err := run(ctx, tx, moved, "person_add", p.ID, p.Name, list(p.Roles), list(p.Teams), p.Disabled, millis(p.Created)); err != nil {
				return err
			}
		} else if err := dropCodes(ctx, tx, p); err != nil {
			return err
		} else if err := run(ctx, tx, moved, "person_change", p.Name, list(p.Roles), list(p.Teams), p.Disabled, p.ID, p.Version); err != nil {
			return err
		}
		if err := putLogins(ctx, tx, p); err != nil {
			return err
		}
		var err error
		made, err = person(ctx, tx, "person", p.ID)
		return err
	})
	return made, err
}

// dropCodes ends what would let somebody in as more than they were when it was
// made, in the transaction that changes them.
func dropCodes(ctx context.Context, tx *sql.Tx, p roster.Person) error {
	there, err := person(ctx, tx, "person", p.ID)
	if pawl.KindOf(err) == pawl.NotFound {
		return roster.Moved(p.ID, p.Version)
	}
	if err != nil || !there.RightsDiffer(p) {
		return err
	}
	_, err = tx.ExecContext(ctx, statement("code_replace"), p.ID)
	return err
}

func putLogins(ctx context.Context, tx *sql.Tx, p roster.Person) error {
	if _, err := tx.ExecContext(ctx, statement("logins_drop"), p.ID); err != nil {
		return err
	}
	for i, l := range p.Logins {
		if err := run(ctx, tx, roster.Taken("this login is somebody else's"), "login_add", l.Issuer, l.Subject, p.ID, i); err != nil {
			return err
		}
	}
	return nil
}
