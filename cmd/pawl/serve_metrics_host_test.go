package main

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestMetricsCalledByAnotherName: a site whose name points at this machine does
// not read the metrics; whoever scrapes by an address or by our name does.
func TestMetricsCalledByAnotherName(t *testing.T) {
	h := calledBy("metrics.acme.example:9400", []string{"pawl"}, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	for host, want := range map[string]int{
		"localhost:9400": 200, "127.0.0.1:9400": 200, "[::1]:9400": 200, "[::1]": 200, "10.0.7.3:9400": 200, "": 200,
		"metrics.acme.example:9400": 200, "Metrics.acme.example": 200, "pawl:9400": 200,
		"evil.example:9400": 421, "evil.example": 421, "localhost.evil.example:9400": 421, "127.0.0.1.evil.example": 421, "pawl.evil.example:9400": 421,
	} {
		r, w := httptest.NewRequest("GET", "/metrics", nil), httptest.NewRecorder()
		r.Host = host
		if h.ServeHTTP(w, r); w.Code != want {
			t.Errorf("as %q: %d, want %d", host, w.Code, want)
		}
	}
}
