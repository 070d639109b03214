package providertest_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/provider/providertest"
	"github.com/pawl-dev/pawl/provider/wire"
	"github.com/pawl-dev/pawl/sim"
)

var broken = flag.String("broken", "", "break the providers of TestExample in this way")

// TestSuitesCatch runs the suites on a small provider with each mistake that
// they are there for. TestExample runs them on the same one, which is right.
func TestSuitesCatch(t *testing.T) {
	for mistake, where := range map[string]string{
		"mint again":       "TestExample/Issuer/Mint/lose",
		"not unknown":      "TestExample/Issuer/Mint/lose",
		"quote":            "TestExample/Issuer/Mint/forbid",
		"follow":           "TestExample/Issuer/Mint/redirect",
		"404 is an error":  "TestExample/Issuer/Lifecycle",
		"any error denies": "TestExample/Issuer/Check/refuse",
		"empty list":       "TestExample/Issuer/List/html",
		"values in list":   "TestExample/Issuer/Abilities",
		"always write":     "TestExample/Consumer/Lifecycle",
		"ignore over":      "TestExample/Consumer/Conflict",
		"trust status":     "TestExample/Consumer/Set/html",
		"prove anything":   "TestExample/Consumer/Observe/forbid",
		"lost is absent":   "TestExample/Consumer/Read/fail",
	} {
		t.Run(mistake, func(t *testing.T) {
			self, err := os.Executable()
			if err != nil {
				t.Fatal(err)
			}
			out, err := exec.CommandContext(t.Context(), self, "-test.run=^"+strings.ReplaceAll(where, "/", "$/^")+"$", "-broken="+mistake).CombinedOutput()
			if err == nil || !strings.Contains(string(out), "--- FAIL: "+where+" ") {
				t.Errorf("%s does not fail: %v\n%s", where, err, out)
			}
		})
	}
}

func TestExample(t *testing.T) {
	t.Run("Issuer", func(t *testing.T) {
		providertest.Issuer(t, mark, func(t *testing.T) (pawl.Issuer, *sim.Server) {
			srv := sim.New(t, newExample())
			return issuer{example{srv.URL, client()}}, srv
		})
	})
	t.Run("Consumer", func(t *testing.T) {
		providertest.Consumer(t, mark, func(t *testing.T) (pawl.Consumer, *sim.Server, providertest.Options) {
			srv := sim.New(t, newExample())
			return consumerOf{example{srv.URL, client()}}, srv,
				providertest.Options{Old: secret("CANARY-old"), New: secret("CANARY-new"), Third: secret("CANARY-third")}
		})
	})
}

func client() *http.Client {
	if *broken == "follow" {
		return &http.Client{}
	}
	return wire.NewClient(wire.Options{})
}

// newExample is a vendor of tokens who also keeps one value.
func newExample() http.Handler {
	var mu sync.Mutex
	tokens, n, place := map[string]map[string]string{}, 0, "CANARY-old"
	mux := http.NewServeMux()
	mux.HandleFunc("POST /tokens", func(w http.ResponseWriter, r *http.Request) {
		var in map[string]string
		json.NewDecoder(r.Body).Decode(&in)
		n++
		id := fmt.Sprint("t", n)
		tokens[id] = map[string]string{"id": id, "label": in["label"], "value": "CANARY-" + id}
		json.NewEncoder(w).Encode(tokens[id])
	})
	mux.HandleFunc("GET /tokens", func(w http.ResponseWriter, _ *http.Request) {
		json.NewEncoder(w).Encode(slices.AppendSeq([]map[string]string{}, maps.Values(tokens)))
	})
	mux.HandleFunc("DELETE /tokens/{id}", func(w http.ResponseWriter, r *http.Request) {
		if tokens[r.PathValue("id")] == nil {
			http.Error(w, "CANARY", http.StatusNotFound)
		}
		delete(tokens, r.PathValue("id"))
	})
	mux.HandleFunc("GET /me", func(w http.ResponseWriter, r *http.Request) {
		for _, token := range tokens {
			if r.Header.Get("Authorization") == "Bearer "+token["value"] {
				fmt.Fprint(w, "{}")
				return
			}
		}
		http.Error(w, "CANARY", http.StatusUnauthorized)
	})
	mux.HandleFunc("GET /place", func(w http.ResponseWriter, _ *http.Request) { json.NewEncoder(w).Encode(place) })
	mux.HandleFunc("PUT /place", func(w http.ResponseWriter, r *http.Request) {
		json.NewDecoder(r.Body).Decode(&place)
		fmt.Fprint(w, "{}")
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		mux.ServeHTTP(w, r)
	})
}

type example struct {
	url string
	hc  *http.Client
}

func (e example) do(ctx context.Context, method, path string, token pawl.Secret, in, out any) error {
	r := wire.Request{Op: "example." + method, Method: method, URL: e.url + path, Token: token, Body: in, Mutates: method != "GET" && *broken != "not unknown"}
	if *broken == "quote" {
		r.Fail = func(_ int, _ http.Header, body []byte) *pawl.Error {
			return &pawl.Error{Kind: pawl.Forbidden, Err: errors.New(string(body))}
		}
	}
	hc := e.hc
	if *broken == "follow" && method == "POST" { // as if package wire were not used
		if resp, err := hc.Post(e.url+path, "", strings.NewReader("{}")); err == nil {
			resp.Body.Close()
		}
	}
	resp, err := wire.Do(ctx, hc, r, out)
	if *broken == "trust status" && resp.Status == 200 {
		return nil
	}
	return err
}

type issuer struct{ example }

func (i issuer) Mint(ctx context.Context, label string) (pawl.Generation, error) {
	var got struct{ ID, Label, Value string }
	err := i.do(ctx, "POST", "/tokens", pawl.Secret{}, map[string]string{"label": label}, &got)
	if err != nil && *broken == "mint again" {
		err = i.do(ctx, "POST", "/tokens", pawl.Secret{}, map[string]string{"label": label}, &got)
	}
	if err != nil {
		return pawl.Generation{}, err
	}
	return pawl.Generation{ID: got.ID, Label: got.Label, Value: secret(got.Value)}, nil
}

func (i issuer) Check(ctx context.Context, value pawl.Secret) error {
	err := i.do(ctx, "GET", "/me", value, nil, nil)
	if err != nil && *broken == "any error denies" {
		return &pawl.Error{Kind: pawl.Denied}
	}
	return err
}

func (i issuer) Revoke(ctx context.Context, id string) error {
	err := i.do(ctx, "DELETE", "/tokens/"+id, pawl.Secret{}, nil, nil)
	if pawl.KindOf(err) == pawl.NotFound && *broken != "404 is an error" {
		return nil
	}
	return err
}

func (i issuer) List(ctx context.Context) ([]pawl.Generation, error) {
	var got []struct{ ID, Label, Value string }
	err := i.do(ctx, "GET", "/tokens", pawl.Secret{}, nil, &got)
	if *broken == "empty list" {
		err = nil
	}
	var all []pawl.Generation
	for _, g := range got {
		made := pawl.Generation{ID: g.ID, Label: g.Label}
		if *broken == "values in list" {
			made.Value = secret(g.Value)
		}
		all = append(all, made)
	}
	return all, err
}

type consumerOf struct{ example }

func (c consumerOf) Read(ctx context.Context) (pawl.Secret, error) {
	var got string
	err := c.do(ctx, "GET", "/place", pawl.Secret{}, nil, &got)
	if err != nil && *broken == "lost is absent" {
		return pawl.Secret{}, &pawl.Error{Kind: pawl.NotFound}
	}
	return secret(got), err
}

func (c consumerOf) Snapshot(ctx context.Context) (pawl.Secret, error) { return c.Read(ctx) }

func (c consumerOf) Set(ctx context.Context, w pawl.Write) (pawl.Receipt, error) {
	now, err := c.Read(ctx)
	if err != nil {
		return pawl.Receipt{}, err
	}
	if now.Equal(w.To.Secret) && *broken != "always write" {
		return pawl.Receipt{}, nil
	}
	expected := func(o pawl.Content) bool { return o.Secret.Equal(now) }
	if w.Over != nil && !slices.ContainsFunc(w.Over, expected) && *broken != "ignore over" && *broken != "always write" {
		return pawl.Receipt{}, &pawl.Error{Op: "example.Set", Kind: pawl.Conflict}
	}
	return pawl.Receipt{Changed: true}, c.do(ctx, "PUT", "/place", pawl.Secret{}, string(w.To.Secret.Reveal()), nil)
}

func (c consumerOf) Observe(ctx context.Context, l pawl.Look) (pawl.Observation, error) {
	now, err := c.Read(ctx)
	switch {
	case *broken == "prove anything":
		return pawl.Observation{Verdict: pawl.Proved, Class: pawl.ReadBack, Holds: pawl.HoldsWant}, nil
	case err != nil:
		return pawl.Observation{}, err
	case now.Equal(l.Want.Secret):
		return pawl.Observation{Verdict: pawl.Proved, Class: pawl.ReadBack, Holds: pawl.HoldsWant}, nil
	case now.Equal(l.Not):
		return pawl.Observation{Holds: pawl.HoldsNot}, nil
	}
	return pawl.Observation{Holds: pawl.HoldsOther}, nil
}
