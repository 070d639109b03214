package heroku

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/provider"
)

// examine says whose token the connection has, and which authorization it is of.
func (c *client) examine(ctx context.Context) (provider.Exam, error) {
	const op = "heroku.Examine"
	e := provider.Exam{Left: -1}
	var who account
	resp, err := c.do(ctx, call{op: op, path: "/account"}, &who)
	switch {
	case pawl.KindOf(err) == pawl.Forbidden:
		e.Who = "an account that this token may not name"
	case err != nil:
		return e, err
	case who.Email == "":
		return e, unreadable(op, "an account")
	default:
		e.Who = plain(who.Email, 100)
	}
	if who.Federated {
		e.Findings = append(e.Findings, "it signs in through an identity provider (SSO): its tokens die after hours")
	}
	if n, known := remaining(resp.Header); known {
		e.Left = n
	}
	e.At, _ = http.ParseTime(resp.Header.Get("Date"))
	e.May, err = c.own(ctx, op)
	return e, err
}

// own is what can be told of the token's own authorization.
func (c *client) own(ctx context.Context, op string) (string, error) {
	var all []authorization
	_, err := each(ctx, c, call{op: op, path: authorizations}, func(a authorization) { all = append(all, a) })
	if pawl.KindOf(err) == pawl.Forbidden {
		return "config vars at most: it may not manage authorizations", nil
	}
	if err != nil {
		return "", err
	}
	mine := c.mine(all)
	if len(mine) != 1 {
		return "manage authorizations", nil
	}
	if mine[0].ID == "" {
		return "", &pawl.Error{Op: op, Kind: pawl.Unavailable, Err: errors.New("an authorization without an id")}
	}
	return strings.TrimSpace("manage authorizations; it is " + plain(mine[0].Description, 80) + " (" + plain(mine[0].ID, 40) + ")"), nil
}

// mine are those of the authorizations that the connection's token may be of.
func (c *client) mine(all []authorization) []authorization {
	return keep(all, func(a authorization) bool { return !a.token().text.IsZero() && !a.token().contradicts(c.token) })
}

// Callers implements [pawl.Caller].
func (i *issuer) Callers(ctx context.Context) ([]string, error) {
	all, _, err := i.list(ctx, "heroku.Callers")
	var ids []string
	for _, a := range i.c.mine(all) {
		ids = append(ids, a.ID)
	}
	return ids, err
}
