package catalog_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pawl-dev/pawl/catalog"
	"pgregory.net/rapid"
)

func TestParseDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"10m": 10 * time.Minute, "1h30m": 90 * time.Minute, "90d": 90 * 24 * time.Hour, "2w": 14 * 24 * time.Hour,
		"1w2d3h4m5s": 9*24*time.Hour + 3*time.Hour + 4*time.Minute + 5*time.Second, "0s": 0, "3660d": 3660 * 24 * time.Hour,
	} {
		if got, err := catalog.ParseDuration(text); err != nil || got != want {
			t.Errorf("ParseDuration(%q) = %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "90", "d", "-1d", "1.5h", "1 d", "30m1h", "1h1h", "1y", "3661d", "522w100d", "99999999999999999999d", "9223372036854775807s", "1h-2m", "１d", "1d ", "+1d"} {
		if got, err := catalog.ParseDuration(text); err == nil {
			t.Errorf("ParseDuration(%q) = %v", text, got)
		}
	}
}

func TestParseWindow(t *testing.T) {
	for text, open := range map[string]string{
		"Tue-Thu 09:00-16:00 Europe/Paris":     "2026-03-03T09:00:00+01:00",
		"tuesday,THU 09:00-16:00 UTC":          "2026-03-05T15:59:59Z",
		"Fri-Mon 22:00-04:00 Europe/Paris":     "2026-03-03T03:59:00+01:00", // Monday night
		"00:00-24:00 Asia/Tokyo":               "2026-03-03T23:59:00+09:00",
		"  Mon   09:00-09:01   Africa/Abidjan": "2026-03-02T09:00:30Z",
	} {
		w, err := catalog.ParseWindow(text)
		if err != nil {
			t.Errorf("ParseWindow(%q): %v", text, err)
			continue
		}
		at, err := time.Parse(time.RFC3339, open)
		if err != nil {
			t.Fatal(err)
		}
		if !w.Contains(at) || w.Next(at) != at {
			t.Errorf("%v is closed at %v, next %v", w, at, w.Next(at))
		}
	}
	for text, hint := range map[string]string{
		"":                              "Tue-Thu",
		"Mon":                           "Tue-Thu",
		"Mon 09:00-16:00":               "zone is missing",
		"09:00-16:00":                   "zone is missing",
		"Mon 09:00-16:00 UTC extra":     "Tue-Thu",
		"Mun 09:00-16:00 UTC":           `"Mon"`,
		"Mon- 09:00-16:00 UTC":          "valid here",
		"Mon 16:00-16:00 UTC":           "never open",
		"Mon 24:00-16:00 UTC":           "00:00",
		"Mon 9:00-16:00 UTC":            "09:00",
		"Mon 09:60-16:00 UTC":           "09:00",
		"Mon 09:00-24:01 UTC":           "09:00",
		"Mon 09:00 UTC":                 "range",
		"Mon 09:00-16:00 Europe/Pariss": `"Europe/Paris"`,
		"Mon 09:00-16:00 europe/paris":  `"Europe/Paris"`,
		"Mon 09:00-16:00 berlin":        `"Europe/Berlin"`,
		"Mon 09:00-16:00 Local":         "time zone",
		"Mon 09:00-16:00 ../etc/passwd": "time zone",
		"Mon 09:00-16:00 +02:00":        "time zone",
	} {
		w, err := catalog.ParseWindow(text)
		if err == nil {
			t.Errorf("ParseWindow(%q) = %v", text, w)
		} else if !strings.Contains(err.Error(), hint) {
			t.Errorf("ParseWindow(%q): %v, want %s in it", text, err, hint)
		}
	}
}

func TestZeroWindowIsOpen(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	if w := (catalog.Window{}); !w.Contains(now) || w.Next(now) != now {
		t.Error("the zero Window is closed")
	}
}

// TestNextIsFirst compares Next and Closes with a look at every minute, around the days on
// which clocks are changed in zones that do it in odd ways.
func TestNextIsFirst(t *testing.T) {
	zones := []string{"Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "America/Sao_Paulo", "Asia/Tehran", "Africa/Casablanca", "UTC"}
	changes := []time.Time{
		time.Date(2025, 3, 30, 1, 0, 0, 0, time.UTC), time.Date(2025, 10, 26, 1, 0, 0, 0, time.UTC), time.Date(2025, 11, 2, 6, 0, 0, 0, time.UTC),
		time.Date(2025, 4, 5, 15, 0, 0, 0, time.UTC), time.Date(2011, 12, 30, 10, 0, 0, 0, time.UTC), time.Date(2018, 11, 4, 3, 0, 0, 0, time.UTC),
		time.Date(2021, 3, 21, 20, 30, 0, 0, time.UTC), time.Date(2025, 2, 23, 2, 0, 0, 0, time.UTC),
	}
	rapid.Check(t, func(t *rapid.T) {
		from := rapid.IntRange(0, 24*4-1).Draw(t, "from")
		to := rapid.IntRange(0, 24*4-1).Filter(func(to int) bool { return to != from }).Draw(t, "to")
		clock := func(quarter int) string { return time.Unix(int64(quarter)*900, 0).UTC().Format("15:04") }
		text := rapid.SampledFrom([]string{"Sat-Mon", "Sun", "Mon,Wed", "Fri-Sun", "Mon-Sun"}).Draw(t, "days") + " " + clock(from) + "-" + clock(to) + " " + rapid.SampledFrom(zones).Draw(t, "zone")
		w, err := catalog.ParseWindow(text)
		if err != nil {
			t.Fatal(err)
		}
		start := rapid.SampledFrom(changes).Draw(t, "change").Add(time.Duration(rapid.IntRange(-3*24*60, 24*60).Draw(t, "minutes")) * time.Minute)
		want := start
		for !w.Contains(want) && want.Before(start.Add(16*24*time.Hour)) {
			want = want.Add(time.Minute)
		}
		if got := w.Next(start); !got.Equal(want) {
			t.Fatalf("%s: Next(%v) = %v, want %v", text, start, got, want)
		}
		end := want
		for w.Contains(end) && end.Before(want.Add(16*24*time.Hour)) {
			end = end.Add(time.Minute)
		}
		if got := w.Closes(want); !got.Equal(end) {
			t.Fatalf("%s: Closes(%v) = %v, want %v", text, want, got, end)
		}
		if got := w.Closes(start); start != want && !got.Equal(start) {
			t.Fatalf("%s is closed at %v and closes at %v", text, start, got)
		}
	})
}

func FuzzWindow(f *testing.F) {
	f.Add("Tue-Thu 09:00-16:00 Europe/Paris", int64(1772500000))
	f.Add("22:00-04:00 UTC", int64(0))
	f.Fuzz(func(t *testing.T, text string, unix int64) {
		w, err := catalog.ParseWindow(text)
		if err != nil || unix < -1<<36 || unix > 1<<36 {
			return
		}
		at := time.Unix(unix, 0)
		next := w.Next(at)
		if next.Before(at) || !w.Contains(next) {
			t.Errorf("%s: Next(%v) = %v, open: %v", text, at, next, w.Contains(next))
		}
		if again, err := catalog.ParseWindow(w.String()); err != nil || again.Contains(at) != w.Contains(at) {
			t.Errorf("%q reads again as %v, %v", text, again, err)
		}
	})
}

// What is written is read again as the same, but for parts of a second.
func TestFormatDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{0: "0s", 90 * 24 * time.Hour: "90d", 90 * time.Minute: "1h30m", 1500 * time.Millisecond: "1s"} {
		if got := catalog.FormatDuration(d); got != want {
			t.Errorf("%s is %s, want %s", d, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		d := time.Duration(rapid.Int64Range(0, 3660*86400).Draw(t, "seconds")) * time.Second
		if got, err := catalog.ParseDuration(catalog.FormatDuration(d)); err != nil || got != d {
			t.Fatalf("%s is written as %q, which is %s, %v", d, catalog.FormatDuration(d), got, err)
		}
	})
}

func FuzzDuration(f *testing.F) {
	for _, seed := range []string{"90d", "1h30m", "2w1d", "-1d", "1y", "0s"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := catalog.ParseDuration(text)
		if err == nil && (d < 0 || d > 3660*24*time.Hour) {
			t.Errorf("ParseDuration(%q) = %v", text, d)
		}
	})
}
