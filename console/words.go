package console

import (
	"fmt"
	"html/template"
	"time"

	"github.com/pawl-dev/pawl/api"
)

// A badge says a state by an icon, a word and a colour, so that none of them is
// needed.
type badge struct{ Icon, Word, Tone string }

var states = map[api.State]badge{
	api.Fine:     {"ok", "fine", "good"},
	api.Soon:     {"clock", "due soon", "warn"},
	api.Overdue:  {"alert", "overdue", "bad"},
	api.Rotating: {"run", "rotating", "busy"},
	api.Waiting:  {"hand", "waits for somebody", "ask"},
	api.Never:    {"none", "never rotated", "idle"},
}

func stateBadge(s api.State) badge { return words(states, s, badge{"none", string(s), "idle"}) }

var outcomes = map[string]badge{
	"":            {"run", "open", "busy"},
	"done":        {"ok", "done", "good"},
	"rolled-back": {"back", "rolled back", "idle"},
	"failed":      {"cross", "failed", "bad"},
}

func outcomeBadge(o string) badge { return words(outcomes, o, badge{"none", o, "idle"}) }

var holdings = map[string]badge{
	"old":     {"old", "old", "idle"},
	"new":     {"new", "new", "busy"},
	"other":   {"alert", "another value", "bad"},
	"nothing": {"none", "nothing", "warn"},
	"unknown": {"none", "not seen", "idle"},

	"current":  {"new", "current", "good"},
	"previous": {"old", "previous", "bad"},
}

func holdsBadge(p api.Place) badge {
	return words(holdings, p.Holds, badge{"none", p.Holds, "idle"})
}

// proofBadge says what is known of a place, and never that it is good because
// it was written.
func proofBadge(p api.Place) badge {
	switch {
	case p.Proved && p.Class != "":
		return badge{"ok", p.Class, "good"}
	case p.Proved:
		return badge{"ok", "proved", "good"}
	case p.Person && !p.Required:
		return badge{"none", "not waited for", "idle"}
	case p.Written:
		return badge{"half", "written, not proved", "warn"}
	}
	return badge{"none", "not yet", "idle"}
}

func words[K comparable](all map[K]badge, key K, otherwise badge) badge {
	if b, ok := all[key]; ok {
		return b
	}
	return otherwise
}

// funcs are what templates can call.
func (c *Console) funcs() template.FuncMap {
	return template.FuncMap{
		"asset": asset, "icon": icon, "state": stateBadge, "outcome": outcomeBadge, "holds": holdsBadge, "proof": proofBadge,
		"ago":   func(t any) template.HTML { return moment(t, c.clock(), true) },
		"at":    func(t any) template.HTML { return moment(t, c.clock(), false) },
		"past":  func(t *time.Time) bool { return t != nil && t.Before(c.clock()) },
		"took":  took,
		"every": func(seconds int64) string { return took(time.Duration(seconds) * time.Second) },
		"short": short,
		"next":  nextAction,
		"percent": func(n, of int) int {
			if of == 0 {
				return 0
			}
			return 100 * n / of
		},
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

// distance is how far a time is away, in words.
func distance(t, now time.Time) string {
	d := now.Sub(t)
	if d < 0 {
		if -d < 45*time.Second {
			return "in a moment"
		}
		return "in " + took(-d)
	}
	if d < 5*time.Second {
		return "just now"
	}
	return took(d) + " ago"
}

// took is a duration with one unit, or two where the first is small.
func took(d time.Duration) string {
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

// short is the beginning of a digest or an id of a vendor's, which are told
// apart by it. The whole of it is in a title.
func short(id string) string {
	if len(id) >= 71 && id[:7] == "sha256:" {
		return id[:19] + "…"
	}
	if len(id) > 14 {
		return id[:8] + "…"
	}
	return id
}
