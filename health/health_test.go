package health_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/pawl-dev/pawl/health"
)

const (
	value = "HRKU-CANARY-in-use"
	nonce = "0123456789abcdefABCDEF-_"
)

func config() health.Config {
	return health.Config{
		Credentials: map[string]func() []byte{"HEROKU_API_KEY": func() []byte { return []byte(value) }},
		Context:     "acme-api-prod",
	}
}

type answer struct {
	Error, Nonce, Context string
	HerokuAPI             string `json:"heroku_api"`
	Credentials           map[string]struct {
		HMAC     string `json:"hmac_sha256"`
		SHA256   string
		Missing  bool
		Withheld string
	}
}

// ask asks and looks that no value came with the answer.
func ask(t *testing.T, h http.Handler, method, target string, header ...string) (int, answer, http.Header) {
	t.Helper()
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if strings.Contains(w.Body.String(), "CANARY") {
		t.Fatalf("a value is in %s", w.Body)
	}
	if w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("%s: Cache-Control = %q", target, w.Header().Get("Cache-Control"))
	}
	var a answer
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
		t.Fatal(err)
	}
	return w.Code, a, w.Header()
}

// TestMAC holds the vectors of docs/attest.md, which every language has to give.
func TestMAC(t *testing.T) {
	for _, v := range []struct{ value, context, name, nonce, want string }{
		{"HRKU-CANARY-example", "acme-api-prod", "HEROKU_API_KEY", "0123456789abcdef0123456789abcdef", "7395b93693f832af9ae07fe64775c261303302094d2f16cecc14b5d54de398a3"},
		{"HRKU-CANARY-example", "", "HEROKU_API_KEY", "0123456789abcdef0123456789abcdef", "8d60606208fbb9609bb01d19a19a7b4ccc54bec15e9d744b184408fe1b0ed9c1"},
	} {
		if got := health.MAC([]byte(v.value), v.context, v.name, v.nonce); got != v.want {
			t.Errorf("MAC of %q, %q, %q, %q = %s, want %s", v.value, v.context, v.name, v.nonce, got, v.want)
		}
	}
}

func TestAnswerIsBoundToTheQuestion(t *testing.T) {
	h := health.Handler(config())
	code, a, _ := ask(t, h, "GET", "/health/credentials?nonce="+nonce)
	want := health.MAC([]byte(value), "acme-api-prod", "HEROKU_API_KEY", nonce)
	if code != 200 || a.Nonce != nonce || a.Context != "acme-api-prod" || a.Credentials["HEROKU_API_KEY"].HMAC != want || a.Credentials["HEROKU_API_KEY"].SHA256 != "" {
		t.Errorf("%d, %+v; want %s", code, a, want)
	}
	if _, b, _ := ask(t, h, "GET", "/", health.NonceHeader, nonce); b.Credentials["HEROKU_API_KEY"].HMAC != want {
		t.Errorf("by header: %+v", b)
	}
	if _, b, _ := ask(t, h, "GET", "/?nonce="+nonce+"0"); b.Credentials["HEROKU_API_KEY"].HMAC == want {
		t.Error("another nonce, the same answer")
	}
	c := config()
	c.Context = "acme-api-staging"
	if _, b, _ := ask(t, health.Handler(c), "GET", "/?nonce="+nonce); b.Credentials["HEROKU_API_KEY"].HMAC == want {
		t.Error("another application, the same answer")
	}
}

func TestBadQuestions(t *testing.T) {
	h := health.Handler(config())
	for target, want := range map[string]string{
		"/":                                      "ask with a nonce",
		"/?nonce=":                               "a nonce has",
		"/?nonce=short":                          "a nonce has",
		"/?nonce=" + strings.Repeat("a", 129):    "a nonce has",
		"/?nonce=0123456789abcdef%0Ax":           "a nonce has",
		"/?nonce=0123456789abcdef%00":            "a nonce has",
		"/?nonce=" + nonce + "&nonce=" + nonce:   "more than one",
		"/?nonce=" + nonce + "&nonce=0000000000": "more than one",
	} {
		code, a, _ := ask(t, h, "GET", target)
		if code != 400 || !strings.HasPrefix(a.Error, want) || a.Credentials != nil {
			t.Errorf("%s: %d %+v, want 400 %s", target, code, a, want)
		}
	}
	for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS"} {
		if code, a, _ := ask(t, h, method, "/?nonce="+nonce); code != 405 || a.Credentials != nil {
			t.Errorf("%s: %d", method, code)
		}
	}
}

func TestPlainDigestsAreOptedInto(t *testing.T) {
	c := config()
	c.Plain = true
	c.Credentials["PIN"] = func() []byte { return []byte("CANARY-15-bytes") }
	c.Credentials["UNSET"] = func() []byte { return nil }
	_, a, _ := ask(t, health.Handler(c), "GET", "/")
	sum := sha256.Sum256([]byte(value))
	if a.Credentials["HEROKU_API_KEY"].SHA256 != hex.EncodeToString(sum[:]) {
		t.Errorf("%+v", a)
	}
	if pin := a.Credentials["PIN"]; pin.SHA256 != "" || pin.Withheld == "" {
		t.Errorf("a short value: %+v", pin)
	}
	if !a.Credentials["UNSET"].Missing {
		t.Error("a value that is not there is not said to be missing")
	}
}

// A short value can be guessed from its HMAC as well.
func TestShortValuesNeedTheToken(t *testing.T) {
	c := config()
	c.Credentials["PIN"] = func() []byte { return []byte("CANARY-15-bytes") }
	if _, a, _ := ask(t, health.Handler(c), "GET", "/?nonce="+nonce); a.Credentials["PIN"].HMAC != "" {
		t.Errorf("%+v", a)
	}
	c.Token, c.Plain = "CANARY-token", true
	h := health.Handler(c)
	if _, a, _ := ask(t, h, "GET", "/?nonce="+nonce, "Authorization", "Bearer CANARY-token"); a.Credentials["PIN"].HMAC == "" {
		t.Errorf("with the token: %+v", a)
	}
	if _, a, _ := ask(t, h, "GET", "/", "Authorization", "Bearer CANARY-token"); a.Credentials["PIN"].SHA256 != "" {
		t.Errorf("a plain digest of a short value: %+v", a)
	}
}

func TestToken(t *testing.T) {
	c := config()
	c.Token = "CANARY-token"
	h := health.Handler(c)
	for header, want := range map[string]int{
		"": 401, "Bearer": 401, "Bearer ": 401, "Bearer CANARY-toke": 401, "Bearer CANARY-token ": 401, "Basic CANARY-token": 401,
		"Bearer CANARY-token": 200, "bearer CANARY-token": 200,
	} {
		if code, a, _ := ask(t, h, "GET", "/?nonce="+nonce, "Authorization", header); code != want || (code != 200) != (a.Credentials == nil) {
			t.Errorf("%q: %d, want %d", header, code, want)
		}
	}
}

func TestTooManyQuestions(t *testing.T) {
	now := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	c := config()
	c.PerSecond, c.Now = 2, func() time.Time { return now }
	h := health.Handler(c)
	codes := func(n int) (all []int) {
		for range n {
			code, _, _ := ask(t, h, "GET", "/?nonce="+nonce)
			all = append(all, code)
		}
		return all
	}
	if got := codes(3); got[0] != 200 || got[1] != 200 || got[2] != 429 {
		t.Errorf("at once: %v", got)
	}
	now = now.Add(500 * time.Millisecond)
	if got := codes(2); got[0] != 200 || got[1] != 429 {
		t.Errorf("half a second later: %v", got)
	}
	now = now.Add(-time.Hour) // a clock that goes back opens nothing
	if got := codes(1); got[0] != 429 {
		t.Errorf("an hour earlier: %v", got)
	}
	now = now.Add(24 * time.Hour)
	if got := codes(3); got[1] != 200 || got[2] != 429 {
		t.Errorf("a day later: %v", got)
	}
}

// What an application says of itself cannot stand in for what it attests.
func TestStatusBesideCredentials(t *testing.T) {
	c := config()
	c.Status = func() map[string]any {
		return map[string]any{"heroku_api": "ok", "credentials": "none", "nonce": "another", "context": "another"}
	}
	_, a, _ := ask(t, health.Handler(c), "GET", "/?nonce="+nonce)
	if a.HerokuAPI != "ok" || a.Nonce != nonce || a.Context != "acme-api-prod" || a.Credentials["HEROKU_API_KEY"].HMAC == "" {
		t.Errorf("%+v", a)
	}
}

func TestMistakesInTheProgramArePanics(t *testing.T) {
	for _, c := range []health.Config{
		{Context: "two\nlines"},
		{Credentials: map[string]func() []byte{"": nil}},
		{Credentials: map[string]func() []byte{"A B": nil}},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%+v was taken", c)
				}
			}()
			health.Handler(c)
		}()
	}
}

// FuzzNonce: whatever is asked, an answer is either bound to it or an error.
func FuzzNonce(f *testing.F) {
	f.Add(nonce)
	f.Add("a\nb")
	h := health.Handler(config())
	f.Fuzz(func(t *testing.T, n string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set(health.NonceHeader, n)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		attested := strings.Contains(w.Body.String(), "hmac_sha256")
		if attested != (w.Code == 200) || attested && !health.ValidNonce(n) {
			t.Errorf("%q: %d %s", n, w.Code, w.Body)
		}
	})
}
