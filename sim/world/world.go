// Package world puts the simulated vendors together to a small company: a
// Heroku token in a store, in the config vars of four apps and in a GitHub
// Actions secret, apps that tell which value they really run on, and a
// workflow that fails with a dead one, and another that attests it. The demo, "pawl sim" and tests run on
// it.
package world

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/pawl-dev/pawl/health"
	"github.com/pawl-dev/pawl/provider/github/githubsim"
	"github.com/pawl-dev/pawl/provider/heroku/herokusim"
	"github.com/pawl-dev/pawl/provider/infisical/infisicalsim"
	"github.com/pawl-dev/pawl/provider/slack/slacksim"
)

// The names of the company's things.
const (
	Account    = "ops@acme.example"
	Stem       = "acme-platform-token"
	Key        = "HEROKU_API_KEY"
	Repo       = "acme/api"
	Workflow   = "deploy-staging.yml"
	Attesting  = "pawl-attest.yml"
	Project    = "proj-0001"
	Credential = "heroku-api-key"
)

// Apps are the Heroku apps that hold the token.
var Apps = []string{"acme-api-staging", "acme-api-prod", "acme-console-prod", "acme-rotation-pipeline"}

// Options are the world's. The zero value is one in which everything happens
// at once.
type Options struct {
	Now          func() time.Time // nil: time.Now
	ReleaseDelay time.Duration
	BootDelay    time.Duration
	RevokeDelay  time.Duration
	QueueDelay   time.Duration
	RunDuration  time.Duration
	MaskTokens   bool
	// Front wraps each vendor's handler, to break it; nil: nothing does.
	Front func(vendor string, h http.Handler) http.Handler
}

// A World is the company and its vendors. It is safe for concurrent use.
type World struct {
	Heroku    *herokusim.Sim
	Infisical *infisicalsim.Sim
	GitHub    *githubsim.Sim
	Slack     *slacksim.Sim

	OldID string // of the authorization in use at the beginning
	admin string // token of the management authorization
	front func(string, http.Handler) http.Handler
}

// New returns the company as it is on an ordinary day: every copy is the same,
// and it works.
func New(o Options) *World {
	w := &World{front: o.Front}
	w.Heroku = herokusim.New(herokusim.Options{Now: o.Now, ReleaseDelay: o.ReleaseDelay, BootDelay: o.BootDelay, RevokeDelay: o.RevokeDelay, MaskTokens: o.MaskTokens})
	w.Heroku.AddAccount(Account)
	_, w.admin = w.Heroku.AddAuthorization(Account, "acme-operations", []string{"global"})
	id, old := w.Heroku.AddAuthorization(Account, Stem+" 2026-08-20", []string{"global"})
	w.OldID = id
	for _, app := range Apps {
		w.Heroku.AddApp(app, map[string]string{Key: old, "APP_ENV": "production"})
	}
	w.Infisical = infisicalsim.New(infisicalsim.Options{Now: o.Now, Project: Project})
	w.Infisical.Put("prod", "/", Key, old)
	w.GitHub = githubsim.New(githubsim.Options{Now: o.Now, QueueDelay: o.QueueDelay, RunDuration: o.RunDuration, OnRun: w.deploy, Jobs: jobs})
	w.GitHub.AddRepo(Repo, Workflow, Attesting)
	w.GitHub.Declare(Repo, Attesting, "", "nonce")
	w.GitHub.SetSecret(Repo, "", Key, old)
	w.Slack = slacksim.New(slacksim.Options{})
	return w
}

// deploy is the workflow: it signs in at Heroku with the secret as the run has
// it. The one that only attests signs in nowhere.
func (w *World) deploy(r githubsim.Run) string {
	if r.Workflow == Attesting || w.Heroku.Valid(r.Secrets[Key]) {
		return "success"
	}
	return "failure"
}

// jobs are those of docs/attest.md, if the run was given a nonce.
func jobs(r githubsim.Run) []string {
	if r.Inputs["nonce"] == "" {
		return []string{"deploy"}
	}
	return []string{"attest", "pawl-attest=" + health.MAC([]byte(r.Secrets[Key]), strings.ToLower(r.Repo), Key, r.Inputs["nonce"])}
}

// Handlers returns the vendors' APIs by name, and "apps": the company's own
// services.
func (w *World) Handlers() map[string]http.Handler {
	all := map[string]http.Handler{"heroku": w.Heroku, "infisical": w.Infisical, "github": w.GitHub, "slack": w.Slack, "apps": http.HandlerFunc(w.apps)}
	if w.front != nil {
		for name, h := range all {
			all[name] = w.front(name, h)
		}
	}
	return all
}

// apps answers GET /{app}/health as an app does that mounts package health: it
// tells, with a nonce or without, which value its live process booted with, and
// whether Heroku accepts it.
func (w *World) apps(rw http.ResponseWriter, r *http.Request) {
	app, ok := strings.CutSuffix(strings.TrimPrefix(r.URL.Path, "/"), "/health")
	if r.Method != http.MethodGet || !ok || !slices.Contains(Apps, app) {
		http.NotFound(rw, r)
		return
	}
	live := w.Heroku.InUse(app, Key)
	if len(live) == 0 {
		http.Error(rw, "no process is up", http.StatusServiceUnavailable)
		return
	}
	value := live[0]
	state := "error"
	if w.Heroku.Valid(value) {
		state = "ok"
	}
	health.Handler(health.Config{
		Credentials: map[string]func() []byte{Key: func() []byte { return []byte(value) }},
		Status:      func() map[string]any { return map[string]any{"heroku_api": state} },
		Plain:       true,
	}).ServeHTTP(rw, r)
}

// Check returns what is wrong at the end of a rotation: a copy that differs, a
// process on a dead value, an authorization of this credential that nobody
// uses. None is well.
func (w *World) Check() []string {
	var wrong []string
	value, _, ok := w.Infisical.Get("prod", "/", Key)
	if !ok || !w.Heroku.Valid(value) {
		wrong = append(wrong, "the store's value is not valid at Heroku")
	}
	for _, app := range Apps {
		if w.Heroku.Config(app)[Key] != value {
			wrong = append(wrong, app+" is configured with another value than the store's")
		}
		for i, v := range w.Heroku.InUse(app, Key) {
			if !w.Heroku.Valid(v) {
				wrong = append(wrong, fmt.Sprintf("process %d of %s runs on a dead value", i+1, app))
			}
		}
	}
	if v, _ := w.GitHub.Secret(Repo, "", Key); v != value {
		wrong = append(wrong, "GitHub holds another value than the store")
	}
	live := 0
	for _, a := range w.Heroku.Authorizations() {
		if strings.HasPrefix(a.Description, Stem) {
			live++
		}
	}
	if live != 1 {
		wrong = append(wrong, fmt.Sprintf("%d authorizations of %s are live, want 1", live, Stem))
	}
	return wrong
}
