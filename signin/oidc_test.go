package signin_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/roster"
	"github.com/pawl-dev/pawl/roster/logged"
	"github.com/pawl-dev/pawl/signin"
)

const (
	issuer   = "https://id.acme.example"
	callback = "https://pawl.acme.example/sign-in/oidc/acme/callback"
)

// An inside is a transport to a handler of this process: nothing listens.
type inside struct {
	http.Handler
	down bool
}

func (i *inside) RoundTrip(r *http.Request) (*http.Response, error) {
	if i.down {
		return nil, fmt.Errorf("no route to %s", r.URL.Host)
	}
	if r.Body == nil {
		r.Body = io.NopCloser(strings.NewReader(""))
	}
	w := httptest.NewRecorder()
	r.RequestURI = r.URL.RequestURI()
	i.ServeHTTP(w, r)
	return w.Result(), nil
}

// realProvider is zitadel's OpenID provider with its two users, id1 and id2.
func realProvider() *inside {
	storage.RegisterClients(storage.WebClient("pawl", "CANARY-client-secret", callback))
	quiet := slog.New(slog.DiscardHandler)
	return &inside{Handler: exampleop.SetupServer(issuer, storage.NewStorage(storage.NewUserStore(issuer)), quiet, false)}
}

func vouchedBy(at http.RoundTripper) func(*signin.Config) {
	return func(c *signin.Config) {
		c.Providers = []signin.Provider{{Name: "acme", Title: "Acme", Issuer: issuer, ClientID: "pawl", Transport: at,
			Secret: func(context.Context) (pawl.Secret, error) { return pawl.NewSecret([]byte("CANARY-client-secret")), nil }}}
	}
}

var requestID = regexp.MustCompile(`name="id" value="([^"]+)"`)

// through goes to the provider, signs in there as a user, and returns where it
// sends the browser back to.
func (b *browser) through(p *inside, user, query string) string {
	b.t.Helper()
	w := b.do(b.request("GET", "/sign-in/oidc/acme"+query, ""))
	if w.Code != http.StatusSeeOther {
		b.t.Fatal(w.Code, w.Body)
	}
	there := &http.Client{Transport: p, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if r.URL.Host == "pawl.acme.example" {
			return http.ErrUseLastResponse
		}
		return nil
	}}
	res, err := there.Get(w.Header().Get("Location"))
	if err != nil {
		b.t.Fatal(err)
	}
	page, _ := io.ReadAll(res.Body)
	id := requestID.FindSubmatch(page)
	if id == nil {
		b.t.Fatalf("%s", page)
	}
	res, err = there.PostForm(issuer+"/login/username", url.Values{"id": {string(id[1])}, "username": {user}, "password": {"verysecure"}})
	if err != nil {
		b.t.Fatal(err)
	}
	back := res.Header.Get("Location")
	if !strings.HasPrefix(back, callback+"?") {
		b.t.Fatal(res.StatusCode, back)
	}
	return strings.TrimPrefix(back, "https://pawl.acme.example")
}

// arrive is the browser coming back: from another site, so without strict
// cookies.
func (b *browser) arrive(path string) *httptest.ResponseRecorder {
	r := b.request("GET", path, "", "Sec-Fetch-Site", "cross-site")
	r.Header.Del("Cookie")
	for _, c := range b.jar {
		if c.SameSite != http.SameSiteStrictMode {
			r.AddCookie(c)
		}
	}
	return b.do(r)
}

const user1, user2 = "test-user@id.acme.example", "test-user2"

// TestOpenID: somebody makes their login theirs, signs in by it, and says once
// more who they are; all of it with a real provider.
func TestOpenID(t *testing.T) {
	p := realProvider()
	open(t, func(t *testing.T, g *gate) {
		stranger := g.browser()
		w := stranger.arrive(stranger.through(p, user1, ""))
		if w.Code != 401 || !strings.Contains(w.Body.String(), "nobody here does") {
			t.Fatal("a login that is nobody's:", w.Code, w.Body)
		}
		who, err := stranger.whoami()
		isNobody(t, "a login that is nobody's", who, err)

		bo := g.as("bo")
		if page := bo.do(bo.request("GET", "/sign-in/ways", "")).Body.String(); !strings.Contains(page, "Sign in at Acme from now on") {
			t.Error(page)
		}
		if w := bo.arrive(bo.through(p, user1, "?link")); w.Code != 200 || !strings.Contains(w.Body.String(), "url=/sign-in/ways") {
			t.Fatal(w.Code, w.Body)
		}
		kept, _ := g.people.Person(t.Context(), "bo")
		if fmt.Sprint(kept.Logins) != "[{https://id.acme.example id1}]" {
			t.Fatal(kept.Logins)
		}

		time.Sleep(time.Hour)
		in := g.browser()
		w = in.arrive(in.through(p, user1, "?next=/approvals"))
		if w.Code != 200 || !strings.Contains(w.Body.String(), `content="0; url=/approvals"`) {
			t.Fatal(w.Code, w.Body)
		}
		if who, err := in.whoami(); err != nil || who.Actor.ID != "bo" || !who.Fresh {
			t.Errorf("%+v %v", who, err)
		}
		first := in.cookie().Value
		time.Sleep(10 * time.Minute)
		if who, _ := in.whoami(); who.Fresh {
			t.Error("fresh after ten minutes")
		}
		start := in.do(in.request("GET", "/sign-in/oidc/acme?again", "")).Header().Get("Location")
		if !strings.Contains(start, "prompt=login") || !strings.Contains(start, "max_age=0") || !strings.Contains(start, "code_challenge_method=S256") || strings.Contains(start, "CANARY") {
			t.Error(start)
		}
		if w := in.arrive(in.through(p, user1, "?again&next=/rotations/key/1")); w.Code != 200 {
			t.Fatal(w.Code, w.Body)
		}
		if who, err := in.whoami(); err != nil || !who.Fresh || in.cookie().Value == first {
			t.Errorf("%+v %v", who, err)
		}
		ana := g.as("ana")
		ana.arrive(ana.through(p, user2, "?link"))
		time.Sleep(time.Minute)
		if w := in.arrive(in.through(p, user2, "?again")); w.Code != 401 || !strings.Contains(w.Body.String(), "somebody else") {
			t.Errorf("ana says that she is bo: %d", w.Code)
		}
		again := g.as("bo")
		if w := again.post("/sign-in/logins/drop", url.Values{"issuer": {"https://other.example"}}); w.Code != 404 {
			t.Errorf("a login that is not there: %d", w.Code)
		}
		if w := again.post("/sign-in/logins/drop", url.Values{"issuer": {issuer}}); w.Code != 303 {
			t.Errorf("taken away: %d %s", w.Code, w.Body)
		}
		gone := g.browser()
		if w := gone.arrive(gone.through(p, user1, "")); w.Code != 401 {
			t.Errorf("a login that was taken away: %d", w.Code)
		}
		said := g.said()
		for _, want := range []string{"policy.changed bo person bo: a login added, https://id.acme.example", "auth.signed_in bo by oidc from 192.0.2.7", "auth.denied nobody a login of the provider acme that is not good"} {
			if !strings.Contains(said, want) {
				t.Errorf("%q is not in\n%s", want, said)
			}
		}
	}, vouchedBy(p))
}

// TestLinks: a login is one person's, and nobody is linked who has not just
// shown who they are.
func TestLinks(t *testing.T) {
	p := realProvider()
	open(t, func(t *testing.T, g *gate) {
		bo, ana := g.as("bo"), g.as("ana")
		bo.arrive(bo.through(p, user1, "?link"))
		if w := ana.arrive(ana.through(p, user1, "?link")); w.Code != 409 {
			t.Errorf("bo's login, by ana: %d %s", w.Code, w.Body)
		}
		time.Sleep(6 * time.Minute)
		if w := ana.do(ana.request("GET", "/sign-in/oidc/acme?link", "")); w.Code != 403 {
			t.Errorf("stale: %d", w.Code)
		}
		nobody := g.browser()
		if w := nobody.do(nobody.request("GET", "/sign-in/oidc/acme?link", "")); w.Code != 401 {
			t.Errorf("nobody: %d", w.Code)
		}
		fresh := g.as("ana")
		back := fresh.through(p, user2, "?link")
		g.full = true
		if w := fresh.arrive(back); w.Code != 503 {
			t.Errorf("unseen: %d", w.Code)
		}
		if kept, _ := g.people.Person(t.Context(), "ana"); len(kept.Logins) != 1 {
			t.Errorf("a login was added unseen: %v", kept.Logins)
		}
	}, vouchedBy(p))
}

// TestReplayedCallback: an answer of the provider is good once, in the browser
// that asked, and for a while.
func TestReplayedCallback(t *testing.T) {
	p := realProvider()
	open(t, func(t *testing.T, g *gate) {
		bo := g.as("bo")
		bo.arrive(bo.through(p, user1, "?link"))
		name := "__Host-pawl-oidc"

		b := g.browser()
		back := b.through(p, user1, "")
		ticket := *b.jar[name]
		if !ticket.HttpOnly || !ticket.Secure || ticket.SameSite != http.SameSiteLaxMode {
			t.Errorf("%+v", ticket)
		}
		victim := g.browser()
		if w := victim.arrive(back); w.Code != 401 {
			t.Errorf("the answer in another browser, which would sign a victim in as somebody else: %d", w.Code)
		}
		victim.through(p, user2, "")
		if w := victim.arrive(back); w.Code != 401 {
			t.Errorf("the same, while it is signing in itself: %d", w.Code)
		}
		if w := b.arrive(strings.Replace(back, "state=", "state=x", 1)); w.Code != 401 {
			t.Errorf("another state: %d", w.Code)
		}
		b.jar[name] = &ticket
		if w := b.arrive(back); w.Code != 401 {
			t.Errorf("a ticket that was used up by a wrong answer: %d", w.Code)
		}

		good := g.browser()
		back = good.through(p, user1, "")
		ticket = *good.jar[name]
		if w := good.arrive(back); w.Code != 200 {
			t.Fatal(w.Code, w.Body)
		}
		good.jar[name] = &ticket
		if w := good.arrive(back); w.Code != 401 {
			t.Errorf("again: %d", w.Code)
		}
		late := g.browser()
		back = late.through(p, user1, "")
		time.Sleep(10 * time.Minute)
		if w := late.arrive(back); w.Code != 401 {
			t.Errorf("late: %d", w.Code)
		}
		mixed := g.browser()
		back = mixed.through(p, user1, "")
		if w := mixed.arrive(back + "&iss=https%3A%2F%2Fevil.example"); w.Code != 401 {
			t.Errorf("from another provider: %d", w.Code)
		}
		for _, q := range []string{"", "?error=access_denied&error_description=CANARY", "?error=CANARY", "?code=CANARY&state=CANARY"} {
			b := g.browser()
			b.through(p, user1, "")
			if w := b.arrive("/sign-in/oidc/acme/callback" + q); w.Code != 401 {
				t.Errorf("%q: %d", q, w.Code)
			}
			time.Sleep(time.Minute)
		}
		if w := g.browser().arrive("/sign-in/oidc/none/callback?code=x"); w.Code != 401 {
			t.Errorf("no such provider: %d", w.Code)
		}
	}, vouchedBy(p))
}

// TestProviderIsDown: people are told, and others can sign in; it is asked again
// before long.
func TestProviderIsDown(t *testing.T) {
	p := realProvider()
	p.down = true
	open(t, func(t *testing.T, g *gate) {
		b := g.browser()
		if w := b.do(b.request("GET", "/sign-in/oidc/acme", "")); w.Code != 503 || !strings.Contains(w.Body.String(), "does not answer as it should") {
			t.Error(w.Code, w.Body)
		}
		p.down = false
		if w := b.do(b.request("GET", "/sign-in/oidc/acme", "")); w.Code != 503 {
			t.Errorf("asked again at once: %d", w.Code)
		}
		time.Sleep(10 * time.Second)
		back := b.through(p, user1, "")
		p.down = true
		if w := b.arrive(back); w.Code != 503 || !strings.Contains(w.Body.String(), "cannot be reached") {
			t.Error(w.Code, w.Body)
		}
		p.down = false
		if w := b.do(b.request("GET", "/sign-in/oidc/none", "")); w.Code != 404 {
			t.Error(w.Code)
		}
	}, vouchedBy(p))
}

// TestProviders: what cannot be used is said at the start.
func TestProviders(t *testing.T) {
	secret := func(context.Context) (pawl.Secret, error) { return pawl.NewSecret([]byte("CANARY")), nil }
	good := signin.Provider{Name: "acme", Issuer: issuer, ClientID: "pawl", Secret: secret}
	for what, c := range map[string]struct {
		change func(*signin.Provider)
		good   bool
	}{
		"as it should be":     {func(*signin.Provider) {}, true},
		"on this machine":     {func(p *signin.Provider) { p.Issuer = "http://localhost:9998" }, true},
		"plain http":          {func(p *signin.Provider) { p.Issuer = "http://id.acme.example" }, false},
		"no issuer":           {func(p *signin.Provider) { p.Issuer = "" }, false},
		"with a query":        {func(p *signin.Provider) { p.Issuer += "?x" }, false},
		"no client":           {func(p *signin.Provider) { p.ClientID = "" }, false},
		"no secret":           {func(p *signin.Provider) { p.Secret = nil }, false},
		"a name with a slash": {func(p *signin.Provider) { p.Name = "a/b" }, false},
	} {
		p := good
		c.change(&p)
		_, err := signin.New(signin.Config{Origin: "https://pawl.acme.example", Book: &logged.Book{Roster: roster.NewMemory()}, Providers: []signin.Provider{p}})
		if (err == nil) != c.good {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := signin.New(signin.Config{Origin: "https://pawl.acme.example", Book: &logged.Book{Roster: roster.NewMemory()}, Providers: []signin.Provider{good, good}}); err == nil {
		t.Error("two of one name")
	}
}
