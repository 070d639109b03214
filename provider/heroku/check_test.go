package heroku_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/provider/heroku"
	"github.com/pawl-dev/pawl/provider/heroku/herokusim"
)

// What is asked depends on what a token of the scope may do; a token that has
// less than the catalog says is a Mismatch.
func TestCheckKnowsScopes(t *testing.T) {
	both := heroku.Check{Account: email, ConfigVarsOf: app}
	for name, tt := range map[string]struct {
		has    []string // the token's
		scope  []string // the catalog's
		check  heroku.Check
		want   pawl.Kind
		asked  []string
		passes bool
	}{
		"global, both":            {[]string{"global"}, nil, both, 0, []string{"GET /account", "GET /apps/" + app + "/config-vars"}, true},
		"global, nothing":         {[]string{"global"}, nil, heroku.Check{}, 0, []string{"GET /account"}, true},
		"identity, both":          {[]string{"identity"}, []string{"identity"}, both, 0, []string{"GET /account"}, true},
		"read, both":              {[]string{"read"}, []string{"read"}, both, 0, []string{"GET /apps"}, true},
		"protected, both":         {[]string{"read-protected", "write-protected"}, []string{"read-protected", "write-protected"}, both, 0, []string{"GET /apps/" + app + "/config-vars"}, true},
		"protected, nothing":      {[]string{"read-protected"}, []string{"read-protected"}, heroku.Check{}, 0, []string{"GET /apps"}, true},
		"lacks protected":         {[]string{"read"}, []string{"read-protected"}, both, pawl.Mismatch, []string{"GET /apps/" + app + "/config-vars"}, false},
		"lacks account":           {[]string{"write-protected"}, nil, both, pawl.Mismatch, []string{"GET /account", "GET /apps/" + app + "/config-vars"}, false},
		"app that is not there":   {[]string{"global"}, nil, heroku.Check{ConfigVarsOf: "acme-gone"}, pawl.Mismatch, []string{"GET /apps/acme-gone/config-vars"}, false},
		"app without config vars": {[]string{"global"}, nil, heroku.Check{ConfigVarsOf: "acme-empty"}, pawl.Mismatch, []string{"GET /apps/acme-empty/config-vars"}, false},
		"other account":           {[]string{"global"}, nil, heroku.Check{Account: "eve@acme.example"}, pawl.Mismatch, []string{"GET /account"}, false},
		"e-mail in capitals":      {[]string{"global"}, nil, heroku.Check{Account: "OPS@acme.example"}, 0, []string{"GET /account"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAccount(t, herokusim.Options{})
			a.AddApp("acme-empty", nil)
			_, token := a.AddAuthorization(email, "x", tt.has)
			err := a.issuer(t, heroku.Authorization{Description: stem, Scope: tt.scope, Check: tt.check}).Check(t.Context(), secret(token))
			if tt.passes && err != nil {
				t.Fatalf("Check = %v, want nil", err)
			}
			if !tt.passes {
				wantKind(t, err, tt.want)
			}
			asked := a.Requests()
			slices.Sort(asked)
			if !slices.Equal(asked, tt.asked) {
				t.Errorf("asked %q, want %q", asked, tt.asked)
			}
		})
	}
}

func TestCheckOfTwoFactorNeedsAPerson(t *testing.T) {
	a := newAccount(t, herokusim.Options{})
	a.RequireTwoFactor(app, true)
	i := a.issuer(t, heroku.Authorization{Description: stem, Check: heroku.Check{ConfigVarsOf: app}})
	wantKind(t, i.Check(t.Context(), secret(a.old)), pawl.Operator)
}

// Only a refusal of the token is proof that it is dead.
func TestCheckProvesDeathOnlyByRefusal(t *testing.T) {
	const account, vars = "GET /account", "GET /apps/" + app + "/config-vars"
	good := says(200, `{"email":"`+email+`"}`)
	refused := says(401, `{"id":"unauthorized"}`)
	for name, tt := range map[string]struct {
		h    answers
		want pawl.Kind
	}{
		"refused everywhere":         {answers{account: refused, vars: refused}, pawl.Denied},
		"refused, the rest is down":  {answers{account: refused, vars: says(503, "")}, pawl.Denied},
		"refused here, works there":  {answers{account: good, vars: refused}, pawl.Unavailable},
		"refused here, scoped there": {answers{account: refused, vars: says(403, `{"id":"forbidden"}`)}, pawl.Unavailable},
		"down":                       {answers{account: says(503, ""), vars: says(503, "")}, pawl.Unavailable},
		"throttled":                  {answers{account: says(429, ""), vars: says(429, "")}, pawl.Throttled},
		"sign-in page":               {answers{account: says(200, "<html>"), vars: says(200, `{"A":"CANARY"}`)}, pawl.Unavailable},
		"no account":                 {answers{account: says(200, `{}`), vars: says(200, `{"A":"CANARY"}`)}, pawl.Unavailable},
		"null":                       {answers{account: good, vars: says(200, `null`)}, pawl.Unavailable},
		"not config vars":            {answers{account: good, vars: says(200, `["CANARY"]`)}, pawl.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			i := openIssuer(t, serve(t, tt.h), "HRKU-CANARY-m", newClock().now, heroku.Authorization{Description: stem, Check: heroku.Check{Account: email, ConfigVarsOf: app}})
			wantKind(t, i.Check(t.Context(), secret("HRKU-CANARY-v")), tt.want)
		})
	}
}

func TestCheckOfNoTokenIsInvalid(t *testing.T) {
	a := newAccount(t, herokusim.Options{})
	i := a.issuer(t, heroku.Authorization{Description: stem})
	wantKind(t, i.Check(t.Context(), pawl.Secret{}), pawl.Invalid)
	wantKind(t, i.Check(t.Context(), secret("HRKU-CANARY-1\n")), pawl.Invalid)
	if got := a.Requests(); len(got) != 0 {
		t.Errorf("requests = %q, want none: the connection's own token must not stand in", got)
	}
}

func TestPreflight(t *testing.T) {
	plain := heroku.Authorization{Description: stem, Check: heroku.Check{Account: email}}
	for name, tt := range map[string]struct {
		prepare func(*account)
		s       heroku.Authorization
		want    pawl.Kind // 0: no error
		finding string    // part of the only one
	}{
		"fine":      {func(*account) {}, plain, 0, ""},
		"federated": {func(a *account) { a.Federated(email, true) }, plain, pawl.Operator, ""},
		"other account": {func(a *account) {
			a.AddAccount("eve@acme.example")
			_, a.token = a.AddAuthorization("eve@acme.example", "x", nil)
		}, plain, pawl.Mismatch, ""},
		"refused":         {func(a *account) { a.token = "HRKU-CANARY-wrong" }, plain, pawl.Denied, ""},
		"too narrow":      {func(a *account) { _, a.token = a.AddAuthorization(email, "x", []string{"identity"}) }, plain, pawl.Forbidden, ""},
		"few requests":    {func(a *account) { a.SetRateLimit(100) }, plain, 0, "requests left"},
		"no requests":     {func(a *account) { a.SetRateLimit(15) }, plain, pawl.Throttled, ""},
		"warning":         {func(a *account) { a.SetWarning("tokens are shown once") }, plain, 0, "Heroku says: tokens are shown once"},
		"untried account": {func(*account) {}, heroku.Authorization{Description: stem, Scope: []string{"read-protected"}, Check: heroku.Check{Account: email}}, 0, "check.account is not tried"},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAccount(t, herokusim.Options{})
			tt.prepare(a)
			findings, err := a.issuer(t, tt.s).(pawl.Preflighter).Preflight(t.Context())
			if tt.want == 0 && err != nil {
				t.Fatalf("Preflight = %v, want nil", err)
			}
			if tt.want != 0 {
				wantKind(t, err, tt.want)
				return
			}
			if (tt.finding == "") != (len(findings) == 0) || tt.finding != "" && (len(findings) != 1 || !strings.Contains(findings[0], tt.finding)) {
				t.Errorf("findings = %q, want %q", findings, tt.finding)
			}
		})
	}
}

// A token that may manage authorizations but not read the account will do.
func TestPreflightOfATokenWithoutIdentity(t *testing.T) {
	url := serve(t, answers{"GET /account": says(403, `{"id":"forbidden"}`), "GET /oauth/authorizations": says(200, `[]`)})
	findings, err := openIssuer(t, url, "HRKU-CANARY-m", newClock().now, heroku.Authorization{Description: stem}).(pawl.Preflighter).Preflight(t.Context())
	if err != nil || len(findings) != 1 {
		t.Fatalf("Preflight = %q, %v; want one finding", findings, err)
	}
}
