package httpprobe_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pawl-dev/pawl"
	httpprobe "github.com/pawl-dev/pawl/probe/http"
	"github.com/pawl-dev/pawl/provider/wire"
)

const (
	oldValue = "HRKU-CANARY-old"
	newValue = "HRKU-CANARY-new"
)

func secret(value string) pawl.Secret { return pawl.NewSecret([]byte(value)) }

func sha(value string) string {
	sum := sha256.Sum256([]byte(value))
	return hex.EncodeToString(sum[:])
}

func look() pawl.Look {
	return pawl.Look{Want: pawl.Content{Secret: secret(newValue)}, Not: secret(oldValue)}
}

// open makes a probe of a URL with more settings, through the transport that
// the product uses.
func open(t *testing.T, url, more string) pawl.Prover {
	t.Helper()
	kind := httpprobe.Provider(wire.NewClient(wire.Options{Vendor: "http"})).Provers[0]
	text := fmt.Sprintf(`{"http":%q%s}`, url, more)
	s := kind.Settings()
	if err := json.Unmarshal([]byte(text), s); err != nil {
		t.Fatal(err)
	}
	if err := s.Validate(); err != nil {
		t.Fatal(err)
	}
	p, err := kind.New(nil, json.RawMessage(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func serve(t *testing.T, h http.HandlerFunc) string {
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv.URL
}

func says(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status); w.Write([]byte(body)) }
}

func prove(t *testing.T, p pawl.Prover, l pawl.Look) pawl.Observation {
	t.Helper()
	return proveIn(t, t.Context(), p, l)
}

func proveIn(t *testing.T, ctx context.Context, p pawl.Prover, l pawl.Look) pawl.Observation {
	t.Helper()
	o, err := p.Prove(ctx, l)
	if err != nil {
		t.Fatal(err)
	}
	for _, leak := range []string{"CANARY", sha(oldValue), sha(newValue), sha(oldValue)[:8], sha(newValue)[:8]} {
		if strings.Contains(o.Detail+o.Mark, leak) {
			t.Errorf("%q is in %+v", leak, o)
		}
	}
	return o
}

const attest = `,"attest":".sha"`

func TestAttest(t *testing.T) {
	waiting := func(h pawl.Holds, detail string) pawl.Observation {
		return pawl.Observation{Holds: h, Detail: detail}
	}
	proved := pawl.Observation{Verdict: pawl.Proved, Class: pawl.Attested, Holds: pawl.HoldsWant, Detail: "attests the value"}
	noDigest := waiting(pawl.HoldsUnknown, "attests something that is not a SHA-256")
	for name, tt := range map[string]struct {
		sha  any
		want pawl.Observation
	}{
		"new":        {sha(newValue), proved},
		"upper case": {strings.ToUpper(sha(newValue)), proved},
		"old":        {sha(oldValue), waiting(pawl.HoldsNot, "attests the other generation: not moved yet")},
		"third":      {sha("CANARY third"), waiting(pawl.HoldsOther, "attests a value that is of neither generation")},
		"null":       {nil, waiting(pawl.HoldsUnknown, "attests nothing")},
		"the value":  {newValue, noDigest},
		"cut short":  {sha(newValue)[:63], noDigest},
		"not hex":    {strings.Repeat("g", 64), noDigest},
		"a number":   {1e300, noDigest},
		"a bool":     {true, noDigest},
	} {
		t.Run(name, func(t *testing.T) {
			body, err := json.Marshal(map[string]any{"sha": tt.sha})
			if err != nil {
				t.Fatal(err)
			}
			if got := prove(t, open(t, serve(t, says(200, string(body))), attest), look()); got != tt.want {
				t.Errorf("got  %+v\nwant %+v", got, tt.want)
			}
		})
	}
}

// TestAttestWithSnapshot: what a snapshot stands for is not known here. That the
// other generation is not in use is, if a digest says so.
func TestAttestWithSnapshot(t *testing.T) {
	l := look()
	l.Want.Snapshot = true
	for body, want := range map[string]pawl.Observation{
		`{"sha":"` + sha("CANARY third") + `"}`: {Verdict: pawl.Proved, Holds: pawl.HoldsOther},
		`{"sha":"` + sha(oldValue) + `"}`:       {Holds: pawl.HoldsNot},
		`{}`:                                    {},
	} {
		o := prove(t, open(t, serve(t, says(200, body)), attest), l)
		if o.Detail = ""; o != want {
			t.Errorf("%s: %+v, want %+v", body, o, want)
		}
	}
}

func TestExpect(t *testing.T) {
	for body, want := range map[string]pawl.Verdict{
		`{"db":"ok","n":3}`:   pawl.Proved,
		`{"db":"down","n":3}`: pawl.Waiting,
		`{}`:                  pawl.Waiting,
		`[]`:                  pawl.Waiting, // the expression fails on it
	} {
		o := prove(t, open(t, serve(t, says(200, body)), `,"expect":".db == \"ok\""`), look())
		if o.Verdict != want || o.Class != pawl.NoEvidence || o.Holds != pawl.HoldsUnknown {
			t.Errorf("%s: %+v, want %q and no evidence", body, o, want)
		}
	}
	for _, nearly := range []string{`"true"`, `1`, `.`, `[true]`, `null`, `empty`, `false, true`, `error("CANARY")`, `halt_error`, `.db | error`} {
		if o := prove(t, open(t, serve(t, says(200, `{"db":"CANARY"}`)), fmt.Sprintf(`,"expect":%q`, nearly)), look()); o.Verdict != pawl.Waiting {
			t.Errorf("%s: %+v, want waiting", nearly, o)
		}
	}
}

func TestUnwellConsumerProvesNothing(t *testing.T) {
	body := `{"ok":false,"sha":"` + sha(newValue) + `"}`
	o := prove(t, open(t, serve(t, says(200, body)), attest+`,"expect":".ok"`), look())
	if o.Verdict != pawl.Waiting || o.Holds != pawl.HoldsWant || o.Detail != "expect is not true" {
		t.Errorf("observation = %+v, want waiting", o)
	}
}

func TestStatusAlone(t *testing.T) {
	url := serve(t, says(204, ""))
	if o := prove(t, open(t, url, `,"status":204`), look()); o.Verdict != pawl.Proved || o.Class != pawl.NoEvidence {
		t.Errorf("observation = %+v, want healthy", o)
	}
	if o := prove(t, open(t, url, ""), look()); o.Verdict != pawl.Waiting || o.Detail != "answered 204, wanted 200" {
		t.Errorf("observation = %+v, want waiting", o)
	}
}

func TestBadAnswersAreWaitedOut(t *testing.T) {
	good := `{"sha":"` + sha(newValue) + `"}`
	elsewhere := serve(t, says(200, good))
	for name, tt := range map[string]struct {
		h    http.HandlerFunc
		want string
	}{
		"503":       {says(503, good), "answered 503, wanted 200"},
		"created":   {says(201, good), "answered 201, wanted 200"},
		"redirect":  {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, elsewhere, 302) }, "answered 302, wanted 200"},
		"html":      {says(200, "<html>CANARY"), "answered something that is not JSON"},
		"empty":     {says(200, ""), "answered something that is not JSON"},
		"two":       {says(200, good+good), "answered something that is not JSON"},
		"cut short": {says(200, good[:20]), "answered something that is not JSON"},
		"too big":   {says(200, good+strings.Repeat(" ", 1<<20)), "answered more than 1 MiB"},
		"dropped":   {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "no answer: "},
	} {
		t.Run(name, func(t *testing.T) {
			o := prove(t, open(t, serve(t, tt.h), attest), look())
			if o.Verdict != pawl.Waiting || o.Holds != pawl.HoldsUnknown || !strings.HasPrefix(o.Detail, tt.want) {
				t.Errorf("observation = %+v, want waiting: %s", o, tt.want)
			}
		})
	}
	t.Run("nobody there", func(t *testing.T) {
		srv := httptest.NewServer(nil)
		srv.Close()
		if o := prove(t, open(t, srv.URL+"/health?key=CANARY", attest), look()); !strings.HasPrefix(o.Detail, "no answer: ") {
			t.Errorf("observation = %+v, want waiting", o)
		}
	})
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	p := open(t, serve(t, func(_ http.ResponseWriter, r *http.Request) { cancel(); <-r.Context().Done() }), attest)
	if _, err := p.Prove(ctx, look()); pawl.KindOf(err) != pawl.Unavailable {
		t.Errorf("error = %v, want unavailable", err)
	}
}

func TestNoValueToCompare(t *testing.T) {
	p := open(t, serve(t, says(200, `{}`)), attest)
	if _, err := p.Prove(t.Context(), pawl.Look{}); pawl.KindOf(err) != pawl.Invalid {
		t.Errorf("error = %v, want invalid", err)
	}
}

// An expression that never ends is stopped with the context. The body takes
// until after the deadline to arrive; then only the expression is left to see it.
func TestEndlessExpression(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		late := func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(`{}`)); time.Sleep(2 * time.Second) }
		kind := httpprobe.Provider(&http.Client{Transport: direct(late)}).Provers[0]
		p, err := kind.New(nil, json.RawMessage(`{"http":"http://api.acme.example/","expect":"def f: f; f"}`))
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if o := proveIn(t, ctx, p, look()); o.Verdict != pawl.Waiting || o.Detail != "expect takes too long on this answer" {
			t.Errorf("observation = %+v, want waiting", o)
		}
	})
}

type direct http.HandlerFunc

func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	rec := httptest.NewRecorder()
	d(rec, r)
	return rec.Result(), nil
}

func TestNoCredentialsAndNothingButGet(t *testing.T) {
	var got *http.Request
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		got = r.Clone(context.Background())
		w.Write([]byte(`{}`))
	})
	prove(t, open(t, url+"/health?deep=1", `,"expect":"true"`), look())
	if got.Method != "GET" || got.Header.Get("Authorization") != "" || got.URL.String() != "/health?deep=1" {
		t.Errorf("asked %s %s with %v", got.Method, got.URL, got.Header)
	}
}

func TestPreflight(t *testing.T) {
	for body, want := range map[string]string{
		`{"ok":true,"sha":"` + sha(oldValue) + `"}`:  "",
		`{"ok":false,"sha":"` + sha(oldValue) + `"}`: "expect is not true",
		`{"ok":true}`: "attests nothing",
		`CANARY`:      "not JSON",
	} {
		p := open(t, serve(t, says(200, body))+"/health?key=CANARY", attest+`,"expect":".ok"`)
		found, err := p.(pawl.Preflighter).Preflight(t.Context())
		if text := strings.Join(found, "\n"); err != nil || (want == "") != (text == "") || !strings.Contains(text, want) || strings.Contains(text, "CANARY") {
			t.Errorf("%s: %q, %v; want %q", body, found, err, want)
		}
	}
}

func TestSettings(t *testing.T) {
	const url = `"http":"https://api.acme.example/health"`
	for text, want := range map[string]string{
		`{}`:                                                         "http:",
		`{"http":"api.acme.example"}`:                                "http:",
		`{"http":"ftp://api.acme.example"}`:                          "http:",
		`{"http":"file:///etc/passwd"}`:                              "http:",
		`{"http":"https://u:CANARY@acme.example"}`:                   "http: no user",
		`{` + url + `,"status":99}`:                                  "status:",
		`{` + url + `,"expect":".a | | .b"}`:                         `expect: unexpected token "|" at column 6`,
		`{` + url + `,"expect":".a =="}`:                             "expect: unexpected EOF at column 6",
		`{` + url + `,"attest":"nonesuch"}`:                          "attest: function not defined: nonesuch/0",
		`{` + url + `,"attest":"import \"m\" as m; ."}`:              "attest:",
		`{` + url + `,"attest":"` + strings.Repeat(".", 5000) + `"}`: "attest: more than",
	} {
		s := &httpprobe.Settings{}
		if err := json.Unmarshal([]byte(text), s); err != nil {
			t.Fatal(err)
		}
		if err := s.Validate(); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v, want %s …", text, err, want)
		}
		if _, err := httpprobe.Provider(nil).Provers[0].New(nil, json.RawMessage(text)); strings.HasPrefix(want, "expect") && pawl.KindOf(err) != pawl.Invalid {
			t.Errorf("%s: New = %v, want invalid", text, err)
		}
	}
	s := &httpprobe.Settings{HTTP: "https://api.acme.example/health?key=CANARY"}
	if got := s.Where(); got != "https://api.acme.example/health" {
		t.Errorf("Where = %q", got)
	}
}

// The process environment is not for expressions.
func TestExpressionsSeeNoEnvironment(t *testing.T) {
	t.Setenv("PAWL_TEST_VALUE", sha(newValue))
	for _, q := range []string{"env.PAWL_TEST_VALUE", "$ENV.PAWL_TEST_VALUE"} {
		o := prove(t, open(t, serve(t, says(200, `{}`)), fmt.Sprintf(`,"attest":%q`, q)), look())
		if o.Detail != "attests nothing" {
			t.Errorf("%s: %+v", q, o)
		}
	}
}

// FuzzExpression runs any expression over any answer: no panic, an end, and no
// secret in what is said about it.
func FuzzExpression(f *testing.F) {
	for _, q := range []string{`.a`, `.a == "ok"`, `..`, `[.[]?]`, `.a | ascii_downcase`, `try error("x") catch .`, `repeat(1)`,
		`.a as [$x] | $x`, `@base64d`, `halt_error`, `input`, `$__loc__`, `.a[1:]`, `limit(3; repeat(.))`, `"\(.)"`} {
		f.Add(q, `{"a":"ok CANARY"}`)
		f.Add(q, `[[1e308]]`)
	}
	f.Fuzz(func(t *testing.T, q, body string) {
		if q == "" || strings.Contains(q, "CANARY") {
			return
		}
		text, err := json.Marshal(map[string]string{"http": "http://api.acme.example/", "attest": q})
		if err != nil {
			t.Fatal(err)
		}
		p, err := httpprobe.Provider(&http.Client{Transport: direct(says(200, body))}).Provers[0].New(nil, text)
		if err != nil {
			return
		}
		if o := prove(t, p, look()); o.Verdict == pawl.Proved {
			t.Errorf("%q over %q proves: %+v", q, body, o)
		}
	})
}
