package wire_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/pawl-dev/pawl/provider/wire"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func TestRetryAfter(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"": 0, "0": 0, "7": 7 * time.Second, " 7 ": 7 * time.Second, "-7": 0, "7.5": 0, "soon": 0,
		"3600": time.Hour, "3601": time.Hour, "99999999999999999999999": time.Hour,
		"Mon, 23 Nov 2026 12:00:30 GMT": 30 * time.Second,
		"Mon, 23 Nov 2026 11:00:00 GMT": 0,
		"Thu, 23 Nov 2126 12:00:00 GMT": time.Hour,
	} {
		if got := wire.RetryAfter(http.Header{"Retry-After": {text}}, noon); got != want {
			t.Errorf("RetryAfter(%q) = %v, want %v", text, got, want)
		}
	}
}

func FuzzRetryAfter(f *testing.F) {
	for _, text := range []string{"", "7", "-7", "9e9", "Mon, 23 Nov 2026 12:00:30 GMT", "Monday, 23-Nov-26 12:00:30 GMT"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if got := wire.RetryAfter(http.Header{"Retry-After": {text}}, noon); got < 0 || got > wire.MaxAfter {
			t.Errorf("RetryAfter(%q) = %v", text, got)
		}
	})
}
