package otlp_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/internal/dst"
	"github.com/pawl-dev/pawl/provider/wire"
	"github.com/pawl-dev/pawl/trace"
	"github.com/pawl-dev/pawl/trace/otlp"
	"github.com/pawl-dev/pawl/trace/otlp/otlpsim"
)

var (
	id   = pawl.RotationID{Credential: "heroku-api-key", Number: 1}
	self = trace.Attribute{Key: "service.name", Value: "pawl"}
)

const token = "CANARY token, with=signs"

// collector is one that wants a token, and an exporter that the environment has
// set up for it.
func collector(t *testing.T) (*otlpsim.Collector, *otlp.Exporter) {
	t.Helper()
	c := &otlpsim.Collector{Token: token}
	srv := httptest.NewServer(c)
	t.Cleanup(srv.Close)
	return c, exporter(t, srv.URL)
}

func exporter(t *testing.T, url string) *otlp.Exporter {
	t.Helper()
	env := map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": url, "OTEL_EXPORTER_OTLP_HEADERS": "x-token=CANARY%20token%2C%20with%3Dsigns"}
	cfg, err := otlp.FromEnv(func(name string) string { return env[name] }, self)
	if err != nil || cfg == nil {
		t.Fatalf("%v %v", cfg, err)
	}
	return &otlp.Exporter{Config: *cfg, HTTP: wire.NewClient(wire.Options{})}
}

// TestSend: everything that a simulator of rotations comes up with is as
// OpenTelemetry has it, and comes out of its own types as it was.
func TestSend(t *testing.T) {
	c, x := collector(t)
	var want []trace.Span
	for seed := range uint64(10) {
		spans := trace.Of(fmt.Sprint("inst", seed), id, dst.Run(seed, dst.Options{}).Journal)
		if err := x.Send(t.Context(), spans); err != nil {
			t.Fatalf("%v; %v", err, c.Wrong())
		}
		if err := x.Send(t.Context(), spans); err != nil { // the same once more
			t.Fatalf("%v; %v", err, c.Wrong())
		}
		want = append(want, spans...)
	}
	got := c.Spans()
	if len(got) != len(want) {
		t.Fatalf("%d spans arrived, want %d", len(got), len(want))
	}
	failed := 0
	for i, w := range want {
		g := got[i]
		if string(g.TraceId) != string(w.Trace[:]) || string(g.SpanId) != string(w.ID[:]) || (string(g.ParentSpanId) != string(w.Parent[:])) != (w.Name == trace.Rotation) ||
			g.Name != w.Name || int64(g.StartTimeUnixNano) != w.Start.UnixNano() || int64(g.EndTimeUnixNano) != w.End.UnixNano() ||
			len(g.Attributes) != len(w.Attributes) || len(g.Events) != len(w.Events) || g.Status.GetMessage() != w.Error {
			t.Fatalf("%v arrived as %v", w, g)
		}
		if w.Error != "" {
			failed++
		}
	}
	if _, again := c.Posts(); again != len(want) || failed == 0 {
		t.Errorf("%d spans came again, want %d; %d failed", again, len(want), failed)
	}
	if s := c.Services(); len(s) != 1 || s[0] != "pawl" {
		t.Errorf("services are %v", s)
	}
}

var spans = []trace.Span{{Trace: [16]byte{1}, ID: [8]byte{2}, Name: "mint", Start: time.Unix(1, 0), End: time.Unix(2, 0)}}

// TestAnswers: what is sent again, and when, is what the specification says; and
// nothing that a collector says is repeated.
func TestAnswers(t *testing.T) {
	for name, test := range map[string]struct {
		answer func(http.ResponseWriter)
		kind   pawl.Kind
		after  time.Duration
	}{
		"too many":          {otlpsim.Status(429, "7"), pawl.Throttled, 7 * time.Second},
		"bad gateway":       {otlpsim.Status(502, ""), pawl.Unavailable, 0},
		"overloaded":        {otlpsim.Status(503, "120"), pawl.Unavailable, 2 * time.Minute},
		"gateway timed out": {otlpsim.Status(504, ""), pawl.Unavailable, 0},
		"bug":               {otlpsim.Status(500, ""), pawl.Invalid, 0},
		"bad data":          {otlpsim.Status(400, ""), pawl.Invalid, 0},
		"no token":          {otlpsim.Status(401, ""), pawl.Denied, 0},
		"too big":           {otlpsim.Status(413, ""), pawl.Invalid, 0},
		"elsewhere":         {otlpsim.Status(307, ""), pawl.Invalid, 0},
		"some":              {otlpsim.Rejecting(1), pawl.Invalid, 0},
		"none":              {otlpsim.Rejecting(0), pawl.Other, 0},
		"no body":           {func(w http.ResponseWriter) { w.WriteHeader(200) }, pawl.Other, 0},
		"a page":            {func(w http.ResponseWriter) { w.Write([]byte("<title>CANARY Sign in</title>")) }, pawl.Invalid, 0},
		"cut off":           {func(w http.ResponseWriter) { panic(http.ErrAbortHandler) }, pawl.Unavailable, 0},
	} {
		t.Run(name, func(t *testing.T) {
			c, x := collector(t)
			c.Next(test.answer)
			err := x.Send(t.Context(), spans)
			if (err == nil) != (test.kind == pawl.Other) || pawl.KindOf(err) != test.kind {
				t.Fatalf("got %v (%v), want %v", err, pawl.KindOf(err), test.kind)
			}
			if e, ok := errors.AsType[*pawl.Error](err); ok && e.After != test.after {
				t.Errorf("again after %v, want %v", e.After, test.after)
			}
			if strings.Contains(fmt.Sprintf("%+v %#v %s", err, err, pawl.HintOf(err)), "CANARY") {
				t.Errorf("%v repeats what nobody should see", err)
			}
			if posts, _ := c.Posts(); posts != 1 {
				t.Errorf("%d requests, want one", posts)
			}
		})
	}
}

func TestNobodyThere(t *testing.T) {
	srv := httptest.NewServer(http.NotFoundHandler())
	srv.Close()
	if err := exporter(t, srv.URL).Send(t.Context(), spans); pawl.KindOf(err) != pawl.Unavailable {
		t.Errorf("got %v", err)
	}
	if err := exporter(t, "http://nowhere.invalid").Send(t.Context(), spans); pawl.KindOf(err) != pawl.Unavailable {
		t.Errorf("got %v", err)
	}
	asleep := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body) // or nobody notices that the client has gone
		<-r.Context().Done()
	}))
	defer asleep.Close()
	x := exporter(t, asleep.URL)
	x.Timeout = 50 * time.Millisecond
	if err := x.Send(context.Background(), spans); pawl.KindOf(err) != pawl.Unavailable {
		t.Errorf("got %v", err)
	}
	untrusted := httptest.NewTLSServer(&otlpsim.Collector{})
	defer untrusted.Close()
	if err := exporter(t, untrusted.URL).Send(t.Context(), spans); pawl.KindOf(err) != pawl.Invalid {
		t.Errorf("got %v", err)
	}
}

// TestNoHeaderIsPrinted: the environment's headers are secrets, whatever prints
// what holds them.
func TestNoHeaderIsPrinted(t *testing.T) {
	_, x := collector(t)
	text := fmt.Sprintf("%v %+v %#v %s %q", x.Config, x.Config, x.Config, x.Headers, x.Headers)
	if b, err := json.Marshal(x.Config); err == nil {
		text += string(b)
	}
	if strings.Contains(text, "CANARY") {
		t.Errorf("a header is in %s", text)
	}
}

// TestSimulatorRefuses: a collector that takes everything shows nothing.
func TestSimulatorRefuses(t *testing.T) {
	const good = `{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"01000000000000000000000000000000","spanId":"0200000000000000","name":"mint","kind":1,"startTimeUnixNano":"1","endTimeUnixNano":"2","attributes":[{"key":"n","value":{"intValue":"1"}}],"status":{"code":2,"message":"denied"}}]}]}]}`
	if _, err := otlpsim.Decode([]byte(good)); err != nil {
		t.Fatal(err)
	}
	for _, edit := range [][2]string{
		{`"01000000000000000000000000000000"`, `"AQAAAAAAAAAAAAAAAAAAAA=="`}, {`"0200000000000000"`, `"02000000000000"`}, {`"0200000000000000"`, `"0000000000000000"`},
		{`"kind":1`, `"kind":"SPAN_KIND_INTERNAL"`}, {`"code":2`, `"code":"STATUS_CODE_ERROR"`}, {`"code":2,`, ``}, {`"kind":1`, `"kind":0`},
		{`"endTimeUnixNano":"2"`, `"endTimeUnixNano":2`}, {`"endTimeUnixNano":"2"`, `"endTimeUnixNano":"0"`}, {`"intValue":"1"`, `"intValue":1`}, {`{"intValue":"1"}`, `{}`},
		{`"name":"mint"`, `"name":"mint","since":1`}, {`"name":"mint",`, ``}, {`{"key":"n","value":{"intValue":"1"}}`, `{"key":"n","value":{"intValue":"1"}},{"key":"n","value":{"intValue":"1"}}`},
		{`"resourceSpans"`, `"resource_spans"`},
	} {
		bad := strings.Replace(good, edit[0], edit[1], 1)
		if _, err := otlpsim.Decode([]byte(bad)); bad == good || err == nil {
			t.Errorf("%s for %s is taken", edit[1], edit[0])
		}
	}
}
