package console

import (
	"errors"
	"fmt"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/api"
)

var errNoRotation = errors.New("no rotation has this number")

// A line is an event, for people.
type line struct {
	Number int
	At     time.Time
	Badge  badge
	Title  string
	Detail string
	By     string // who, if it was a person
}

// told is what happened, the newest first. What only moves the machine along is
// left out: it is in the audit log and in the API.
func told(lines []api.Line) (all []line) {
	for i := len(lines) - 1; i >= 0; i-- {
		e := lines[i].Event
		if l, ok := tell(e); ok {
			l.Number, l.At = lines[i].Number, e.At
			if e.Actor.Type == "user" {
				l.By = e.Actor.ID
			}
			all = append(all, l)
		}
	}
	return all
}

var (
	fine = badge{"ok", "done", "good"}
	busy = badge{"run", "begun", "busy"}
	mere = badge{"none", "noted", "idle"}
	warn = badge{"alert", "look", "warn"}
	bad  = badge{"cross", "failed", "bad"}
	said = badge{"hand", "by a person", "ask"}
)

// tell says an event in words; false if it is not worth a line.
func tell(e pawl.Event) (line, bool) {
	switch e.Type {
	case pawl.EvPlanned:
		return line{Badge: said, Title: "Asked for: " + e.Reason}, true
	case pawl.EvPreflight:
		if e.Result != pawl.Done {
			return line{Badge: bad, Title: "Checks failed", Detail: e.Detail}, true
		}
		return line{Badge: fine, Title: "Checks passed", Detail: withID("old generation", e.ID)}, true
	case pawl.EvIntended, pawl.EvEnded:
		return effect(e)
	case pawl.EvChecked:
		return checked(e)
	case pawl.EvObserved:
		return observed(e)
	case pawl.EvConfirmed:
		return line{Badge: said, Title: e.Consumer + ": a person says it is done"}, true
	case pawl.EvAuthorised:
		return line{Badge: said, Title: "The revoke was asked for", Detail: e.Detail}, true
	case pawl.EvApproved:
		return line{Badge: said, Title: "Approved", Detail: e.Detail}, true
	case pawl.EvGlass:
		return line{Badge: bad, Title: "The glass was broken: no approval is waited for", Detail: e.Reason}, true
	case pawl.EvAccepted:
		return line{Badge: warn, Title: e.Consumer + " may break", Detail: e.Reason}, true
	case pawl.EvSoaking:
		return line{Badge: busy, Title: "Soaking: both keys stay valid until " + e.Until.UTC().Format("2006-01-02 15:04:05") + " UTC"}, true
	case pawl.EvCensus:
		return line{Badge: fine, Title: "Searched for copies outside of the plan", Detail: found(e)}, true
	}
	return turn(e)
}

// turn says what turned the rotation round, stopped it or ended it.
func turn(e pawl.Event) (line, bool) {
	switch e.Type {
	case pawl.EvForward:
		return line{Badge: warn, Title: "Going forward after all", Detail: e.Reason}, true
	case pawl.EvRollback:
		return line{Badge: warn, Title: "Going back", Detail: e.Reason}, true
	case pawl.EvPaused:
		return line{Badge: said, Title: "Paused"}, true
	case pawl.EvUnpaused:
		return line{Badge: said, Title: "Resumed"}, true
	case pawl.EvHandover:
		return line{Badge: said, Title: "Handed over to " + e.To, Detail: e.Reason}, true
	case pawl.EvWatching:
		return line{Badge: fine, Title: "The " + sideWord(e.Side) + " key is refused; watching until " + e.Until.UTC().Format("15:04:05") + " UTC"}, true
	case pawl.EvStopped:
		return line{Badge: mere, Title: "Put aside", Detail: e.Detail}, e.Detail != ""
	case pawl.EvAbandoned:
		return line{Badge: bad, Title: "Ended as it was", Detail: e.Reason}, true
	case pawl.EvClosed:
		b := outcomeBadge(string(e.Outcome))
		return line{Badge: b, Title: endings[string(e.Outcome)], Detail: e.Detail}, true
	}
	return line{}, false
}

func effect(e pawl.Event) (line, bool) {
	if e.Type == pawl.EvIntended {
		return line{}, false // how it ended is told
	}
	what := ""
	switch e.Step {
	case pawl.StepMint:
		what = "New key made"
	case pawl.StepKill:
		what = "A key that nobody holds was revoked"
	case pawl.StepSet:
		what = e.Consumer + ": the " + sideWord(e.Side) + " key was written"
	case pawl.StepStart:
		what = e.Consumer + ": a proof was started"
	case pawl.StepNotify:
		what = e.Consumer + ": a person was told"
	case pawl.StepRevoke:
		what = "The " + sideWord(e.Side) + " key was revoked"
	}
	switch e.Result {
	case pawl.Done:
		return line{Badge: fine, Title: what, Detail: first(e.Detail, withID("id", e.ID))}, true
	case pawl.NotDone:
		return line{Badge: warn, Title: "Not done: " + what, Detail: e.Detail}, true
	}
	return line{Badge: warn, Title: "Not known whether it happened: " + what, Detail: e.Detail}, true
}

func checked(e pawl.Event) (line, bool) {
	switch {
	case e.Side == pawl.New && e.Kind == "":
		return line{Badge: fine, Title: "The new key works", Detail: e.Detail}, true
	case e.Kind == pawl.Denied.String():
		return line{Badge: fine, Title: "The vendor refuses the " + sideWord(e.Side) + " key", Detail: e.Detail}, true
	}
	return line{Badge: mere, Title: "The " + sideWord(e.Side) + " key was tried", Detail: e.Detail}, e.Detail != ""
}

func observed(e pawl.Event) (line, bool) {
	switch e.Verdict {
	case pawl.Proved:
		return line{Badge: fine, Title: e.Consumer + ": on the " + sideWord(e.Side) + " key, shown by " + e.Class.String(), Detail: e.Detail}, true
	case pawl.Refuted:
		return line{Badge: bad, Title: e.Consumer + ": shown not to be on it", Detail: e.Detail}, true
	}
	return line{}, false
}

func found(e pawl.Event) string {
	areas := 0
	for _, s := range e.Searched {
		areas += s.Areas
	}
	return fmt.Sprintf("%d parts searched, %d places found", areas, len(e.Strays))
}

func sideWord(s pawl.Side) string {
	if s == pawl.Old {
		return "old"
	}
	return "new"
}

func withID(what, id string) string {
	if id == "" {
		return ""
	}
	return what + " " + id
}

func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}
