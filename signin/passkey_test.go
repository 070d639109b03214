package signin_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	virtual "github.com/descope/virtualwebauthn"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/signin"
)

// A device is an authenticator with one passkey.
type device struct {
	virtual.Authenticator
	key   virtual.Credential
	party virtual.RelyingParty
}

func newDevice() *device {
	return &device{Authenticator: virtual.NewAuthenticator(), key: virtual.NewCredential(virtual.KeyTypeEC2),
		party: virtual.RelyingParty{ID: "pawl.acme.example", Name: "pawl", Origin: "https://pawl.acme.example"}}
}

func (b *browser) json(path, body string, head ...string) *httptest.ResponseRecorder {
	return b.do(b.request("POST", path, body, append([]string{"Content-Type", "application/json"}, head...)...))
}

// made is what a device answers when it is asked for a passkey.
func (d *device) made(t *testing.T, options string) string {
	t.Helper()
	o, err := virtual.ParseAttestationOptions(options)
	if err != nil {
		t.Fatal(err, options)
	}
	d.Options.UserHandle = []byte(o.UserID)
	return virtual.CreateAttestationResponse(d.party, d.Authenticator, d.key, *o)
}

// signed is what a device answers to a challenge.
func (d *device) signed(t *testing.T, options string) string {
	t.Helper()
	o, err := virtual.ParseAssertionOptions(options)
	if err != nil {
		t.Fatal(err, options)
	}
	return virtual.CreateAssertionResponse(d.party, d.Authenticator, d.key, *o)
}

// enroll adds a device to who is signed in at b.
func (b *browser) enroll(d *device, name string) *httptest.ResponseRecorder {
	b.t.Helper()
	w := b.json("/sign-in/passkeys/begin", "{}")
	if w.Code != 200 {
		return w
	}
	return b.json("/sign-in/passkeys/finish?name="+name, d.made(b.t, w.Body.String()))
}

// useKey signs in by a device.
func (b *browser) useKey(d *device, query string) *httptest.ResponseRecorder {
	b.t.Helper()
	w := b.json("/sign-in/passkey/begin"+query, "{}")
	if w.Code != 200 {
		b.t.Fatal(w.Code, w.Body)
	}
	return b.json("/sign-in/passkey/finish", d.signed(b.t, w.Body.String()))
}

// enrolled is a device of somebody's.
func (g *gate) enrolled(person string) *device {
	g.t.Helper()
	d := newDevice()
	if w := g.as(person).enroll(d, "laptop"); w.Code != 200 {
		g.t.Fatal(w.Code, w.Body)
	}
	return d
}

// TestPasskey: from an invitation to signing in by a passkey, and saying once
// more who one is.
func TestPasskey(t *testing.T) {
	open(t, func(t *testing.T, g *gate) {
		b := g.browser()
		w := b.post("/sign-in/code", map[string][]string{"code": {g.code("bo")}, "next": {"/approvals"}})
		if w.Header().Get("Location") != "/sign-in/ways?next=%2Fapprovals" {
			t.Fatal(w.Header())
		}
		page := b.do(b.request("GET", "/sign-in/ways?next=/approvals", "")).Body.String()
		if !strings.Contains(page, "used up") || !strings.Contains(page, `href="/approvals"`) {
			t.Error(page)
		}
		laptop, phone := newDevice(), newDevice()
		for name, d := range map[string]*device{"laptop": laptop, "phone": phone} {
			if w := b.enroll(d, name); w.Code != 200 || w.Body.String() != "{\"next\":\"/sign-in/ways\"}\n" {
				t.Fatal(w.Code, w.Body)
			}
		}
		kept, _ := g.people.PasskeysOf(t.Context(), "bo")
		if len(kept) != 2 {
			t.Fatal(kept)
		}
		for _, d := range []*device{laptop, phone} {
			in := g.browser()
			if w := in.useKey(d, "?next=/rotations"); w.Code != 200 || w.Body.String() != "{\"next\":\"/rotations\"}\n" {
				t.Fatal(w.Code, w.Body)
			}
			if who, err := in.whoami(); err != nil || who.Actor.ID != "bo" || !who.Fresh {
				t.Errorf("%+v %v", who, err)
			}
		}
		in := g.browser()
		in.useKey(laptop, "")
		time.Sleep(10 * time.Minute)
		if w := in.enroll(newDevice(), "third"); w.Code != 403 || !strings.Contains(w.Body.String(), `"again":true`) {
			t.Error("a passkey added by somebody who is not fresh:", w.Code, w.Body)
		}
		first := in.cookie().Value
		if w := in.useKey(phone, "?again&next=/x"); w.Code != 200 {
			t.Error(w.Code, w.Body)
		}
		if who, _ := in.whoami(); !who.Fresh || in.cookie().Value == first {
			t.Errorf("%+v", who)
		}
		page = in.do(in.request("GET", "/sign-in/ways", "")).Body.String()
		if !strings.Contains(page, "laptop") || !strings.Contains(page, "last used") {
			t.Error(page)
		}
		said := g.said()
		for _, want := range []string{"policy.changed bo person bo: a passkey added, laptop", "auth.signed_in bo by passkey from 192.0.2.7"} {
			if !strings.Contains(said, want) {
				t.Errorf("%q is not in\n%s", want, said)
			}
		}
	})
}

// TestPasskeysThatAreNotGood: each is refused with the same words.
func TestPasskeysThatAreNotGood(t *testing.T) {
	open(t, func(t *testing.T, g *gate) {
		good := g.enrolled("bo")
		ofAna := g.enrolled("ana")
		change := func(f func(*device)) *device {
			d := *good
			f(&d)
			return &d
		}
		for what, d := range map[string]*device{
			"an unknown one":            change(func(d *device) { d.key.ID = []byte("CANARY-unknown") }),
			"another key":               change(func(d *device) { d.key.Key = virtual.NewCredential(virtual.KeyTypeEC2).Key }),
			"for another site":          change(func(d *device) { d.party.ID = "evil.example" }),
			"from another site":         change(func(d *device) { d.party.Origin = "https://evil.example" }),
			"from plain http":           change(func(d *device) { d.party.Origin = "http://pawl.acme.example" }),
			"the user was not verified": change(func(d *device) { d.Options.UserNotVerified = true }),
			"the user was not there":    change(func(d *device) { d.Options.UserNotPresent = true }),
			"somebody else's handle":    change(func(d *device) { d.Options.UserHandle = ofAna.Options.UserHandle }),
			"no handle":                 change(func(d *device) { d.Options.UserHandle = nil }),
		} {
			b := g.browser()
			w := b.useKey(d, "")
			if w.Code != 401 || !strings.Contains(w.Body.String(), "This passkey does not let you in here.") {
				t.Errorf("%s: %d %s", what, w.Code, w.Body)
			}
			who, err := b.whoami()
			isNobody(t, what, who, err)
			time.Sleep(time.Minute)
		}
		bo := g.as("bo")
		if w := bo.useKey(ofAna, "?again"); w.Code != 401 {
			t.Errorf("said once more who they are, and are somebody else: %d", w.Code)
		}
		p, _ := g.people.Person(t.Context(), "bo")
		p.Disabled = true
		g.people.PutPerson(t.Context(), p)
		if w := g.browser().useKey(good, ""); w.Code != 401 {
			t.Errorf("disabled: %d", w.Code)
		}
	})
}

// TestReplayedAssertion: what was said once is not said again, by this browser
// or another, and not late.
func TestReplayedAssertion(t *testing.T) {
	open(t, func(t *testing.T, g *gate) {
		d := g.enrolled("bo")
		b := g.browser()
		begun := b.json("/sign-in/passkey/begin", "{}").Body.String()
		ticket := *b.jar["__Host-pawl-passkey"]
		if !ticket.HttpOnly || !ticket.Secure || ticket.SameSite != http.SameSiteStrictMode {
			t.Errorf("%+v", ticket)
		}
		said := d.signed(t, begun)
		if w := g.browser().json("/sign-in/passkey/finish", said); w.Code != 401 {
			t.Errorf("from another browser: %d", w.Code)
		}
		if w := b.json("/sign-in/passkey/finish", said); w.Code != 200 {
			t.Fatal(w.Code, w.Body)
		}
		thief := g.browser()
		thief.jar[ticket.Name] = &ticket
		if w := thief.json("/sign-in/passkey/finish", said); w.Code != 401 {
			t.Errorf("again, with the ticket: %d", w.Code)
		}
		other := g.browser()
		other.json("/sign-in/passkey/begin", "{}")
		if w := other.json("/sign-in/passkey/finish", said); w.Code != 401 {
			t.Errorf("for another challenge: %d", w.Code)
		}
		late := g.browser()
		begun = late.json("/sign-in/passkey/begin", "{}").Body.String()
		time.Sleep(10 * time.Minute)
		if w := late.json("/sign-in/passkey/finish", d.signed(t, begun)); w.Code != 401 {
			t.Errorf("late: %d", w.Code)
		}
		mixed := g.as("bo")
		begun = mixed.json("/sign-in/passkeys/begin", "{}").Body.String()
		mixed.jar["__Host-pawl-passkey"] = &http.Cookie{Name: "__Host-pawl-passkey", Value: mixed.jar["__Host-pawl-newkey"].Value}
		if w := mixed.json("/sign-in/passkey/finish", d.signed(t, begun)); w.Code != 401 {
			t.Errorf("a ticket of another kind: %d", w.Code)
		}
		time.Sleep(time.Minute)
		for _, junk := range []string{"", "{}", "null", "[]", strings.Repeat("[", 9000), strings.Repeat("x", 40_000)} {
			b := g.browser()
			b.json("/sign-in/passkey/begin", "{}")
			if w := b.json("/sign-in/passkey/finish", junk); w.Code != 401 {
				t.Errorf("%.9q: %d %s", junk, w.Code, w.Body)
			}
			time.Sleep(time.Minute)
		}
	})
}

// TestCopiedPasskey: a counter that goes back is a copy, and is told.
func TestCopiedPasskey(t *testing.T) {
	open(t, func(t *testing.T, g *gate) {
		d := g.enrolled("bo")
		d.key.Counter = 7
		if w := g.browser().useKey(d, ""); w.Code != 200 {
			t.Fatal(w.Code, w.Body)
		}
		if w := g.browser().useKey(d, ""); w.Code != 401 {
			t.Errorf("the same count: %d", w.Code)
		}
		d.key.Counter = 8
		if w := g.browser().useKey(d, ""); w.Code != 200 {
			t.Errorf("the next count: %d", w.Code)
		}
		if said := g.said(); !strings.Contains(said, "auth.denied bo a passkey whose counter went back: there may be a copy of it") {
			t.Error(said)
		}
	})
}

// TestPasskeysOfOthers: nobody adds or takes away a passkey of somebody else, or
// adds one twice.
func TestPasskeysOfOthers(t *testing.T) {
	open(t, func(t *testing.T, g *gate) {
		d := g.enrolled("bo")
		kept, _ := g.people.PasskeysOf(t.Context(), "bo")
		ana := g.as("ana")
		begun := ana.json("/sign-in/passkeys/begin", "{}").Body.String()
		if w := ana.json("/sign-in/passkeys/finish", d.made(t, begun)); w.Code != 409 {
			t.Errorf("bo's, again: %d %s", w.Code, w.Body)
		}
		bo := g.as("bo")
		bo.jar["__Host-pawl-newkey"] = &http.Cookie{Name: "__Host-pawl-newkey"}
		begun = ana.json("/sign-in/passkeys/begin", "{}").Body.String()
		bo.jar["__Host-pawl-newkey"] = ana.jar["__Host-pawl-newkey"]
		if w := bo.json("/sign-in/passkeys/finish", newDevice().made(t, begun)); w.Code != 401 {
			t.Errorf("begun by ana, ended by bo: %d", w.Code)
		}
		var out struct {
			PublicKey struct{ ExcludeCredentials []any }
		}
		json.Unmarshal([]byte(bo.json("/sign-in/passkeys/begin", "{}").Body.String()), &out)
		if len(out.PublicKey.ExcludeCredentials) != 1 {
			t.Errorf("the browser does not know what there is: %+v", out)
		}
		if w := g.browser().json("/sign-in/passkeys/begin", "{}"); w.Code != 401 {
			t.Errorf("nobody: %d", w.Code)
		}
		id := strings.Split(strings.Split(bo.do(bo.request("GET", "/sign-in/ways", "")).Body.String(), `name="id" value="`)[1], `"`)[0]
		if w := ana.post("/sign-in/passkeys/drop", map[string][]string{"id": {id}}); w.Code != 404 {
			t.Errorf("bo's, by ana: %d", w.Code)
		}
		if w := bo.post("/sign-in/passkeys/drop", map[string][]string{"id": {id}}); w.Code != 303 {
			t.Errorf("bo's own: %d", w.Code)
		}
		if _, err := g.people.Passkey(t.Context(), kept[0].ID); pawl.KindOf(err) != pawl.NotFound {
			t.Error(err)
		}
		g.full = true
		if w := bo.enroll(newDevice(), "unseen"); w.Code != 503 {
			t.Errorf("unseen: %d", w.Code)
		}
		if kept, _ := g.people.PasskeysOf(t.Context(), "bo"); len(kept) != 0 {
			t.Error("a passkey was added unseen")
		}
	})
}

// TestNoPasskeysAtAnAddress: they are bound to a name.
func TestNoPasskeysAtAnAddress(t *testing.T) {
	open(t, func(t *testing.T, g *gate) {
		b := g.as("bo")
		if w := b.do(b.request("GET", "/sign-in/ways", "")); strings.Contains(w.Body.String(), "Add a passkey") {
			t.Error(w.Body)
		}
		if w := b.json("/sign-in/passkeys/begin", "{}"); w.Code != 404 && w.Code != 405 {
			t.Error(w.Code)
		}
	}, func(c *signin.Config) { c.Origin = "http://127.0.0.1:8400" })
}
