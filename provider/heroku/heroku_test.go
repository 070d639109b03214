package heroku_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/provider"
	"github.com/pawl-dev/pawl/provider/heroku"
	"github.com/pawl-dev/pawl/provider/heroku/herokusim"
	"github.com/pawl-dev/pawl/provider/wire"
)

const (
	mark  = "CANARY" // in every secret here
	email = "ops@acme.example"
	stem  = "acme-platform-token"
	app   = "acme-api-prod"
	key   = "ACME_TOKEN"
)

// clock is a time that moves only when it is told to.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func newClock() *clock { return &clock{t: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// account is a simulated Heroku with a management authorization, the old
// generation, and one app that holds it.
type account struct {
	*herokusim.Sim
	clock      *clock
	url        string
	token      string // management
	oldID, old string
}

func newAccount(t *testing.T, o herokusim.Options) *account {
	a := &account{clock: newClock()}
	o.Now = a.clock.now
	a.Sim = herokusim.New(o)
	a.AddAccount(email)
	_, a.token = a.AddAuthorization(email, "acme-operations", nil)
	a.oldID, a.old = a.AddAuthorization(email, stem+" 2026-08-20", nil)
	a.AddApp(app, map[string]string{key: a.old, "DATABASE_URL": "postgres://CANARY-db"})
	a.url = serve(t, a.Sim)
	return a
}

func serve(t *testing.T, h http.Handler) string {
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv.URL
}

func (a *account) issuer(t *testing.T, s heroku.Authorization) pawl.Issuer {
	return openIssuer(t, a.url, a.token, a.clock.now, s)
}

func (a *account) consumer(t *testing.T, keys ...string) pawl.Consumer {
	if len(keys) == 0 {
		keys = []string{key}
	}
	return openConsumer(t, a.url, a.token, heroku.ConfigVar{App: app, Keys: keys})
}

func open(t *testing.T, url, token string, now func() time.Time) (provider.Provider, any) {
	t.Helper()
	p := heroku.ProviderAt(now)
	client, err := p.Connection.Open(provider.Connection{Name: "heroku", URL: url, Secrets: map[string]pawl.Secret{"token": secret(token)},
		HTTP: wire.NewClient(wire.Options{Vendor: "heroku"})})
	if err != nil {
		t.Fatal(err)
	}
	return p, client
}

func openIssuer(t *testing.T, url, token string, now func() time.Time, s heroku.Authorization) pawl.Issuer {
	t.Helper()
	p, client := open(t, url, token, now)
	i, err := p.Issuers[0].New(client, encode(t, s))
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func openConsumer(t *testing.T, url, token string, s heroku.ConfigVar) pawl.Consumer {
	t.Helper()
	p, client := open(t, url, token, newClock().now)
	c, err := p.Consumers[0].New(client, encode(t, s))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func encode(t *testing.T, v any) json.RawMessage {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func secret(s string) pawl.Secret { return pawl.NewSecret([]byte(s)) }

func is(s string) pawl.Content { return pawl.Content{Secret: secret(s)} }

// wantKind checks the kind of an error, and that it leaks nothing.
func wantKind(t *testing.T, err error, want pawl.Kind) {
	t.Helper()
	e, ok := errors.AsType[*pawl.Error](err)
	if !ok {
		t.Fatalf("error = %v, want a *pawl.Error of kind %q", err, want)
	}
	if e.Kind != want {
		t.Fatalf("error = %v, want kind %q", err, want)
	}
	noLeak(t, fmt.Sprintf("%v %+v %#v %s", err, err, e, e.Hint))
}

func noLeak(t *testing.T, text string) {
	t.Helper()
	if strings.Contains(text, mark) {
		t.Fatalf("a secret is in: %s", text)
	}
}

func count(requests []string, want string) int {
	n := 0
	for _, r := range requests {
		if r == want {
			n++
		}
	}
	return n
}

// answers is a vendor that always says the same for a path.
type answers map[string]func(w http.ResponseWriter, r *http.Request)

func (a answers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := a[r.Method+" "+r.URL.Path]
	if h == nil {
		http.Error(w, `{"id":"not_found","message":"CANARY"}`, http.StatusNotFound)
		return
	}
	h(w, r)
}

func says(status int, body string, header ...string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
}

func TestSettings(t *testing.T) {
	for name, tt := range map[string]struct {
		s    provider.Settings
		want string // begins the error; empty: none
	}{
		"authorization":     {&heroku.Authorization{Description: stem}, ""},
		"no description":    {&heroku.Authorization{}, "description: "},
		"space around":      {&heroku.Authorization{Description: stem + " "}, "description: "},
		"scope":             {&heroku.Authorization{Description: stem, Scope: []string{"globl"}}, "scope: "},
		"check of no app":   {&heroku.Authorization{Description: stem, Check: heroku.Check{ConfigVarsOf: "a/../b"}}, "check.config_vars_of: "},
		"config var":        {&heroku.ConfigVar{App: app, Keys: []string{"A", "B_2"}}, ""},
		"no app":            {&heroku.ConfigVar{Keys: []string{"A"}}, "app: "},
		"app is a path":     {&heroku.ConfigVar{App: "../account", Keys: []string{"A"}}, "app: "},
		"no keys":           {&heroku.ConfigVar{App: app}, "keys: "},
		"key is not a name": {&heroku.ConfigVar{App: app, Keys: []string{"A-B"}}, "keys: "},
		"key twice":         {&heroku.ConfigVar{App: app, Keys: []string{"A", "A"}}, "keys: "},
	} {
		err := tt.s.Validate()
		if (err == nil) != (tt.want == "") || err != nil && !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%s: Validate = %v, want %q", name, err, tt.want)
		}
	}
}

func TestSettingsOfOneAppMerge(t *testing.T) {
	a := &heroku.ConfigVar{App: app, Keys: []string{"A", "B"}}
	b := &heroku.ConfigVar{App: app, Keys: []string{"B", "C"}}
	if a.Group() != b.Group() {
		t.Fatalf("groups %q and %q, want one", a.Group(), b.Group())
	}
	if err := a.Merge(b); err != nil {
		t.Fatal(err)
	}
	if want := []string{app + "/A", app + "/B", app + "/C"}; !slices.Equal(a.Locations(), want) {
		t.Errorf("Locations = %q, want %q", a.Locations(), want)
	}
	if err := a.Merge(&heroku.ConfigVar{App: "acme-console-prod", Keys: []string{"A"}}); err == nil {
		t.Error("merged with another app")
	}
	if err := a.Merge(&heroku.Authorization{Description: stem}); err == nil {
		t.Error("merged with an issuer's settings")
	}
}

func TestUncheckedSettingsAskNothing(t *testing.T) {
	a := newAccount(t, herokusim.Options{})
	ctx := context.Background()
	i := a.issuer(t, heroku.Authorization{})
	_, err := i.Mint(ctx, "a1")
	wantKind(t, err, pawl.Invalid)
	_, err = i.(pawl.Identifier).Identify(ctx, secret(a.old))
	wantKind(t, err, pawl.Invalid)
	_, err = openConsumer(t, a.url, a.token, heroku.ConfigVar{App: app}).(pawl.Reader).Read(ctx)
	wantKind(t, err, pawl.Invalid)
	if got := a.Requests(); len(got) != 0 {
		t.Errorf("requests = %q, want none", got)
	}
}

func TestConnectionNeedsAToken(t *testing.T) {
	_, err := heroku.Provider().Connection.Open(provider.Connection{Name: "heroku", URL: heroku.URL})
	wantKind(t, err, pawl.Invalid)
}
