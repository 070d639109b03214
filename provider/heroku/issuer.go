package heroku

import (
	"context"
	"errors"
	"net/http"
	"regexp"

	"github.com/pawl-dev/pawl"
)

var (
	_ pawl.Issuer        = (*issuer)(nil)
	_ pawl.Lister        = (*issuer)(nil)
	_ pawl.Identifier    = (*issuer)(nil)
	_ pawl.Preflighter   = (*issuer)(nil)
	_ pawl.CallerChecker = (*issuer)(nil)
	_ pawl.Caller        = (*issuer)(nil)
)

// issuer mints OAuth authorizations.
type issuer struct {
	c   *client
	set Authorization
}

const authorizations = "/oauth/authorizations"

// valid refuses settings that nobody validated: an empty description, say,
// would match every authorization.
func (i *issuer) valid(op string) error {
	if err := i.set.Validate(); err != nil {
		return &pawl.Error{Op: op, Kind: pawl.Invalid, Err: err}
	}
	return nil
}

// Mint creates an authorization. It asks for no expiry; what the account gets
// all the same is in the generation's Expires.
func (i *issuer) Mint(ctx context.Context, label string) (pawl.Generation, error) {
	const op = "heroku.Mint"
	if err := i.valid(op); err != nil {
		return pawl.Generation{}, err
	}
	now := i.c.now()
	body := creation{i.described(label), i.set.scope()}

	var a authorization
	if _, err := i.c.do(ctx, call{op: op, method: http.MethodPost, path: authorizations, body: body, mutates: true}, &a); err != nil {
		return pawl.Generation{}, err
	}
	value, whole := a.token().whole()
	switch {
	case !validID.MatchString(a.ID):
		return pawl.Generation{}, &pawl.Error{Op: op, Kind: pawl.Unknown, Err: errors.New("the answer names no authorization")}
	case !whole:
		return pawl.Generation{}, &pawl.Error{Op: op, Kind: pawl.Unknown, Err: errors.New("authorization " + a.ID + " came without its whole token, which is shown only once")}
	}
	g := a.generation(now)
	g.Value = value
	if g.Label == "" {
		g.Label = body.Description
	}
	return g, nil
}

// validID keeps a path from meaning something else: "~" is the account's
// dashboard key, and nothing at all is the list.
var validID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]*$`)

// Revoke deletes the authorization.
func (i *issuer) Revoke(ctx context.Context, id string) error {
	const op = "heroku.Revoke"
	if !validID.MatchString(id) {
		return &pawl.Error{Op: op, Kind: pawl.Invalid, Err: errors.New("not the id of an authorization")}
	}
	_, err := i.c.do(ctx, call{op: op, method: http.MethodDelete, path: authorizations + "/" + id, mutates: true}, nil)
	if pawl.KindOf(err) == pawl.NotFound {
		return nil
	}
	return err
}

// List returns all authorizations of the account, whoever made them.
func (i *issuer) List(ctx context.Context) ([]pawl.Generation, error) {
	all, _, err := i.list(ctx, "heroku.List")
	if err != nil {
		return nil, err
	}
	gens := make([]pawl.Generation, len(all))
	for n, a := range all {
		gens[n] = a.generation(i.c.now())
	}
	return gens, nil
}

func (i *issuer) list(ctx context.Context, op string) ([]authorization, http.Header, error) {
	var all []authorization
	seen := map[string]bool{} // a list that changes while it is paged repeats items
	nameless := false
	resp, err := each(ctx, i.c, call{op: op, path: authorizations}, func(a authorization) {
		nameless = nameless || a.ID == ""
		if !seen[a.ID] {
			seen[a.ID] = true
			all = append(all, a)
		}
	})
	if err == nil && nameless {
		err = unreadable(op, "a list of authorizations")
	}
	return all, resp.Header, err
}

// CallsWith reports whether the connection's token is value.
func (i *issuer) CallsWith(value pawl.Secret) bool { return i.c.token.Equal(value) }
