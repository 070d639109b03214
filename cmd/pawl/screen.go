package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/engine"
	"github.com/pawl-dev/pawl/history"
	"github.com/pawl-dev/pawl/journal"
	"github.com/pawl-dev/pawl/rotation"
	"github.com/pawl-dev/pawl/terminal"
	"github.com/pawl-dev/pawl/wording"
)

// A mark is the sign before a line. The word beside it says the same, so that
// neither the sign nor its colour is needed.
type mark struct{ sign, word, color string }

var (
	good = mark{"✓", "ok", "32"}
	busy = mark{"●", "..", "36"}
	idle = mark{"○", "--", "33"}
	warn = mark{"!", "warning", "33"}
	bad  = mark{"✗", "failed", "31"}
)

func (a *app) sign(m mark) string {
	if a.plain() {
		return m.word + ":"
	}
	if a.color() {
		return "\x1b[" + m.color + "m" + m.sign + "\x1b[0m"
	}
	return m.sign
}

// A screen tells a run as it goes, one finished line after the other. On a
// terminal a few lines below them are live: see [glance].
type screen struct {
	a      *app
	enc    *json.Encoder   // with --json, on stdout
	key    string          // what was last said of the old key
	told   map[string]bool // looks that were told already
	day    string          // of the line that was told last
	again  bool            // what is told happened before
	glance glance
}

func newScreen(a *app) *screen {
	s := &screen{a: a, told: map[string]bool{}, day: day(time.Now())}
	if a.json {
		s.enc = a.stream()
	}
	return s
}

func day(t time.Time) string { return t.Local().Format(time.DateOnly) }

// recall takes in what earlier rotations of a credential took. That it cannot
// be read is no reason not to rotate.
func (s *screen) recall(ctx context.Context, j journal.Journal, credential string) {
	if s.enc != nil {
		return
	}
	runs, err := j.Recent(ctx, credential, history.Enough)
	if err != nil {
		return
	}
	s.glance.usual = history.Of(runs)
	if open := s.glance.usual.Open(); open != nil {
		s.glance.before = open.Driven
	}
}

// begin is what is said before anything happens.
func (s *screen) begin(id pawl.RotationID, p pawl.Plan) {
	if s.enc != nil {
		return
	}
	s.a.say("%s · %s · %s", id, p.Reason, s.a.actor().ID)
	s.a.say("Plan %s: %s%s%s. Ctrl-C is safe at any time.", short(p.Digest()), wording.Count(len(p.Consumers), "place"), soaks(p), expected(s.glance.usual, p))
	for _, w := range p.Warnings {
		s.a.say("%s %s", s.a.sign(warn), w)
	}
}

// expected is how long it will take, if earlier ones tell.
func expected(h history.History, p pawl.Plan) string {
	took := expects(h, p)
	if took.N == 0 {
		return ""
	}
	return fmt.Sprintf(", about %s (median of %d%s)", wording.About(took.Median), took.N, uncounted(awaits(p)))
}

// live keeps the live lines on the terminal until the run ends or is
// interrupted, which is said at once.
func (s *screen) live(ctx context.Context, id pawl.RotationID) (end func()) {
	if s.enc != nil {
		return func() {}
	}
	said := make(chan struct{})
	quiet, wipe := context.AfterFunc(ctx, func() { defer close(said); s.stopping(id) }), s.paint()
	return func() {
		if !quiet() {
			<-said // before what it came to
		}
		wipe()
	}
}

// paint keeps the live lines on the terminal, if it is one.
func (s *screen) paint() (end func()) {
	s.glance.begun = time.Now()
	switch {
	case s.enc != nil:
		return func() {}
	case !s.a.lively():
		return every(quietly, func() { s.murmur(time.Now()) })
	}
	remove := s.a.scroll.Add(func() []terminal.Line { return s.glance.lines(time.Now(), s.a.sign(busy)) })
	stop := every(time.Second, s.a.scroll.Repaint)
	return func() {
		stop()
		remove()
	}
}

// every does something again and again until it is stopped. What was begun by
// then is done when stop returns.
func every(d time.Duration, do func()) (stop func()) {
	tick, end, ended := time.NewTicker(d), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-tick.C:
				do()
			case <-end:
				return
			}
		}
	}()
	return func() {
		tick.Stop()
		close(end)
		<-ended
	}
}

// Where nothing is repainted a long wait is said now and then: after the first
// quiet minute, and then less and less often.
const (
	quietly = 10 * time.Second // how often it is looked whether it is time
	silence = time.Minute
	longest = 10 * time.Minute
)

func (s *screen) murmur(now time.Time) {
	if text := s.glance.murmur(now); text != "" {
		s.a.say("%s %s %-16s %s", now.Local().Format("15:04:05"), s.a.sign(busy), "Waiting", text)
	}
}

// stopping says at once, after a Ctrl-C, what state things are in and how to go
// on; the rest may take a few seconds, and a second Ctrl-C does not wait.
func (s *screen) stopping(id pawl.RotationID) {
	s.glance.end()
	if s.a.far != nil {
		return // what comes of it is said at once: nothing is under way here
	}
	s.a.say("%s Stopping: what is under way is finished first, nothing new is begun. %s.", s.a.sign(idle), wording.Capital(s.glance.oldKey()))
	s.a.say("  Ctrl-C again ends it at once, which is safe too. Either way it goes on with:  %s", s.a.pasteable("pawl resume "+id.Credential))
}

func short(digest string) string {
	if len(digest) > 19 {
		return digest[:19] + "…"
	}
	return digest
}

func soaks(p pawl.Plan) string {
	text := ""
	if p.Soak > 0 {
		text += fmt.Sprintf(", %s of soak", p.Soak)
	}
	if p.Watch > 0 {
		text += fmt.Sprintf(", %s of watch", p.Watch)
	}
	return text
}

// watch is told of every event.
func (s *screen) watch(u engine.Update) {
	if s.enc != nil {
		s.enc.Encode(line(u))
		return
	}
	s.glance.see(u)
	m, what, text := s.words(u)
	text = wording.Plainly(text)
	if what == "" {
		return
	}
	if ev := u.Event; ev.Type == pawl.EvEnded && ev.Step == pawl.StepSet {
		for key := range s.told { // written again, so what was seen of it is news again
			if strings.HasPrefix(key, what+"|") {
				delete(s.told, key)
			}
		}
	}
	key := what + "|" + text
	if u.Event.Type == pawl.EvObserved && s.told[key] {
		return
	}
	s.told[key] = true
	s.glance.heard()
	if d := day(u.Event.At); d != s.day {
		if s.day != "" || s.again {
			s.a.say("%s", d)
		}
		s.day = d
	}
	head := fmt.Sprintf("%-16s ", what)
	s.a.say("%s %s %s%s", u.Event.At.Local().Format("15:04:05"), s.a.sign(m), head,
		s.a.folded(text+after(u)+s.state(u), 11+len([]rune(head)), 11))
	if u.Event.Type == pawl.EvPreflight {
		for _, f := range wording.Together(u.Event.Findings) {
			s.a.say("         %s %s", s.a.sign(warn), s.a.folded(wording.Plainly(f), 11, 11))
		}
	}
}

// folded breaks a text between words where the terminal would break it in the
// middle of one. What is not for a terminal stays as it is.
func (a *app) folded(text string, at, next int) string {
	if !a.lively() || a.size == nil {
		return text
	}
	width, _ := a.size()
	return terminal.Fold(text, width, at, next)
}

// after is how long a proof took since the write that it is of.
func after(u engine.Update) string {
	i := slices.IndexFunc(u.State.Plan.Consumers, func(c pawl.Place) bool { return c.ID == u.Event.Consumer })
	if u.Event.Type != pawl.EvObserved || u.Event.Verdict != pawl.Proved || i < 0 || !u.State.Dead.IsZero() || !u.State.SoakUntil.IsZero() {
		return ""
	}
	if d := u.Event.At.Sub(u.State.Places[i].Write.At); d >= time.Second && !u.State.Places[i].Write.At.IsZero() {
		return ", " + wording.About(d) + " after the write"
	}
	return ""
}

// replay tells what happened before, from the journal.
func (s *screen) replay(id pawl.RotationID, events []pawl.Event) {
	if s.enc != nil {
		return
	}
	s.day = ""
	s.retell(id, new(rotation.State), events)
}

// retell tells events that were journaled, and takes the state over them.
func (s *screen) retell(id pawl.RotationID, state *rotation.State, events []pawl.Event) {
	s.again = true
	for _, ev := range events {
		state.Follow(ev)
		d := rotation.Decide(state, ev.At)
		s.watch(engine.Update{ID: id, Event: ev, State: state, Waits: d.Waits, Phase: d.Phase})
	}
	s.again = false
}

// state says, whenever it changes, whether the old key is still valid.
func (s *screen) state(u engine.Update) string {
	key := oldKey(u.State)
	if key == s.key || !u.State.Ready { // before the checks nothing is known of it
		return ""
	}
	s.key = key
	return "   [" + key + "]"
}

func oldKey(s *rotation.State) string {
	switch {
	case s.OldDead:
		return "old key: dead before this began; safe to stop"
	case s.OldValid():
		return "old key: still valid; safe to stop"
	case !s.Past():
		return "old key: dead, by another hand than this rotation's; only forward"
	case s.Dead.IsZero():
		return "old key: being revoked; safe to stop, only forward"
	}
	return "old key: dead; safe to stop"
}

func (s *screen) words(u engine.Update) (m mark, what, text string) {
	ev := u.Event
	switch ev.Type {
	case pawl.EvDriving:
		if u.State.Ready {
			return busy, "Resumed", "everything that is known was read from the journal"
		}
	case pawl.EvStopped:
		if s.again {
			return idle, "Stopped", ev.Detail
		}
	case pawl.EvPreflight:
		if ev.Result != pawl.Done {
			first, rest, _ := strings.Cut(ev.Detail, "\n")
			if rest != "" {
				first += fmt.Sprintf(" (and %d more, below)", strings.Count(rest, "\n")+1)
			}
			return bad, "Checks", first
		}
		return good, "Checks", fmt.Sprintf("sign-ins work, %s reachable, old authorization %s", wording.Count(len(u.State.Places), "place"), orDash(ev.ID))
	case pawl.EvChecked:
		return s.checkedWords(u)
	case pawl.EvEnded:
		return endedWords(u)
	case pawl.EvObserved:
		m, what, text := observedWords(ev)
		if p := u.State.Plan.Place(ev.Consumer); text != "" && p != nil && ev.Proof > 0 && ev.Proof <= len(p.Proofs) {
			text += " (" + kindName(p.Proofs[ev.Proof-1].Name) + ")"
		}
		return m, what, text
	case pawl.EvCensus:
		if !u.State.Census.At.IsZero() { // what the preflight found is among its findings
			return censusWords(u)
		}
	case pawl.EvAcknowledged:
		return idle, "Accepted", ev.Consumer + " by " + ev.Actor.ID + ": " + ev.Reason
	case pawl.EvConfirmed:
		return good, ev.Consumer, "claimed: " + ev.Actor.ID + " says it is done"
	case pawl.EvHandover:
		return idle, "Handed over", "to " + ev.To + " by " + ev.Actor.ID + ": " + wording.Printable(ev.Reason)
	case pawl.EvSoaking:
		return busy, "Soaking", "both keys stay valid until " + ev.Until.Local().Format("15:04:05")
	case pawl.EvAuthorised:
		return idle, "Revoke", "asked for by " + ev.Actor.ID + " (" + ev.Detail + "); it waits until every required consumer is proved"
	case pawl.EvAccepted:
		return warn, ev.Consumer, "may break, and is not waited for: accepted by " + ev.Actor.ID
	case pawl.EvGlass:
		return warn, "Glass broken", "by " + ev.Actor.ID + ", who goes on without the approval: " + wording.Printable(ev.Reason)
	case pawl.EvOwed:
		return warn, "Approval", ev.Detail
	case pawl.EvForward:
		return warn, "Going on", ev.Reason
	case pawl.EvRollback:
		return busy, "Going back", ev.Reason
	case pawl.EvListed:
		if len(ev.IDs) > 0 && ev.Label != u.State.Label {
			return warn, "Orphan found", strings.Join(ev.IDs, ", ") + ": made, but its answer was lost; it will be revoked"
		}
	case pawl.EvWatching:
		text := fmt.Sprintf("refused %d times in a row", rotation.Refusals)
		if ev.Detail != "" {
			text += ", first " + wording.Rounded(ev.Detail) + " after the revoke"
		}
		return good, sideWord(ev.Side) + " key is dead", text
	}
	return m, "", ""
}

func (s *screen) checkedWords(u engine.Update) (mark, string, string) {
	ev := u.Event
	if ev.Side == pawl.New && ev.Kind == "" && u.State.Attempt() != nil && u.State.Attempt().Works.Equal(ev.At) {
		return good, "New key works", "right account, right scope"
	}
	if ev.Side == pawl.New && ev.Kind != "" && !u.State.Past() && u.State.Target == pawl.New {
		return warn, "New key", ev.Detail
	}
	return mark{}, "", ""
}

func endedWords(u engine.Update) (mark, string, string) {
	ev := u.Event
	what := map[pawl.Step]string{pawl.StepMint: "New key made", pawl.StepKill: "Orphan revoked", pawl.StepSet: ev.Consumer,
		pawl.StepStart: ev.Consumer, pawl.StepNotify: ev.Consumer, pawl.StepRevoke: sideWord(ev.Side) + " key revoked"}[ev.Step]
	if ev.Result != pawl.Done {
		return warn, triedWord(ev), untold(ev)
	}
	switch ev.Step {
	case pawl.StepMint, pawl.StepKill, pawl.StepRevoke:
		return good, what, "id " + ev.ID
	case pawl.StepSet:
		switch {
		case ev.Pending:
			return idle, what, "accepted, waits at the vendor: " + ev.Detail
		case !ev.Changed:
			return idle, what, "held it already; not proved yet"
		case ev.Side == pawl.Old:
			return idle, what, "put back, not proved yet"
		}
		return idle, what, "written, not proved yet"
	case pawl.StepStart:
		return idle, what, "proof started"
	case pawl.StepNotify:
		return idle, what, [...]string{"told", "reminded", "reminded: overdue"}[min(ev.Reminder, 2)]
	}
	return mark{}, "", ""
}

// triedWord names an effect of which it is not known that it happened.
func triedWord(ev pawl.Event) string {
	switch ev.Step {
	case pawl.StepMint:
		return "Making a key"
	case pawl.StepKill:
		return "Orphan"
	case pawl.StepRevoke:
		return sideWord(ev.Side) + " key"
	}
	return ev.Consumer
}

func untold(ev pawl.Event) string {
	detail := strings.TrimPrefix(wording.Plainly(ev.Detail), pawl.Unknown.String()+": ")
	if ev.Result == pawl.Unsure {
		return "not known whether it happened, so it is looked at: " + detail
	}
	return "not done: " + detail
}

func observedWords(ev pawl.Event) (mark, string, string) {
	switch {
	case ev.Verdict == pawl.Proved && ev.Class == pawl.NoEvidence:
		return good, ev.Consumer, "condition holds: " + ev.Detail
	case ev.Verdict == pawl.Proved:
		return good, ev.Consumer, "proved (" + ev.Class.String() + "): " + ev.Detail
	case ev.Verdict == pawl.Refuted:
		return bad, ev.Consumer, ev.Detail
	case ev.Holds == pawl.HoldsNot && ev.Proof > 0:
		return warn, ev.Consumer, "still on the " + string(ev.Side.Other()) + " one: " + ev.Detail
	}
	return mark{}, "", ""
}

func sideWord(s pawl.Side) string {
	if s == pawl.Old {
		return "Old"
	}
	return "New"
}

func orDash(s string) string {
	if s == "" {
		return "(none: dead already)"
	}
	return s
}

// line is an event for programs.
func line(u engine.Update) map[string]any {
	m := map[string]any{"type": u.Event.Type, "at": u.Event.At.Format(time.RFC3339Nano), "rotation": u.ID.String(), "phase": u.Phase,
		"old_valid": u.State.OldValid(), "safe_to_stop": true}
	add := func(key, value string) {
		if value != "" {
			m[key] = value
		}
	}
	ev := u.Event
	add("step", string(ev.Step))
	add("consumer", ev.Consumer)
	add("side", string(ev.Side))
	add("result", string(ev.Result))
	add("verdict", string(ev.Verdict))
	add("holds", string(ev.Holds))
	add("kind", ev.Kind)
	add("id", ev.ID)
	add("detail", ev.Detail)
	add("reason", ev.Reason)
	if ev.Class != pawl.NoEvidence {
		m["class"] = ev.Class.String()
	}
	if ev.Attempt > 0 {
		m["attempt"] = ev.Attempt
	}
	if len(ev.Searched) > 0 {
		m["searched"], m["strays"] = ev.Searched, ev.Strays
	}
	if !ev.Until.IsZero() {
		m["until"] = ev.Until.Format(time.RFC3339)
	}
	return m
}
