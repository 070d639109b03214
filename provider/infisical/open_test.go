package infisical_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/provider"
	"github.com/pawl-dev/pawl/provider/infisical"
	"github.com/pawl-dev/pawl/provider/infisical/infisicalsim"
	"github.com/pawl-dev/pawl/provider/wire"
)

const (
	env, key = "prod", "HEROKU_API_KEY"
	oldText  = "HRKU-old-CANARY"
	newText  = "HRKU-new-CANARY"
)

func secret(s string) pawl.Secret { return pawl.NewSecret([]byte(s)) }
func value(s string) pawl.Content { return pawl.Content{Secret: secret(s)} }
func write(to string, over ...string) pawl.Write {
	w := pawl.Write{To: value(to)}
	for _, o := range over {
		w.Over = append(w.Over, value(o))
	}
	return w
}

// place is everything that the consumer of this package can do.
type place interface {
	pawl.Consumer
	pawl.Reader
	pawl.Snapshotter
	pawl.Preflighter
}

var settings = map[string]string{"project": "proj-0001", "env": env, "key": key}

// connect opens a place behind url.
func connect(t *testing.T, url string, hc *http.Client, settings map[string]string) place {
	t.Helper()
	client, err := infisical.Provider().Connection.Open(connection(url, hc, infisicalsim.ClientSecret))
	if err != nil {
		t.Fatal(err)
	}
	return at(t, client, settings)
}

func connection(url string, hc *http.Client, clientSecret string) provider.Connection {
	if hc == nil {
		hc = wire.NewClient(wire.Options{Vendor: "infisical"})
	}
	return provider.Connection{Name: "vault", URL: url, HTTP: hc, Secrets: map[string]pawl.Secret{
		"client_id": secret(infisicalsim.ClientID), "client_secret": secret(clientSecret),
	}}
}

func at(t *testing.T, client any, settings map[string]string) place {
	t.Helper()
	raw, err := json.Marshal(settings)
	if err != nil {
		t.Fatal(err)
	}
	c, err := infisical.Provider().Consumers[0].New(client, raw)
	if err != nil {
		t.Fatal(err)
	}
	return c.(place)
}

// open returns a place that holds the old value, and its server. Every request
// passes through the hooks first.
func open(t *testing.T, o infisicalsim.Options, hooks ...func(*infisicalsim.Sim, *http.Request)) (place, *infisicalsim.Sim) {
	t.Helper()
	s := infisicalsim.New(o)
	s.Put(env, "/", key, oldText)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, hook := range hooks {
			hook(s, r)
		}
		s.ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	return connect(t, srv.URL, nil, settings), s
}

// bothAPIs runs a test on a server of today and on one of July 2024.
func bothAPIs(t *testing.T, test func(*testing.T, infisicalsim.Options)) {
	t.Run("v4", func(t *testing.T) { test(t, infisicalsim.Options{}) })
	t.Run("v3", func(t *testing.T) { test(t, infisicalsim.Options{V3Only: true}) })
}

// wantKind checks an error's kind, and that nothing secret is in it.
func wantKind(t *testing.T, err error, want pawl.Kind) {
	t.Helper()
	if _, ok := errors.AsType[*pawl.Error](err); !ok || pawl.KindOf(err) != want {
		t.Errorf("got error %v (%v), want kind %v", err, pawl.KindOf(err), want)
	}
	if text := fmt.Sprintf("%v %+v %#v %s", err, err, err, pawl.HintOf(err)); strings.Contains(text, "CANARY") {
		t.Errorf("the error shows a secret: %s", text)
	}
}

func wantStored(t *testing.T, s *infisicalsim.Sim, want string, version int) {
	t.Helper()
	if got, v, ok := s.Get(env, "/", key); !ok || got != want || v != version {
		t.Errorf("stored: %q, version %d, %v; want %q, version %d", got, v, ok, want, version)
	}
}

// count returns how many requests contain part.
func count(s *infisicalsim.Sim, part string) (n int) {
	for _, r := range s.Requests() {
		if strings.Contains(r, part) {
			n++
		}
	}
	return n
}

func wrote(s *infisicalsim.Sim) bool {
	return slices.ContainsFunc(s.Requests(), func(r string) bool {
		return strings.Contains(r, "/secrets/") && !strings.HasPrefix(r, "GET ")
	})
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}
