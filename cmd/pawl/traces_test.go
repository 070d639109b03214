package main

import (
	"encoding/pem"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/pawl-dev/pawl/audit"
	"github.com/pawl-dev/pawl/journal"
	"github.com/pawl-dev/pawl/trace"
	"github.com/pawl-dev/pawl/trace/otlp/otlpsim"
)

// scriptCollector starts a collector that wants a token, and sets the environment
// for it; or lets it answer the next request with a status.
func scriptCollector(ts *testscript.TestScript, neg bool, args []string) {
	s := stageOf(ts)
	if len(args) > 0 {
		code, err := strconv.Atoi(args[0])
		ts.Check(err)
		s.traces.Next(otlpsim.Status(code, ""))
		return
	}
	s.traces = &otlpsim.Collector{Token: "CANARY of a collector"}
	srv := httptest.NewServer(s.traces)
	ts.Defer(srv.Close)
	ts.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", srv.URL)
	ts.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-token=CANARY%20of%20a%20collector")
}

// scriptTraces waits until what the collector was sent matches.
func scriptTraces(ts *testscript.TestScript, neg bool, args []string) {
	s, n := stageOf(ts), 0
	if args[0] == "-n" {
		var err error
		n, err = strconv.Atoi(args[1])
		ts.Check(err)
		args = args[2:]
	}
	want := regexp.MustCompile("(?m)" + args[0])
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		text := s.traces.String()
		found := len(want.FindAllString(text, -1))
		if ok := found > 0 && (n == 0 || found == n); ok != neg {
			return
		}
		if neg || time.Now().After(deadline) {
			ts.Fatalf("%d times %s in\n%s%v", found, args[0], text, s.traces.Wrong())
		}
	}
}

// mustTrace fails the test if something was wrong with what the collector was
// sent, or a secret is in it.
func (s *stage) mustTrace() {
	for _, wrong := range s.traces.Wrong() {
		s.t.Errorf("the collector was sent what is not allowed: %s", wrong)
	}
	if found := leak(s.traces.Raw()); found != "" {
		s.t.Errorf("a secret value is in what a collector was sent (%s)", found)
	}
}

// TestTracesByOwnAuthority: a collector of a company's own has a certificate of
// its own authority, which the environment names.
func TestTracesByOwnAuthority(t *testing.T) {
	key, err := audit.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	signer, err := audit.ParseSigner(key)
	if err != nil {
		t.Fatal(err)
	}
	c := &otlpsim.Collector{}
	srv := httptest.NewTLSServer(c)
	defer srv.Close()
	file := filepath.Join(t.TempDir(), "ca.pem")
	set := map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": srv.URL, "OTEL_EXPORTER_OTLP_CERTIFICATE": file}
	a := &app{env: env{getenv: func(name string) string { return set[name] }}}
	if x, err := a.openTraces(journal.NewMemory(signer, time.Now)); x != nil || err == nil {
		t.Fatalf("without the file: %v %v", x, err)
	}
	pemText := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw})
	if err := os.WriteFile(file, pemText, 0o600); err != nil {
		t.Fatal(err)
	}
	x, err := a.openTraces(journal.NewMemory(signer, time.Now))
	if err != nil {
		t.Fatal(err)
	}
	at := time.Unix(1, 0)
	if err := x.Send(t.Context(), []trace.Span{{Trace: [16]byte{1}, ID: [8]byte{1}, Name: "mint", Start: at, End: at}}); err != nil || len(c.Spans()) != 1 {
		t.Errorf("%v; %v", err, c.Wrong())
	}
}
