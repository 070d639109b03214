package github_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/provider"
	"github.com/pawl-dev/pawl/provider/github"
	"github.com/pawl-dev/pawl/provider/github/githubsim"
	"github.com/pawl-dev/pawl/provider/providertest"
	"github.com/pawl-dev/pawl/provider/wire"
	"github.com/pawl-dev/pawl/sim"
)

// TestSecretSuite: the secrets that are not a repository's own, which is in
// package providertest with the places of the other vendors.
func TestSecretSuite(t *testing.T) {
	for name, tt := range map[string]struct{ holder, env, settings string }{
		"environment":  {"acme/api", "production", `{"repo":"acme/api","environment":"production","secret":"ACME_TOKEN"}`},
		"organization": {"acme", "", `{"org":"acme","secret":"ACME_TOKEN","visibility":"selected","repos":["acme/api"]}`},
	} {
		t.Run(name, func(t *testing.T) {
			providertest.Consumer(t, "CANARY", func(t *testing.T) (pawl.Consumer, *sim.Server, providertest.Options) {
				now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
				s := githubsim.New(githubsim.Options{Now: func() time.Time { return now }})
				s.AddRepo("acme/api", "deploy-staging.yml")
				if tt.env == "" {
					s.AddOrg(tt.holder)
				} else {
					s.AddEnvironment(tt.holder, tt.env)
				}
				s.SetSecret(tt.holder, tt.env, "ACME_TOKEN", oldValue)
				srv := sim.New(t, s)
				return openSecret(t, srv.URL, tt.settings), srv,
					providertest.Options{Old: pawl.NewSecret([]byte(oldValue)), New: pawl.NewSecret([]byte(newValue)),
						Third: pawl.NewSecret([]byte("HRKU-CANARY-third")), WriteOnly: true, Now: func() time.Time { return now }}
			})
		})
	}
}

func openSecret(t *testing.T, url, settings string) pawl.Consumer {
	t.Helper()
	p := github.Provider()
	client, err := p.Connection.Open(provider.Connection{Name: "github", URL: url,
		Secrets: map[string]pawl.Secret{"token": pawl.NewSecret([]byte(githubsim.Token))}, HTTP: wire.NewClient(wire.Options{Vendor: "github"})})
	if err != nil {
		t.Fatal(err)
	}
	valid(t, p.Consumers[0].Settings(), settings)
	c, err := p.Consumers[0].New(client, json.RawMessage(settings))
	if err != nil {
		t.Fatal(err)
	}
	return c
}
