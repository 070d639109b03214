package metrics

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Handler answers what machines ask:
//
//	/metrics              for Prometheus
//	/livez, /healthz      the process answers
//	/readyz[?verbose]     it can do its work; verbose says what cannot
func (m *Metrics) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4}))
	alive := func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") }
	mux.HandleFunc("GET /livez", alive)
	mux.HandleFunc("GET /healthz", alive)
	mux.HandleFunc("GET /readyz", m.ready)
	return mux
}

// slowest is how long a check may take.
const slowest = 2 * time.Second

// ready answers as Kubernetes' own servers do.
func (m *Metrics) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), slowest)
	defer cancel()
	var lines []string
	status, word := http.StatusOK, "passed"
	for _, name := range slices.Sorted(maps.Keys(m.cfg.Checks)) {
		if err := m.cfg.Checks[name](ctx); err != nil {
			m.cfg.Log.Warn("not ready", "check", name, "err", err)
			lines = append(lines, "[-]"+name+" failed") // why is in the log
			status, word = http.StatusServiceUnavailable, "failed"
			continue
		}
		lines = append(lines, "[+]"+name+" ok")
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	switch {
	case r.URL.Query().Has("verbose") || status != http.StatusOK:
		fmt.Fprintf(w, "%s\nreadyz check %s\n", strings.Join(lines, "\n"), word)
	default:
		fmt.Fprintln(w, "ok")
	}
}
