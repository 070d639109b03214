package infisical_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/provider/infisical"
	"github.com/pawl-dev/pawl/provider/infisical/infisicalsim"
	"github.com/pawl-dev/pawl/provider/wire"
)

func TestOneSignInForAll(t *testing.T) {
	p, s := open(t, infisicalsim.Options{})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := p.Read(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := count(s, "login"); n != 1 {
		t.Errorf("%d sign-ins, want 1", n)
	}
}

func TestRefusedSignInIsNotRepeated(t *testing.T) {
	s := infisicalsim.New(infisicalsim.Options{})
	srv := httptest.NewServer(s)
	defer srv.Close()
	client := must[any](t)(infisical.Provider().Connection.Open(connection(srv.URL, nil, "stale-CANARY")))
	for range 5 {
		_, err := at(t, client, settings).Read(t.Context())
		wantKind(t, err, pawl.Denied)
		if hint := pawl.HintOf(err); !strings.Contains(hint, "client_secret") || !strings.Contains(hint, `"vault"`) {
			t.Errorf("the hint does not say what to check: %q", hint)
		}
	}
	if n := count(s, "login"); n != 1 {
		t.Errorf("%d sign-ins, want 1", n)
	}
}

func TestRefusedTokenIsRenewedOnce(t *testing.T) {
	bothAPIs(t, func(t *testing.T, o infisicalsim.Options) {
		p, s := open(t, o)
		must[pawl.Secret](t)(p.Read(t.Context()))
		s.SignOut()
		must[pawl.Receipt](t)(p.Set(t.Context(), write(newText, oldText)))
		wantStored(t, s, newText, 2)
		if n := count(s, "login"); n != 2 {
			t.Errorf("%d sign-ins, want 2", n)
		}
	})
}

func TestTokenThatIsNeverAcceptedIsDenied(t *testing.T) {
	p, s := open(t, infisicalsim.Options{}, func(s *infisicalsim.Sim, r *http.Request) {
		if r.Method == "GET" {
			s.SignOut()
		}
	})
	_, err := p.Read(t.Context())
	wantKind(t, err, pawl.Denied)
	if n := count(s, "login"); n != 2 {
		t.Errorf("%d sign-ins, want 2", n)
	}
}

// direct calls a handler without a network, so that virtual time can be used.
type direct struct{ http.Handler }

func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	if r.Body == nil {
		r.Body = http.NoBody
	}
	d.ServeHTTP(w, r)
	return w.Result(), nil
}

func TestTokenIsRenewedBeforeItEnds(t *testing.T) {
	for _, ttl := range []time.Duration{time.Second, time.Hour, 30 * 24 * time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			s := infisicalsim.New(infisicalsim.Options{TokenTTL: ttl})
			s.Put(env, "/", key, oldText)
			p := connect(t, "https://secrets.acme.example", &http.Client{Transport: direct{s}}, settings)
			for range 3 {
				must[pawl.Secret](t)(p.Read(t.Context()))
				time.Sleep(ttl - 1)
			}
			if logins, reads := count(s, "login"), count(s, "GET"); logins != 3 || reads != 3 {
				t.Errorf("%v: %d sign-ins and %d reads, want 3 of each", ttl, logins, reads)
			}
		})
	}
}

func TestSignInCanBeCancelled(t *testing.T) {
	p, s := open(t, infisicalsim.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := p.Read(ctx)
	wantKind(t, err, pawl.Unavailable)
	if len(s.Requests()) > 0 {
		t.Errorf("sent %v", s.Requests())
	}
	must[pawl.Secret](t)(p.Read(t.Context())) // nothing is stuck or remembered
}

func TestServerWithV4IsNotAskedForV3(t *testing.T) {
	p, s := open(t, infisicalsim.Options{})
	s.Delete(env, "/", key)
	must[pawl.Receipt](t)(p.Set(t.Context(), write(newText)))
	if n := count(s, "/v3/"); n != 0 {
		t.Errorf("asked for v3: %v", s.Requests())
	}
}

func TestServerWithoutV4IsAskedForItOnce(t *testing.T) {
	p, s := open(t, infisicalsim.Options{V3Only: true})
	must[pawl.Receipt](t)(p.Set(t.Context(), write(newText)))
	must[pawl.Secret](t)(p.Read(t.Context()))
	if n := count(s, "/v4/"); n != 1 {
		t.Errorf("asked %d times for v4, want once: %v", n, s.Requests())
	}
}

// scripted answers to sign-ins, and to everything else as it is told.
func scripted(t *testing.T, answer http.HandlerFunc) place {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/login") {
			json.NewEncoder(w).Encode(map[string]any{"accessToken": "token-CANARY", "expiresIn": 3600})
			return
		}
		answer(w, r)
	}))
	t.Cleanup(srv.Close)
	return connect(t, srv.URL, nil, settings)
}

func TestWhatANotFoundMeans(t *testing.T) {
	for _, tt := range []struct {
		name   string
		status int
		body   string
		absent bool
		kind   pawl.Kind // of reading, if it is not absent
	}{
		{"Secret", 404, `{"reqId":"1","statusCode":404,"message":"Secret with name 'HEROKU_API_KEY' not found","error":"NotFound"}`, true, 0},
		{"SecretInFolder", 404, `{"message":"Secret with name 'HEROKU_API_KEY' not found at path '/' in environment with slug 'prod'"}`, true, 0},
		{"Anything", 404, `{"message":"not found"}`, true, 0},
		{"July2024", 400, `{"statusCode":400,"message":"Secret not found","error":"BadRequest"}`, true, 0},
		{"Folder", 404, `{"message":"Folder with path '/' in environment with slug 'prod' not found","error":"NotFound"}`, false, pawl.NotFound},
		{"Project", 404, `{"message":"Project with ID 'proj-0001' not found","error":"NotFound"}`, false, pawl.NotFound},
		{"FolderJuly2024", 400, `{"message":"Folder not found"}`, false, pawl.NotFound},
		{"NoRoute", 404, `{"message":"Route GET:/api/v4/secrets/HEROKU_API_KEY not found","error":"Not Found","statusCode":404}`, false, pawl.Unavailable},
		{"Proxy", 404, `<html><title>404 Not Found</title> CANARY</html>`, false, pawl.Unavailable},
		{"Mux", 404, "404 page not found\n", false, pawl.Unavailable},
		{"Empty", 404, "", false, pawl.Unavailable},
		{"BadRequest", 400, `{"message":"CANARY is not a good environment"}`, false, pawl.Invalid},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := scripted(t, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(tt.status)
				w.Write([]byte(tt.body))
			})
			_, err := p.Snapshot(t.Context())
			if tt.absent {
				if err != nil {
					t.Errorf("not taken for absent: %v", err)
				}
				return
			}
			wantKind(t, err, tt.kind)
		})
	}
}

func TestVagueNotFoundOfAServerWithoutV4(t *testing.T) {
	sim := infisicalsim.New(infisicalsim.Options{V3Only: true})
	sim.Put(env, "/", key, oldText)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "/v4/") {
			w.WriteHeader(http.StatusNotFound)
			w.Write([]byte(`{"message":"Not Found"}`))
			return
		}
		sim.ServeHTTP(w, r)
	}))
	defer srv.Close()
	p := connect(t, srv.URL, nil, settings)
	must[pawl.Receipt](t)(p.Set(t.Context(), write(newText, oldText)))
	wantStored(t, sim, newText, 2)
}

func TestRefusals(t *testing.T) {
	for _, tt := range []struct {
		name   string
		status int
		body   string
		read   pawl.Kind
	}{
		{"Forbidden", 403, `{"error":"PermissionDenied","message":"CANARY"}`, pawl.Forbidden},
		{"Throttled", 429, `{"error":"RateLimitError","message":"CANARY"}`, pawl.Throttled},
		{"Validation", 422, `{"error":"ValidationFailure","message":[{"message":"CANARY"}]}`, pawl.Invalid},
		{"TokenEnded", 403, `{"error":"TokenError","message":"CANARY"}`, pawl.Denied},
		{"TokenMalformed", 500, `{"error":"JsonWebTokenError","message":"jwt malformed"}`, pawl.Denied},
		{"Internal", 500, `{"error":"InternalServerError","message":"CANARY"}`, pawl.Unavailable},
		{"NoSecret", 200, `{}`, pawl.Unavailable},
		{"NoValue", 200, `{"secret":{"version":1}}`, pawl.Unavailable},
		{"WrongType", 200, `{"secret":{"version":1,"secretValue":{"CANARY":1}}}`, pawl.Unavailable},
		{"HTML", 200, `<html>CANARY</html>`, pawl.Unavailable},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := scripted(t, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(tt.status)
				w.Write([]byte(tt.body))
			})
			_, err := p.Read(t.Context())
			wantKind(t, err, tt.read)
			_, err = p.Set(t.Context(), write(newText))
			wantKind(t, err, tt.read) // it reads first, so nothing was changed
		})
	}
}

func TestWriteWithoutWholeAnswerIsUnknown(t *testing.T) {
	for name, body := range map[string]string{"Neither": `{}`, "Null": `{"secret":null,"approval":null}`, "HTML": `<html>`, "Cut": `{"secret":{"ver`} {
		t.Run(name, func(t *testing.T) {
			p := scripted(t, func(w http.ResponseWriter, r *http.Request) {
				if r.Method == "GET" {
					w.Write([]byte(`{"secret":{"version":1,"secretValue":"` + oldText + `"}}`))
					return
				}
				w.Write([]byte(body))
			})
			_, err := p.Set(t.Context(), write(newText, oldText))
			wantKind(t, err, pawl.Unknown)
		})
	}
}

func TestWriteThatCannotBeReadBackIsUnknown(t *testing.T) {
	for _, status := range []int{401, 403, 404, 429, 500, 503} {
		var written bool
		p := scripted(t, func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.Method != "GET":
				written = true
				w.Write([]byte(`{"secret":{"version":2}}`))
			case written:
				w.WriteHeader(status)
			default:
				w.Write([]byte(`{"secret":{"version":1,"secretValue":"` + oldText + `"}}`))
			}
		})
		_, err := p.Set(t.Context(), write(newText, oldText))
		wantKind(t, err, pawl.Unknown)
	}
}

func TestWriteThatIsNotSeenIsUnknown(t *testing.T) {
	p := scripted(t, func(w http.ResponseWriter, r *http.Request) {
		w.Write([]byte(`{"secret":{"version":1,"secretValue":"` + oldText + `"}}`))
	})
	_, err := p.Set(t.Context(), write(newText, oldText))
	wantKind(t, err, pawl.Unknown)
	if strings.Contains(err.Error(), "somebody else") {
		t.Errorf("blames somebody: %v", err)
	}
}

func TestPlaceholderOfAServerThatDoesNotSayHidden(t *testing.T) {
	p := scripted(t, func(w http.ResponseWriter, r *http.Request) {
		w.Write([]byte(`{"secret":{"version":1,"secretValue":"<hidden-by-infisical>"}}`))
	})
	_, err := p.Read(t.Context())
	wantKind(t, err, pawl.Forbidden)
}

func TestReadsTheSecretItself(t *testing.T) {
	p := scripted(t, func(w http.ResponseWriter, r *http.Request) {
		for name, want := range map[string]string{"type": "shared", "include_imports": "false", "expandSecretReferences": "false", "secretPath": "/"} {
			if got := r.URL.Query().Get(name); got != want {
				t.Errorf("%s is %q, want %q", name, got, want)
			}
		}
		w.Write([]byte(`{"secret":{"version":1,"secretValue":"` + oldText + `"}}`))
	})
	must[pawl.Secret](t)(p.Read(t.Context()))
}

func TestPlacesThatDoNotExist(t *testing.T) {
	bothAPIs(t, func(t *testing.T, o infisicalsim.Options) {
		s := infisicalsim.New(o)
		srv := httptest.NewServer(s)
		defer srv.Close()
		for _, change := range [][2]string{{"project", "proj-0002"}, {"env", "qa"}, {"path", "/nowhere"}} {
			wrong := map[string]string{"project": "proj-0001", "env": env, "key": key, "path": "/"}
			wrong[change[0]] = change[1]
			_, err := connect(t, srv.URL, nil, wrong).Preflight(t.Context())
			wantKind(t, err, pawl.NotFound)
			if !strings.Contains(pawl.HintOf(err), change[1]) {
				t.Errorf("the hint does not name %s: %q", change[1], pawl.HintOf(err))
			}
		}
	})
}

func TestIdentityThatMayNotWrite(t *testing.T) {
	p, s := open(t, infisicalsim.Options{ReadOnly: true})
	_, err := p.Set(t.Context(), write(newText, oldText))
	wantKind(t, err, pawl.Forbidden)
	if hint := pawl.HintOf(err); !strings.Contains(hint, "proj-0001") || !strings.Contains(hint, "prod") {
		t.Errorf("got hint %q", hint)
	}
	wantStored(t, s, oldText, 1)
}

func TestRootsAndNames(t *testing.T) {
	s := infisicalsim.New(infisicalsim.Options{})
	srv := httptest.NewServer(s)
	defer srv.Close()
	for _, suffix := range []string{"", "/", "/api", "/api/"} {
		odd := map[string]string{"project": "proj-0001", "env": env, "path": "/a b/ü&c", "key": "ODD?#% KEY" + strings.ReplaceAll(suffix, "/", "-")}
		s.Put(env, "/a b/ü&c", odd["key"], oldText)
		p := connect(t, srv.URL+suffix, nil, odd)
		must[pawl.Receipt](t)(p.Set(t.Context(), write(newText, oldText)))
		if got, _, _ := s.Get(env, "/a b/ü&c", odd["key"]); got != newText {
			t.Errorf("%q: another secret was written: %v", suffix, s.Requests())
		}
	}
}

func TestURLOfSomethingElse(t *testing.T) {
	srv := httptest.NewServer(http.NotFoundHandler())
	defer srv.Close()
	_, err := connect(t, srv.URL, nil, settings).Read(t.Context())
	wantKind(t, err, pawl.Invalid)
}

func TestOpenNeedsBothSecrets(t *testing.T) {
	for _, missing := range []string{"client_id", "client_secret"} {
		c := connection("https://secrets.acme.example", wire.NewClient(wire.Options{}), "CANARY")
		delete(c.Secrets, missing)
		_, err := infisical.Provider().Connection.Open(c)
		wantKind(t, err, pawl.Denied)
	}
}
