package heroku_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/provider/heroku"
	"github.com/pawl-dev/pawl/provider/heroku/herokusim"
)

// FuzzAnswer lets Heroku answer anything to everything, with any Range of a
// next page: each call ends, with a generation that has a value or with an
// error of a kind that fits and quotes nothing, and nothing is proved by it.
func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{
		`{"id":"a","description":"CANARY","access_token":{"token":"HRKU-CANARY-1"}}`, `[{"id":"a","access_token":{"token":"HRKU-**********ab"}}]`,
		`[{"version":3,"status":"succeeded","current":true,"created_at":"2026-11-23T09:00:00Z"}]`, `{"HEROKU_API_KEY":"CANARY"}`, `{"HEROKU_API_KEY":null}`, `{"a":1}`,
		`{"id":"unauthorized","message":"CANARY"}`, `[]`, `[null]`, `null`, `{`, ``, `<html>CANARY`,
	} {
		f.Add(200, seed, "id ]a..; max=200", "1")
		f.Add(206, seed, "", "-1")
		f.Add(404, seed, "", "Mon, 23 Nov 2026 09:00:00 GMT")
	}
	f.Fuzz(func(t *testing.T, status int, body, next, after string) {
		if status < 200 || status > 599 || strings.ContainsAny(next+after, "\r\n\x00") {
			return
		}
		a := newAccount(t, herokusim.Options{})
		calls := 0
		url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			calls++
			says(status, body, "Next-Range", next, "Retry-After", after)(w, r)
		}))
		i := openIssuer(t, url, a.token, a.clock.now, heroku.Authorization{Description: stem})
		g, err := i.Mint(t.Context(), "pawl-a1")
		if err == nil && (g.Value.IsZero() || g.ID == "") {
			t.Errorf("minted nothing, by %d %q", status, body)
		}
		fuzzed(t, err)
		fuzzed(t, i.Check(t.Context(), secret("HRKU-CANARY-new")))
		if lists, ok := i.(pawl.Lister); ok {
			_, err = lists.List(t.Context())
			fuzzed(t, err)
		}
		fuzzed(t, i.Revoke(t.Context(), "an-id"))
		c := openConsumer(t, url, a.token, heroku.ConfigVar{App: app, Keys: []string{key}})
		_, err = c.Set(t.Context(), pawl.Write{To: is("HRKU-CANARY-new")})
		fuzzed(t, err)
		_, err = c.Observe(t.Context(), pawl.Look{Want: is("HRKU-CANARY-new"), Not: secret("HRKU-CANARY-old")})
		fuzzed(t, err)
		if calls > 600 {
			t.Errorf("%d requests", calls)
		}
	})
}

func fuzzed(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	noLeak(t, err.Error())
	noLeak(t, pawl.HintOf(err))
}
