package heroku_test

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/provider/heroku"
	"github.com/pawl-dev/pawl/provider/heroku/herokusim"
)

const (
	patch   = "PATCH /apps/" + app + "/config-vars"
	newer   = "HRKU-CANARY-new"
	foreign = "HRKU-CANARY-by-hand"
)

func TestSetIsOnePatchForAllKeys(t *testing.T) {
	a := newAccount(t, herokusim.Options{})
	r, err := a.consumer(t, key, "ACME_TOKEN_2").Set(t.Context(), pawl.Write{To: is(newer)})
	if err != nil {
		t.Fatal(err)
	}
	if !r.Changed || r.Mark != "2" {
		t.Errorf("receipt = %+v, want changed with mark 2", r)
	}
	if n := count(a.Requests(), patch); n != 1 {
		t.Errorf("%d PATCHes, want 1", n)
	}
	want := map[string]string{key: newer, "ACME_TOKEN_2": newer, "DATABASE_URL": "postgres://CANARY-db"}
	if got := a.Config(app); !maps.Equal(got, want) {
		t.Errorf("the app holds other config vars than it should: %d of %d", len(got), len(want))
	}
}

func TestSetOfWhatIsThereSendsNothing(t *testing.T) {
	a := newAccount(t, herokusim.Options{NoopRelease: true})
	r, err := a.consumer(t).Set(t.Context(), pawl.Write{To: is(a.old), Over: []pawl.Content{}})
	if err != nil || r.Changed || r.Mark != "1" {
		t.Fatalf("Set = %+v, %v; want unchanged with mark 1", r, err)
	}
	if n := count(a.Requests(), patch); n != 0 {
		t.Errorf("%d PATCHes, want none", n)
	}
}

func TestSetSparesWhatItDoesNotKnow(t *testing.T) {
	absent := func(a *account) pawl.Content {
		return pawl.Content{Secret: secret(`{"` + key + `":null}`), Snapshot: true}
	}
	old := func(a *account) pawl.Content { return is(a.old) }
	for name, tt := range map[string]struct {
		hand  map[string]string // set by somebody else
		unset bool              // or removed
		over  []func(*account) pawl.Content
		ok    bool
	}{
		"known":              {nil, false, []func(*account) pawl.Content{old}, true},
		"edited by hand":     {map[string]string{key: foreign}, false, []func(*account) pawl.Content{old}, false},
		"nothing is allowed": {nil, false, nil, false},
		"removed":            {nil, true, []func(*account) pawl.Content{old}, false},
		"removed, and known": {nil, true, []func(*account) pawl.Content{old, absent}, true},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAccount(t, herokusim.Options{})
			if tt.hand != nil {
				a.Redeploy(app, tt.hand)
			}
			if tt.unset {
				restore(t, a, `{"`+key+`":null}`)
			}
			before := a.Config(app)
			over := []pawl.Content{}
			for _, o := range tt.over {
				over = append(over, o(a))
			}
			_, err := a.consumer(t).Set(t.Context(), pawl.Write{To: is(newer), Over: over})
			if tt.ok {
				if err != nil || a.Config(app)[key] != newer {
					t.Fatalf("Set = %v, want it to be done", err)
				}
				return
			}
			wantKind(t, err, pawl.Conflict)
			if !maps.Equal(a.Config(app), before) {
				t.Error("a refused Set changed something")
			}
		})
	}
}

// A place is what all its keys hold together.
func TestSetSparesAMixture(t *testing.T) {
	a := newAccount(t, herokusim.Options{})
	a.Redeploy(app, map[string]string{"ACME_TOKEN_2": foreign})
	c := a.consumer(t, key, "ACME_TOKEN_2")
	_, err := c.Set(t.Context(), pawl.Write{To: is(newer), Over: []pawl.Content{is(a.old)}})
	wantKind(t, err, pawl.Conflict)

	s, err := c.(pawl.Snapshotter).Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Set(t.Context(), pawl.Write{To: is(newer), Over: []pawl.Content{{Secret: s, Snapshot: true}}}); err != nil {
		t.Fatalf("Set over a snapshot of the mixture = %v", err)
	}
}

func restore(t *testing.T, a *account, snapshot string) {
	t.Helper()
	if _, err := a.consumer(t).Set(t.Context(), pawl.Write{To: pawl.Content{Secret: secret(snapshot), Snapshot: true}}); err != nil {
		t.Fatal(err)
	}
}

func TestSnapshotBringsBackExactlyWhatWas(t *testing.T) {
	a := newAccount(t, herokusim.Options{})
	before := a.Config(app)
	c := a.consumer(t, key, "ACME_TOKEN_2") // the second is not there
	s, err := c.(pawl.Snapshotter).Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	was := pawl.Content{Secret: s, Snapshot: true}
	if _, err := c.Set(t.Context(), pawl.Write{To: is(newer), Over: []pawl.Content{was}}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Set(t.Context(), pawl.Write{To: was, Over: []pawl.Content{is(newer)}}); err != nil {
		t.Fatal(err)
	}
	if !maps.Equal(a.Config(app), before) {
		t.Error("the app does not hold what it held before")
	}
	o, err := c.Observe(t.Context(), pawl.Look{Want: was, Not: secret(newer)})
	if err != nil || o.Holds != pawl.HoldsWant || o.Verdict != pawl.Proved {
		t.Errorf("Observe = %+v, %v; want proved", o, err)
	}
}

func TestSetRefusesWhatItCannotHold(t *testing.T) {
	a := newAccount(t, herokusim.Options{})
	for name, to := range map[string]pawl.Content{
		"zero":              {},
		"empty":             is(""),
		"not text":          is("CANARY\xff"),
		"not a snapshot":    {Secret: secret("CANARY"), Snapshot: true},
		"null":              {Secret: secret("null"), Snapshot: true},
		"of other keys":     {Secret: secret(`{"OTHER":"CANARY"}`), Snapshot: true},
		"not even a string": {Secret: secret(`{"` + key + `":7}`), Snapshot: true},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := a.consumer(t).Set(t.Context(), pawl.Write{To: to})
			wantKind(t, err, pawl.Invalid)
			_, err = a.consumer(t).Observe(t.Context(), pawl.Look{Want: to})
			wantKind(t, err, pawl.Invalid)
		})
	}
	if got := a.Requests(); len(got) != 0 {
		t.Errorf("requests = %q, want none", got)
	}
}

func TestSetKeepsEveryByte(t *testing.T) {
	a := newAccount(t, herokusim.Options{})
	for _, v := range []string{"CANARY <&>\u2028 é", "CANARY\n\t\\\"", " CANARY "} {
		if _, err := a.consumer(t).Set(t.Context(), pawl.Write{To: is(v)}); err != nil {
			t.Fatal(err)
		}
		if a.Config(app)[key] != v {
			t.Errorf("a value of %d bytes arrived changed", len(v))
		}
	}
}

// vendor answers to a write in ways of its own.
func vendor(patched func(http.ResponseWriter, *http.Request), releases ...string) answers {
	n := 0
	return answers{
		"GET /apps/" + app + "/config-vars": says(200, `{"`+key+`":"HRKU-CANARY-old","DATABASE_URL":"CANARY"}`),
		patch:                               patched,
		"GET /apps/" + app + "/releases": func(w http.ResponseWriter, r *http.Request) {
			body := releases[min(n, len(releases)-1)]
			n++
			if body == "" {
				says(503, "")(w, r)
				return
			}
			says(200, body)(w, r)
		},
	}
}

func TestSetIsUnknownUnlessTheAnswerHasIt(t *testing.T) {
	for name, h := range map[string]func(http.ResponseWriter, *http.Request){
		"still the old": says(200, `{"`+key+`":"HRKU-CANARY-old"}`),
		"not there":     says(200, `{}`),
		"null":          says(200, `null`),
		"null for it":   says(200, `{"`+key+`":null}`),
		"cut short":     says(200, `{"`+key+`":"HRKU-CANARY-new"`),
		"html":          says(200, `<html>CANARY`),
		"empty":         says(204, ``),
		"down":          says(503, `CANARY`),
	} {
		t.Run(name, func(t *testing.T) {
			c := openConsumer(t, serve(t, vendor(h, `[{"version":7,"status":"succeeded"}]`)), "HRKU-CANARY-m", heroku.ConfigVar{App: app, Keys: []string{key}})
			_, err := c.Set(t.Context(), pawl.Write{To: is(newer)})
			wantKind(t, err, pawl.Unknown)
		})
	}
}

// The mark is never below the release of the write, and a write that was done
// is reported whatever its release looks like.
func TestMarkOfAWrite(t *testing.T) {
	done := says(200, `{"`+key+`":"`+newer+`"}`)
	for name, tt := range map[string]struct {
		before, after, want string
	}{
		"next":              {`[{"version":7}]`, `[{"version":8}]`, "8"},
		"others as well":    {`[{"version":7}]`, `[{"version":9}]`, "9"},
		"not shown yet":     {`[{"version":7}]`, `[{"version":7}]`, "8"},
		"cannot be read":    {`[{"version":7}]`, ``, "8"},
		"whole, the oldest": {`[{"version":1},{"version":2}]`, `[{"version":1},{"version":2},{"version":3}]`, "3"},
	} {
		t.Run(name, func(t *testing.T) {
			c := openConsumer(t, serve(t, vendor(done, tt.before, tt.after)), "HRKU-CANARY-m", heroku.ConfigVar{App: app, Keys: []string{key}})
			r, err := c.Set(t.Context(), pawl.Write{To: is(newer)})
			if err != nil || !r.Changed || r.Mark != tt.want {
				t.Errorf("Set = %+v, %v; want mark %s", r, err, tt.want)
			}
		})
	}
}

func TestRead(t *testing.T) {
	a := newAccount(t, herokusim.Options{})
	ctx := t.Context()
	got, err := a.consumer(t).(pawl.Reader).Read(ctx)
	if err != nil || !got.Equal(secret(a.old)) {
		t.Fatalf("Read = %v, %v", got, err)
	}
	_, err = a.consumer(t, "NOT_THERE").(pawl.Reader).Read(ctx)
	wantKind(t, err, pawl.NotFound)
	_, err = a.consumer(t, key, "NOT_THERE").(pawl.Reader).Read(ctx)
	wantKind(t, err, pawl.Conflict)
	_, err = a.consumer(t, "NOT_THERE", key).(pawl.Reader).Read(ctx)
	wantKind(t, err, pawl.Conflict)
	_, err = a.consumer(t, key, "DATABASE_URL").(pawl.Reader).Read(ctx)
	wantKind(t, err, pawl.Conflict)
}

func TestReadOfAnUnreadableAnswer(t *testing.T) {
	for _, body := range []string{`null`, `[]`, `{"` + key + `":7}`, `"CANARY"`, ``, `{"` + key + `":"CANARY`} {
		url := serve(t, answers{"GET /apps/" + app + "/config-vars": says(200, body)})
		_, err := openConsumer(t, url, "HRKU-CANARY-m", heroku.ConfigVar{App: app, Keys: []string{key}}).(pawl.Reader).Read(t.Context())
		wantKind(t, err, pawl.Unavailable)
	}
}

func TestConsumerPreflight(t *testing.T) {
	ctx := t.Context()
	a := newAccount(t, herokusim.Options{})
	if findings, err := a.consumer(t).(pawl.Preflighter).Preflight(ctx); err != nil || len(findings) != 0 {
		t.Errorf("Preflight = %q, %v; want nothing", findings, err)
	}
	if findings, err := a.consumer(t, "HEROKU_API_KEY", "__X").(pawl.Preflighter).Preflight(ctx); err != nil || len(findings) != 2 {
		t.Errorf("Preflight = %q, %v; want two findings", findings, err)
	}

	_, err := openConsumer(t, a.url, a.token, heroku.ConfigVar{App: "acme-gone", Keys: []string{key}}).(pawl.Preflighter).Preflight(ctx)
	wantKind(t, err, pawl.NotFound)
	if !strings.Contains(pawl.HintOf(err), "acme-gone") {
		t.Errorf("hint = %q, want it to name the app", pawl.HintOf(err))
	}

	_, narrow := a.AddAuthorization(email, "narrow", []string{"read"})
	_, err = openConsumer(t, a.url, narrow, heroku.ConfigVar{App: app, Keys: []string{key}}).(pawl.Preflighter).Preflight(ctx)
	wantKind(t, err, pawl.Forbidden)
	if !strings.Contains(pawl.HintOf(err), "write-protected") {
		t.Errorf("hint = %q, want it to name the scope", pawl.HintOf(err))
	}

	a.RequireTwoFactor(app, true)
	_, err = a.consumer(t).(pawl.Preflighter).Preflight(ctx)
	wantKind(t, err, pawl.Operator)
}

func TestConsumerPreflightLeavesRoom(t *testing.T) {
	const room = 32 << 10
	for _, tt := range []struct {
		held int // bytes of the app's other config vars
		ok   bool
	}{{room - len(key) - 65, true}, {room - len(key) - 64, false}} {
		body := fmt.Sprintf(`{"X":%q}`, strings.Repeat("x", tt.held-1))
		url := serve(t, answers{"GET /apps/" + app + "/config-vars": says(200, body)})
		_, err := openConsumer(t, url, "HRKU-CANARY-m", heroku.ConfigVar{App: app, Keys: []string{key}}).(pawl.Preflighter).Preflight(t.Context())
		if tt.ok && err != nil {
			t.Errorf("%d bytes: Preflight = %v, want nil", tt.held, err)
		}
		if !tt.ok {
			wantKind(t, err, pawl.Invalid)
		}
	}
}
