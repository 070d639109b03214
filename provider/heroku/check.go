package heroku

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/pawl-dev/pawl"
)

// Check tries value as a token, in the ways that its scope allows.
//
// It is Denied if Heroku refuses the token. A token that is refused in one
// place and known in another proves nothing (a revoke is just taking hold, or
// Heroku's own sign-in is in trouble): that is Unavailable.
func (i *issuer) Check(ctx context.Context, value pawl.Secret) error {
	if err := i.valid("heroku.Check"); err != nil {
		return err
	}
	tries := i.tries()
	errs := make([]error, len(tries))
	var wg sync.WaitGroup
	for n, try := range tries {
		wg.Go(func() { errs[n] = try(ctx, value) })
	}
	wg.Wait()
	return verdict(errs)
}

type try func(context.Context, pawl.Secret) error

func (i *issuer) tries() []try {
	var all []try
	if i.set.Check.Account != "" && i.set.readsAccount() {
		all = append(all, i.tryAccount)
	}
	if i.set.Check.ConfigVarsOf != "" && i.set.readsConfigVars() {
		all = append(all, i.tryConfigVars)
	}
	switch {
	case len(all) > 0:
	case i.set.readsAccount():
		all = append(all, i.tryAccount)
	default:
		all = append(all, i.tryApps)
	}
	return all
}

// verdict is the error that says most about the token.
func verdict(errs []error) error {
	first := map[pawl.Kind]error{}
	known := false // some answer shows that Heroku knows the token
	var other error
	for _, err := range errs {
		kind := pawl.KindOf(err)
		known = known || err == nil || kind == pawl.Mismatch
		if err != nil && first[kind] == nil {
			first[kind] = err
		}
		if other == nil {
			other = err
		}
	}
	switch {
	case first[pawl.Denied] != nil && known:
		return &pawl.Error{Op: "heroku.Check", Kind: pawl.Unavailable, Err: errors.New("the token is refused in one place and works in another")}
	case first[pawl.Denied] != nil:
		return first[pawl.Denied]
	case first[pawl.Mismatch] != nil:
		return first[pawl.Mismatch]
	}
	return other
}

// account is whose token it is.
// https://devcenter.heroku.com/articles/platform-api-reference#account
type account struct {
	Email     string `json:"email"`
	Federated bool   `json:"federated"`
}

func (i *issuer) tryAccount(ctx context.Context, value pawl.Secret) error {
	var a account
	if err := i.try(ctx, value, "/account", &a); err != nil {
		return err
	}
	if a.Email == "" {
		return unreadable("heroku.Check", "an account")
	}
	if want := i.set.Check.Account; want != "" && !strings.EqualFold(a.Email, want) {
		return mismatch(fmt.Errorf("the token belongs to another account than %s", want))
	}
	return nil
}

func (i *issuer) tryConfigVars(ctx context.Context, value pawl.Secret) error {
	app := i.set.Check.ConfigVarsOf
	var found names
	err := i.try(ctx, value, configVarsOf(app), &found)
	switch {
	case pawl.KindOf(err) == pawl.NotFound:
		return mismatch(fmt.Errorf("the token cannot see app %s", app))
	case err != nil:
		return err
	case found == nil:
		return unreadable("heroku.Check", "a list of config vars")
	case len(found) == 0:
		return mismatch(fmt.Errorf("app %s has no config var", app))
	}
	return nil
}

func (i *issuer) tryApps(ctx context.Context, value pawl.Secret) error {
	var apps []struct{}
	if err := i.try(ctx, value, "/apps", &apps); err != nil {
		return err
	}
	if apps == nil {
		return unreadable("heroku.Check", "a list of apps")
	}
	return nil
}

// try makes one call as value. What the token may not do is a Mismatch.
func (i *issuer) try(ctx context.Context, value pawl.Secret, path string, out any) error {
	const op = "heroku.Check"
	if value.IsZero() {
		return &pawl.Error{Op: op, Kind: pawl.Invalid, Err: errors.New("no value")}
	}
	_, err := i.c.do(ctx, call{op: op, path: path, token: value}, out)
	if pawl.KindOf(err) == pawl.Forbidden {
		return mismatch(fmt.Errorf("the token's scope does not allow GET %s", path))
	}
	return err
}

func mismatch(err error) error {
	return &pawl.Error{Op: "heroku.Check", Kind: pawl.Mismatch, Err: err}
}
