package wire_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/pawl-dev/pawl/provider/wire"
)

// TestMeter counts what was sent, and keeps the latest that the vendor said of
// its budget; an answer that says nothing, or nonsense, changes nothing.
func TestMeter(t *testing.T) {
	answers := []http.Header{{}, {"Ratelimit-Remaining": {"4487"}}, {"X-Ratelimit-Remaining": {"12"}}, {"Ratelimit-Remaining": {"-3"}}, {}}
	n := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for name, values := range answers[n] {
			w.Header()[name] = values
		}
		n++
		w.Write([]byte(`{}`))
	}))
	t.Cleanup(srv.Close)
	m := &wire.Meter{}
	hc := wire.NewClient(wire.Options{Vendor: "acme", Meter: m})
	if _, known := m.Left(); known {
		t.Error("the budget is known before anything was asked")
	}
	for i, want := range []struct {
		left  int
		known bool
	}{{0, false}, {4487, true}, {12, true}, {12, true}, {12, true}} {
		if _, err := wire.Do(t.Context(), hc, wire.Request{Op: "acme.Get", Method: http.MethodGet, URL: srv.URL}, nil); err != nil {
			t.Fatal(err)
		}
		if left, known := m.Left(); left != want.left || known != want.known || m.Sent() != i+1 {
			t.Errorf("after %d: left %d (%v), sent %d; want %v", i+1, left, known, m.Sent(), want)
		}
	}
}
