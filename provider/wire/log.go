package wire

import (
	"log/slog"
	"net/http"
	"strings"
	"time"
)

// logged writes one debug line a request: who was asked for what, and how it
// ended. Never headers, bodies or queries.
type logged struct {
	next   http.RoundTripper
	log    *slog.Logger
	vendor string
}

func (l *logged) RoundTrip(req *http.Request) (*http.Response, error) {
	start := time.Now()
	resp, err := l.next.RoundTrip(req)
	attrs := []slog.Attr{
		slog.String("vendor", l.vendor),
		slog.String("method", req.Method),
		slog.String("url", where(req.URL)),
		slog.Duration("took", time.Since(start)),
	}
	if err != nil {
		attrs = append(attrs, slog.String("error", reason(err)))
	} else {
		attrs = append(attrs, slog.Int("status", resp.StatusCode), slog.String("request_id", requestID(resp.Header)))
	}
	l.log.LogAttrs(req.Context(), slog.LevelDebug, "request", attrs...)
	return resp, err
}

// requestID is the vendor's name for the exchange, to quote to its support.
func requestID(h http.Header) string {
	for _, name := range []string{"Request-Id", "X-Request-Id", "X-Github-Request-Id", "X-Slack-Req-Id"} {
		if id := h.Get(name); id != "" && len(id) <= 64 && strings.IndexFunc(id, notID) < 0 {
			return id
		}
	}
	return ""
}

func notID(r rune) bool {
	return !(r == '-' || r == ':' || r == '.' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z')
}
