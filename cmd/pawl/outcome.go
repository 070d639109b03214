package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/engine"
	"github.com/pawl-dev/pawl/rotation"
	"github.com/pawl-dev/pawl/wording"
)

// A verdict is what a run that has stopped comes to: the exit code, what is
// true now, and what to do next.
type verdict struct {
	code  int
	text  string
	safe  string
	next  []string
	waits []rotation.Wait
}

// judge turns a result into a verdict. It is the only place that does.
func judge(r engine.Result) verdict {
	name, s := r.ID.Credential, r.State
	v := verdict{waits: r.Waits, safe: wording.Capital(oldKey(s)) + "."}
	switch s.Outcome {
	case pawl.Completed:
		v = verdict{code: exitDone, text: fmt.Sprintf("%s is done: every required consumer is on %s, and %s is dead", r.ID, s.NewID(), orDash(s.OldID))}
		if broken := acceptedBroken(s); len(broken) > 0 {
			v.safe = "Not proved on it, as was accepted: " + strings.Join(broken, ", ") + "."
			v.next = append(v.next, "pawl verify "+name+"   # "+strings.Join(broken, ", ")+" may be broken: the old key no longer works there")
		}
		for _, who := range unconfirmed(s) {
			v.next = append(v.next, "pawl confirm "+name+" "+who+"   # once they have moved: the old key no longer works for them")
		}
		v.next = append(v.next, lookAgain(s)...)
		return v
	case pawl.RolledBack:
		v := verdict{code: exitDone, text: fmt.Sprintf("%s is rolled back: every copy is restored and proved, nothing is left behind", r.ID),
			safe: "Old key: valid everywhere. The new one is dead."}
		if len(s.Attempts) == 0 {
			v.text, v.safe = fmt.Sprintf("%s is rolled back: no new key was made yet, so nothing had to be restored", r.ID), "Old key: valid everywhere."
		} else if who := moved(s); len(who) > 0 && s.Plan.Reason != pawl.Rehearsal {
			v.safe += " Whoever had moved to it has to move back: " + strings.Join(who, ", ") + "."
		}
		if again := lookAgain(s); again != nil {
			v.text = strings.TrimSuffix(v.text, ", nothing is left behind")
			v.safe = "Old key: valid everywhere. The answer to a mint was lost: whether it made a key is not certain."
			v.next = append(v.next, again...)
		}
		return deadOld(v, s, name)
	case pawl.Failed:
		v.code, v.text = exitFailed, fmt.Sprintf("%s failed: %s", r.ID, s.Failure.Detail)
		v.safe = "Nothing is broken: the old key is untouched and valid everywhere."
		if s.Abandoned != "" {
			v.safe = "It was ended as it was: nothing was revoked, and places may be on either key."
			v.next = []string{"pawl verify " + name}
			return v
		}
		if !s.Ready { // it was not even found out whether the old one is valid
			v.safe = "Nothing was changed; the old key is as it was."
		}
		if s.Failure.Hint != "" {
			v.next = []string{s.Failure.Hint}
		}
		switch pawl.KindNamed(s.Failure.Kind) {
		case pawl.Denied, pawl.Operator:
			v.code = exitSignIn
		}
		return deadOld(v, s, name)
	}
	resume := "pawl resume " + name
	if s.Once { // what was asked for by a flag has to be asked for again
		resume += " --auto-revoke"
	}
	switch {
	case errors.Is(r.Stop, context.Canceled):
		v.code, v.text, v.next = exitInterrupted, "interrupted", []string{resume}
	case r.Stop != nil:
		v.code, v.text, v.next = stopCode(s), r.Stop.Error(), hintOr(r.Stop, resume)
	default:
		v.code, v.text, v.next = waiting(r, resume)
	}
	if v.code != exitWaits && s.Target == pawl.New && !s.Past() {
		v.next = append(v.next, "pawl rollback "+name)
	}
	v.next = append(v.next, acceptNext(r)...)
	if s.Authorised != (pawl.Actor{}) && s.Target == pawl.New && !s.Past() && !s.Once {
		v.safe += " The revoke was asked for: pawl resume revokes it once everything is proved."
	}
	return v
}

// lookAgain is what to do about a mint whose answer was lost and of which nothing
// was found. It made nothing, or the vendor's list hid what it made for as long
// as was looked: then that lives, and nobody has its value.
func lookAgain(s *rotation.State) []string {
	for _, a := range s.Attempts {
		if a.MadeNothing() && len(s.Kills) == 0 {
			return []string{"pawl sweep   # the answer to a mint was lost, and nothing that it made was found: look once more, later"}
		}
	}
	return nil
}

// acceptedBroken lists the places that the revoke did not wait for, because
// somebody accepted that they break, and that are not on the new key.
func acceptedBroken(s *rotation.State) (ids []string) {
	for i, c := range s.Plan.Consumers {
		if c.Human == nil && s.Accepted(i) && !s.Holds(i) {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

// deadOld corrects what is said of the old key if its vendor has refused it
// meanwhile, which is none of the rotation's doing.
func deadOld(v verdict, s *rotation.State, name string) verdict {
	if s.Ready && s.Old.Refused >= rotation.Refusals {
		v.code = max(v.code, exitHelp)
		v.safe = "The vendor refuses the old key meanwhile, which this rotation did not revoke: whoever uses it is cut off."
		v.next = []string{"pawl rotate " + name + " --reason leak"}
	}
	return v
}

// unconfirmed lists the people who have not said that they moved.
func unconfirmed(s *rotation.State) []string {
	var who []string
	for _, c := range s.Plan.Consumers {
		if c.Human != nil && !s.Confirmed(c.ID) {
			who = append(who, c.ID)
		}
	}
	return who
}

// moved lists the people who were asked to move to the new key, or said that
// they have, and have not said that they are back.
func moved(s *rotation.State) []string {
	var who []string
	for i, c := range s.Plan.Consumers {
		if c.Human != nil && s.Places[i].Touched && !s.Confirmed(c.ID) {
			who = append(who, c.ID)
		}
	}
	return who
}

func stopCode(s *rotation.State) int {
	if s.OldValid() {
		return exitIncomplete
	}
	return exitHelp
}

func hintOr(err error, next string) []string {
	if h := pawl.HintOf(err); h != "" {
		return []string{h, next}
	}
	return []string{next}
}

// waiting says whom or what a run waits for.
func waiting(r engine.Result, resume string) (code int, text string, next []string) {
	name := r.ID.Credential
	code, text = exitWaits, "waits"
	for _, w := range r.Waits {
		switch w.On {
		case rotation.OnProof, rotation.OnEffect, rotation.OnDeath:
			if code == exitWaits {
				code, text, next = exitIncomplete, "not everything is proved", []string{resume}
				if w.On == rotation.OnDeath {
					text = "it is not proved yet that the old key is dead"
				}
			}
		case rotation.OnHelp:
			if code != exitSignIn {
				code, text, next = helpCode(r.State, w), "only a person can go on", []string{resume}
			}
		}
	}
	if r.Late {
		code, text = worseOf(code, exitIncomplete), "not everything was proved in the time given; it was at "+phaseWord(r.Phase, r.Waits)
		next = []string{resume}
	}
	if code == exitIncomplete && !r.State.OldValid() {
		code = exitHelp // that the old one is still valid cannot be promised any more
	}
	if code != exitWaits {
		return code, text, next
	}
	for _, w := range r.Waits {
		switch w.On {
		case rotation.OnRevoke:
			return code, "every required consumer is proved; the old key was not revoked, because nobody asked for it", []string{"pawl revoke " + name, "pawl rollback " + name}
		case rotation.OnPerson:
			return code, "waits for a person", []string{stepCommand(r.State, name, w.Consumer), resume}
		case rotation.OnApproval:
			return code, "waits for an approval by a second person", []string{"pawl approve " + name + "   # by somebody else than " + r.State.By.ID, "pawl rollback " + name, resume}
		case rotation.OnVendor:
			return code, "waits for a person at the vendor", []string{resume}
		case rotation.OnPause:
			return code, "paused", []string{resume}
		}
	}
	return code, text, []string{resume}
}

// worseOf replaces a code that only says that something is waited for.
func worseOf(code, other int) int {
	if code == exitWaits {
		return other
	}
	return code
}

func helpCode(s *rotation.State, w rotation.Wait) int {
	switch {
	case w.Kind == pawl.Denied || w.Kind == pawl.Operator:
		return exitSignIn
	case !s.OldValid():
		return exitHelp
	}
	return exitIncomplete
}

// conclude tells a verdict and returns it as an exit.
func (a *app) conclude(r engine.Result, sc *screen) error {
	v := a.judge(r)
	if sc != nil && sc.enc != nil {
		sc.enc.Encode(map[string]any{"type": "result", "code": exitName(v.code), "exit": v.code, "rotation": r.ID.String(), "phase": r.Phase,
			"outcome": r.State.Outcome, "old_id": r.State.OldID, "new_id": r.State.NewID(), "old_valid": r.State.OldValid(),
			"detail": v.text, "waits": waitLines(v.waits), "next": v.next, "help": ofVerdict(v)})
	} else {
		a.tellVerdict(v)
	}
	if v.code == exitDone {
		return nil
	}
	return &exit{code: v.code}
}

func (a *app) tellVerdict(v verdict) {
	m := map[int]mark{exitDone: good, exitWaits: idle, exitInterrupted: idle}[v.code]
	if m.sign == "" {
		m = bad
	}
	a.say("%s %s", a.sign(m), strings.ReplaceAll(wording.Plainly(v.text), "\n", "\n    "))
	for _, w := range waitLines(v.waits) {
		if text := waitText(w, 16); text != "" && w["detail"] != v.text {
			a.say("    %s", text)
		}
		if w["hint"] != "" {
			a.say("    %-16s → %s", "", w["hint"])
		}
	}
	if v.safe != "" {
		a.say("  %s", v.safe)
	}
	if len(v.next) > 0 && !a.story {
		a.say("  Next:")
		for _, n := range v.next {
			a.say("    %s", a.pasteable(n))
		}
	}
	a.more(ofVerdict(v))
}

// waitLines lists what is waited for, each consumer once.
func waitLines(waits []rotation.Wait) []map[string]string {
	lines, seen := []map[string]string{}, map[string]bool{}
	for _, w := range waits {
		key := string(w.On) + w.Consumer + w.Detail
		if seen[key] || w.On == rotation.OnRevoke || w.Consumer == "" && w.Detail == "" {
			continue
		}
		seen[key] = true
		line := map[string]string{"on": string(w.On), "consumer": w.Consumer, "detail": w.Detail, "hint": w.Hint}
		if (w.On == rotation.OnPerson || w.On == rotation.OnTimer) && !w.Until.IsZero() {
			line["until"] = w.Until.Format(time.RFC3339)
		}
		lines = append(lines, line)
	}
	return lines
}

// waitText is one of those lines: what is waited for, behind where, if that is
// anywhere.
func waitText(w map[string]string, width int) string {
	if until, err := time.Parse(time.RFC3339, w["until"]); err == nil && w["on"] == string(rotation.OnTimer) {
		return wording.Plainly(w["detail"]) + " until " + until.Local().Format("2006-01-02 15:04:05")
	}
	if w["consumer"] == "" {
		return wording.Plainly(w["detail"])
	}
	return strings.TrimRight(fmt.Sprintf("%-*s %s", width, w["consumer"], wording.Plainly(w["detail"])), " ")
}
