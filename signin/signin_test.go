package signin_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/audit"
	"github.com/pawl-dev/pawl/audit/echo"
	"github.com/pawl-dev/pawl/roster"
	"github.com/pawl-dev/pawl/roster/logged"
	"github.com/pawl-dev/pawl/signin"
)

// A gate is a door with a team behind it, in virtual time: ana leads, bo
// approves, eva is disabled.
type gate struct {
	*signin.Server
	t       *testing.T
	people  *roster.Memory
	mu      sync.Mutex
	log     []audit.Event
	full    bool // the audit log cannot be written
	lost    bool // the roster cannot be read
	origin  string
	locally signin.Local
}

func open(t *testing.T, f func(*testing.T, *gate), options ...func(*signin.Config)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		g := &gate{t: t, people: roster.NewMemory(), origin: "https://pawl.acme.example"}
		g.add(roster.Person{ID: "ana", Roles: []access.Role{access.Admin, access.Operator}, Logins: []roster.Login{roster.UnixLogin("ana")}})
		g.add(roster.Person{ID: "bo", Roles: []access.Role{access.Approver}, Teams: []string{"security"}})
		g.add(roster.Person{ID: "eva", Roles: []access.Role{access.Viewer}, Disabled: true})
		cfg := signin.Config{Book: &logged.Book{Roster: &unreadable{g.people, &g.lost}, Record: g.record}, Origin: g.origin, Settle: true}
		for _, o := range options {
			o(&cfg)
		}
		g.origin = cfg.Origin
		s, err := signin.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		g.Server = s
		f(t, g)
	})
}

func (g *gate) record(_ context.Context, events ...audit.Event) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.full {
		return &pawl.Error{Op: "journal", Kind: pawl.Unavailable, Err: errors.New("the disk is full")}
	}
	g.log = append(g.log, events...)
	return nil
}

// said is what is in the audit log, a word and a detail each. No secret is.
func (g *gate) said() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	var b strings.Builder
	for _, ev := range g.log {
		fmt.Fprintf(&b, "%s %s %s\n", ev.Action, ev.Actor.ID, ev.Context.Detail)
	}
	text, _ := json.Marshal(g.log)
	if strings.Contains(string(text), "pawl_") {
		g.t.Error("a secret is in the audit log")
	}
	return b.String()
}

func (g *gate) add(p roster.Person) roster.Person {
	g.t.Helper()
	p.Created = time.Now()
	p, err := g.people.PutPerson(g.t.Context(), p)
	if err != nil {
		g.t.Fatal(err)
	}
	return p
}

// A browser keeps cookies, and says where its requests come from.
type browser struct {
	*gate
	jar     map[string]*http.Cookie
	address string
}

func (g *gate) browser() *browser {
	return &browser{gate: g, jar: map[string]*http.Cookie{}, address: "192.0.2.7:1000"}
}

func (b *browser) request(method, path, body string, head ...string) *http.Request {
	r := httptest.NewRequestWithContext(b.t.Context(), method, path, strings.NewReader(body))
	u, _ := url.Parse(b.origin)
	r.Host, r.RemoteAddr = u.Host, b.address
	r.Header.Set("User-Agent", "Browser 1")
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		r.Header.Set("Origin", b.origin)
	}
	for _, c := range b.jar {
		r.AddCookie(c)
	}
	for i := 0; i < len(head); i += 2 {
		r.Header.Del(head[i])
		if head[i+1] != "" {
			r.Header.Set(head[i], head[i+1])
		}
	}
	return r
}

func (b *browser) do(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	b.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		if c.MaxAge < 0 {
			delete(b.jar, c.Name)
		} else {
			b.jar[c.Name] = c
		}
	}
	if strings.Contains(w.Body.String(), "CANARY") || strings.Contains(w.Body.String(), "pawl_s") {
		b.t.Errorf("%s %s repeats a secret: %s", r.Method, r.URL, w.Body)
	}
	return w
}

func (b *browser) post(path string, form url.Values, head ...string) *httptest.ResponseRecorder {
	return b.do(b.request("POST", path, form.Encode(), head...))
}

// whoami asks the door who this browser is.
func (b *browser) whoami(head ...string) (access.Subject, error) {
	return b.Who(b.request("GET", "/", "", head...))
}

// code is a code for somebody; "" is the first admin.
func (g *gate) code(person string) string {
	g.t.Helper()
	c := roster.NewToken(roster.OfCode)
	if err := g.people.AddCode(g.t.Context(), roster.Code{Hash: roster.HashOf(c), Person: person, By: "terminal", Created: time.Now(), Expires: time.Now().Add(roster.FirstCodeFor)}); err != nil {
		g.t.Fatal(err)
	}
	return string(c.Reveal())
}

// as is a browser that somebody has just signed in at.
func (g *gate) as(person string) *browser {
	g.t.Helper()
	b := g.browser()
	if w := b.post("/sign-in/code", url.Values{"code": {g.code(person)}}); w.Code != http.StatusSeeOther {
		g.t.Fatal(w.Code, w.Body)
	}
	return b
}

func (b *browser) cookie() *http.Cookie {
	for _, c := range b.jar {
		return c
	}
	return nil
}

// isNobody fails unless an error says that nobody is signed in.
func isNobody(t *testing.T, what string, who access.Subject, err error) {
	t.Helper()
	if pawl.KindOf(err) != pawl.Denied || who.Actor.ID != "" || len(who.Roles) > 0 {
		t.Errorf("%s: %+v, %v", what, who, err)
	}
}

// TestFirstAdmin: from the code on the terminal to somebody who is signed in.
func TestFirstAdmin(t *testing.T) {
	open(t, func(t *testing.T, g *gate) {
		// Ana leads, and comes by the socket; nobody is there yet who could sign in.
		code, err := g.First(t.Context(), pawl.Actor{Type: "user", ID: "ops@host-1"})
		if err != nil || code.IsZero() {
			t.Fatal(code, err)
		}
		b := g.browser()
		if w := b.do(b.request("GET", "/sign-in?next=/approvals", "")); w.Code != 200 || !strings.Contains(w.Body.String(), "server’s terminal") || !strings.Contains(w.Body.String(), `value="/approvals"`) {
			t.Error(w.Code, w.Body)
		}
		form := url.Values{"code": {" " + string(code.Reveal()) + "\n"}, "id": {"root admin"}, "name": {"Olga"}, "next": {"/approvals?x=1"}}
		if w := b.post("/sign-in/code", form); w.Code != 401 || !strings.Contains(w.Body.String(), "lower-case") {
			t.Error("a bad name:", w.Code, w.Body)
		}
		form.Set("id", "olga")
		w := b.post("/sign-in/code", form)
		if w.Code != 303 || w.Header().Get("Location") != "/sign-in/ways?next=%2Fapprovals%3Fx%3D1" {
			t.Fatal(w.Code, w.Header(), w.Body)
		}
		c := b.cookie()
		if c.Name != "__Host-pawl" || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Domain != "" || c.MaxAge != 0 {
			t.Errorf("%+v", c)
		}
		who, err := b.whoami()
		if err != nil || who.Actor != (pawl.Actor{Type: "user", ID: "olga"}) || !who.Has(access.Superadmin) || !who.Fresh || who.Service {
			t.Errorf("%+v %v", who, err)
		}
		time.Sleep(time.Minute)
		if w := g.browser().post("/sign-in/code", form); w.Code != 401 || !strings.Contains(w.Body.String(), "not good any more") {
			t.Error("twice:", w.Code, w.Body)
		}
		g.Close()
		if said := g.said(); !strings.Contains(said, "policy.changed ops@host-1 person olga: the first admin\nauth.signed_in olga by code from 192.0.2.7\nauth.denied nobody a code that is not good from 192.0.2.7 (and 1 more like it since ") {
			t.Error(said)
		}
		// Who came by the code and has nothing to sign in with yet gets another one.
		if again, err := g.First(t.Context(), pawl.Actor{}); err != nil || again.IsZero() {
			t.Error(again, err)
		}
		g.people.AddPasskey(t.Context(), roster.Passkey{ID: []byte{1}, Person: "olga"})
		if again, err := g.First(t.Context(), pawl.Actor{}); err != nil || !again.IsZero() {
			t.Error("a code although somebody leads:", again, err)
		}
		g.people.DropPasskey(t.Context(), "olga", []byte{1})
		ana, _ := g.people.Person(t.Context(), "ana")
		ana.Logins = append(ana.Logins, roster.Login{Issuer: "https://id.acme.example", Subject: "7"})
		g.people.PutPerson(t.Context(), ana)
		if again, err := g.First(t.Context(), pawl.Actor{}); err != nil || !again.IsZero() {
			t.Error("a code although somebody leads, who is vouched for:", again, err)
		}
	})
}

// TestCodesThatAreNotGood: each is refused in one way, and none of them tells
// why, or what there is.
func TestCodesThatAreNotGood(t *testing.T) {
	open(t, func(t *testing.T, g *gate) {
		late := g.code("bo")
		time.Sleep(roster.FirstCodeFor)
		used := g.code("bo")
		g.browser().post("/sign-in/code", url.Values{"code": {used}})
		for what, code := range map[string]string{
			"late": late, "used": used, "forged": string(roster.NewToken(roster.OfCode).Reveal()), "a token": string(roster.NewToken(roster.OfToken).Reveal()),
			"none": "", "of somebody disabled": g.code("eva"), "huge": strings.Repeat("x", 20_000), "too large to read": strings.Repeat("x", 80_000),
		} {
			b := g.browser()
			w := b.post("/sign-in/code", url.Values{"code": {code}})
			if w.Code != 401 || len(b.jar) > 0 {
				t.Errorf("%s: %d %v", what, w.Code, b.jar)
			}
			who, err := b.whoami()
			isNobody(t, what, who, err)
		}
	})
}

// TestCodesOfMakers: a code is good for as long as who made it may make it. One that
// was made on the server itself has nobody who could lose that.
func TestCodesOfMakers(t *testing.T) {
	change := func(g *gate, id string, to func(*roster.Person)) {
		p, err := g.people.Person(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		to(&p)
		if _, err := g.people.PutPerson(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	for what, c := range map[string]struct {
		to   func(g *gate)
		good bool
	}{
		"nothing happened":           {func(*gate) {}, true},
		"the maker is disabled":      {func(g *gate) { change(g, "ana", func(p *roster.Person) { p.Disabled = true }) }, false},
		"the maker is no admin":      {func(g *gate) { change(g, "ana", func(p *roster.Person) { p.Roles = []access.Role{access.Operator} }) }, false},
		"the maker has more roles":   {func(g *gate) { change(g, "ana", func(p *roster.Person) { p.Roles = []access.Role{access.Superadmin} }) }, true},
		"the maker has another name": {func(g *gate) { change(g, "ana", func(p *roster.Person) { p.Name = "Ana B." }) }, true},
	} {
		t.Run(what, func(t *testing.T) {
			open(t, func(t *testing.T, g *gate) {
				value := roster.NewToken(roster.OfCode)
				if err := g.people.AddCode(t.Context(), roster.Code{Hash: roster.HashOf(value), Person: "bo", By: "ana", Maker: "ana", Created: time.Now(), Expires: time.Now().Add(roster.InviteFor)}); err != nil {
					t.Fatal(err)
				}
				c.to(g)
				b := g.browser()
				w := b.post("/sign-in/code", url.Values{"code": {string(value.Reveal())}})
				if in := w.Code == http.StatusSeeOther; in != c.good {
					t.Errorf("%d %s", w.Code, w.Body)
				}
				want := "policy.changed bo person bo: the code made by ana is used\n"
				if !c.good {
					want = "policy.changed bo person bo: the code made by ana is used up, and lets nobody in\n"
					if !strings.Contains(w.Body.String(), "Who made this code may not let you in any more") {
						t.Error(w.Body)
					}
				}
				if said := g.said(); !strings.Contains(said, want) {
					t.Error(said)
				}
			})
		})
	}
}

// TestSessionFixation: a cookie that somebody planted before is worth nothing
// after signing in, and neither is the one from before saying once more who one
// is.
func TestSessionFixation(t *testing.T) {
	open(t, func(t *testing.T, g *gate) {
		b := g.browser()
		b.jar["__Host-pawl"] = &http.Cookie{Name: "__Host-pawl", Value: string(roster.NewToken(roster.OfSession).Reveal())}
		planted := b.cookie().Value
		b.post("/sign-in/code", url.Values{"code": {g.code("bo")}})
		if b.cookie().Value == planted {
			t.Fatal("the planted cookie was taken on")
		}
		first := *b.cookie()
		time.Sleep(10 * time.Minute)
		b.post("/sign-in/code", url.Values{"code": {g.code("bo")}})
		if who, err := b.whoami(); err != nil || !who.Fresh {
			t.Error(who, err)
		}
		old := g.browser()
		old.jar[first.Name] = &first
		who, err := old.whoami()
		isNobody(t, "the session from before", who, err)
		if all, _ := g.people.SessionsOf(t.Context(), "bo"); len(all) != 1 {
			t.Errorf("%d sessions", len(all))
		}
		two := b.request("GET", "/", "")
		two.AddCookie(&http.Cookie{Name: "__Host-pawl", Value: planted})
		who, err = g.Who(two)
		isNobody(t, "two cookies of one name", who, err)
	})
}

// TestSessionsEnd: by themselves, by signing out, and from outside.
func TestSessionsEnd(t *testing.T) {
	open(t, func(t *testing.T, g *gate) {
		idle := g.as("bo")
		time.Sleep(4 * time.Minute)
		if who, err := idle.whoami(); err != nil || !who.Fresh || !who.Member("security") {
			t.Errorf("%+v %v", who, err)
		}
		time.Sleep(time.Minute)
		if who, err := idle.whoami(); err != nil || who.Fresh {
			t.Errorf("after five minutes: %+v %v", who, err)
		}
		busy := g.as("ana")
		for range 23 {
			time.Sleep(29 * time.Minute)
			if _, err := busy.whoami(); err != nil {
				t.Fatal(err)
			}
		}
		who, err := idle.whoami()
		isNobody(t, "idle for too long", who, err)
		left := g.as("bo") // a page that is left open
		for range 3 {
			time.Sleep(10*time.Minute - 1)
			if _, err := left.whoami("Accept", "text/event-stream"); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(3)
		who, err = left.whoami("Accept", "text/event-stream")
		isNobody(t, "a page left open", who, err)
		time.Sleep(25 * time.Minute)
		who, err = busy.whoami()
		isNobody(t, "after twelve hours", who, err)

		out := g.as("bo")
		stolen := *out.cookie()
		if w := out.post("/sign-out", nil); w.Code != 303 || len(out.jar) != 0 {
			t.Error(w.Code, out.jar)
		}
		out.jar[stolen.Name] = &stolen
		who, err = out.whoami()
		isNobody(t, "signed out", who, err)

		killed := g.as("bo")
		all, _ := g.people.SessionsOf(t.Context(), "bo")
		g.people.DropSession(t.Context(), "bo", all[0].ID)
		who, err = killed.whoami()
		isNobody(t, "ended by somebody", who, err)

		gone := g.as("bo")
		bo, _ := g.people.Person(t.Context(), "bo")
		bo.Disabled = true
		g.people.PutPerson(t.Context(), bo)
		who, err = gone.whoami()
		isNobody(t, "disabled", who, err)
		if said := g.said(); !strings.Contains(said, "auth.signed_out bo") {
			t.Error(said)
		}
	})
}

// TestFromAnotherSite: a request that another site makes a browser send changes
// nothing, signed in or not, and is nobody's.
func TestFromAnotherSite(t *testing.T) {
	open(t, func(t *testing.T, g *gate) {
		b := g.as("bo")
		for what, head := range map[string][]string{
			"cross-site":         {"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"},
			"same-site":          {"Sec-Fetch-Site", "same-site", "Origin", "https://other.acme.example"},
			"an old browser":     {"Sec-Fetch-Site", "", "Origin", "https://evil.example"},
			"says nothing":       {"Sec-Fetch-Site", "", "Origin", ""},
			"an opaque origin":   {"Sec-Fetch-Site", "", "Origin", "null"},
			"plain http of ours": {"Sec-Fetch-Site", "", "Origin", "http://pawl.acme.example.evil.example"},
		} {
			code := g.code("ana")
			if w := g.browser().post("/sign-in/code", url.Values{"code": {code}}, head...); w.Code != 403 || w.Header().Get("Set-Cookie") != "" {
				t.Errorf("%s signs somebody in: %d", what, w.Code)
			}
			if w := b.post("/sign-out", nil, head...); w.Code != 403 {
				t.Errorf("%s signs somebody out: %d", what, w.Code)
			}
			for _, method := range []string{"POST", "PUT", "DELETE", "PATCH"} {
				r := b.request("POST", "/api/v1/rotations", "{}", head...)
				r.Method = method
				if who, err := g.Who(r); pawl.KindOf(err) != pawl.Forbidden || who.Actor.ID != "" {
					t.Errorf("%s %s: %+v %v", what, method, who, err)
				}
			}
			time.Sleep(time.Minute)
		}
		if who, err := b.Who(b.request("POST", "/", "")); err != nil || who.Actor.ID != "bo" {
			t.Errorf("our own page: %+v %v", who, err)
		}
		time.Sleep(time.Second)
		if said := g.said(); !strings.Contains(said, "auth.denied bo a request from another site from 192.0.2.7") {
			t.Error(said)
		}
	})
}

// TestOpenRedirect: nobody is sent to another site, whatever the address says.
func TestOpenRedirect(t *testing.T) {
	open(t, func(t *testing.T, g *gate) {
		b := g.as("bo")
		for next, want := range map[string]string{
			"/rotations/key/1?a=b#c": "/rotations/key/1?a=b#c", "": "/", "//evil.example": "/", "https://evil.example": "/", "/\\evil.example": "/", "\\\\evil.example": "/",
			"/\t/evil.example": "/", "javascript:alert(1)": "/", "evil": "/", "/%2f/evil.example": "/", "//evil.example/%2f..": "/", "http:/evil": "/",
			"/sign-out": "/", "/ok\r\nSet-Cookie: a=b": "/", "///evil.example": "/", "/..//evil.example": "/evil.example",
		} {
			w := b.do(b.request("GET", "/sign-in?next="+url.QueryEscape(next), ""))
			if got := w.Header().Get("Location"); w.Code != 303 || got != want {
				t.Errorf("%q leads to %q (%d)", next, got, w.Code)
			}
		}
	})
}

// token is a token of somebody's, as a header.
func (g *gate) token(change func(*roster.Token)) string {
	g.t.Helper()
	value := roster.NewToken(roster.OfToken)
	now := time.Now()
	t := roster.Token{ID: roster.NewID(), Hash: roster.HashOf(value), Name: "ci-" + strings.ToLower(roster.NewID()), Person: "ana", By: "ana", Roles: []access.Role{access.Operator, access.Superadmin}, Created: now, Expires: now.Add(time.Hour)}
	if change != nil {
		change(&t)
	}
	if err := g.people.AddToken(g.t.Context(), t); err != nil {
		g.t.Fatal(err)
	}
	return "Bearer " + string(value.Reveal())
}

// TestTokens: a good one is somebody, with no more than its maker has; each that
// is not good is nobody, even if it comes with a cookie that is.
func TestTokens(t *testing.T) {
	open(t, func(t *testing.T, g *gate) {
		b := g.as("bo")
		good := g.token(func(tok *roster.Token) { tok.Name, tok.Scope = "ci", []access.Action{access.See, access.Rotate} })
		who, err := b.whoami("Authorization", good)
		if err != nil || who.Actor != (pawl.Actor{Type: "api_token", ID: "ana/ci"}) || !who.Service || who.Fresh || fmt.Sprint(who.Roles) != "[operator]" {
			t.Fatalf("%+v %v", who, err)
		}
		if err := access.Check(who, access.Request{Action: access.Rollback}); pawl.KindOf(err) != pawl.Forbidden {
			t.Errorf("beyond its scope: %v", err)
		}
		if all, _ := g.people.Tokens(t.Context()); all[0].Used.IsZero() {
			t.Error("it is not known when it was used")
		}
		expired := g.token(func(tok *roster.Token) { tok.Expires = time.Now().Add(time.Second) })
		revoked := g.token(func(tok *roster.Token) { tok.Revoked = time.Now() })
		ofEva := g.token(func(tok *roster.Token) { tok.Person, tok.By = "eva", "eva" })
		time.Sleep(time.Second)
		for what, head := range map[string]string{
			"forged, with a good checksum": "Bearer " + string(roster.NewToken(roster.OfToken).Reveal()), "forged": "Bearer pawl_t" + strings.Repeat("0", 36),
			"cut": good[:len(good)-1], "longer": good + "0", "expired": expired, "revoked": revoked, "of somebody disabled": ofEva, "none": "", "Bearer": "Bearer",
			"basic": "Basic " + good[7:], "a session": "Bearer " + b.cookie().Value, "huge": "Bearer " + strings.Repeat("x", 30_000), "a list": good + ", " + good,
		} {
			r := b.request("GET", "/", "")
			r.Header["Authorization"] = []string{head}
			who, err := g.Who(r)
			isNobody(t, what, who, err)
			time.Sleep(time.Minute)
		}
		r := b.request("GET", "/", "")
		r.Header["Authorization"] = []string{good, good}
		who, err = g.Who(r)
		isNobody(t, "two at once", who, err)
		if said := g.said(); !strings.Contains(said, "auth.denied ana/ci-") || !strings.Contains(said, "auth.denied nobody an unknown token from 192.0.2.7") {
			t.Error(said)
		}
	})
}

// TestClockSkew: a clock that was set back makes nothing good again that it
// cannot vouch for.
func TestClockSkew(t *testing.T) {
	shift := time.Duration(0)
	open(t, func(t *testing.T, g *gate) {
		b, tok := g.as("bo"), g.token(nil)
		for _, c := range []struct {
			by          time.Duration
			in, fresh   bool
			tokenIsGood bool
		}{
			{-30 * time.Second, true, true, true}, {-2 * time.Minute, false, false, false}, {10 * time.Minute, true, false, true}, {40 * time.Minute, false, false, true}, {2 * time.Hour, false, false, false},
		} {
			shift = c.by
			who, err := b.whoami()
			if (err == nil) != c.in || who.Fresh != c.fresh {
				t.Errorf("%v: %+v %v", c.by, who, err)
			}
			if _, err := b.whoami("Authorization", tok); (err == nil) != c.tokenIsGood {
				t.Errorf("%v: the token: %v", c.by, err)
			}
		}
	}, func(c *signin.Config) { c.Now = func() time.Time { return time.Now().Add(shift) } })
}

// TestSlowedDown: who fails again and again waits, and is refused for a while;
// others are let in all the same, in seconds.
func TestSlowedDown(t *testing.T) {
	open(t, func(t *testing.T, g *gate) {
		start := time.Now()
		bad := g.browser()
		for range 10 {
			bad.post("/sign-in/code", url.Values{"code": {"CANARY"}})
		}
		if took := time.Since(start); took != 0 {
			t.Errorf("the first ten took %v", took)
		}
		bad.post("/sign-in/code", nil)
		if took := time.Since(start); took != time.Second {
			t.Errorf("the eleventh took %v", took)
		}
		var all sync.WaitGroup
		var refused sync.Map
		for i := range 40 {
			all.Go(func() {
				if w := g.browser().post("/sign-in/code", nil); w.Code == 429 {
					refused.Store(i, true)
				}
			})
		}
		all.Go(func() {
			other := g.browser()
			other.address = "198.51.100.9:5"
			if w := other.post("/sign-in/code", url.Values{"code": {g.code("bo")}}); w.Code != 303 || time.Since(start) > 7*time.Second {
				t.Errorf("somebody else: %d after %v", w.Code, time.Since(start))
			}
		})
		all.Wait()
		n := 0
		refused.Range(func(any, any) bool { n++; return true })
		if n < 15 || n > 25 {
			t.Errorf("%d of 40 were refused", n)
		}
		time.Sleep(time.Hour)
		if w := bad.post("/sign-in/code", url.Values{"code": {g.code("bo")}}); w.Code != 303 {
			t.Errorf("after a while: %d", w.Code)
		}
		if n := strings.Count(g.said(), "auth.denied"); n > 3 {
			t.Errorf("%d lines in the audit log", n)
		}
	})
}

// TestManyAddresses: an attack from everywhere slows everybody down by seconds,
// and shuts nobody out.
func TestManyAddresses(t *testing.T) {
	open(t, func(t *testing.T, g *gate) {
		tok := g.token(nil)
		var all sync.WaitGroup
		for i := range 500 {
			all.Go(func() {
				b := g.browser()
				b.address = fmt.Sprintf("[2001:db8:%x::1]:9", i)
				b.post("/sign-in/code", url.Values{"code": {"CANARY"}})
			})
		}
		synctest.Wait()
		start := time.Now()
		b := g.browser()
		if _, err := b.whoami("Authorization", tok); err != nil || time.Since(start) != 0 {
			t.Errorf("a good token: %v after %v", err, time.Since(start))
		}
		if w := b.post("/sign-in/code", url.Values{"code": {g.code("bo")}}); w.Code != 303 || time.Since(start) > 5*time.Second {
			t.Errorf("%d after %v", w.Code, time.Since(start))
		}
		all.Wait()
	})
}

// TestOneNetworkFillsNoLog: who has more addresses than anybody can count is
// written down as one who tries.
func TestOneNetworkFillsNoLog(t *testing.T) {
	open(t, func(t *testing.T, g *gate) {
		for i := range 200 {
			b := g.browser()
			b.address = fmt.Sprintf("[2001:db8::%x]:9", i)
			b.post("/sign-in/code", url.Values{"code": {"CANARY"}})
			time.Sleep(2 * time.Second)
		}
		if n := strings.Count(g.said(), "auth.denied"); n != echo.MostOf {
			t.Errorf("%d records", n)
		}
		g.Close()
		if said := g.said(); !strings.Contains(said, fmt.Sprintf("auth.denied nobody %d others since ", 200-echo.MostOf)) {
			t.Error(said)
		}
	})
}

// TestNobodyGetsInUnseen: if the audit log cannot be written, nobody is let in.
func TestNobodyGetsInUnseen(t *testing.T) {
	open(t, func(t *testing.T, g *gate) {
		b, code := g.browser(), g.code("bo")
		g.full = true
		if w := b.post("/sign-in/code", url.Values{"code": {code}}); w.Code != 503 || len(b.jar) > 0 {
			t.Errorf("%d %v", w.Code, b.jar)
		}
		if all, _ := g.people.SessionsOf(t.Context(), "bo"); len(all) != 0 {
			t.Errorf("%d sessions", len(all))
		}
	})
}

// TestLocal: who the kernel says has connected; not what a proxy hands on.
func TestLocal(t *testing.T) {
	var local signin.Local
	open(t, func(t *testing.T, g *gate) {
		b := g.browser()
		for _, c := range []struct {
			is    signin.Local
			id    string
			roles string
		}{
			{signin.Local{User: "ana", ID: "ana@host-1"}, "ana", "[admin operator]"},
			{signin.Local{User: "ana", ID: "ana@host-1", Owner: true}, "ana", fmt.Sprint(access.Roles())},
			{signin.Local{User: "kim", ID: "kim@host-1"}, "kim@host-1", "[viewer]"},
			{signin.Local{User: "pawl", ID: "pawl@host-1", Owner: true}, "pawl@host-1", fmt.Sprint(access.Roles())},
		} {
			local = c.is
			if who, err := b.whoami(); err != nil || who.Actor.ID != c.id || fmt.Sprint(who.Roles) != c.roles || !who.Fresh {
				t.Errorf("%+v: %+v %v", c.is, who, err)
			}
			for _, name := range []string{"X-Forwarded-For", "Forwarded", "Via", "X-Real-IP"} {
				who, err := b.whoami(name, "192.0.2.1")
				isNobody(t, name, who, err)
			}
			if who, err := b.whoami("Authorization", "Bearer x"); err == nil {
				t.Errorf("a bad token is let in by the socket: %+v", who)
			}
		}
	}, func(c *signin.Config) { c.Local = func(*http.Request) (signin.Local, bool) { return local, true } })
}

// TestBehindProxy: the address is the one that the proxy saw, and not one that
// was sent to it.
func TestBehindProxy(t *testing.T) {
	open(t, func(t *testing.T, g *gate) {
		g.browser().post("/sign-in/code", nil, "X-Forwarded-For", "203.0.113.1, 198.51.100.7")
		if said := g.said(); !strings.Contains(said, "from 198.51.100.7\n") {
			t.Error(said)
		}
	}, func(c *signin.Config) { c.BehindProxy = true })
	open(t, func(t *testing.T, g *gate) {
		g.browser().post("/sign-in/code", nil, "X-Forwarded-For", "203.0.113.1")
		if said := g.said(); !strings.Contains(said, "from 192.0.2.7\n") {
			t.Error(said)
		}
	})
}

// TestOrigins: what browsers keep a secret for, and nothing else.
func TestOrigins(t *testing.T) {
	for origin, good := range map[string]bool{
		"https://pawl.acme.example": true, "https://pawl.acme.example:8443": true, "http://localhost:8400": true, "http://127.0.0.1:8400": true, "http://[::1]:8400": true,
		"http://pawl.acme.example": false, "": false, "pawl.acme.example": false, "https://": false, "https://pawl.acme.example/": false, "https://a@pawl.acme.example": false,
		"http://localhost.acme.example": false, "ftp://localhost": false, "https://pawl.acme.example?x": false,
	} {
		if _, err := signin.New(signin.Config{Origin: origin, Book: &logged.Book{}}); (err == nil) != good {
			t.Errorf("%q: %v", origin, err)
		}
	}
	open(t, func(t *testing.T, g *gate) {
		if c := g.as("bo").cookie(); c.Name != "pawl-8400" || c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode {
			t.Errorf("%+v", c)
		}
	}, func(c *signin.Config) { c.Origin = "http://localhost:8400" })
}

// TestHeaders: the page keeps to itself.
func TestHeaders(t *testing.T) {
	open(t, func(t *testing.T, g *gate) {
		b := g.browser()
		w := b.do(b.request("GET", "/sign-in", ""))
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store",
			"Cross-Origin-Opener-Policy": "same-origin", "Strict-Transport-Security": "max-age",
		} {
			if !strings.Contains(w.Header().Get(name), want) {
				t.Errorf("%s: %q", name, w.Header().Get(name))
			}
		}
		if w := b.do(b.request("GET", "/sign-in?next="+url.QueryEscape(`/"><script>alert(1)</script>`), "")); strings.Contains(w.Body.String(), "<script>alert") {
			t.Error(w.Body)
		}
	})
}
