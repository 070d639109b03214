package console

import (
	"html/template"
	"time"

	"github.com/pawl-dev/pawl/api"
	"github.com/pawl-dev/pawl/frame"
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

// funcs are what templates can call, besides those of the frame.
func (c *Console) funcs() template.FuncMap {
	return template.FuncMap{
		"state": stateBadge, "outcome": outcomeBadge, "holds": holdsBadge, "proof": proofBadge,
		"past":  func(t *time.Time) bool { return t != nil && t.Before(c.clock()) },
		"every": func(seconds int64) string { return frame.Took(time.Duration(seconds) * time.Second) },
		"short": short,
		"next":  nextAction,
		"percent": func(n, of int) int {
			if of == 0 {
				return 0
			}
			return 100 * n / of
		},
	}
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
