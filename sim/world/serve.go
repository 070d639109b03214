package world

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/pawl-dev/pawl/provider/github/githubsim"
	"github.com/pawl-dev/pawl/provider/infisical/infisicalsim"
	"github.com/pawl-dev/pawl/provider/slack/slacksim"
)

// vendors in the order of their ports.
var vendors = []string{"heroku", "infisical", "github", "slack", "apps"}

// Serve serves every vendor on a loopback port of its own until ctx ends, and
// returns their addresses. The ports are base, base+1, …; with base 0 free ones
// are taken.
func (w *World) Serve(ctx context.Context, base int) (urls map[string]string, wait func(), err error) {
	listeners := map[string]net.Listener{}
	for i, name := range vendors {
		port := 0
		if base != 0 {
			port = base + i
		}
		if listeners[name], err = listen(port); err != nil {
			delete(listeners, name)
			for _, l := range listeners {
				l.Close()
			}
			return nil, nil, err
		}
	}
	urls, wait = w.serve(ctx, listeners)
	return urls, wait, nil
}

// ServeAgain is Serve on the ports of an earlier time, by vendor. Where one is
// taken, or was none, a free one is used; the addresses say so.
func (w *World) ServeAgain(ctx context.Context, ports map[string]int) (urls map[string]string, wait func(), err error) {
	listeners := map[string]net.Listener{}
	for _, name := range vendors { // all of these first: a free one might be that of the next
		if port := ports[name]; port != 0 {
			if l, err := listen(port); err == nil {
				listeners[name] = l
			}
		}
	}
	for _, name := range vendors {
		if listeners[name] == nil {
			l, err := listen(0)
			if err != nil {
				for _, l := range listeners {
					l.Close()
				}
				return nil, nil, err
			}
			listeners[name] = l
		}
	}
	urls, wait = w.serve(ctx, listeners)
	return urls, wait, nil
}

func listen(port int) (net.Listener, error) {
	return net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
}

func (w *World) serve(ctx context.Context, listeners map[string]net.Listener) (urls map[string]string, wait func()) {
	handlers, urls := w.Handlers(), map[string]string{}
	var servers []*http.Server
	var running sync.WaitGroup
	for name, l := range listeners {
		s := &http.Server{Handler: handlers[name], ReadHeaderTimeout: 10 * time.Second}
		servers = append(servers, s)
		urls[name] = "http://" + l.Addr().String()
		running.Go(func() { s.Serve(l) })
	}
	stop := context.AfterFunc(ctx, func() {
		for _, s := range servers {
			s.Close()
		}
	})
	return urls, func() { running.Wait(); stop() }
}

// Addresses returns the addresses that Serve uses with this base.
func Addresses(base int) map[string]string {
	urls := map[string]string{}
	for i, name := range vendors {
		urls[name] = fmt.Sprintf("http://127.0.0.1:%d", base+i)
	}
	return urls
}

// HerokuToken is the token that the operators sign in with. It is a simulated
// one.
func (w *World) HerokuToken() string { return w.admin }

// Files are those of a catalog that is wired to the world at these addresses.
// The simulated secrets are the ones below secrets/.
func (w *World) Files(urls map[string]string) map[string]string {
	return map[string]string{
		"connections.yaml":                connections(urls),
		"credentials/heroku-api-key.yaml": credential(urls),
		"secrets/heroku":                  w.admin,
		"secrets/github":                  githubsim.Token,
		"secrets/infisical":               infisicalsim.ClientSecret,
		"secrets/infisical-id":            infisicalsim.ClientID,
		"secrets/slack":                   slacksim.Token,
		"secrets/.gitignore":              "*\n",
	}
}

// WriteCatalog writes these files, over whatever is there.
func (w *World) WriteCatalog(dir string, urls map[string]string) error {
	for name, text := range w.Files(urls) {
		if err := WriteFile(dir, name, text); err != nil {
			return err
		}
	}
	return nil
}

// WriteFile writes one of them.
func WriteFile(dir, name, text string) error {
	path := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(text), 0o600)
}

func connections(urls map[string]string) string {
	return fmt.Sprintf(`version: 1
connections:
  heroku:    {kind: heroku, url: "%s", token: "file:secrets/heroku"}
  infisical: {kind: infisical, url: "%s", client_id: "file:secrets/infisical-id", client_secret: "file:secrets/infisical"}
  github:    {kind: github, url: "%s", token: "file:secrets/github"}
  slack:     {kind: slack, url: "%s", token: "file:secrets/slack"}
`, urls["heroku"], urls["infisical"], urls["github"], urls["slack"])
}

func credential(urls map[string]string) string {
	return fmt.Sprintf(`version: 1
name: heroku-api-key
title: Heroku Platform API token used by deploys
why: The API apps, the console, CI and the rotation pipeline call Heroku with it.
applies_to: [HEROKU_API_KEY]
owner: platform

issuer:
  kind: heroku/authorization
  connection: heroku
  description: acme-platform-token      # the date and a label are appended
  scope: [global]
  check: {account: ops@acme.example, config_vars_of: acme-api-prod}

schedule: {every: 90d}

store:
  kind: infisical/secret
  connection: infisical
  project: proj-0001
  env: prod
  key: HEROKU_API_KEY

consumers:
  - id: api-staging
    kind: heroku/config-var
    connection: heroku
    app: acme-api-staging
    keys: [HEROKU_API_KEY]
    wave: canary
    prove:
      - http: %[1]s/acme-api-staging/health
        expect: '.heroku_api == "ok"'
        attest: '.credentials.HEROKU_API_KEY.sha256'
  - id: api-prod
    kind: heroku/config-var
    connection: heroku
    app: acme-api-prod
    keys: [HEROKU_API_KEY]
    prove:
      - http: %[1]s/acme-api-prod/health
        expect: '.heroku_api == "ok"'
        attest: {nonce: true, name: HEROKU_API_KEY}   # a new question each time
  - {id: console, kind: heroku/config-var, connection: heroku, app: acme-console-prod, keys: [HEROKU_API_KEY]}
  - {id: pipeline, kind: heroku/config-var, connection: heroku, app: acme-rotation-pipeline, keys: [HEROKU_API_KEY]}
  - id: ci
    kind: github/actions-secret
    connection: github
    repo: acme/api
    secret: HEROKU_API_KEY
    prove: [{workflow: deploy-staging.yml, ref: main, inputs: {sanity: "true"}}]
  - id: laptop
    kind: human
    people: [ops]
    notify: {slack: ops@acme.example}
    ask: Open a new shell, then run `+"`heroku auth:whoami`"+`.
    blocks: nothing

finish: {soak: 1s, watch: 1s}
`, urls["apps"])
}
