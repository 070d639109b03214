package herokusim_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pawl-dev/pawl/provider/heroku/herokusim"
)

const (
	email = "ops@acme.example"
	app   = "acme-api-prod"
)

type world struct {
	*herokusim.Sim
	now   time.Time
	id    string
	token string
}

func newWorld(o herokusim.Options) *world {
	w := &world{now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
	o.Now = func() time.Time { return w.now }
	w.Sim = herokusim.New(o)
	w.AddAccount(email)
	w.id, w.token = w.AddAuthorization(email, "acme-operations", nil)
	w.AddApp(app, map[string]string{"A": "CANARY-1"})
	return w
}

// do makes a request with headers given as name and value.
func (w *world) do(method, path, token, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Accept", "application/vnd.heroku+json; version=3")
	r.Header.Set("Authorization", "Bearer "+token)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	rec := httptest.NewRecorder()
	w.ServeHTTP(rec, r)
	return rec
}

func want(t *testing.T, got *httptest.ResponseRecorder, status int, id string) {
	t.Helper()
	var e struct{ ID string }
	json.Unmarshal(got.Body.Bytes(), &e)
	if got.Code != status || id != "" && e.ID != id {
		t.Fatalf("answered %d %q, want %d %q", got.Code, e.ID, status, id)
	}
	if got.Header().Get("RateLimit-Remaining") == "" || got.Header().Get("Request-Id") == "" || got.Header().Get("ETag") == "" {
		t.Errorf("headers are missing in %v", got.Header())
	}
}

func TestRefusals(t *testing.T) {
	const vars = "/apps/" + app + "/config-vars"
	w := newWorld(herokusim.Options{})
	for _, tt := range []struct {
		method, path, token, body string
		status                    int
		id                        string
		header                    []string
	}{
		{"GET", "/account", w.token, "", 406, "not_acceptable", []string{"Accept", "application/json"}},
		{"GET", "/account", w.token, "", 406, "not_acceptable", []string{"Accept", "application/vnd.heroku+json; version=2"}},
		{"GET", "/account", "CANARY-wrong", "", 401, "unauthorized", nil},
		{"GET", "/account", "", "", 401, "unauthorized", nil},
		{"POST", "/oauth/authorizations", "CANARY-wrong", `{"scope":["global"]}`, 401, "unauthorized", nil},
		{"POST", "/oauth/authorizations", w.token, `{"scope":"global"}`, 422, "invalid_params", nil},
		{"POST", "/oauth/authorizations", w.token, `{"scope":["everything"]}`, 422, "invalid_params", nil},
		{"POST", "/oauth/authorizations", w.token, `{"scope":["global"],"expires_in":"soon"}`, 422, "invalid_params", nil},
		{"POST", "/oauth/authorizations", w.token, `{`, 400, "bad_request", nil},
		{"GET", "/oauth/authorizations/~", w.token, "", 404, "not_found", nil},
		{"DELETE", "/oauth/authorizations/unknown", w.token, "", 404, "not_found", nil},
		{"GET", "/apps/acme-gone/config-vars", w.token, "", 404, "not_found", nil},
		{"PATCH", vars, w.token, `{"A-B":"x"}`, 422, "invalid_params", nil},
		{"PATCH", vars, w.token, `{"A":7}`, 400, "bad_request", nil},
		{"PATCH", vars, w.token, `{"A":"` + strings.Repeat("x", 32<<10) + `"}`, 422, "invalid_params", nil},
		{"GET", "/apps/" + app + "/releases", w.token, "", 416, "range", []string{"Range", "id ..; max=1"}},
		{"GET", "/nowhere", w.token, "", 404, "not_found", nil},
	} {
		want(t, w.do(tt.method, tt.path, tt.token, tt.body, tt.header...), tt.status, tt.id)
	}
	if got := len(w.Authorizations()); got != 1 {
		t.Errorf("%d authorizations, want 1", got)
	}
	if got := w.Config(app)["A"]; got != "CANARY-1" {
		t.Errorf("a refused request changed a config var")
	}
}

func TestScopes(t *testing.T) {
	const vars = "/apps/" + app + "/config-vars"
	requests := []string{"GET /account", "GET /apps", "GET " + vars, "PATCH " + vars, "DELETE /apps/" + app + "/dynos", "GET /oauth/authorizations"}
	for scope, allowed := range map[string]string{
		"global": "111111", "identity": "100000", "read": "010000", "write": "010010", "read-protected": "011000", "write-protected": "011110",
	} {
		w := newWorld(herokusim.Options{})
		_, token := w.AddAuthorization(email, "x", []string{scope})
		for i, request := range requests {
			method, path, _ := strings.Cut(request, " ")
			if got := w.do(method, path, token, "{}").Code; (got == http.StatusForbidden) == (allowed[i] == '1') {
				t.Errorf("%s: %s answered %d", scope, request, got)
			}
		}
	}
}

func TestTokensDie(t *testing.T) {
	w := newWorld(herokusim.Options{RevokeDelay: time.Minute, DefaultTTL: time.Hour})
	id, revoked := w.AddAuthorization(email, "x", nil)
	_, expiring := w.AddAuthorization(email, "y", nil)
	want(t, w.do("DELETE", "/oauth/authorizations/"+id, w.token, ""), 200, id)
	want(t, w.do("DELETE", "/oauth/authorizations/"+id, w.token, ""), 404, "not_found")
	if !w.Valid(revoked) {
		t.Error("a revoked token died before its delay")
	}
	w.now = w.now.Add(time.Minute)
	if w.Valid(revoked) || !w.Valid(expiring) {
		t.Error("after the delay the revoked token is to be dead, and no other")
	}
	w.now = w.now.Add(time.Hour)
	if w.Valid(expiring) || len(w.Authorizations()) != 0 {
		t.Error("an expired authorization still exists")
	}
}

func TestRegenerateKillsAtOnce(t *testing.T) {
	w := newWorld(herokusim.Options{RevokeDelay: time.Hour})
	id, old := w.AddAuthorization(email, "x", nil)
	want(t, w.do("POST", "/oauth/authorizations/"+id+"/actions/regenerate-tokens", w.token, ""), 200, id)
	if w.Valid(old) {
		t.Error("the old token still works")
	}
	w.now = w.now.Add(8*time.Hour + 2*time.Minute)
	if slices.ContainsFunc(w.Authorizations(), func(a herokusim.Auth) bool { return a.ID == id }) {
		t.Error("a regenerated token lives longer than 8 hours")
	}
}

func TestTokensAreMasked(t *testing.T) {
	w := newWorld(herokusim.Options{MaskTokens: true})
	created := w.do("POST", "/oauth/authorizations", w.token, `{"description":"x","scope":["global"],"expires_in":"3600"}`)
	if created.Code != 201 || !strings.Contains(created.Body.String(), "CANARY") {
		t.Fatalf("answered %d, want 201 with the whole token", created.Code)
	}
	for _, path := range []string{"/oauth/authorizations", "/oauth/authorizations/" + w.id} {
		got := w.do("GET", path, w.token, "").Body.String()
		if strings.Contains(got, "CANARY") || !strings.Contains(got, "HRKU-**********") {
			t.Errorf("%s shows tokens that are not masked", path)
		}
	}
}

func TestPages(t *testing.T) {
	w := newWorld(herokusim.Options{PageSize: 2})
	for range 4 {
		w.Redeploy(app, nil)
	}
	var versions []int
	span := ""
	for {
		rec := w.do("GET", "/apps/"+app+"/releases", w.token, "", "Range", span)
		var got []struct{ Version int }
		if err := json.Unmarshal(rec.Body.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		for _, r := range got {
			versions = append(versions, r.Version)
		}
		span = rec.Header().Get("Next-Range")
		if (rec.Code == http.StatusPartialContent) != (span != "") {
			t.Fatalf("answered %d with Next-Range %q", rec.Code, span)
		}
		if span == "" {
			break
		}
	}
	if !slices.Equal(versions, []int{1, 2, 3, 4, 5}) {
		t.Errorf("versions = %v", versions)
	}
	newest := w.do("GET", "/apps/"+app+"/releases", w.token, "", "Range", "version ..; order=desc,max=1")
	if newest.Code != 206 || !strings.Contains(newest.Body.String(), `"version":5`) {
		t.Errorf("answered %d, want 206 with the newest", newest.Code)
	}
}

func TestReleasesTakeTheirTime(t *testing.T) {
	w := newWorld(herokusim.Options{ReleaseDelay: time.Minute, BootDelay: time.Second, Preboot: 2 * time.Minute})
	w.SetFormation(app, "worker", 1)
	w.OneOff(app, "run.1")
	w.Redeploy(app, map[string]string{"A": "CANARY-2"})
	uses := func(after time.Duration, want ...string) {
		t.Helper()
		w.now = w.now.Add(after)
		if got := w.InUse(app, "A"); !slices.Equal(got, want) {
			t.Errorf("in use: %q, want %q", got, want)
		}
	}
	// web, worker, run: the release is pending, then boots beside the old web
	// dyno, then runs alone, and the one-off one stays what it is.
	uses(0, "CANARY-1", "CANARY-1", "CANARY-1")
	uses(time.Minute, "CANARY-1", "CANARY-1")
	uses(time.Second, "CANARY-2", "CANARY-1", "CANARY-2", "CANARY-1")
	uses(2*time.Minute, "CANARY-2", "CANARY-2", "CANARY-1")

	w.FailRelease(app, 1)
	w.Redeploy(app, map[string]string{"A": "CANARY-3"})
	uses(time.Hour, "CANARY-2", "CANARY-2", "CANARY-1")
	if got := w.Config(app)["A"]; got != "CANARY-3" {
		t.Error("a failed release is not shown in the config vars")
	}
	want(t, w.do("DELETE", "/apps/"+app+"/dynos", w.token, "", "Accept", "application/vnd.heroku+json; version=3.sdk"), 202, "")
	uses(0)
	uses(time.Second, "CANARY-2", "CANARY-2")
}

func TestNoRequestsLeft(t *testing.T) {
	w := newWorld(herokusim.Options{})
	w.SetRateLimit(1)
	want(t, w.do("GET", "/account", w.token, ""), 200, "")
	want(t, w.do("GET", "/account", w.token, ""), 429, "rate_limit")
	want(t, w.do("GET", "/account/rate-limits", w.token, ""), 200, "")
	w.now = w.now.Add(time.Second)
	want(t, w.do("GET", "/account", w.token, ""), 200, "")
}

func TestSecondFactor(t *testing.T) {
	w := newWorld(herokusim.Options{})
	w.RequireTwoFactor(app, true)
	want(t, w.do("GET", "/apps/"+app+"/config-vars", w.token, ""), 403, "two_factor")
	want(t, w.do("GET", "/apps/"+app+"/config-vars", w.token, "", "Heroku-Two-Factor-Code", "123456"), 200, "")
}

func TestNotModified(t *testing.T) {
	w := newWorld(herokusim.Options{})
	tag := w.do("GET", "/apps/"+app+"/config-vars", w.token, "").Header().Get("ETag")
	if got := w.do("GET", "/apps/"+app+"/config-vars", w.token, "", "If-None-Match", tag); got.Code != 304 || got.Body.Len() != 0 {
		t.Errorf("answered %d with %d bytes, want 304 and nothing", got.Code, got.Body.Len())
	}
}
