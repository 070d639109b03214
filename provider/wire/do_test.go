package wire_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/provider/wire"
	"github.com/pawl-dev/pawl/sim"
)

const canary = "CANARY"

var token = pawl.NewSecret([]byte("tok-CANARY"))

type answer struct{ Name string }

func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

// say is a server with one answer for everything.
func say(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

func request(url string, mutates bool) wire.Request {
	r := wire.Request{Op: "acme.Op", Method: "GET", URL: url + "/things/1?q=CANARY-query", Token: token, Mutates: mutates}
	if mutates {
		r.Method, r.Body = "POST", map[string]string{"label": "CANARY-body"}
	}
	return r
}

// do makes the call with a client of its own.
func do(t *testing.T, r wire.Request, out any) error {
	t.Helper()
	_, err := wire.Do(t.Context(), client(t, wire.Options{}), r, out)
	return err
}

func client(t *testing.T, o wire.Options) *http.Client {
	hc := wire.NewClient(o)
	t.Cleanup(hc.CloseIdleConnections)
	return hc
}

// wantKind checks an error's kind, and that nothing secret is in it.
func wantKind(t *testing.T, err error, want pawl.Kind) {
	t.Helper()
	if _, ok := errors.AsType[*pawl.Error](err); !ok || pawl.KindOf(err) != want {
		t.Fatalf("error = %v (%T), want kind %q", err, err, want)
	}
	for e := err; e != nil; e = errors.Unwrap(e) {
		if text := fmt.Sprintf("%v %+v %#v", e, e, e); strings.Contains(text, canary) {
			t.Fatalf("a secret is in %q", text)
		}
	}
}

func TestDo(t *testing.T) {
	var got *http.Request
	var sent string
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		got, sent = r, string(b)
		w.Header().Set("X-Mark", "7")
		w.WriteHeader(201)
		io.WriteString(w, `{"name":"a"}`)
	})
	r := request(url, true)
	r.Header = http.Header{"Accept": {"application/vnd.acme+json"}}
	var out answer
	resp, err := wire.Do(t.Context(), client(t, wire.Options{}), r, &out)
	if err != nil || out.Name != "a" || resp.Status != 201 || resp.Header.Get("X-Mark") != "7" {
		t.Fatalf("Do = %+v, %v; decoded %+v", resp, err, out)
	}
	for name, want := range map[string]string{"Authorization": "Bearer tok-CANARY", "Accept": "application/vnd.acme+json", "Content-Type": "application/json", "Idempotency-Key": "", "Accept-Encoding": ""} {
		if got.Header.Get(name) != want {
			t.Errorf("%s = %q, want %q", name, got.Header.Get(name), want)
		}
	}
	if sent != `{"label":"CANARY-body"}` || !strings.HasPrefix(got.UserAgent(), "pawl") {
		t.Errorf("sent %s as %s", sent, got.UserAgent())
	}
}

func TestKindsOfAnswers(t *testing.T) {
	for status, want := range map[int]pawl.Kind{
		300: pawl.Invalid, 302: pawl.Unknown, 304: pawl.Invalid, 307: pawl.Invalid, 400: pawl.Invalid, 401: pawl.Denied, 402: pawl.Invalid, 403: pawl.Forbidden,
		404: pawl.NotFound, 406: pawl.Invalid, 409: pawl.Conflict, 412: pawl.Conflict, 416: pawl.Invalid, 422: pawl.Invalid,
		429: pawl.Throttled, 500: pawl.Unknown, 501: pawl.Unknown, 502: pawl.Unknown, 503: pawl.Unknown, 504: pawl.Unknown, 600: pawl.Unknown,
	} {
		url := serve(t, say(status, "CANARY"))
		wantKind(t, do(t, request(url, true), nil), want)
		switch {
		case status == http.StatusNotImplemented, status == http.StatusFound: // to look again would not help
			want = pawl.Invalid
		case want == pawl.Unknown:
			want = pawl.Unavailable
		}
		wantKind(t, do(t, request(url, false), &answer{}), want)
	}
}

func TestNoSuccessWithoutTheWholeAnswer(t *testing.T) {
	for name, body := range map[string]string{
		"html": "<html>CANARY</html>", "cut": `{"name":"CANARY`, "type": `{"name":7}`, "trailing": `{"name":"a"} CANARY`,
		"null": " null\n", "empty": "", "number": "CANARY1",
	} {
		t.Run(name, func(t *testing.T) {
			url := serve(t, say(200, body))
			wantKind(t, do(t, request(url, true), &answer{}), pawl.Unknown)
			wantKind(t, do(t, request(url, false), &answer{}), pawl.Unavailable)
		})
	}
	for _, body := range []string{"<html>CANARY</html>", `{"name":"CANARY`} {
		wantKind(t, do(t, request(serve(t, say(200, body)), true), nil), pawl.Unknown)
	}
	for _, body := range []string{"", "\n", "{}", "null"} {
		if err := do(t, request(serve(t, say(200, body)), true), nil); err != nil {
			t.Errorf("Do without out, answered %q = %v", body, err)
		}
	}
}

func TestFaults(t *testing.T) {
	for fault, want := range map[sim.Fault]pawl.Kind{
		sim.Drop: pawl.Unknown, sim.Lose: pawl.Unknown, sim.Late: pawl.Unknown, sim.Garble: pawl.Unknown, sim.Huge: pawl.Unknown,
		sim.Gzip: pawl.Unknown, sim.HTML: pawl.Unknown, sim.FailApplied: pawl.Unknown, sim.Redirect: pawl.Invalid, sim.Slow: pawl.Unknown,
	} {
		t.Run(string(fault), func(t *testing.T) {
			srv := sim.New(t, say(200, `{"name":"CANARY"}`))
			srv.DripEvery = time.Hour
			srv.Break(fault)
			hc := client(t, wire.Options{Timeout: 20 * time.Second, MaxBody: 1 << 20})
			if fault == sim.Slow {
				hc = client(t, wire.Options{Timeout: 500 * time.Millisecond})
			}
			_, err := wire.Do(t.Context(), hc, request(srv.URL, true), &answer{})
			wantKind(t, err, want)
			if srv.Fired(fault) != 1 || srv.Strayed() != 0 || len(srv.Log()) != 1 {
				t.Errorf("requests = %v, %d strayed", srv.Log(), srv.Strayed())
			}
		})
	}
}

// TestEncoded: what was not asked for is not read, but a refusal is a refusal.
func TestEncoded(t *testing.T) {
	for status, want := range map[int]pawl.Kind{200: pawl.Unknown, 401: pawl.Denied} {
		url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "br")
			say(status, `{"name":"CANARY"}`)(w, nil)
		})
		wantKind(t, do(t, request(url, true), nil), want)
	}
}

func TestNothingWasSent(t *testing.T) {
	s := httptest.NewServer(say(200, "{}"))
	s.Close()
	wantKind(t, do(t, request(s.URL, true), nil), pawl.Unavailable)

	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("CANARY-cause"))
	_, err := wire.Do(ctx, client(t, wire.Options{}), request(serve(t, say(200, "{}")), true), nil)
	wantKind(t, err, pawl.Unavailable)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v is no cancellation", err)
	}
}

func TestCancelledOnTheWay(t *testing.T) {
	for _, mutates := range []bool{true, false} {
		ctx, cancel := context.WithCancel(t.Context())
		url := serve(t, func(_ http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			cancel()
			<-r.Context().Done()
		})
		_, err := wire.Do(ctx, client(t, wire.Options{}), request(url, mutates), nil)
		want := pawl.Unavailable
		if mutates {
			want = pawl.Unknown
		}
		wantKind(t, err, want)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%v is no cancellation", err)
		}
	}
}

func TestWhatCannotBeSent(t *testing.T) {
	url := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("it was sent") })
	for name, r := range map[string]wire.Request{
		"newline": {Token: pawl.NewSecret([]byte("CANARY\n")), URL: url},
		"user":    {URL: strings.Replace(url, "http://", "http://u:CANARY@", 1)},
		"scheme":  {URL: "ftp://acme.example/CANARY"},
		"none":    {URL: "%CANARY"},
		"secret":  {URL: url, Body: token},
		"method":  {URL: url, Method: "CANARY NAME"},
	} {
		t.Run(name, func(t *testing.T) { wantKind(t, do(t, r, nil), pawl.Invalid) })
	}
	_, err := wire.Do(t.Context(), nil, request(url, true), nil)
	wantKind(t, err, pawl.Invalid)
}

func TestFail(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "7")
		say(429, `{"id":"rate_limit"}`)(w, nil)
	})
	r := request(url, true)
	r.Fail = func(status int, h http.Header, body []byte) *pawl.Error {
		if status != 429 || h.Get("Retry-After") != "7" || string(body) != `{"id":"rate_limit"}` {
			t.Errorf("Fail(%d, %v, %s)", status, h, body)
		}
		return &pawl.Error{Kind: pawl.Throttled, Hint: "wait"}
	}
	err := do(t, r, nil)
	wantKind(t, err, pawl.Throttled)
	e, _ := errors.AsType[*pawl.Error](err)
	host := strings.TrimPrefix(url, "http://")
	if want := "acme.Op: throttled: POST " + host + "/things/1: answered 429 Too Many Requests"; err.Error() != want || e.After != 7*time.Second || e.Hint != "wait" {
		t.Errorf("error = %q, after %v, hint %q; want %q", err, e.After, e.Hint, want)
	}
	r.Fail = func(int, http.Header, []byte) *pawl.Error { return nil }
	wantKind(t, do(t, r, nil), pawl.Throttled)
}

// TestSeeOther: what is redirected in a way that may follow its effect is not said
// not to be done.
func TestSeeOther(t *testing.T) {
	for status, want := range map[int]pawl.Kind{301: pawl.Unknown, 302: pawl.Unknown, 303: pawl.Unknown, 307: pawl.Invalid, 308: pawl.Invalid} {
		asked := 0
		url := serve(t, func(w http.ResponseWriter, r *http.Request) {
			asked++
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(status)
		})
		wantKind(t, do(t, request(url, true), nil), want)
		wantKind(t, do(t, request(url, false), nil), pawl.Invalid)
		if e := wire.Answer("x", true, status, nil); e.Kind != want {
			t.Errorf("answered %d: %v", status, e)
		}
		if asked != 2 {
			t.Errorf("%d: asked %d times", status, asked)
		}
	}
}

// TestForeignClient passes clients that were not made by NewClient.
func TestForeignClient(t *testing.T) {
	srv := sim.New(t, say(200, `{"name":"a"}`))
	srv.Break(sim.Redirect)
	_, err := wire.Do(t.Context(), http.DefaultClient, request(srv.URL, true), nil)
	wantKind(t, err, pawl.Invalid)
	broken := &http.Client{Transport: transport(func(*http.Request) (*http.Response, error) { return nil, errors.New("CANARY") })}
	_, err = wire.Do(t.Context(), broken, request(srv.URL, true), nil)
	wantKind(t, err, pawl.Unknown) // who knows what it did
	if srv.Strayed() != 0 {
		t.Error("the redirect was followed")
	}
}

type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
