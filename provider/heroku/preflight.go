package heroku

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/pawl-dev/pawl"
)

// A rotation of a few apps takes some hundred requests, most of them looks.
const (
	fewRequests    = 200
	tooFewRequests = 20
)

// Preflight asks whose token the connection has, and whether that may manage
// authorizations.
//
// A federated account is Operator: it signs in through a company's identity
// provider, and its tokens die after hours
// (https://help.heroku.com/PBGP6IDE). An account other than the one that new
// tokens must belong to is a Mismatch.
func (i *issuer) Preflight(ctx context.Context) ([]string, error) {
	const op = "heroku.Preflight"
	var (
		who             account
		whoResp         http.Header
		listResp        http.Header
		whoErr, listErr error
		wg              sync.WaitGroup
	)
	wg.Go(func() {
		resp, err := i.c.do(ctx, call{op: op, path: "/account"}, &who)
		whoResp, whoErr = resp.Header, err
	})
	wg.Go(func() { _, listResp, listErr = i.list(ctx, op) })
	wg.Wait()

	findings := append(i.untried(), notices(whoResp, listResp)...)
	remark, err := i.caller(who, whoErr)
	if err == nil {
		err = listErr
	}
	if err != nil {
		return findings, err
	}
	scarce, err := budget(op, whoResp, listResp)
	return slices.DeleteFunc(append(findings, remark, scarce), func(s string) bool { return s == "" }), err
}

// caller judges the account that the connection signs in to. A token that may
// manage authorizations but not say whose it is will do.
func (i *issuer) caller(who account, err error) (finding string, _ error) {
	const op = "heroku.Preflight"
	want := i.set.Check.Account
	switch {
	case pawl.KindOf(err) == pawl.Forbidden:
		return fmt.Sprintf("the token of connection %s may not read its own account, so it was not checked", i.c.name), nil
	case err != nil:
		return "", err
	case who.Email == "":
		return "", unreadable(op, "an account")
	case who.Federated:
		return "", &pawl.Error{Op: op, Kind: pawl.Operator, Err: errors.New("the account signs in through an identity provider (SSO)"),
			Hint: fmt.Sprintf("Tokens of an SSO account die after hours. Give connection %s a token of an account that is not SSO-enabled.", i.c.name)}
	case want != "" && !strings.EqualFold(who.Email, want):
		return "", &pawl.Error{Op: op, Kind: pawl.Mismatch, Err: fmt.Errorf("connection %s signs in to %s, but tokens must belong to %s", i.c.name, plain(who.Email, 100), want),
			Hint: "New tokens belong to the account that the connection signs in to."}
	}
	return "", nil
}

// untried names the checks that a token of this scope cannot pass or fail.
func (i *issuer) untried() []string {
	var all []string
	scope := strings.Join(i.set.scope(), ", ")
	if i.set.Check.Account != "" && !i.set.readsAccount() {
		all = append(all, "check.account is not tried: a token of scope "+scope+" may not read its account")
	}
	if i.set.Check.ConfigVarsOf != "" && !i.set.readsConfigVars() {
		all = append(all, "check.config_vars_of is not tried: a token of scope "+scope+" may not read config vars")
	}
	return all
}

// notices returns the warnings of several answers, each once.
func notices(headers ...http.Header) []string {
	var all []string
	for _, h := range headers {
		for _, text := range warnings(h) {
			if !slices.Contains(all, text) {
				all = append(all, text)
			}
		}
	}
	return all
}

// budget judges what is left of the hour's requests, which all tokens of the
// account share. Answers that do not say count for nothing.
func budget(op string, headers ...http.Header) (finding string, _ error) {
	left, known := 0, false
	for _, h := range headers {
		if n, ok := remaining(h); ok && (!known || n < left) {
			left, known = n, true
		}
	}
	switch {
	case known && left < tooFewRequests:
		return "", &pawl.Error{Op: op, Kind: pawl.Throttled, After: (tooFewRequests - 1) * refill, Err: fmt.Errorf("the account has %d requests left", left),
			Hint: "Something else uses up the account's requests. They come back at about 75 a minute."}
	case known && left < fewRequests:
		return fmt.Sprintf("the account has only %d requests left; they come back at about 75 a minute", left), nil
	}
	return "", nil
}
