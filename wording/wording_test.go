package wording_test

import (
	"slices"
	"testing"
	"time"

	"github.com/pawl-dev/pawl/wording"
)

// each wants a text of each text.
func each(t *testing.T, say func(string) string, wants map[string]string) {
	t.Helper()
	for text, want := range wants {
		if got := say(text); got != want {
			t.Errorf("of %q: %q, want %q", text, got, want)
		}
	}
}

// ofTime is each for durations.
func ofTime(t *testing.T, say func(time.Duration) string, wants map[string]string) {
	t.Helper()
	each(t, func(text string) string {
		d, err := time.ParseDuration(text)
		if err != nil {
			t.Fatal(err)
		}
		return say(d)
	}, wants)
}

func TestTimes(t *testing.T) {
	ofTime(t, wording.About, map[string]string{"400ms": "1s", "59s": "59s", "61s": "1m", "90s": "1m30s", "11m20s": "11m", "1h10m": "1h10m", "2h": "2h", "72h": "3d"})
	ofTime(t, wording.Clock, map[string]string{"-3s": "0:00", "72s": "1:12", "1h2m3s": "1:02:03", "30h": "30:00:00"})
	ofTime(t, wording.Ago, map[string]string{"119s": "119s", "2m": "2m", "119m": "119m", "47h": "47h", "48h": "2d", "-3h": "in 3h"})
	ofTime(t, wording.Took, map[string]string{"1234ms": "1.2s", "12400ms": "12s", "61s": "1m01s", "2h5m": "2h05m"})
	each(t, wording.Rounded, map[string]string{"1.23456s": "1.23s", "soon": "soon"})
}

func TestTexts(t *testing.T) {
	each(t, wording.Capital, map[string]string{"": "", "old key": "Old key", "Old": "Old", "7 places": "7 places", "über": "Über"})
	each(t, wording.Printable, map[string]string{"a\x1b[2Jb\tc": "a\ufffd[2Jb\ufffdc", "née": "née"})
	each(t, wording.Plainly, map[string]string{
		"heroku.Create: denied: no":                "no",
		"preflight: ci: github.Get: not found: it": "ci: it",
		"unknown: it may have happened":            "unknown: it may have happened",
	})
	for n, want := range map[int]string{0: "0", 999: "999", 4487: "4,487", 1_000_000: "1,000,000"} {
		if got := wording.Thousands(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}

func TestCount(t *testing.T) {
	for n, want := range map[int]string{0: "0 parts", 1: "1 part", 12: "12 parts"} {
		if got := wording.Count(n, "part"); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}

// TestTogether: one remark on several places is one; a remark on nothing in
// particular, with a colon in it, stays as it is.
func TestTogether(t *testing.T) {
	got := wording.Together([]string{"ci: not there", "in general: all is well", "api: not there", "api: slow"})
	if want := []string{"api, ci: not there", "api: slow", "in general: all is well"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
