package frame

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

// TestVendored: what is served of htmx is what its authors published.
func TestVendored(t *testing.T) {
	for name, want := range map[string]string{
		"htmx.min.js":   "a0abb04f2f45a1f89d1d4844023245537e5e6014c87b144553e0607b4cc32130",
		"hx-csp.min.js": "a7e1e6711ae6c3e50ad300fba7936cbe8d07599cdae313414a179ddd6b26e143",
		"hx-sse.min.js": "18ef2761356ec1fe0bb6d92612315b37517a7c1e9856b661c5ae81fef239d103",
	} {
		text, err := files.ReadFile("static/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if sum := sha256.Sum256(text); hex.EncodeToString(sum[:]) != want {
			t.Errorf("%s is not what htmx.org 4.0.1 has", name)
		}
	}
}

func TestDurations(t *testing.T) {
	for d, want := range map[time.Duration]string{0: "0 s", 40 * time.Millisecond: "40 ms", 2500 * time.Millisecond: "2.5 s", 41 * time.Second: "41 s", 90 * time.Second: "1 min 30 s",
		25 * time.Minute: "25 min", 90 * time.Minute: "1 h 30 min", 26 * time.Hour: "1 day", 75 * time.Hour: "3 days"} {
		if got := Took(d); got != want {
			t.Errorf("%s is %q, want %q", d, got, want)
		}
	}
	if got := distance(noon.Add(-time.Hour), noon); got != "1 h 00 min ago" {
		t.Error(got)
	}
	if got := string(moment(noon.Add(-time.Hour), noon, true)); !strings.Contains(got, `title="2026-11-26 11:00:00 UTC"`) {
		t.Error(got)
	}
}
