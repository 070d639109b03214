package runbook

import (
	"fmt"
	"strings"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/provider"
	"github.com/pawl-dev/pawl/wording"
)

// What is safe at a step.
const (
	untouched = "Stop at any time: nothing was changed."
	minted    = "Stop at any time: the old value works everywhere. To undo, revoke the new one by its id, `$NEW_ID`."
	written   = "Stop at any time: both values work. To undo, see *Stop and undo*."
)

func (w *writer) steps() {
	issuer := w.handbook(w.Plan.Issuer)
	w.line("## Steps\n")
	w.all("Find the old one", issuer.Identify, untouched)
	w.readOld()
	w.all("Make the new one", issuer.Mint, minted)
	w.all("Check the new one", issuer.Check, minted)
	wave := 0
	for _, c := range w.Plan.Consumers {
		if c.Wave != wave && c.Wave > 1 {
			w.line("Go on only when every place above is proved.\n")
		}
		wave = c.Wave
		w.place(c)
	}
	w.undo()
}

// readOld: the value in use is needed to go back, and to see it die.
func (w *writer) readOld() {
	w.next("Keep the old value", provider.Step{
		Do:     "Keep the value in use in a variable of this shell, to go back to it and to see it die. Take it from " + w.holder() + ", by hand.",
		Run:    []string{"read -rsp 'old value: ' OLD; echo", `echo "${#OLD} characters"`},
		Expect: "as many characters as it has",
		IfNot:  "read it again: a newline or a space came along",
	}, untouched)
}

// holder is the place to read the old value from: the store, or the first that
// is no person.
func (w *writer) holder() string {
	for _, c := range w.Plan.Consumers {
		if c.Human == nil {
			return kindName(c.Op.Name) + " " + oneLine(c.Where)
		}
	}
	return "wherever it is kept"
}

func (w *writer) place(c pawl.Place) {
	if c.Human != nil {
		w.person(c)
		return
	}
	h := w.handbook(c.Op)
	title := "`" + c.ID + "`"
	if c.Store {
		title += ": the system of record"
	}
	where := kindName(c.Op.Name) + " " + oneLine(c.Where)
	if len(h.Write) == 0 {
		h.Write = []provider.Step{{Do: "Put the new value into " + where + ".", Expect: "it is accepted"}}
	}
	w.all(title, h.Write, written)
	for _, s := range h.Prove {
		w.step("", s, "")
	}
	for _, p := range c.Proofs {
		for _, s := range w.handbook(p).Prove {
			w.step("", s, "")
		}
	}
	w.line("Counts as proved when it is at least *%s*.\n", c.Require)
}

func (w *writer) person(c pawl.Place) {
	who := strings.Join(c.Human.People, ", ")
	ask := oneLine(c.Human.Ask)
	s := provider.Step{Do: "Ask " + orText(oneLine(who), "whoever has it") + ": " + ask, Expect: "they say that it is done",
		IfNot: "do not revoke before: the old value would stop working for them"}
	if !c.Human.Blocks {
		s.IfNot = "the revoke does not wait for it; tell them that the old value stops working"
	}
	w.next("`"+c.ID+"`: a person", s, written)
}

func (w *writer) undo() {
	w.line("## Stop and undo\n")
	w.line("Until the revoke both values work, so stopping harms nobody. To go back, in this order:\n")
	w.line("1. `BACKUP=$NEW; NEW=$OLD`, then do the writing steps above again, the last first: each place gets the old value.")
	w.line("2. Prove each of them as above.")
	w.line("3. Revoke the new one as in *Revoke*, with `OLD_ID=$NEW_ID; OLD=$BACKUP`, and see it die.\n")
	w.line("After the revoke there is only forward.\n")
}

// after is what comes when every place has the new value.
func (w *writer) after() {
	issuer := w.handbook(w.Plan.Issuer)
	w.line("## Prove\n")
	w.line("Right before the revoke, take every proof again: somebody may have put another value back meanwhile. All of these have to be on the new one:\n")
	for _, c := range w.Plan.Consumers {
		if c.Required() {
			w.line("- [ ] `%s`: %s, at least *%s*", c.ID, oneLine(c.Where), c.Require)
		}
	}
	w.line("")
	if w.Plan.Soak > 0 {
		w.line("Then wait %s, and look once more.\n", w.Plan.Soak)
	}
	w.line("## Revoke\n")
	w.all("Revoke the old one", issuer.Revoke, "**The point of no return.** Before it everything can be undone; after it nothing.")
	w.all("See it die", issuer.Dead, "Only forward: what still uses the old value is broken now, and has to get the new one.")
	if w.Plan.Watch > 0 {
		w.line("Watch the places for %s: what reads its value rarely breaks late.\n", w.Plan.Watch)
	}
	w.line("At the end: `unset NEW OLD BACKUP`, and close the shell.\n")
	w.line("## If it went wrong\n")
	w.line("- **Something broke after the revoke**: it had the old value. Give it the new one as in its step above; the old one does not come back.")
	w.line("- **It is not known whether the new one was made**: look for today's date in the vendor's list, revoke what nobody holds, make another.")
	w.line("- **The shell is gone with the new value**: nothing is broken. Revoke the new one by its id and begin again.")
	w.line("- **The old one leaked**: do not wait for windows or soaks, do all places at once, and revoke as soon as they are proved.\n")
}

// all are the steps of one heading.
func (w *writer) all(title string, steps []provider.Step, safe string) {
	for i, s := range steps {
		if i == 0 {
			w.next(title, s, safe)
		} else {
			w.step("", s, "")
		}
	}
}

// next is a numbered step.
func (w *writer) next(title string, s provider.Step, safe string) {
	w.count++
	w.step(fmt.Sprintf("%d. %s", w.count, title), s, safe)
}

func (w *writer) step(title string, s provider.Step, safe string) {
	if title != "" {
		w.line("### %s\n", title)
	}
	w.line("**Do.** %s\n", strings.TrimSpace(s.Do))
	if len(s.Run) > 0 {
		w.line("```sh\n%s\n```\n", strings.Join(s.Run, "\n"))
	}
	if s.Expect != "" {
		w.line("**Expect.** %s.\n", strings.TrimSuffix(s.Expect, "."))
	}
	if s.IfNot != "" {
		w.line("**If not.** %s.\n", wording.Capital(strings.TrimSuffix(s.IfNot, ".")))
	}
	if safe != "" {
		w.line("*%s*\n", strings.ReplaceAll(safe, "*", ""))
	}
}
