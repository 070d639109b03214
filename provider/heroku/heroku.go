// Package heroku rotates Heroku OAuth authorizations, and writes values to the
// config vars of Heroku apps.
//
// An authorization is minted by creating it and killed by deleting it, never
// by regenerating its token: that kills the old token at once, so there would
// be no time in which both work, and no way back.
//
// A config var is proved by the platform: the release that holds it succeeded,
// and every dyno runs on that release or a later one. An answer of 200 to the
// write shows neither, because a release phase can fail and old dynos can live
// on.
//
// API: https://devcenter.heroku.com/articles/platform-api-reference
package heroku

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/provider"
)

// URL is the root of the Platform API.
const URL = "https://api.heroku.com"

// Provider returns what pawl offers for Heroku.
func Provider() provider.Provider { return ProviderAt(time.Now) }

// ProviderAt is [Provider] with a clock of its own, which dates descriptions
// and turns lifetimes into expiry times.
func ProviderAt(now func() time.Time) provider.Provider {
	authorization := provider.Issuer("heroku/authorization", 1, "An OAuth authorization of the account that the connection signs in to.",
		func(c *client, s Authorization) pawl.Issuer { return &issuer{c, s} })
	authorization.Effort = provider.Effort{Check: 5, Write: 3, Look: 4}
	configVar := provider.Consumer("heroku/config-var", 1, "Config vars of one app. All of its keys are written at once, so the app restarts once.", pawl.Running,
		func(c *client, s ConfigVar) pawl.Consumer { return &configVars{c, s} })
	configVar.Effort = provider.Effort{Check: 2, Write: 4, Look: 3, Restarts: true}
	return provider.Provider{
		Name: "heroku",
		Doc:  "Heroku: OAuth authorizations, and config vars of apps.",
		Connection: &provider.Connecting{
			PerSecond: 50, // the limit is by the hour, and the preflight looks at it
			URL:       URL,
			Secrets:   []provider.Secret{{Name: "token", Doc: "A token of a management authorization, or an operator's login. Never the token that is rotated."}},
			Scopes:    "global to rotate authorizations; read-protected and write-protected suffice for config vars",
			Open:      func(c provider.Connection) (any, error) { return open(c, now) },
			Discover:  func(c any) pawl.Discoverer { return search{c.(*client)} },
			Examine:   func(ctx context.Context, c any) (provider.Exam, error) { return c.(*client).examine(ctx) },
		},
		Issuers:   []provider.IssuerKind{authorization},
		Consumers: []provider.ConsumerKind{configVar},
	}
}

// client calls the API as one connection. It is safe for concurrent use.
type client struct {
	name  string // of the connection, for hints
	url   string
	token pawl.Secret
	http  *http.Client
	now   func() time.Time
}

func open(c provider.Connection, now func() time.Time) (*client, error) {
	token := c.Secrets["token"]
	if token.IsZero() {
		return nil, &pawl.Error{Op: "heroku.Open", Kind: pawl.Invalid, Hint: "Give connection " + c.Name + " a token.", Err: errors.New("no token")}
	}
	url := strings.TrimRight(c.URL, "/")
	if url == "" {
		url = URL
	}
	return &client{c.Name, url, token, c.HTTP, now}, nil
}
