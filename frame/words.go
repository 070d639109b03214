package frame

import (
	"fmt"
	"html/template"
	"strings"
	"time"
)

// funcs are what every template can call.
func (f *Frame) funcs() template.FuncMap {
	now := func() time.Time { return f.cfg.Now().UTC() }
	return template.FuncMap{
		"asset": asset, "icon": Icon, "join": strings.Join, "took": Took,
		"ago":   func(t any) template.HTML { return moment(t, now(), true) },
		"at":    func(t any) template.HTML { return moment(t, now(), false) },
		"clock": clock,
		"plural": func(n int, one, many string) string {
			if n == 1 {
				return "1 " + one
			}
			return fmt.Sprint(n, " ", many)
		},
	}
}

// moment is a time for people: how long ago, or when exactly. The other one is
// in its title.
func moment(value any, now time.Time, relative bool) template.HTML {
	var t time.Time
	switch v := value.(type) {
	case time.Time:
		t = v
	case *time.Time:
		if v != nil {
			t = *v
		}
	}
	if t.IsZero() {
		return `<span class="soft">never</span>`
	}
	t = t.UTC()
	exact := t.Format("2006-01-02 15:04:05") + " UTC"
	text, title := distance(t, now), exact
	if !relative {
		text, title = t.Format("2006-01-02 15:04")+" UTC", exact+", "+text
	}
	return template.HTML(fmt.Sprintf(`<time datetime="%s" title="%s">%s</time>`, t.Format(time.RFC3339), title, text)) // digits and our own words only
}

// clock is the time of a day for people, with the day in its title.
func clock(t time.Time) template.HTML {
	t = t.UTC()
	return template.HTML(fmt.Sprintf(`<time datetime="%s" title="%s UTC">%s</time>`, t.Format(time.RFC3339), t.Format("2006-01-02 15:04:05"), t.Format("15:04:05"))) // digits only
}

// distance is how far a time is away, in words.
func distance(t, now time.Time) string {
	d := now.Sub(t)
	if d < 0 {
		if -d < 45*time.Second {
			return "in a moment"
		}
		return "in " + Took(-d)
	}
	if d < 5*time.Second {
		return "just now"
	}
	return Took(d) + " ago"
}

// Took is a duration with one unit, or two where the first is small.
func Took(d time.Duration) string {
	day := 24 * time.Hour
	switch {
	case d <= 0:
		return "0 s"
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < 10*time.Minute:
		return fmt.Sprintf("%d min %02d s", int(d.Minutes()), int(d.Seconds())%60)
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < day:
		return fmt.Sprintf("%d h %02d min", int(d.Hours()), int(d.Minutes())%60)
	case d < 2*day:
		return "1 day"
	}
	return fmt.Sprintf("%d days", int(d/day))
}
