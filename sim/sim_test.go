package sim_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pawl-dev/pawl/sim"
)

// counter is a vendor whose only state is how often it was asked to change it.
type counter struct{ n atomic.Int64 }

func (c *counter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	if r.Method == "POST" && string(body) == "once more" {
		c.n.Add(1)
	}
	json.NewEncoder(w).Encode(map[string]int64{"n": c.n.Load()})
}

func post(t *testing.T, ctx context.Context, url string) (*http.Response, []byte, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, "POST", url+"/count", strings.NewReader("once more"))
	if err != nil {
		t.Fatal(err)
	}
	tr := &http.Transport{DisableKeepAlives: true, DisableCompression: true}
	hc := http.Client{Transport: tr, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := hc.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 8<<20))
	return resp, body, err
}

func TestFaults(t *testing.T) {
	for _, tt := range []struct {
		fault   sim.Fault
		status  int // 0: no answer
		applied int64
		settled int64
		body    string // what it begins with
	}{
		{sim.None, 200, 1, 1, `{"n":1}`},
		{sim.Refuse, 503, 0, 0, ""},
		{sim.RefuseApplied, 503, 1, 1, ""},
		{sim.BadGateway, 502, 0, 0, ""},
		{sim.Fail, 500, 0, 0, ""},
		{sim.FailApplied, 500, 1, 1, ""},
		{sim.Deny, 401, 0, 0, ""},
		{sim.Forbid, 403, 0, 0, ""},
		{sim.Missing, 404, 0, 0, ""},
		{sim.Conflict, 409, 0, 0, ""},
		{sim.Limit, 422, 0, 0, ""},
		{sim.Throttle, 429, 0, 0, ""},
		{sim.ThrottlePast, 429, 0, 0, ""},
		{sim.ThrottleDate, 429, 0, 0, ""},
		{sim.ThrottleAbsurd, 429, 0, 0, ""},
		{sim.ThrottleBare, 429, 0, 0, ""},
		{sim.Drop, 0, 0, 0, ""},
		{sim.Lose, 0, 1, 1, ""},
		{sim.Late, 0, 0, 1, ""},
		{sim.Twice, 200, 2, 2, `{"n":1}`},
		{sim.Garble, 200, 1, 1, `{"n"`},
		{sim.Slow, 200, 1, 1, `{"n":1}`},
		{sim.Mistype, 200, 1, 1, `{"n":[1]}`},
		{sim.Stale, 200, 1, 1, `{"n":1}`}, // of a request that is not a GET nothing is kept
		{sim.HTML, 200, 0, 0, "<html>"},
		{sim.Huge, 200, 0, 0, `{"message":"`},
		{sim.Gzip, 200, 0, 0, "\x1f\x8b"},
		{sim.Redirect, 307, 0, 0, ""},
	} {
		t.Run("fault="+string(tt.fault), func(t *testing.T) {
			c := new(counter)
			srv := sim.New(t, c)
			srv.LateAfter, srv.DripEvery = time.Hour, time.Microsecond
			srv.Break(tt.fault)
			resp, body, err := post(t, t.Context(), srv.URL)
			if (err == nil) != (tt.status != 0) || resp != nil && resp.StatusCode != tt.status || !bytes.HasPrefix(body, []byte(tt.body)) {
				t.Errorf("answer = %v %.60q, %v", resp, body, err)
			}
			if resp != nil && tt.fault == sim.Garble && json.Valid(body) {
				t.Errorf("%q is whole", body)
			}
			if c.n.Load() != tt.applied {
				t.Errorf("applied %d times, want %d", c.n.Load(), tt.applied)
			}
			srv.Settle()
			if c.n.Load() != tt.settled || srv.Fired(tt.fault) != 1 || srv.Strayed() != 0 {
				t.Errorf("in the end applied %d times, want %d; log %v", c.n.Load(), tt.settled, srv.Log())
			}
			if _, body, err := post(t, t.Context(), srv.URL); err != nil || !json.Valid(body) {
				t.Errorf("the next request: %q, %v", body, err)
			}
		})
	}
	if n := len(sim.Faults()); n != 28 {
		t.Errorf("%d faults, and 28 in this test and the next two", n)
	}
}

// TestStall: the answer begins, and ends when the client has had enough.
func TestStall(t *testing.T) {
	c := new(counter)
	srv := sim.New(t, c)
	srv.Break(sim.Stall)
	ctx, cancel := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, "POST", srv.URL, strings.NewReader("once more"))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := new(http.Client).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	begun := make([]byte, 4)
	if _, err := io.ReadFull(resp.Body, begun); err != nil || string(begun) != `{"n"` {
		t.Errorf("it began with %q, %v", begun, err)
	}
	cancel()
	if rest, err := io.ReadAll(resp.Body); err == nil || len(rest) > 0 || c.n.Load() != 1 {
		t.Errorf("it went on with %q, %v; applied %d times", rest, err, c.n.Load())
	}
}

// TestStale: a read shows what the last one did, and not what was changed since.
func TestStale(t *testing.T) {
	c := new(counter)
	srv := sim.New(t, c)
	get := func() string {
		resp, err := http.Get(srv.URL + "/count")
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, _ := io.ReadAll(resp.Body)
		return strings.TrimSpace(string(body))
	}
	srv.BreakOn(sim.Match{Method: "GET"}, sim.Stale) // nothing was read yet
	first := get()
	second := get()
	if _, _, err := post(t, t.Context(), srv.URL); err != nil {
		t.Fatal(err)
	}
	srv.BreakOn(sim.Match{Method: "GET"}, sim.Stale)
	third := get()
	if last := get(); first != `{"n":0}` || second != first || third != first || last != `{"n":1}` {
		t.Errorf("%s %s %s %s", first, second, third, last)
	}
}

func TestHeadersOfFaults(t *testing.T) {
	srv := sim.New(t, new(counter))
	for fault, want := range map[sim.Fault]string{sim.Throttle: "1", sim.ThrottleAbsurd: "3155760000", sim.ThrottleBare: "", sim.ThrottlePast: "-5"} {
		srv.Break(fault)
		if resp, _, err := post(t, t.Context(), srv.URL); err != nil || resp.Header.Get("Retry-After") != want {
			t.Errorf("%s: %v, %v", fault, resp, err)
		}
	}
	srv.Break(sim.ThrottleDate)
	resp, _, err := post(t, t.Context(), srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := http.ParseTime(resp.Header.Get("Retry-After")); err != nil {
		t.Error(err)
	}
	srv.Break(sim.Redirect)
	resp, _, err = post(t, t.Context(), srv.URL)
	if err != nil || !strings.HasSuffix(resp.Header.Get("Location"), "/count") {
		t.Fatalf("redirect: %v, %v", resp, err)
	}
	if _, _, err := post(t, t.Context(), strings.TrimSuffix(resp.Header.Get("Location"), "/count")); err != nil || srv.Strayed() != 1 {
		t.Errorf("following it: %v, %d strayed", err, srv.Strayed())
	}
	srv.Break(sim.Gzip)
	_, body, err := post(t, t.Context(), srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if n, _ := io.Copy(io.Discard, z); n < 64<<20 {
		t.Errorf("the bomb unpacks to %d bytes", n)
	}
}

// TestEffectsOutliveTheirClient: a client that hangs up does not undo what it
// asked for.
func TestEffectsOutliveTheirClient(t *testing.T) {
	c := new(counter)
	srv := sim.New(t, c)
	srv.DripEvery = time.Hour
	ctx, cancel := context.WithCancel(t.Context())
	srv.Add(sim.Rule{Match: sim.Match{Method: "WRITE"}, Fault: sim.Slow, Times: 1, Fires: cancel})
	if _, _, err := post(t, ctx, srv.URL); !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v", err)
	}
	if _, _, err := post(t, t.Context(), srv.URL); err != nil {
		t.Error(err)
	}
	if srv.Fired(sim.Slow) != 1 {
		t.Error("the fault did not fire")
	}
}

func TestHooks(t *testing.T) {
	c := new(counter)
	rules := new(sim.Rules)
	var seen []string
	rules.OnRequest = func(n int, when string, r *http.Request) {
		seen = append(seen, when, r.Method+r.URL.Path, string(rune('0'+n)), string(rune('0'+c.n.Load())))
	}
	url := sim.New(t, sim.Front("acme", c, rules)).URL
	if _, _, err := post(t, t.Context(), url); err != nil {
		t.Fatal(err)
	}
	rules.Break(sim.Refuse)
	if _, _, err := post(t, t.Context(), url); err != nil {
		t.Fatal(err)
	}
	want := "before POST/count 1 0 after POST/count 1 1 before POST/count 2 1"
	if got := strings.Join(seen, " "); got != want {
		t.Errorf("hooks = %s, want %s", got, want)
	}
	if log := rules.Log(); len(log) != 2 || log[1] != (sim.Entry{N: 2, Vendor: "acme", Method: "POST", Path: "/count", Fault: sim.Refuse}) {
		t.Errorf("log = %+v", log)
	}
}
