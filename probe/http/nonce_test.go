package httpprobe_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/health"
	httpprobe "github.com/pawl-dev/pawl/probe/http"
	"github.com/pawl-dev/pawl/provider"
	"github.com/pawl-dev/pawl/provider/wire"
)

// Values that are long enough to be told to whoever asks.
const (
	longOld = "HRKU-CANARY-0000-old"
	longNew = "HRKU-CANARY-0000-new"
)

func longLook() pawl.Look {
	return pawl.Look{Want: pawl.Content{Secret: secret(longNew)}, Not: secret(longOld)}
}

const withNonce = `,"attest":{"nonce":true,"name":"KEY","context":"acme-api-prod"}`

// app is an application that mounts the handler, and what it runs on.
func app(value *string) http.Handler {
	return health.Handler(health.Config{
		Context: "acme-api-prod", PerSecond: 1000, Plain: true,
		Credentials: map[string]func() []byte{"KEY": func() []byte { return []byte(*value) }},
	})
}

func TestNonce(t *testing.T) {
	value := longOld
	p := open(t, serve(t, app(&value).ServeHTTP), withNonce)
	for _, tt := range []struct {
		value string
		want  pawl.Observation
	}{
		{longOld, pawl.Observation{Holds: pawl.HoldsNot, Detail: "attests the other generation: not moved yet"}},
		{longNew, pawl.Observation{Verdict: pawl.Proved, Class: pawl.Attested, Holds: pawl.HoldsWant, Detail: "attests the value, asked with a fresh nonce"}},
		{longNew, pawl.Observation{Verdict: pawl.Proved, Class: pawl.Attested, Holds: pawl.HoldsWant, Detail: "attests the value, asked with a fresh nonce"}},
		{"HRKU-CANARY-third", pawl.Observation{Holds: pawl.HoldsOther, Detail: "attests a value that is of neither generation"}},
		{"", pawl.Observation{Detail: "attests nothing"}},
		{"CANARY", pawl.Observation{Detail: "attests nothing"}}, // too short to be told
	} {
		value = tt.value
		if got := prove(t, p, longLook()); got != tt.want {
			t.Errorf("on %q: %+v, want %+v", tt.value, got, tt.want)
		}
	}
}

func TestEachLookHasItsOwnNonce(t *testing.T) {
	value := longNew
	var asked []string
	h := app(&value)
	p := open(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.RawQuery)
		h.ServeHTTP(w, r)
	})+"/?deep=1&x=a%20b", withNonce)
	prove(t, p, longLook())
	prove(t, p, longLook())
	if len(asked) != 2 || asked[0] == asked[1] || !strings.HasPrefix(asked[0], "deep=1&x=a%20b&nonce=") {
		t.Errorf("asked %q", asked)
	}
}

// TestNotThisAnswer is everything that looks like an answer and is none to this
// question. It shows neither the new value nor a third one, which would be
// drift that nobody has.
func TestNotThisAnswer(t *testing.T) {
	const kept = "AAAAAAAAAAAAAAAAAAAAAAAAAA"
	mac := func(value, context, name, nonce string) string {
		return health.MAC([]byte(value), context, name, nonce)
	}
	body := func(nonce, mac string) string {
		said := map[string]any{"credentials": map[string]any{"KEY": map[string]string{"hmac_sha256": mac}}}
		if nonce != "" {
			said["nonce"] = nonce
		}
		b, _ := json.Marshal(said)
		return string(b)
	}
	for name, tt := range map[string]struct {
		answer func(nonce string) (body string, age string)
		want   string
	}{
		"a replay":            {func(string) (string, string) { return body(kept, mac(longNew, "acme-api-prod", "KEY", kept)), "" }, "answers an earlier question"},
		"a replay, renamed":   {func(n string) (string, string) { return body(n, mac(longNew, "acme-api-prod", "KEY", kept)), "" }, "attests a value that is of neither"},
		"a replay, silent":    {func(string) (string, string) { return body("", mac(longNew, "acme-api-prod", "KEY", kept)), "" }, "attests neither generation with this nonce"},
		"a nonce as a number": {func(string) (string, string) { return strings.Replace(body(kept, kept+kept), `"`+kept+`"`, "7", 1), "" }, "attests something"},
		"another application": {func(n string) (string, string) { return body(n, mac(longNew, "acme-api-staging", "KEY", n)), "" }, "attests a value that is of neither"},
		"another credential":  {func(n string) (string, string) { return body(n, mac(longNew, "acme-api-prod", "OTHER", n)), "" }, "attests a value that is of neither"},
		"a cache":             {func(n string) (string, string) { return body(n, mac(longNew, "acme-api-prod", "KEY", n)), "17" }, "a cache answered"},
		"a cache, oddly":      {func(n string) (string, string) { return body(n, mac(longNew, "acme-api-prod", "KEY", n)), "soon" }, "a cache answered"},
		"an empty key":        {func(n string) (string, string) { return body(n, mac("", "acme-api-prod", "KEY", n)), "" }, "attests a value that is of neither"},
		"the plain digest":    {func(n string) (string, string) { return body(n, sha(longNew)), "" }, "attests a value that is of neither"},
		"the value":           {func(n string) (string, string) { return body(n, longNew), "" }, "attests something that is not an HMAC"},
		"no HMAC, but digests": {func(n string) (string, string) {
			return `{"credentials":{"KEY":{"sha256":"` + sha(longNew) + `"}}}`, ""
		}, "attests nothing"},
	} {
		t.Run(name, func(t *testing.T) {
			p := open(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
				text, age := tt.answer(r.URL.Query().Get("nonce"))
				if age != "" {
					w.Header().Set("Age", age)
				}
				w.Write([]byte(text))
			}), withNonce)
			o := prove(t, p, longLook())
			if o.Verdict != pawl.Waiting || o.Class != pawl.NoEvidence || o.Holds == pawl.HoldsWant || !strings.HasPrefix(o.Detail, tt.want) {
				t.Errorf("observation = %+v, want waiting: %s", o, tt.want)
			}
			if other := strings.HasPrefix(tt.want, "attests a value"); other != (o.Holds == pawl.HoldsOther) {
				t.Errorf("holds %q", o.Holds)
			}
		})
	}
}

func TestSameAnswerTwice(t *testing.T) {
	said := `{"credentials":{"KEY":{"hmac_sha256":"` + sha("CANARY of an app that ignores the nonce") + `"}}}`
	p := open(t, serve(t, says(200, said)), withNonce)
	prove(t, p, longLook())
	if o := prove(t, p, longLook()); o.Verdict != pawl.Waiting || !strings.HasPrefix(o.Detail, "gives the same answer to two questions") {
		t.Errorf("observation = %+v", o)
	}
}

// A response that a cache has just fetched for us has the age 0.
func TestAgeZeroIsNoCache(t *testing.T) {
	value := longNew
	h := app(&value)
	p := open(t, serve(t, func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Age", "0"); h.ServeHTTP(w, r) }), withNonce)
	if o := prove(t, p, longLook()); o.Verdict != pawl.Proved {
		t.Errorf("observation = %+v", o)
	}
}

// TestNonceWithSnapshot: that the other generation is not in use is said only by
// an answer that names what is.
func TestNonceWithSnapshot(t *testing.T) {
	l := longLook()
	l.Want.Snapshot = true
	for value, want := range map[string]pawl.Observation{
		"HRKU-CANARY-third": {Verdict: pawl.Proved, Holds: pawl.HoldsOther},
		"":                  {},
		longOld:             {Holds: pawl.HoldsNot},
	} {
		o := prove(t, open(t, serve(t, app(&value).ServeHTTP), withNonce), l)
		if o.Detail = ""; o != want {
			t.Errorf("on %q: %+v, want %+v", value, o, want)
		}
	}
}

func TestExprOfOnesOwn(t *testing.T) {
	answer := func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `{"key":%q}`, health.MAC([]byte(longNew), "", "KEY", r.URL.Query().Get("nonce")))
	}
	if o := prove(t, open(t, serve(t, answer), `,"attest":{"nonce":true,"name":"KEY","expr":".key"}`), longLook()); o.Class != pawl.Attested {
		t.Errorf("observation = %+v", o)
	}
	value := longNew
	h := health.Handler(health.Config{Credentials: map[string]func() []byte{"KEY": func() []byte { return []byte(value) }}})
	if o := prove(t, open(t, serve(t, h.ServeHTTP), `,"attest":{"nonce":true,"expr":".credentials.KEY.hmac_sha256"}`), longLook()); o.Class != pawl.Attested {
		t.Errorf("named by its expression: %+v", o)
	}
}

func TestPreflightOfNonce(t *testing.T) {
	value := longOld
	for name, tt := range map[string]struct {
		h    http.Handler
		want string
	}{
		"well":        {app(&value), ""},
		"plain only":  {says(200, `{"credentials":{"KEY":{"sha256":"`+sha(longOld)+`"}}}`), "attests nothing"},
		"not mounted": {http.NotFoundHandler(), "answered 404, wanted 200"},
	} {
		found, err := open(t, serve(t, tt.h.ServeHTTP), withNonce).(pawl.Preflighter).Preflight(t.Context())
		if got := strings.Join(found, "\n"); err != nil || !strings.HasSuffix(got, tt.want) || (got == "") != (tt.want == "") {
			t.Errorf("%s: %q, %v; want %q", name, got, err, tt.want)
		}
	}
}

func TestAttestSettings(t *testing.T) {
	const url = `"http":"https://api.acme.example/health"`
	for text, want := range map[string]string{
		`{` + url + `,"attest":{"nonce":true}}`:                                    "attest: with a nonce, give the name",
		`{` + url + `,"attest":{"nonce":true,"expr":".key"}}`:                      "attest: with a nonce, give the name",
		`{` + url + `,"attest":{"nonce":true,"name":"two words"}}`:                 "attest.name:",
		`{` + url + `,"attest":{"nonce":true,"name":"A","context":"a\nb"}}`:        "attest.context:",
		`{` + url + `,"attest":{"name":"A","expr":".a"}}`:                          "attest.name: a plain digest",
		`{` + url + `,"attest":{"context":"A","expr":".a"}}`:                       "attest.context: a plain digest",
		`{` + url + `,"attest":{"nonce":true,"name":"A","expr":"nonesuch"}}`:       "attest.expr: function not defined",
		`{"http":"https://a.example/?nonce=1","attest":{"nonce":true,"name":"A"}}`: "http: the nonce is added",
	} {
		s := &httpprobe.Settings{}
		if err := json.Unmarshal([]byte(text), s); err != nil {
			t.Fatal(text, err)
		}
		if err := s.Validate(); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v, want %s …", text, err, want)
		}
	}
	for _, unknown := range []string{`{"attest":{"nonse":true}}`, `{"attest":7}`, `{"attest":["a"]}`} {
		if err := json.Unmarshal([]byte(unknown), &httpprobe.Settings{}); err == nil {
			t.Errorf("%s is taken", unknown)
		}
	}
}

// What was written as a text is written down as one, as it always was.
func TestAttestIsWrittenAsItWasRead(t *testing.T) {
	for _, text := range []string{
		`{"http":"https://acme.example","attest":".sha"}`,
		`{"http":"https://acme.example","attest":{"nonce":true,"name":"KEY","context":"acme","expr":".key"}}`,
		`{"http":"https://acme.example"}`,
	} {
		s := &httpprobe.Settings{}
		if err := json.Unmarshal([]byte(text), s); err != nil {
			t.Fatal(err)
		}
		if got, err := json.Marshal(s); err != nil || string(got) != text {
			t.Errorf("%s became %s (%v)", text, got, err)
		}
	}
}

// through opens a probe through a connection with a token.
func through(t *testing.T, root, token, settings string) (pawl.Prover, error) {
	t.Helper()
	p := httpprobe.Provider(nil)
	c, err := p.Connection.Open(provider.Connection{Name: "acme", URL: root, Secrets: map[string]pawl.Secret{"token": secret(token)},
		HTTP: wire.NewClient(wire.Options{Vendor: "http"})})
	if err != nil {
		return nil, err
	}
	return p.Provers[0].New(c, json.RawMessage(settings))
}

func TestEndpointBehindAToken(t *testing.T) {
	url := serve(t, health.Handler(health.Config{
		Token:       "CANARY-token",
		Credentials: map[string]func() []byte{"KEY": func() []byte { return []byte(longNew) }},
	}).ServeHTTP)
	settings := fmt.Sprintf(`{"http":%q,"attest":{"nonce":true,"name":"KEY"}}`, url+"/health/credentials")
	for token, want := range map[string]string{"CANARY-token": "attests the value, asked with a fresh nonce", "CANARY-other": "answered 401, wanted 200"} {
		p, err := through(t, url+"/health", token, settings)
		if err != nil {
			t.Fatal(err)
		}
		if o := prove(t, p, longLook()); o.Detail != want {
			t.Errorf("%s: %+v, want %s", token, o, want)
		}
	}
	for _, token := range []string{"", "CANARY two", "CANARY\n"} {
		if _, err := through(t, url, token, settings); pawl.KindOf(err) != pawl.Invalid || strings.Contains(err.Error(), "CANARY") {
			t.Errorf("token %q: %v", token, err)
		}
	}
}

// The token goes where the connection says, and nowhere else.
func TestTokenStaysBelowItsRoot(t *testing.T) {
	const root = "https://api.acme.example/health"
	for address, want := range map[string]bool{
		root: true, root + "/x?y": true, "https://API.acme.example/health": true,
		"https://api.acme.example/healthy": false, "https://api.acme.example/": false, "https://api.acme.example:8443/health": false,
		"http://api.acme.example/health": false, "https://api.acme.example.evil.example/health": false,
		root + "/../admin": false, root + "/%2e%2e/admin": false, root + "/%2E./admin": false,
	} {
		_, err := through(t, root, "CANARY-token", fmt.Sprintf(`{"http":%q}`, address))
		if (err == nil) != want {
			t.Errorf("%s: %v, want %v", address, err, want)
		}
	}
	elsewhere := ""
	other := serve(t, func(_ http.ResponseWriter, r *http.Request) { elsewhere = r.Header.Get("Authorization") + " " })
	url := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other, 307) })
	p, err := through(t, url, "CANARY-token", fmt.Sprintf(`{"http":%q}`, url))
	if err != nil {
		t.Fatal(err)
	}
	if o := prove(t, p, longLook()); o.Detail != "answered 307, wanted 200" || elsewhere != "" {
		t.Errorf("%+v; elsewhere it sent %q", o, elsewhere)
	}
}
