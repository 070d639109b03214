// Package postmortem writes down what became of a leak: when it was reported,
// what was done when and how it was shown, how long the old key could be used,
// what was broken and who accepted that, and what is left to do. All of it is
// read from the journal of the rotation; nothing is typed in, and no value is in
// it. It is pure: the same journal gives the same text.
package postmortem

import (
	"fmt"
	"strings"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/journal"
	"github.com/pawl-dev/pawl/rotation"
)

// Exposure is the time in which a leaked key could be used, as far as it is
// known here: from the report on.
type Exposure struct {
	From  time.Time
	Until time.Time // when it was proved dead; zero: it is not yet
	// Before says that it was refused already when the rotation began: it died
	// at some time before Until.
	Before bool
}

// Of returns the exposure of a rotation.
func Of(s *rotation.State) Exposure {
	e := Exposure{From: s.Started}
	if in := s.Plan.Incident; in != nil && !in.Reported.IsZero() {
		e.From = in.Reported
	}
	switch {
	case s.OldDead:
		e.Until, e.Before = s.Started, true
		if s.Old.First.After(e.Until) { // when it was seen to be refused
			e.Until = s.Old.First
		}
	case s.Target == pawl.New:
		e.Until = s.Dead
	}
	return e
}

// Lasts is how long it has lasted at a time, or lasted in all.
func (e Exposure) Lasts(now time.Time) time.Duration {
	if !e.Until.IsZero() {
		now = e.Until
	}
	return max(now.Sub(e.From), 0).Round(time.Second)
}

// Markdown is the whole text.
func Markdown(run journal.Run) string {
	t := &text{id: run.ID, s: rotation.Fold(run.Events), events: run.Events}
	t.summary()
	t.timeline()
	t.places()
	t.broken()
	t.followUps()
	return t.String()
}

// A text is a document in the making.
type text struct {
	strings.Builder
	id     pawl.RotationID
	s      *rotation.State
	events []pawl.Event
}

func (t *text) line(format string, args ...any) { fmt.Fprintf(t, format+"\n", args...) }

func stamp(at time.Time) string { return at.UTC().Format("2006-01-02 15:04:05") }

// plain is a text of somebody else as one line of Markdown that means nothing
// but itself.
func plain(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || 0x80 <= r && r < 0xa0 {
			return ' '
		}
		return r
	}, s)
	return strings.NewReplacer("\\", "\\\\", "|", "\\|", "<", "&lt;", "`", "'", "*", "\\*", "_", "\\_", "[", "\\[", "]", "\\]").Replace(strings.TrimSpace(s))
}

func (t *text) summary() {
	s, e := t.s, Of(t.s)
	t.line("# Post-mortem: %s", t.id)
	t.line("")
	t.line("Written from the journal. Times are in UTC. No value is in it.")
	t.line("")
	t.line("| | |")
	t.line("|---|---|")
	row := func(what, how string) {
		if how != "" {
			t.line("| %s | %s |", what, how)
		}
	}
	row("credential", plain(strings.TrimSpace(t.id.Credential+" "+dashed(s.Plan.Title))))
	row("reported", stamp(e.From))
	if in := s.Plan.Incident; in != nil {
		row("what happened", plain(in.Why))
	}
	row("begun", stamp(s.Started)+" by "+plain(t.begunBy()))
	row("old key", idOr(s.OldID, "was refused already, and not listed any more"))
	row("new key", idOr(s.NewID(), "none"))
	row("**exposure**", "**"+t.exposure(e)+"**")
	row("outcome", t.outcome())
	row("plan", s.Plan.Digest())
	t.line("")
}

func dashed(title string) string {
	if title == "" {
		return ""
	}
	return "– " + title
}

func idOr(id, otherwise string) string {
	if id == "" {
		return otherwise
	}
	return plain(id)
}

func (t *text) begunBy() string {
	if len(t.events) == 0 {
		return ""
	}
	return t.events[0].Actor.ID
}

func (t *text) exposure(e Exposure) string {
	switch lasts := e.Lasts(t.s.Last); {
	case e.Before:
		return "at most " + lasts.String() + ": the old key was refused already when this began"
	case e.Until.IsZero() && !t.s.OldValid():
		return fmt.Sprintf("%s so far: the old key is revoked, and not proved dead", lasts)
	case e.Until.IsZero():
		return fmt.Sprintf("%s so far: **the old key still works**", lasts)
	default:
		return fmt.Sprintf("%s, from the report to proven dead", lasts)
	}
}

func (t *text) outcome() string {
	switch t.s.Outcome {
	case "":
		return "not finished"
	case pawl.Completed:
		return "done"
	}
	return string(t.s.Outcome) + ": the old key was kept"
}

func (t *text) timeline() {
	e := Of(t.s)
	t.line("## Timeline")
	t.line("")
	t.line("| time | since the report | what |")
	t.line("|---|---|---|")
	in := t.s.Plan.Incident
	if in != nil {
		t.line("| %s | 0s | reported |", stamp(e.From))
	}
	replay := new(rotation.State)
	for _, ev := range t.events {
		what := words(replay, ev)
		replay.Apply(ev)
		if what != "" {
			t.line("| %s | %s | %s |", stamp(ev.At), max(ev.At.Sub(e.From), 0).Round(time.Second), what)
		}
	}
	t.line("")
}

func (t *text) places() {
	t.line("## Where it was used")
	t.line("")
	t.line("| place | where | on the new key |")
	t.line("|---|---|---|")
	for i, c := range t.s.Plan.Consumers {
		t.line("| %s | %s | %s |", plain(c.ID), plain(c.Where), t.standing(i, c))
	}
	t.line("")
}

func (t *text) standing(i int, c pawl.Place) string {
	p := &t.s.Places[i]
	switch {
	case c.Human != nil && t.s.Holds(i):
		return "said so by " + plain(p.By.ID)
	case c.Human != nil:
		return "not confirmed"
	case t.s.Holds(i):
		return "proved (" + t.s.Strength(i).String() + "): " + plain(p.Look.Detail)
	case p.Write.Status == rotation.Done:
		return "written, not proved: " + plain(p.Look.Detail)
	case p.Write.Detail != "":
		return "not written: " + plain(p.Write.Detail)
	}
	return "not written"
}

func (t *text) broken() {
	t.line("## What was broken, and who accepted it")
	t.line("")
	said := false
	for _, ev := range t.events {
		if ev.Type != pawl.EvAccepted {
			continue
		}
		said = true
		state := "was not proved on the new key when the old one was revoked or since"
		for i, c := range t.s.Plan.Consumers {
			if c.ID == ev.Consumer && t.s.Holds(i) {
				state = "is on the new key after all"
			}
		}
		t.line("* **%s**: accepted by %s at %s%s. It %s.", plain(ev.Consumer), plain(ev.Actor.ID), stamp(ev.At), because(ev.Reason), state)
	}
	for _, c := range t.s.Plan.Consumers {
		if c.Human != nil && !c.Human.Blocks && !t.s.Confirmed(c.ID) {
			said = true
			t.line("* **%s** (%s): the catalog lets it block nothing, so the revoke did not wait.", plain(c.ID), plain(strings.Join(c.Human.People, ", ")))
		}
	}
	for _, f := range unlisted(t.events) {
		said = true
		t.line("* %s", plain(f))
	}
	if !said {
		t.line("Nothing that is known of.")
	}
	t.line("")
}

func because(why string) string {
	if why == "" {
		return ""
	}
	return " (" + plain(why) + ")"
}

// unlisted are the copies that the catalog does not have, as the checks found
// them.
func unlisted(events []pawl.Event) (found []string) {
	for _, ev := range events {
		if ev.Type != pawl.EvPreflight {
			continue
		}
		for _, f := range ev.Findings {
			if strings.Contains(f, "not in the catalog") {
				found = append(found, f)
			}
		}
	}
	return found
}

func (t *text) followUps() {
	t.line("## Approvals owed, and follow-ups")
	t.line("")
	said := false
	todo := func(format string, args ...any) {
		said = true
		t.line("* [ ] "+format, args...)
	}
	s, name := t.s, t.id.Credential
	if s.Outcome == "" {
		todo("finish it: `pawl resume %s`", name)
	}
	if a := s.Plan.Approval; a != nil && s.Owed {
		todo("the approval of %s (%d) is owed: show them this", plain(a.From), a.Count)
	}
	for i, c := range s.Plan.Consumers {
		switch {
		case s.Holds(i):
		case c.Human != nil:
			todo("%s has not said that they moved: `pawl confirm %s %s`", plain(c.ID), name, c.ID)
		case s.Outcome == pawl.Completed:
			todo("%s is not proved on the new key: mend it, then `pawl verify %s`", plain(c.ID), name)
		}
	}
	for _, f := range unlisted(t.events) {
		todo("put into the catalog, or remove: %s", plain(f))
	}
	for _, k := range s.Kills {
		if k.Status != rotation.Done {
			todo("revoke %s, which nobody uses (%s): `pawl sweep --revoke`", plain(k.ID), plain(k.Why))
		}
	}
	if !said {
		t.line("Nothing that is known of.")
	}
}
