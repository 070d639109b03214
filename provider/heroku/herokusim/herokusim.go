// Package herokusim simulates the part of the Heroku Platform API that pawl
// and the vendor's own command line use. It keeps state and refuses what the
// real one refuses, as far as that is documented.
//
// Nothing runs in the background: what a release, a dyno or a revoked token is
// at a moment is computed from [Options.Now] at each request.
//
// It was written from the pages below; it was never compared with the real
// service. That the vendor's command line accepts it shows that its paths,
// statuses and shapes are right, not that Heroku behaves so.
//
//   - https://devcenter.heroku.com/articles/platform-api-reference
//   - https://devcenter.heroku.com/articles/oauth
//   - https://devcenter.heroku.com/articles/release-phase
//   - https://devcenter.heroku.com/articles/preboot
package herokusim

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Options are how the simulated Heroku behaves. The zero value is an account
// of the older kind, at which everything happens at once.
type Options struct {
	Now          func() time.Time // nil: time.Now
	ReleaseDelay time.Duration    // from a change to its release's success or failure
	BootDelay    time.Duration    // from a release's success to its dynos being up
	Preboot      time.Duration    // how long the old web dynos live on beside the new
	MaskTokens   bool             // tokens are shown whole only when they are created
	DefaultTTL   time.Duration    // life of tokens for which none was asked; 0: no end
	RevokeDelay  time.Duration    // how long a revoked token goes on working
	NoopRelease  bool             // setting what is set already makes a release all the same
	PageSize     int              // items of a list at once; 0: 200
	TokenPrefix  string           // empty: "HRKU-CANARY-"
	RateLimit    int              // requests an hour; 0: 4500
}

func (o Options) now() time.Time {
	if o.Now == nil {
		return time.Now()
	}
	return o.Now()
}

func (o Options) pageSize() int       { return orDefault(o.PageSize, 200) }
func (o Options) rateLimit() int      { return orDefault(o.RateLimit, 4500) }
func (o Options) tokenPrefix() string { return orDefault(o.TokenPrefix, "HRKU-CANARY-") }

func orDefault[T comparable](v, def T) T {
	var zero T
	if v == zero {
		return def
	}
	return v
}

// A Sim is a simulated Heroku. It is safe for concurrent use.
type Sim struct {
	opt Options
	mux http.Handler

	mu       sync.Mutex
	serial   int
	accounts []*account
	auths    []*authorization
	apps     map[string]*app
	left     float64 // requests, as of leftAt
	leftAt   time.Time
	warning  string
	requests []string
}

// New returns an empty Heroku.
func New(o Options) *Sim {
	s := &Sim{opt: o, apps: map[string]*app{}, left: float64(o.rateLimit()), leftAt: o.now()}
	s.mux = s.routes()
	return s
}

// AddAccount adds an account. The first one owns what is added later.
func (s *Sim) AddAccount(email string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.accounts = append(s.accounts, &account{id: s.uuid(), email: email, created: s.opt.now()})
}

// AddAuthorization adds an authorization with a token that does not expire.
// An empty scope is global.
func (s *Sim) AddAuthorization(email, description string, scope []string) (id, token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(scope) == 0 {
		scope = []string{"global"}
	}
	a := s.authorize(s.account(email), description, slices.Clone(scope), 0)
	return a.id, a.token
}

// AddApp adds an app with one web dyno, which is up.
func (s *Sim) AddApp(name string, config map[string]string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.opt.now()
	a := &app{id: s.uuid(), name: name, created: now, config: maps.Clone(config), formation: map[string]int{"web": 1}, restarted: map[string]time.Time{}}
	if a.config == nil {
		a.config = map[string]string{}
	}
	s.apps[name] = a
	first := s.release(a, "Initial release", now)
	first.ready, first.boot = now, 0
}

// SetFormation scales a process type. The dynos are up at once.
func (s *Sim) SetFormation(app, process string, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.app(app).formation[process] = n
}

// Valid reports whether a token works.
func (s *Sim) Valid(token string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bearer(token) != nil
}

// Token returns an authorization's token, as whoever made it has seen it; "" if
// there is none of that id.
func (s *Sim) Token(id string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.auths {
		if a.id == id && s.exists(a) {
			return a.token
		}
	}
	return ""
}

// Auth is an authorization without its token.
type Auth struct {
	ID          string
	Description string
	Scope       []string
	Account     string
	Created     time.Time
	Expires     time.Time // zero: never
}

// Authorizations lists the authorizations that exist.
func (s *Sim) Authorizations() []Auth {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Auth
	for _, a := range s.auths {
		if s.exists(a) {
			all = append(all, Auth{a.id, a.description, slices.Clone(a.scope), a.account.email, a.created, a.expires})
		}
	}
	return all
}

// Config returns what an app's config vars are set to.
func (s *Sim) Config(app string) map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.app(app).config)
}

// InUse returns the value of a config var that each running dyno was started
// with, in the order of their names; "" where it had none. Dynos that are
// still starting use nothing yet.
func (s *Sim) InUse(app, key string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var values []string
	for _, d := range s.dynos(s.app(app)) {
		if d.state == "up" {
			values = append(values, d.env[key])
		}
	}
	return values
}

// FailRelease makes the release phase of the app's next n releases fail. Their
// config vars are shown, but no dyno gets them.
func (s *Sim) FailRelease(app string, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.app(app).failing = n
}

// Redeploy is somebody else at work: it sets config vars, and with none it
// deploys the same app again.
func (s *Sim) Redeploy(app string, config map[string]string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.app(app)
	if len(config) == 0 {
		s.release(a, fmt.Sprintf("Deploy %x", s.digest()[:4]), s.opt.now())
		return
	}
	change := map[string]*string{}
	for k, v := range config {
		change[k] = &v
	}
	s.configure(a, change)
}

// Releases returns what the app's releases say of themselves, the oldest first.
func (s *Sim) Releases(app string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	for _, r := range s.app(app).releases {
		all = append(all, r.description)
	}
	return all
}

// OneOff starts a one-off dyno, as "run.1234" or "scheduler.5", with the
// config vars of the release that runs now. It is up until it is stopped.
func (s *Sim) OneOff(app, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.app(app)
	a.oneOffs = append(a.oneOffs, oneOff{name, s.current(a), s.opt.now()})
}

// StopOneOff ends a one-off dyno.
func (s *Sim) StopOneOff(app, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.app(app)
	a.oneOffs = slices.DeleteFunc(a.oneOffs, func(d oneOff) bool { return d.name == name })
}

// Crash makes all dynos of a process type crash, or run again.
func (s *Sim) Crash(app, process string, crashed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.app(app)
	a.crashed = slices.DeleteFunc(a.crashed, func(p string) bool { return p == process })
	if crashed {
		a.crashed = append(a.crashed, process)
	}
}

// Federated makes an account sign in through an identity provider, or not.
func (s *Sim) Federated(email string, on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.account(email).federated = on
}

// RequireTwoFactor makes an app demand a second factor, or not.
func (s *Sim) RequireTwoFactor(app string, on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.app(app).twoFactor = on
}

// SetRateLimit sets how many requests are left. They come back with time.
func (s *Sim) SetRateLimit(remaining int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.left, s.leftAt = float64(remaining), s.opt.now()
}

// SetWarning makes every answer carry a warning for people; "" ends it.
func (s *Sim) SetWarning(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.warning = text
}

// Requests returns every request so far, as "GET /account".
func (s *Sim) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// digest returns bytes that are different each time and the same in each run.
func (s *Sim) digest() []byte {
	s.serial++
	return sum("serial", strconv.Itoa(s.serial))
}

func sum(parts ...string) []byte {
	h := sha256.Sum256([]byte("herokusim " + strings.Join(parts, " ")))
	return h[:]
}

func (s *Sim) uuid() string { return uuid(s.digest()) }

func uuid(b []byte) string {
	d := hex.EncodeToString(b)
	return d[:8] + "-" + d[8:12] + "-4" + d[13:16] + "-8" + d[17:20] + "-" + d[20:32]
}

// token returns a token of today's length, 65 characters, unless the prefix is
// longer than that leaves room for.
func (s *Sim) token() string {
	raw := base64.RawURLEncoding.EncodeToString(append(s.digest(), s.digest()...))
	prefix := s.opt.tokenPrefix()
	return prefix + raw[:max(65-len(prefix), 16)]
}

// app returns the app of a world that was just built; one that is not there is
// a mistake in the test.
func (s *Sim) app(name string) *app {
	a := s.apps[name]
	if a == nil {
		panic("herokusim: no app " + name)
	}
	return a
}

func (s *Sim) account(email string) *account {
	i := slices.IndexFunc(s.accounts, func(a *account) bool { return a.email == email })
	if i < 0 {
		panic("herokusim: no account " + email)
	}
	return s.accounts[i]
}
