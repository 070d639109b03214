package console

import "github.com/pawl-dev/pawl/api"

// An action is what happens next, and who has to see to it.
type action struct {
	Badge  badge
	Title  string // one sentence
	Detail string
	Hint   string
	Person bool // nothing happens until somebody does something
	Wait   api.Wait
}

// waits says what each thing that can be waited for means to people. The ones
// that only a person can end come first.
var waits = []struct {
	on     string
	badge  badge
	title  string
	person bool
}{
	{"help", badge{"alert", "needs somebody", "bad"}, "Somebody has to look at this", true},
	{"approval", badge{"approve", "waits for approval", "ask"}, "A second person has to agree", true},
	{"vendor", badge{"hand", "waits for somebody", "ask"}, "Somebody has to act at the vendor", true},
	{"person", badge{"hand", "waits for somebody", "ask"}, "Somebody has to do their part", true},
	{"revoke", badge{"lock", "waits for the revoke", "ask"}, "Everything is proved: the old key can be revoked", true},
	{"pause", badge{"pause", "paused", "warn"}, "Paused: nothing new is begun", true},
	{"death", badge{"run", "confirming", "busy"}, "Waiting until the vendor refuses the old key", false},
	{"timer", badge{"clock", "waiting", "busy"}, "Waiting for time to pass", false},
	{"proof", badge{"run", "proving", "busy"}, "Looking for proof", false},
	{"effect", badge{"run", "working", "busy"}, "Working", false},
}

// timers are what time is waited for, by phase.
var timers = map[string]struct {
	badge badge
	title string
}{
	"SOAKING":  {badge{"clock", "soaking", "busy"}, "Soaking: both keys stay valid for a while"},
	"WATCHING": {badge{"eye", "watching", "busy"}, "Watching that nothing breaks"},
}

// nextAction is what happens next in a rotation: what a person has to do, if
// there is something, else what it is at.
func nextAction(r api.Rotation) action {
	if r.Outcome != "" {
		return action{Badge: outcomeBadge(r.Outcome), Title: endings[r.Outcome]}
	}
	for _, is := range waits {
		for _, w := range r.Waits {
			if w.On == is.on {
				if t, ok := timers[r.Phase]; ok && is.on == "timer" {
					is.badge, is.title = t.badge, t.title
				}
				return action{Badge: is.badge, Title: is.title, Detail: w.Detail, Hint: w.Hint, Person: is.person, Wait: w}
			}
		}
	}
	return action{Badge: badge{"run", "working", "busy"}, Title: "Working: " + phaseWord(r.Phase)}
}

var endings = map[string]string{
	"done":        "Done: every place is on the new key, and the old one is refused",
	"rolled-back": "Rolled back: every place is on the old key again, and the new one is refused",
	"failed":      "It came to nothing: nothing was changed, or all of it was undone, unless somebody ended it as it was",
}
