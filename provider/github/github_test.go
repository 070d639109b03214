package github_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/provider"
	"github.com/pawl-dev/pawl/provider/github"
	"github.com/pawl-dev/pawl/provider/github/githubsim"
	"github.com/pawl-dev/pawl/provider/wire"
)

const (
	oldValue = "HRKU-CANARY-old"
	newValue = "HRKU-CANARY-new"
)

// world is a simulated GitHub with a clock that only the test moves, and a
// front door that can be broken.
type world struct {
	t   *testing.T
	sim *githubsim.Sim
	url string
	now time.Time

	// meddle may answer a request in GitHub's place; it reports whether it did.
	meddle func(w http.ResponseWriter, r *http.Request) bool
}

func newWorld(t *testing.T, o githubsim.Options) *world {
	w := &world{t: t, now: time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)}
	o.Now = func() time.Time { return w.now }
	w.sim = githubsim.New(o)
	srv := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if w.meddle == nil || !w.meddle(rw, r) {
			w.sim.ServeHTTP(rw, r)
		}
	}))
	t.Cleanup(srv.Close)
	w.url = srv.URL
	w.sim.AddRepo("acme/api", "deploy-staging.yml")
	return w
}

func (w *world) client(token string) any {
	w.t.Helper()
	c, err := github.Provider().Connection.Open(provider.Connection{
		Name: "acme-github", URL: w.url,
		Secrets: map[string]pawl.Secret{"token": pawl.NewSecret([]byte(token))},
		HTTP:    wire.NewClient(wire.Options{Vendor: "github", Concurrent: 2}),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	github.SetNow(c, func() time.Time { return w.now })
	return c
}

func (w *world) consumer(settings string) pawl.Consumer {
	w.t.Helper()
	return w.consumerOver(w.client(githubsim.Token), settings)
}

// consumerOver makes one over a connection that others have as well.
func (w *world) consumerOver(client any, settings string) pawl.Consumer {
	w.t.Helper()
	kind := github.Provider().Consumers[0]
	valid(w.t, kind.Settings(), settings)
	c, err := kind.New(client, json.RawMessage(settings))
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

func (w *world) prover(settings string) pawl.Prover {
	w.t.Helper()
	return w.proverOver(w.client(githubsim.Token), settings)
}

func (w *world) proverOver(client any, settings string) pawl.Prover {
	w.t.Helper()
	kind := github.Provider().Provers[0]
	valid(w.t, kind.Settings(), settings)
	p, err := kind.New(client, json.RawMessage(settings))
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

func valid(t *testing.T, s provider.Settings, text string) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), s); err != nil {
		t.Fatal(err)
	}
	if err := s.Validate(); err != nil {
		t.Fatal(err)
	}
}

func content(value string) pawl.Content { return pawl.Content{Secret: pawl.NewSecret([]byte(value))} }

func (w *world) set(c pawl.Consumer, value string) pawl.Receipt {
	w.t.Helper()
	r, err := c.Set(w.t.Context(), pawl.Write{To: content(value)})
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

func (w *world) observe(c pawl.Consumer, l pawl.Look) pawl.Observation {
	w.t.Helper()
	o, err := c.Observe(w.t.Context(), l)
	if err != nil {
		w.t.Fatal(err)
	}
	clean(w.t, o.Detail)
	return o
}

// clean fails if a secret is in any of the texts.
func clean(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if strings.Contains(text, "CANARY") {
			t.Errorf("secret in %q", text)
		}
	}
}

func wantKind(t *testing.T, err error, want pawl.Kind) {
	t.Helper()
	if err == nil || pawl.KindOf(err) != want {
		t.Errorf("error = %v (%v), want %v", err, pawl.KindOf(err), want)
	}
	if err != nil {
		clean(t, err.Error(), pawl.HintOf(err))
	}
}

// fault answers one kind of request in GitHub's place.
func fault(method, suffix string, answer http.HandlerFunc) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != method || !strings.HasSuffix(r.URL.Path, suffix) {
			return false
		}
		answer(w, r)
		return true
	}
}

func status(code int, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
		w.Write([]byte(`{"message":"CANARY in an answer","documentation_url":"https://docs.github.com/CANARY"}`))
	}
}
