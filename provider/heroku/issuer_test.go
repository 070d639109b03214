package heroku_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/provider/heroku"
	"github.com/pawl-dev/pawl/provider/heroku/herokusim"
)

func TestMintDescribesAndDates(t *testing.T) {
	a := newAccount(t, herokusim.Options{})
	g, err := a.issuer(t, heroku.Authorization{Description: stem, Scope: []string{"read-protected", "write-protected"}}).Mint(t.Context(), "pawl-x1")
	if err != nil {
		t.Fatal(err)
	}
	if want := stem + " 2026-11-23 pawl-x1"; g.Label != want {
		t.Errorf("Label = %q, want %q", g.Label, want)
	}
	if !g.Expires.IsZero() || g.Created.IsZero() || !a.Valid(string(g.Value.Reveal())) {
		t.Errorf("generation %+v: want a date of making, no expiry and a token that works", g)
	}
	auths := a.Authorizations()
	if got := fmt.Sprint(auths[len(auths)-1].Scope); got != "[read-protected write-protected]" {
		t.Errorf("scope = %s", got)
	}
}

func TestMintTellsTheExpiry(t *testing.T) {
	a := newAccount(t, herokusim.Options{DefaultTTL: 28880 * time.Second})
	g, err := a.issuer(t, heroku.Authorization{Description: stem}).Mint(t.Context(), "a1")
	if err != nil {
		t.Fatal(err)
	}
	if want := a.clock.now().Add(28880 * time.Second); !g.Expires.Equal(want) {
		t.Errorf("Expires = %v, want %v", g.Expires, want)
	}
}

// An answer without the whole token is not a failure: the authorization is
// there, and nobody holds its token.
func TestMintWithoutTokenIsUnknown(t *testing.T) {
	for name, body := range map[string]string{
		"no access token": `{"id":"a-1"}`,
		"null":            `{"id":"a-1","access_token":null}`,
		"null token":      `{"id":"a-1","access_token":{"token":null}}`,
		"empty token":     `{"id":"a-1","access_token":{"token":""}}`,
		"masked token":    `{"id":"a-1","access_token":{"token":"HRKU-CANARY**********abcd"}}`,
		"no id":           `{"access_token":{"token":"HRKU-CANARY-1"}}`,
		"id is a path":    `{"id":"../apps","access_token":{"token":"HRKU-CANARY-1"}}`,
		"cut short":       `{"id":"a-1","access_token":{"token":"HRKU-CANARY-1"`,
		"wrong type":      `{"id":"a-1","access_token":{"token":["HRKU-CANARY-1"]}}`,
		"odd life":        `{"id":"a-1","access_token":{"token":"HRKU-CANARY-1","expires_in":"CANARY"}}`,
		"null itself":     `null`,
		"html":            `<html>CANARY</html>`,
	} {
		t.Run(name, func(t *testing.T) {
			url := serve(t, answers{"POST /oauth/authorizations": says(201, body)})
			_, err := openIssuer(t, url, "HRKU-CANARY-m", newClock().now, heroku.Authorization{Description: stem}).Mint(t.Context(), "a1")
			wantKind(t, err, pawl.Unknown)
		})
	}
}

func TestLivesAsNumberOrText(t *testing.T) {
	for life, want := range map[string]time.Duration{`3600`: time.Hour, `"3600"`: time.Hour, `0`: 0, `-5`: -5 * time.Second, `1e99`: 100 * 365 * 24 * time.Hour} {
		url := serve(t, answers{"POST /oauth/authorizations": says(201, `{"id":"a-1","created_at":"","access_token":{"token":"HRKU-CANARY-1","expires_in":`+life+`}}`)})
		c := newClock()
		g, err := openIssuer(t, url, "HRKU-CANARY-m", c.now, heroku.Authorization{Description: stem}).Mint(t.Context(), "a1")
		if err != nil || !g.Expires.Equal(c.now().Add(want)) {
			t.Errorf("expires_in %s: Expires = %v, %v; want %v", life, g.Expires, err, c.now().Add(want))
		}
	}
}

func TestRevoke(t *testing.T) {
	a := newAccount(t, herokusim.Options{})
	i := a.issuer(t, heroku.Authorization{Description: stem})
	for range 2 { // the second time is after a crash
		if err := i.Revoke(t.Context(), a.oldID); err != nil {
			t.Fatal(err)
		}
	}
	wantKind(t, i.Check(t.Context(), secret(a.old)), pawl.Denied)
	if n := count(a.Requests(), "POST /oauth/authorizations/"+a.oldID+"/actions/regenerate-tokens"); n != 0 {
		t.Errorf("regenerated %d times", n)
	}
}

func TestRevokeOnlyWhatIsAnID(t *testing.T) {
	a := newAccount(t, herokusim.Options{})
	i := a.issuer(t, heroku.Authorization{Description: stem})
	for _, id := range []string{"", "~", ".", "..", "x/../y", "x?y", "a b"} {
		wantKind(t, i.Revoke(t.Context(), id), pawl.Invalid)
	}
	if got := a.Requests(); len(got) != 0 {
		t.Errorf("requests = %q, want none", got)
	}
}

func TestRevokedTokenThatStillWorks(t *testing.T) {
	a := newAccount(t, herokusim.Options{RevokeDelay: time.Hour})
	i := a.issuer(t, heroku.Authorization{Description: stem})
	if err := i.Revoke(t.Context(), a.oldID); err != nil {
		t.Fatal(err)
	}
	if err := i.Check(t.Context(), secret(a.old)); err != nil {
		t.Fatalf("Check within the delay = %v, want nil", err)
	}
	a.clock.add(time.Hour)
	wantKind(t, i.Check(t.Context(), secret(a.old)), pawl.Denied)
}

func TestListFollowsPages(t *testing.T) {
	a := newAccount(t, herokusim.Options{PageSize: 2})
	for n := range 5 {
		a.AddAuthorization(email, fmt.Sprintf("other %d", n), nil)
	}
	got, err := a.issuer(t, heroku.Authorization{Description: stem}).(pawl.Lister).List(t.Context())
	if err != nil || len(got) != 7 {
		t.Fatalf("List = %d generations, %v; want 7", len(got), err)
	}
	for _, g := range got {
		if !g.Value.IsZero() {
			t.Errorf("%s came with a value", g.ID)
		}
	}
	if n := count(a.Requests(), "GET /oauth/authorizations"); n != 4 {
		t.Errorf("%d requests for the list, want 4", n)
	}
}

// A list that may be incomplete must not pass for one that is whole.
func TestListIsWholeOrAnError(t *testing.T) {
	endless, circle := 0, 0
	for name, h := range map[string]func(http.ResponseWriter, *http.Request){
		"circle": func(w http.ResponseWriter, r *http.Request) {
			circle++
			says(206, `[{"id":"a-1"}]`, "Next-Range", "id ]a-1..; max=1")(w, r)
		},
		"null":        says(200, `null`),
		"not a list":  says(200, `{"id":"CANARY"}`),
		"nameless":    says(200, `[{"description":"CANARY"}]`),
		"bad token":   says(200, `[{"id":"a-1","access_token":{"token":7}}]`),
		"second page": func(w http.ResponseWriter, r *http.Request) { secondPageFails(w, r) },
		"endless": func(w http.ResponseWriter, r *http.Request) {
			endless++
			says(206, fmt.Sprintf(`[{"id":"a-%d"}]`, endless), "Next-Range", fmt.Sprintf("id ]a-%d..; max=1", endless))(w, r)
		},
	} {
		t.Run(name, func(t *testing.T) {
			url := serve(t, answers{"GET /oauth/authorizations": h})
			_, err := openIssuer(t, url, "HRKU-CANARY-m", newClock().now, heroku.Authorization{Description: stem}).(pawl.Lister).List(t.Context())
			wantKind(t, err, pawl.Unavailable)
		})
	}
	if circle != 2 {
		t.Errorf("%d pages were read of a list that goes round, want 2", circle)
	}
	if endless == 0 || endless > 200 {
		t.Errorf("%d pages were read of a list without end", endless)
	}
}

// A list that changes while it is read repeats what moved.
func TestListNamesEachOnce(t *testing.T) {
	url := serve(t, answers{"GET /oauth/authorizations": func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Range") == "" {
			says(206, `[{"id":"a-1"},{"id":"a-2"}]`, "Next-Range", "id ]a-2..; max=2")(w, r)
			return
		}
		says(200, `[{"id":"a-2"},{"id":"a-3"}]`)(w, r)
	}})
	got, err := openIssuer(t, url, "HRKU-CANARY-m", newClock().now, heroku.Authorization{Description: stem}).(pawl.Lister).List(t.Context())
	if err != nil || len(got) != 3 {
		t.Errorf("List = %v, %v; want three", got, err)
	}
}

func secondPageFails(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Range") == "id ]a-1..; max=1" {
		says(503, "")(w, r)
		return
	}
	says(206, `[{"id":"a-1"}]`, "Next-Range", "id ]a-1..; max=1")(w, r)
}

func TestCallsWith(t *testing.T) {
	a := newAccount(t, herokusim.Options{})
	c := a.issuer(t, heroku.Authorization{Description: stem}).(pawl.CallerChecker)
	if !c.CallsWith(secret(a.token)) || c.CallsWith(secret(a.old)) || c.CallsWith(pawl.Secret{}) {
		t.Error("CallsWith does not tell the management token from others")
	}
}

func TestErrorKinds(t *testing.T) {
	for _, tt := range []struct {
		status     int
		body       string
		mint, list pawl.Kind
	}{
		{401, `{"id":"unauthorized","message":"CANARY"}`, pawl.Denied, pawl.Denied},
		{403, `{"id":"forbidden","message":"CANARY"}`, pawl.Forbidden, pawl.Forbidden},
		{403, `{"id":"unauthorized"}`, pawl.Denied, pawl.Denied},
		{403, `{"id":"two_factor"}`, pawl.Operator, pawl.Operator},
		{401, `{"id":"device_trust_required"}`, pawl.Operator, pawl.Operator},
		{404, ``, pawl.NotFound, pawl.NotFound},
		{422, `CANARY`, pawl.Invalid, pawl.Invalid},
		{429, `{"id":"rate_limit"}`, pawl.Throttled, pawl.Throttled},
		{429, `<html>`, pawl.Throttled, pawl.Throttled},
		{403, `{"id":"rate_limit"}`, pawl.Throttled, pawl.Throttled},
		{503, `{"id":"unauthorized"}`, pawl.Unknown, pawl.Unavailable},
		{500, ``, pawl.Unknown, pawl.Unavailable},
		{301, ``, pawl.Unknown, pawl.Invalid},
	} {
		t.Run(fmt.Sprint(tt.status, tt.body), func(t *testing.T) {
			h := says(tt.status, tt.body, "Location", "http://127.0.0.1:1/")
			url := serve(t, answers{"POST /oauth/authorizations": h, "GET /oauth/authorizations": h})
			i := openIssuer(t, url, "HRKU-CANARY-m", newClock().now, heroku.Authorization{Description: stem})
			_, err := i.Mint(t.Context(), "a1")
			wantKind(t, err, tt.mint)
			_, err = i.(pawl.Lister).List(t.Context())
			wantKind(t, err, tt.list)
		})
	}
}

func TestThrottledSaysHowLong(t *testing.T) {
	for header, want := range map[string]time.Duration{"": time.Second, "7": 7 * time.Second} {
		url := serve(t, answers{"GET /oauth/authorizations": says(429, `{"id":"rate_limit"}`, "Retry-After", header)})
		_, err := openIssuer(t, url, "HRKU-CANARY-m", newClock().now, heroku.Authorization{Description: stem}).(pawl.Lister).List(t.Context())
		wantKind(t, err, pawl.Throttled)
		if got := err.(*pawl.Error).After; got != want {
			t.Errorf("Retry-After %q: After = %v, want %v", header, got, want)
		}
	}
}

func TestRefusedConnectionSaysWhatToDo(t *testing.T) {
	a := newAccount(t, herokusim.Options{})
	_, err := openIssuer(t, a.url, "HRKU-CANARY-wrong", a.clock.now, heroku.Authorization{Description: stem}).Mint(t.Context(), "a1")
	wantKind(t, err, pawl.Denied)
	if hint := pawl.HintOf(err); !strings.Contains(hint, "connection heroku") || !strings.Contains(hint, "heroku login") {
		t.Errorf("hint = %q", hint)
	}
}
