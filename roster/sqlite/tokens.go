package sqlite

import (
	"context"
	"database/sql"
	"time"

	"github.com/pawl-dev/pawl/roster"
)

func scanToken(from *sql.Rows) (t roster.Token, err error) {
	var hash []byte
	var roles, teams, scope string
	var created, expires, used, revoked int64
	if err := from.Scan(&t.ID, &hash, &t.Name, &t.Person, &t.By, &roles, &teams, &scope, &created, &expires, &used, &revoked); err != nil {
		return t, err
	}
	copy(t.Hash[:], hash)
	t.Created, t.Expires, t.Used, t.Revoked = when(created), when(expires), when(used), when(revoked)
	if err := unlist(roles, &t.Roles); err != nil {
		return t, err
	}
	if err := unlist(teams, &t.Teams); err != nil {
		return t, err
	}
	return t, unlist(scope, &t.Scope)
}

// AddToken implements [roster.Roster].
func (r *Roster) AddToken(ctx context.Context, t roster.Token) error {
	if err := t.Check(); err != nil {
		return err
	}
	return r.policy(ctx, "roster.AddToken", func(tx *sql.Tx) error {
		var good, named int
		if err := tx.QueryRowContext(ctx, statement("tokens_good"), t.Name, t.By, millis(t.Created)).Scan(&good, &named); err != nil {
			return err
		}
		switch {
		case named > 0:
			return roster.Taken("there is a token of this name already")
		case good >= roster.MostTokens:
			return roster.TooMany()
		}
		return run(ctx, tx, roster.Taken("there is this token already"), "token_add", t.ID, t.Hash[:], t.Name, t.Person, t.By, list(t.Roles), list(t.Teams), list(t.Scope),
			millis(t.Created), millis(t.Expires), millis(t.Used), millis(t.Revoked))
	})
}

// Token implements [roster.Roster].
func (r *Roster) Token(ctx context.Context, h roster.Hash) (roster.Token, error) {
	return row(ctx, r.read, "roster.Token", "token", scanToken, "token", h[:])
}

// Tokens implements [roster.Roster].
func (r *Roster) Tokens(ctx context.Context) ([]roster.Token, error) {
	return rows(ctx, r.read, "roster.Tokens", scanToken, "tokens")
}

// UseToken implements [roster.Roster].
func (r *Roster) UseToken(ctx context.Context, id string, at time.Time) error {
	return r.one(ctx, "roster.UseToken", roster.NotFound("token"), "token_use", millis(at), id)
}

// RevokeToken implements [roster.Roster].
func (r *Roster) RevokeToken(ctx context.Context, id string, at time.Time) error {
	return r.policy(ctx, "roster.RevokeToken", func(tx *sql.Tx) error {
		return run(ctx, tx, roster.NotFound("token"), "token_revoke", millis(at), id)
	})
}
