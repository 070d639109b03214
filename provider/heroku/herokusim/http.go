package herokusim

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// permission is what a scope may allow.
// https://devcenter.heroku.com/articles/oauth#scopes
type permission string

const (
	anyone      permission = ""
	accountRead permission = "account"
	appsRead    permission = "apps"
	appsWrite   permission = "apps write"
	configRead  permission = "config vars"
	configWrite permission = "config vars write"
	manage      permission = "authorizations"
)

func allows(scope string, p permission) bool {
	switch scope {
	case "global":
		return true
	case "identity":
		return p == anyone || p == accountRead
	case "read":
		return p == anyone || p == appsRead
	case "write":
		return p == anyone || p == appsRead || p == appsWrite
	case "read-protected":
		return p == anyone || p == appsRead || p == configRead
	case "write-protected":
		return p == anyone || p == appsRead || p == appsWrite || p == configRead || p == configWrite
	}
	return false
}

// exchange is one request that was let in, and its answer.
type exchange struct {
	*http.Request
	caller *authorization
	app    *app // of the path, if it names one
	header http.Header
}

// answer is a status with a body to be written as JSON.
type answer struct {
	status int
	body   any
}

type handler func(*exchange) answer

func (s *Sim) routes() http.Handler {
	mux := http.NewServeMux()
	for _, r := range []struct {
		pattern string
		needs   permission
		handle  handler
	}{
		{"GET /account", accountRead, s.getAccount},
		{"GET /account/rate-limits", anyone, s.getRateLimits},
		{"GET /oauth/authorizations", manage, s.listAuthorizations},
		{"POST /oauth/authorizations", manage, s.createAuthorization},
		{"GET /oauth/authorizations/{id}", manage, s.getAuthorization},
		{"PATCH /oauth/authorizations/{id}", manage, s.updateAuthorization},
		{"DELETE /oauth/authorizations/{id}", manage, s.deleteAuthorization},
		{"POST /oauth/authorizations/{id}/actions/regenerate-tokens", manage, s.regenerate},
		{"GET /oauth/sessions", manage, s.listSessions},
		{"DELETE /oauth/sessions/{id}", manage, s.deleteSession},
		{"GET /apps", appsRead, s.listApps},
		{"GET /apps/{app}", appsRead, s.getApp},
		{"GET /apps/{app}/config-vars", configRead, s.getConfig},
		{"PATCH /apps/{app}/config-vars", configWrite, s.patchConfig},
		{"GET /apps/{app}/releases", appsRead, s.listReleases},
		{"GET /apps/{app}/releases/{id}", appsRead, s.getRelease},
		{"GET /apps/{app}/releases/{id}/config-vars", configRead, s.getReleaseConfig},
		{"GET /apps/{app}/dynos", appsRead, s.listDynos},
		{"DELETE /apps/{app}/dynos", appsWrite, s.restart},
		{"DELETE /apps/{app}/dynos/{what}", appsWrite, s.restart},
		{"DELETE /apps/{app}/formations/{what}", appsWrite, s.restart},
		{"GET /apps/{app}/formation", appsRead, s.listFormation},
	} {
		mux.Handle(r.pattern, s.guard(r.needs, r.handle))
	}
	mux.Handle("/", s.guard(anyone, func(*exchange) answer { return notFound("endpoint", "The requested API endpoint was not found.") }))
	return mux
}

// ServeHTTP implements [http.Handler].
func (s *Sim) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// guard wraps rather than checks, so that a refused request cannot fall
// through to its handler.
func (s *Sim) guard(needs permission, next handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.requests = append(s.requests, r.Method+" "+r.URL.Path)
		x := &exchange{Request: r, header: w.Header()}
		a, refused := s.admit(x, needs)
		if !refused {
			a = next(x)
		}
		s.write(w, r, a)
	})
}

// admit refuses what may not go on, in the order in which the API does.
func (s *Sim) admit(x *exchange, needs permission) (a answer, refused bool) {
	if accept := x.Header.Get("Accept"); !acceptable(accept) {
		return fail(http.StatusNotAcceptable, "not_acceptable", "API version 3 must be accepted: application/vnd.heroku+json; version=3"), true
	}
	x.caller = s.bearer(credentials(x.Request))
	if x.caller == nil {
		return fail(http.StatusUnauthorized, "unauthorized", "Invalid credentials provided."), true
	}
	if x.URL.Path != "/account/rate-limits" && !s.spend() {
		return fail(http.StatusTooManyRequests, "rate_limit", "Your account reached the API rate limit. Please wait a few minutes before making new requests"), true
	}
	if !slices.ContainsFunc(x.caller.scope, func(scope string) bool { return allows(scope, needs) }) {
		return fail(http.StatusForbidden, "forbidden", "The scope of this OAuth authorization does not allow access to this resource."), true
	}
	name := x.PathValue("app")
	if name == "" {
		return answer{}, false
	}
	if x.app = s.appNamed(name); x.app == nil {
		return notFound("app", "Couldn't find that app."), true
	}
	if x.app.twoFactor && x.Header.Get("Heroku-Two-Factor-Code") == "" {
		return answer{http.StatusForbidden, map[string]any{"id": "two_factor", "message": "A second authentication factor or pre-authorization is required for this request.",
			"app": map[string]string{"id": x.app.id, "name": x.app.name}}}, true
	}
	return answer{}, false
}

// acceptable also takes variants, such as version=3.sdk, which the vendor's
// command line sends.
func acceptable(accept string) bool {
	for kind := range strings.SplitSeq(accept, ",") {
		name, version, _ := strings.Cut(kind, ";")
		v, ok := strings.CutPrefix(strings.TrimSpace(version), "version=3")
		if strings.TrimSpace(name) == "application/vnd.heroku+json" && ok && (v == "" || v[0] == '.') {
			return true
		}
	}
	return false
}

// credentials returns the token, given as Bearer or as the password of Basic.
func credentials(r *http.Request) string {
	if _, password, ok := r.BasicAuth(); ok {
		return password
	}
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return token
}

// spend takes one request from the bucket, which refills within an hour.
func (s *Sim) spend() bool {
	most := float64(s.opt.rateLimit())
	now := s.opt.now()
	s.left = min(s.left+now.Sub(s.leftAt).Hours()*most, max(most, s.left))
	s.leftAt = now
	if s.left < 1 {
		return false
	}
	s.left--
	return true
}

func (s *Sim) write(w http.ResponseWriter, r *http.Request, a answer) {
	text, err := json.Marshal(a.body)
	if err != nil {
		panic("herokusim: " + err.Error()) // every body is made here
	}
	sum := sha256.Sum256(text)
	tag := `"` + hex.EncodeToString(sum[:8]) + `"`
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("RateLimit-Remaining", strconv.Itoa(int(math.Floor(s.left))))
	h.Set("Request-Id", s.uuid())
	h.Set("ETag", tag)
	if s.warning != "" {
		h.Set("Warning-Message", s.warning)
	}
	if r.Method == http.MethodGet && a.status == http.StatusOK && r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.WriteHeader(a.status)
	w.Write(text)
}

func ok(body any) answer { return answer{http.StatusOK, body} }

func fail(status int, id, message string) answer {
	return answer{status, map[string]string{"id": id, "message": message}}
}

func notFound(resource, message string) answer {
	return answer{http.StatusNotFound, map[string]string{"id": "not_found", "resource": resource, "message": message}}
}

func invalid(message string) answer {
	return fail(http.StatusUnprocessableEntity, "invalid_params", message)
}

// decode reads the request's body.
func (x *exchange) decode(into any) (a answer, ok bool) {
	text, err := io.ReadAll(io.LimitReader(x.Body, 1<<20))
	if err != nil || json.Unmarshal(text, into) != nil {
		return fail(http.StatusBadRequest, "bad_request", "The request body is not the JSON that was expected."), false
	}
	return answer{}, true
}
