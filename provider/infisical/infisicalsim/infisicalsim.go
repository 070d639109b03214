// Package infisicalsim simulates the part of an Infisical server that package
// infisical uses. It keeps state and refuses what the real one refuses.
//
// By default it is a server of today (API v4, and v3 beside it). With V3Only it
// is one of July 2024: no v4, 400 for a secret that does not exist, 500 for a
// token that is none.
//
// Written from https://infisical.com/docs/api-reference, the v4 secret router
// of https://github.com/Infisical/infisical, and runs of the July 2024 server.
package infisicalsim

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"
)

// The credentials of the only identity, unless Options say otherwise.
const (
	ClientID     = "infisical-client-CANARY"
	ClientSecret = "infisical-client-secret-CANARY"
)

// Options are the server's. The zero value is a server of today with project
// proj-0001 and an identity that may do everything in it.
type Options struct {
	Now          func() time.Time // nil: time.Now
	V3Only       bool             // a server of July 2024
	Hidden       bool             // the identity may write values but not see them
	ReadOnly     bool             // the identity may not write
	Approval     bool             // a policy: writes wait for Approve
	ClientID     string           // empty: ClientID
	ClientSecret string           // empty: ClientSecret
	Project      string           // empty: proj-0001
	Envs         []string         // empty: dev, staging, prod
	TokenTTL     time.Duration    // 0: 30 days
	Lockout      time.Duration    // after three refused sign-ins; 0: 5 minutes
}

func (o Options) withDefaults() Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	o.ClientID = orDefault(o.ClientID, ClientID)
	o.ClientSecret = orDefault(o.ClientSecret, ClientSecret)
	o.Project = orDefault(o.Project, "proj-0001")
	o.TokenTTL = orDefault(o.TokenTTL, 30*24*time.Hour)
	o.Lockout = orDefault(o.Lockout, 5*time.Minute)
	if o.Envs == nil {
		o.Envs = []string{"dev", "staging", "prod"}
	}
	return o
}

func orDefault[T comparable](v, def T) T {
	var zero T
	if v == zero {
		return def
	}
	return v
}

// Sim is a simulated Infisical server. It is safe for concurrent use.
type Sim struct {
	http.Handler
	opt Options

	mu       sync.Mutex
	secrets  map[ref]*secret
	folders  map[ref]bool // key is empty
	waiting  []write
	tokens   map[string]time.Time // until when
	issued   int
	wrong    int       // refused sign-ins in a row
	locked   time.Time // until when
	requests []string
}

// ref names a secret.
type ref struct{ env, path, key string }

type secret struct {
	versions []version // of which the last one is current
}

type version struct {
	value string
	at    time.Time
}

// New returns a server without secrets.
func New(o Options) *Sim {
	s := &Sim{opt: o.withDefaults(), secrets: map[ref]*secret{}, folders: map[ref]bool{}, tokens: map[string]time.Time{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/v1/auth/universal-auth/login", s.login)
	s.route(mux, "/api/v3/secrets/raw/{name}", "workspaceId")
	if !o.V3Only {
		s.route(mux, "/api/v4/secrets/{name}", "projectId")
	}
	s.listRoutes(mux)
	mux.HandleFunc("/", noRoute)
	s.Handler = s.recorded(mux)
	return s
}

func (s *Sim) route(mux *http.ServeMux, path, project string) {
	mux.HandleFunc("GET "+path, s.signedIn(s.inProject(project, s.get)))
	for _, method := range []string{"POST", "PATCH", "DELETE"} {
		mux.HandleFunc(method+" "+path, s.signedIn(s.inProject(project, s.write)))
	}
}

// recorded makes one request at a time and keeps its first line.
func (s *Sim) recorded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.requests = append(s.requests, r.Method+" "+r.URL.EscapedPath())
		next.ServeHTTP(w, r)
	})
}

// Requests returns the requests so far, as "GET /api/v4/secrets/NAME".
func (s *Sim) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Put writes a secret as the server's own people would, making its folder.
func (s *Sim) Put(env, path, key, value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.folders[ref{env, path, ""}] = true
	s.put(ref{env, path, key}, value)
}

// Edit is Put by somebody else, who is not asked for approval.
func (s *Sim) Edit(env, path, key, value string) { s.Put(env, path, key, value) }

// Delete removes a secret.
func (s *Sim) Delete(env, path, key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.secrets, ref{env, path, key})
}

// Get returns what is stored.
func (s *Sim) Get(env, path, key string) (value string, version int, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	got := s.secrets[ref{env, path, key}]
	if got == nil {
		return "", 0, false
	}
	return got.current().value, len(got.versions), true
}

// Approve carries out the change requests that wait, oldest first, and returns
// how many there were.
func (s *Sim) Approve() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.waiting)
	for _, w := range s.waiting {
		s.apply(w)
	}
	s.waiting = nil
	return n
}

// SignOut ends every session.
func (s *Sim) SignOut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.tokens)
}

func (s *Sim) put(at ref, value string) {
	got := s.secrets[at]
	if got == nil {
		got = &secret{}
		s.secrets[at] = got
	}
	got.versions = append(got.versions, version{trim(value), s.opt.Now()})
}

func (s *secret) current() version { return s.versions[len(s.versions)-1] }

func (s *Sim) newToken() string {
	s.issued++
	token := fmt.Sprintf("infisical-token-%d-CANARY", s.issued)
	s.tokens[token] = s.opt.Now().Add(s.opt.TokenTTL)
	return token
}
