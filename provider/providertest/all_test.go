package providertest_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/provider"
	"github.com/pawl-dev/pawl/provider/github"
	"github.com/pawl-dev/pawl/provider/github/githubsim"
	"github.com/pawl-dev/pawl/provider/heroku"
	"github.com/pawl-dev/pawl/provider/heroku/herokusim"
	"github.com/pawl-dev/pawl/provider/infisical"
	"github.com/pawl-dev/pawl/provider/infisical/infisicalsim"
	"github.com/pawl-dev/pawl/provider/providertest"
	"github.com/pawl-dev/pawl/provider/wire"
	"github.com/pawl-dev/pawl/sim"
)

const mark = "CANARY" // in every secret of every simulator

func secret(s string) pawl.Secret { return pawl.NewSecret([]byte(s)) }

// dial opens a connection of p to a simulator.
func dial(t *testing.T, p provider.Provider, h http.Handler, secrets map[string]string) (any, *sim.Server) {
	t.Helper()
	srv := sim.New(t, h)
	c := provider.Connection{Name: p.Name, URL: srv.URL, HTTP: wire.NewClient(wire.Options{Vendor: p.Name}), Secrets: map[string]pawl.Secret{}}
	for name, value := range secrets {
		c.Secrets[name] = secret(value)
	}
	client, err := p.Connection.Open(c)
	if err != nil {
		t.Fatal(err)
	}
	return client, srv
}

func consumer(t *testing.T, p provider.Provider, client any, settings string) pawl.Consumer {
	t.Helper()
	c, err := p.Consumers[0].New(client, json.RawMessage(settings))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func newHeroku() (s *herokusim.Sim, management, old string) {
	s = herokusim.New(herokusim.Options{MaskTokens: true})
	s.AddAccount("ops@acme.example")
	_, management = s.AddAuthorization("ops@acme.example", "acme-operations", nil)
	_, old = s.AddAuthorization("ops@acme.example", "acme-platform-token 2026-08-20", nil)
	s.AddApp("acme-api-prod", map[string]string{"ACME_TOKEN": old, "DATABASE_URL": "postgres://CANARY-db"})
	return s, management, old
}

func TestHerokuAuthorization(t *testing.T) {
	providertest.Issuer(t, mark, func(t *testing.T) (pawl.Issuer, *sim.Server) {
		s, management, _ := newHeroku()
		p := heroku.Provider()
		client, srv := dial(t, p, s, map[string]string{"token": management})
		i, err := p.Issuers[0].New(client, json.RawMessage(`{"description":"acme-platform-token","scope":["global"],"check":{"account":"ops@acme.example"}}`))
		if err != nil {
			t.Fatal(err)
		}
		return i, srv
	})
}

func TestHerokuConfigVar(t *testing.T) {
	providertest.Consumer(t, mark, func(t *testing.T) (pawl.Consumer, *sim.Server, providertest.Options) {
		s, management, old := newHeroku()
		p := heroku.Provider()
		client, srv := dial(t, p, s, map[string]string{"token": management})
		return consumer(t, p, client, `{"app":"acme-api-prod","keys":["ACME_TOKEN"]}`), srv,
			providertest.Options{Old: secret(old), New: secret("HRKU-CANARY-new"), Third: secret("HRKU-CANARY-third")}
	})
}

func TestInfisicalSecret(t *testing.T) {
	for name, o := range map[string]infisicalsim.Options{"v4": {}, "v3": {V3Only: true}} {
		t.Run(name, func(t *testing.T) {
			providertest.Consumer(t, mark, func(t *testing.T) (pawl.Consumer, *sim.Server, providertest.Options) {
				s := infisicalsim.New(o)
				s.Put("prod", "/", "ACME_TOKEN", "CANARY-old")
				p := infisical.Provider()
				client, srv := dial(t, p, s, map[string]string{"client_id": infisicalsim.ClientID, "client_secret": infisicalsim.ClientSecret})
				return consumer(t, p, client, `{"project":"proj-0001","env":"prod","key":"ACME_TOKEN"}`), srv,
					providertest.Options{Old: secret("CANARY-old"), New: secret("CANARY-new"), Third: secret("CANARY-third"), SignsIn: true, Writing: sim.Match{Method: "PATCH"}}
			})
		})
	}
}

func TestGitHubActionsSecret(t *testing.T) {
	providertest.Consumer(t, mark, func(t *testing.T) (pawl.Consumer, *sim.Server, providertest.Options) {
		now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
		s := githubsim.New(githubsim.Options{Now: func() time.Time { return now }})
		s.AddRepo("acme/api", "deploy-staging.yml")
		s.SetSecret("acme/api", "", "ACME_TOKEN", "CANARY-old")
		p := github.Provider()
		client, srv := dial(t, p, s, map[string]string{"token": githubsim.Token})
		return consumer(t, p, client, `{"repo":"acme/api","secret":"ACME_TOKEN"}`), srv,
			providertest.Options{Old: secret("CANARY-old"), New: secret("CANARY-new"), Third: secret("CANARY-third"), WriteOnly: true,
				Now: func() time.Time { return now }}
	})
}
