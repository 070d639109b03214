package wire

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// MaxAfter is the longest wait that a vendor is believed to mean.
const MaxAfter = time.Hour

// RetryAfter reads a Retry-After header, in seconds or as a date (RFC 9110,
// section 10.2.3). The result is between zero and [MaxAfter]; what is missing,
// past or not understood is zero.
func RetryAfter(h http.Header, now time.Time) time.Duration {
	text := strings.TrimSpace(h.Get("Retry-After"))
	if text == "" {
		return 0
	}
	if digits(text) {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n > int64(MaxAfter/time.Second) {
			return MaxAfter
		}
		return time.Duration(n) * time.Second
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	return min(max(at.Sub(now), 0), MaxAfter)
}

func digits(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' }) < 0
}
