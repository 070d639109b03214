// Package githubsim simulates the part of GitHub's REST API that package github
// uses: Actions secrets, environments, and workflow runs. It keeps state, opens
// the sealed values it is sent, and refuses what GitHub refuses.
//
// There are no goroutines: before each request the runs are moved on to where
// they are by the clock.
//
// Written from https://docs.github.com/en/rest/actions and
// https://docs.github.com/en/rest/deployments/environments
package githubsim

import (
	"crypto/rand"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/nacl/box"
)

// Token is what a [Sim] accepts if its options do not say.
const Token = "ghs_CANARYsimulated"

// Options shape a simulated GitHub. The zero value is usable.
type Options struct {
	Now           func() time.Time       // nil: time.Now
	Token         string                 // empty: Token
	NoRunDetails  bool                   // an old server: refuses return_run_details as a field it does not know
	MuteDispatch  bool                   // an old server: ignores return_run_details and answers 204
	QueueDelay    time.Duration          // until a run's job starts
	RunDuration   time.Duration          // from there to its end
	OnRun         func(Run) (end string) // what a run comes to, asked once when it ends; nil: "success". It must not use the Sim
	Jobs          func(Run) []string     // names of a run's jobs, the last of which begin when the first is over; nil: "build". It must not use the Sim
	ListingLag    time.Duration          // until a run shows in lists
	IgnoreFilters bool                   // lists of runs ignore status and event
}

// A Run is what a workflow's job sees.
type Run struct {
	ID        int64
	Repo      string
	Workflow  string
	Ref       string
	Inputs    map[string]string
	Secrets   map[string]string // as GitHub resolves them: organization's and repository's when queued, environment's at the start
	CreatedAt time.Time
}

// A Sim is a simulated GitHub. It is an [http.Handler], at the root and below
// /api/v3, and safe for concurrent use.
type Sim struct {
	opts Options
	mux  *http.ServeMux

	mu       sync.Mutex
	ids      int64
	repos    map[string]*repo   // by lower-case owner/name
	orgs     map[string]*holder // by lower-case name
	requests []string
}

type repo struct {
	holder
	id        int64
	name      string // owner/name
	archived  bool
	closed    bool // the token may not see its secrets
	refs      []string
	envs      []*environment
	workflows []*workflow
	runs      []*run // oldest first
}

type environment struct {
	holder
	name string
}

type workflow struct {
	id     int64
	file   string
	state  string
	env    string   // the environment of its job
	inputs []string // the inputs it declares; nil: any
}

// holder is whatever has secrets: an organization, a repository, an environment.
type holder struct {
	pub, priv *[32]byte
	keyID     string
	secrets   map[string]*secret // by upper-case name
}

type secret struct {
	name             string
	value            string
	created, updated time.Time
	visibility       string // of an organization's
	selected         []int64
}

// New returns an empty GitHub.
func New(o Options) *Sim {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Token == "" {
		o.Token = Token
	}
	s := &Sim{opts: o, ids: 1000, repos: map[string]*repo{}, orgs: map[string]*holder{}}
	s.mux = s.routes()
	return s
}

func (s *Sim) id() int64 { s.ids++; return s.ids }

func (s *Sim) now() time.Time { return s.opts.Now().UTC().Truncate(time.Second) }

func (s *Sim) newHolder() holder {
	pub, priv, err := box.GenerateKey(rand.Reader)
	if err != nil {
		panic(err) // crypto/rand does not fail
	}
	return holder{pub: pub, priv: priv, keyID: fmt.Sprint(5680000000 + s.id()), secrets: map[string]*secret{}}
}

// AddRepo adds a repository, as owner/name, with workflows in files of these
// names. Its one branch is main. If it exists, the workflows are added to it.
func (s *Sim) AddRepo(name string, workflows ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.repos[strings.ToLower(name)]
	if r == nil {
		r = &repo{holder: s.newHolder(), id: s.id(), name: name, refs: []string{"main"}}
		s.repos[strings.ToLower(name)] = r
	}
	for _, file := range workflows {
		r.workflows = append(r.workflows, &workflow{id: s.id(), file: file, state: "active"})
	}
}

// Archive archives a repository.
func (s *Sim) Archive(repo string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mustRepo(repo).archived = true
}

// Close takes the permission Secrets away from the token, for one repository.
func (s *Sim) Close(repo string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mustRepo(repo).closed = true
}

// AddOrg adds an organization that has secrets of its own.
func (s *Sim) AddOrg(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.newHolder()
	s.orgs[strings.ToLower(name)] = &h
}

// AddEnvironment adds an environment to a repository.
func (s *Sim) AddEnvironment(repo, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.mustRepo(repo)
	r.envs = append(r.envs, &environment{s.newHolder(), name})
}

// AddRef adds a branch or tag to a repository.
func (s *Sim) AddRef(repo, ref string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.mustRepo(repo)
	r.refs = append(r.refs, ref)
}

// Declare says which environment the job of a workflow runs in ("" for none)
// and which inputs the workflow has. Others are refused from then on.
func (s *Sim) Declare(repo, file, environment string, inputs ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.mustRepo(repo).workflow(file)
	w.env, w.inputs = environment, append([]string{}, inputs...)
}

// Disable disables a workflow, as a person can.
func (s *Sim) Disable(repo, file string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mustRepo(repo).workflow(file).state = "disabled_manually"
}

// SetSecret stores a value now, as somebody else would: for a repository, for
// one of its environments if env is not empty, or for an organization.
func (s *Sim) SetSecret(holder, env, name, value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.advance()
	s.find(holder, env).set(name, value, s.now())
}

// Secret returns the value that is stored.
func (s *Sim) Secret(holder, env, name string) (value string, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.find(holder, env)
	if h == nil || h.secrets[strings.ToUpper(name)] == nil {
		return "", false
	}
	return h.secrets[strings.ToUpper(name)].value, true
}

// Requests returns what was asked so far, as "GET /path".
func (s *Sim) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// find returns nil if there is no such holder.
func (s *Sim) find(name, env string) *holder {
	if !strings.Contains(name, "/") {
		return s.orgs[strings.ToLower(name)]
	}
	r := s.repos[strings.ToLower(name)]
	if r == nil || env == "" {
		return r.own()
	}
	return r.environment(env)
}

// mustRepo is for the methods that arrange a test.
func (s *Sim) mustRepo(name string) *repo {
	r := s.repos[strings.ToLower(name)]
	if r == nil {
		panic("githubsim: no repository " + name)
	}
	return r
}

func (r *repo) own() *holder {
	if r == nil {
		return nil
	}
	return &r.holder
}

func (r *repo) environment(name string) *holder {
	for _, e := range r.envs {
		if strings.EqualFold(e.name, name) {
			return &e.holder
		}
	}
	return nil
}

// workflow finds one by file name or number; nil if there is none.
func (r *repo) workflow(name string) *workflow {
	for _, w := range r.workflows {
		if w.file == name || fmt.Sprint(w.id) == name {
			return w
		}
	}
	return nil
}

func (h *holder) set(name, value string, now time.Time) (created bool) {
	name = strings.ToUpper(name)
	old := h.secrets[name]
	if old == nil {
		h.secrets[name] = &secret{name: name, value: value, created: now, updated: now, visibility: "private"}
		return true
	}
	old.value, old.updated = value, now
	return false
}

func (h *holder) names() []string { return slices.Sorted(maps.Keys(h.secrets)) }
