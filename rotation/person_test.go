package rotation_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/rotation"
	"pgregory.net/rapid"
)

// byHand is a plan whose new generation a person makes.
func byHand() pawl.Plan {
	p := somePlan()
	p.Hand = &pawl.Human{Ask: "Make one.", Blocks: true, Within: 2 * time.Hour, Notify: &pawl.Op{Name: "slack"}}
	return p
}

// supply is the person who mints: they make one with the label that is asked
// for, and give its value.
func (w *world) supply() {
	a := w.state.Wanted()
	if a == nil {
		w.t.Fatal("no new value is wanted")
	}
	w.minted++
	id := "id-" + strconv.Itoa(w.minted)
	w.live[id] = a.Label
	w.append(pawl.Event{Type: pawl.EvEnded, Step: pawl.StepMint, Attempt: a.Number, Label: a.Label, ID: id, Result: pawl.Done, Actor: ana})
}

func asksFor(d rotation.Decision, step string) bool {
	for _, x := range d.Waits {
		if x.On == rotation.OnPerson && x.Consumer == step {
			return true
		}
	}
	return false
}

// TestPersonMints: the intent is there before anybody is asked, nothing is
// called, and what they give is gone on with as if it had been minted.
func TestPersonMints(t *testing.T) {
	w := newWorld(t, byHand())
	w.fate = func(a rotation.Action) fate {
		if a.Do == rotation.DoMint {
			t.Fatal("it mints by itself")
		}
		return fine
	}
	if d := w.run(); !asksFor(d, pawl.MintStep) || d.Phase != rotation.Minting {
		t.Fatalf("%s waits for %+v, want the person who mints", d.Phase, d.Waits)
	}
	if a := w.state.Wanted(); a == nil || a.Label != "pawl/test/key/1/1" {
		t.Fatalf("wanted %+v, want the first attempt with its label", a)
	}
	for range 3 { // processes that come and go change nothing
		w.drive()
		if d := w.run(); !asksFor(d, pawl.MintStep) || len(w.state.Attempts) != 1 {
			t.Fatalf("after another process: %d attempts, waits for %+v", len(w.state.Attempts), d.Waits)
		}
	}
	w.supply()
	w.append(pawl.Event{Type: pawl.EvAuthorised, Actor: ana})
	w.run()
	if w.state.Outcome != pawl.Completed || len(w.check()) > 0 {
		t.Fatalf("outcome %q, %v", w.state.Outcome, w.check())
	}
}

// TestRollbackFindsWhatAPersonMade: whatever the person has made without
// saying so is found by its label and revoked.
func TestRollbackFindsWhatAPersonMade(t *testing.T) {
	for name, made := range map[string]bool{"made one": true, "made none": false} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, byHand())
			w.run()
			if made {
				w.minted++
				w.live["id-1"] = w.state.Wanted().Label
			}
			w.append(pawl.Event{Type: pawl.EvRollback, Reason: "test"})
			if w.state.Wanted() != nil {
				t.Fatal("a value is still wanted after the rollback")
			}
			w.run()
			if w.state.Outcome != pawl.RolledBack || len(w.check()) > 0 {
				t.Fatalf("outcome %q, %v", w.state.Outcome, w.check())
			}
		})
	}
}

// TestRollbackAfterSupply at every step: what a person has given is revoked
// like anything that was minted.
func TestRollbackAfterSupply(t *testing.T) {
	for n := range 40 {
		w := newWorld(t, byHand())
		w.run()
		w.supply()
		turned, count := false, 0
		w.signal = func() {
			if count++; count > n && !turned {
				turned = true
				w.append(pawl.Event{Type: pawl.EvRollback, Reason: "test"})
			}
		}
		w.run()
		w.append(pawl.Event{Type: pawl.EvAuthorised, Actor: ana})
		w.run()
		if got := w.check(); w.state.Outcome == "" || len(got) > 0 {
			t.Fatalf("rollback after %d actions: %q, %v\n%s", n, w.state.Outcome, got, strings.Join(w.log, "\n"))
		}
	}
}

// TestAPersonMintsAgain: a value that the vendor refuses later is given up, and
// the person is asked for another one, and told why.
func TestAPersonMintsAgain(t *testing.T) {
	w := newWorld(t, byHand())
	w.run()
	w.supply()
	delete(w.live, "id-1") // somebody revokes it at once
	d := w.run()
	if a := w.state.Wanted(); a == nil || a.Number != 2 || !asksFor(d, pawl.MintStep) || !strings.Contains(d.Waits[0].Detail, "refuses the new value") {
		t.Fatalf("wanted %+v, waits for %+v; want a second attempt, and why", w.state.Wanted(), d.Waits)
	}
}

// TestReminders are sent when half of the time and when all of it is over, each
// once, by whichever process is there then; of two that are due only the later.
func TestReminders(t *testing.T) {
	w := newWorld(t, byHand())
	var sent []int
	w.fate = func(a rotation.Action) fate {
		if a.Do == rotation.DoNotify {
			sent = append(sent, a.Reminder)
		}
		return fine
	}
	w.run()
	begun := w.now
	for _, tt := range []struct {
		after time.Duration
		want  int // sent so far
		late  bool
	}{{0, 1, false}, {59 * time.Minute, 1, false}, {61 * time.Minute, 2, false}, {90 * time.Minute, 2, false}, {121 * time.Minute, 3, true}, {10 * time.Hour, 3, true}} {
		w.now = begun.Add(tt.after)
		w.drive()
		d := w.run()
		if len(sent) != tt.want || d.Waits[0].Overdue(w.now) != tt.late {
			t.Fatalf("after %s: reminders %v, overdue %v; want %d and %v", tt.after, sent, d.Waits[0].Overdue(w.now), tt.want, tt.late)
		}
	}
	if sent[1] != 1 || sent[2] != 2 {
		t.Errorf("reminders %v, want 0 1 2", sent)
	}
	skipped := newWorld(t, byHand())
	sent = nil
	skipped.fate = w.fate
	skipped.run()
	skipped.now = skipped.now.Add(5 * time.Hour)
	skipped.drive()
	skipped.run()
	if len(sent) != 2 || sent[1] != 2 {
		t.Errorf("after five hours: %v, want only the second reminder", sent)
	}
}

// handed is a plan with a place, and a store, that only a person can write.
func handed(require pawl.Class, places ...int) pawl.Plan {
	p := somePlan()
	for _, i := range places {
		p.Consumers[i].Hand = &pawl.Human{Ask: "Put it there.", Blocks: true}
		p.Consumers[i].Require = require
	}
	return p
}

// TestPersonWrites: nothing is written, the person is asked, and their word is
// believed only once the place shows it.
func TestPersonWrites(t *testing.T) {
	for name, place := range map[string]int{"store": 0, "canary": 1, "a": 2} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, handed(pawl.Running, place))
			w.fate = func(a rotation.Action) fate {
				if a.Do == rotation.DoSet && a.Consumer == name {
					t.Fatal("it is written by pawl")
				}
				return fine
			}
			if d := w.run(); !asksFor(d, name) {
				t.Fatalf("waits for %+v, want the person", d.Waits)
			}
			confirm := func() {
				w.append(pawl.Event{Type: pawl.EvConfirmed, Consumer: name, Side: pawl.New, Attempt: 1, Actor: ana})
			}
			confirm() // a lie
			d := w.run()
			if !asksFor(d, name) || !strings.Contains(d.Waits[0].Detail, "not done yet, although somebody said so") {
				t.Fatalf("waits for %+v, want the person again, and why", d.Waits)
			}
			w.holds[name] = w.state.NewID()
			confirm()
			w.append(pawl.Event{Type: pawl.EvAuthorised, Actor: ana})
			w.run()
			if w.state.Outcome != pawl.Completed || len(w.check()) > 0 {
				t.Fatalf("outcome %q, %v", w.state.Outcome, w.check())
			}
		})
	}
}

// TestDoneIsSeen: what was done before anybody said so is seen by the next
// process, which asks nobody.
func TestDoneIsSeen(t *testing.T) {
	w := newWorld(t, handed(pawl.Running, 2))
	w.run()
	w.holds["a"] = w.state.NewID()
	w.drive()
	w.append(pawl.Event{Type: pawl.EvAuthorised, Actor: ana})
	w.run()
	if w.state.Outcome != pawl.Completed || len(w.check()) > 0 {
		t.Fatalf("outcome %q, %v", w.state.Outcome, w.check())
	}
}

// TestPersonPutsBack: a rollback asks for the old value too, and ends only once
// it is there.
func TestPersonPutsBack(t *testing.T) {
	w := newWorld(t, handed(pawl.Running, 2))
	w.run()
	w.holds["a"] = w.state.NewID()
	w.append(pawl.Event{Type: pawl.EvConfirmed, Consumer: "a", Side: pawl.New, Attempt: 1, Actor: ana})
	w.run()
	w.append(pawl.Event{Type: pawl.EvRollback, Reason: "test"})
	if d := w.run(); !asksFor(d, "a") || w.state.Outcome != "" {
		t.Fatalf("outcome %q, waits for %+v; want the person", w.state.Outcome, d.Waits)
	}
	w.holds["a"] = "id-old"
	w.append(pawl.Event{Type: pawl.EvConfirmed, Consumer: "a", Side: pawl.Old, Actor: ana})
	w.run()
	if w.state.Outcome != pawl.RolledBack || len(w.check()) > 0 {
		t.Fatalf("outcome %q, %v", w.state.Outcome, w.check())
	}
}

// TestNobodyRehearsesByHand: a rehearsal asks nobody to move onto a value that
// goes again.
func TestNobodyRehearsesByHand(t *testing.T) {
	plan := handed(pawl.Running, 0, 2)
	plan.Reason = pawl.Rehearsal
	w := newWorld(t, plan)
	w.run()
	if w.state.Outcome != pawl.RolledBack || len(w.check()) > 0 {
		t.Fatalf("outcome %q, %v", w.state.Outcome, w.check())
	}
}

// TestClaimedIsEnough only where the plan says so, and not against what is
// seen.
func TestClaimedIsEnough(t *testing.T) {
	w := newWorld(t, handed(pawl.Claimed, 2))
	w.run()
	w.lag["a"] = w.now.Add(1000 * time.Hour) // it never shows what it runs on
	w.holds["a"] = w.state.NewID()
	w.append(pawl.Event{Type: pawl.EvConfirmed, Consumer: "a", Side: pawl.New, Attempt: 1, Actor: ana})
	if d := w.run(); len(d.Waits) != 1 || d.Waits[0].On != rotation.OnRevoke {
		t.Fatalf("waits for %+v, want only for the revoke to be asked for", d.Waits)
	}
	w.append(pawl.Event{Type: pawl.EvAuthorised, Actor: ana})
	if d := w.run(); w.state.Outcome != pawl.Completed {
		t.Fatalf("outcome %q, waits for %+v", w.state.Outcome, d.Waits)
	}
}

// TestHandover: who has it is the latest that it was handed to.
func TestHandover(t *testing.T) {
	w := newWorld(t, somePlan())
	w.append(pawl.Event{Type: pawl.EvHandover, To: "bo", Reason: "my shift ends", Actor: ana})
	w.drive()
	if s := w.state; s.Holder != "bo" || s.HandedBy != ana || s.Note != "my shift ends" {
		t.Errorf("held by %q, from %v (%s)", s.Holder, s.HandedBy, s.Note)
	}
}

func TestMode(t *testing.T) {
	all := func(p pawl.Plan) pawl.Plan {
		for i := range p.Consumers {
			p.Consumers[i].Hand = &pawl.Human{Ask: "Do it."}
		}
		return p
	}
	approved := somePlan()
	approved.Approval = &pawl.Approval{From: "security", Count: 1}
	laptop := func(blocks bool) pawl.Plan {
		p := somePlan()
		p.Consumers = append(p.Consumers, pawl.Place{ID: "laptop", Human: &pawl.Human{Ask: "Move.", Blocks: blocks}})
		return p
	}
	for name, tt := range map[string]struct {
		plan pawl.Plan
		want pawl.Mode
	}{
		"machines only":                    {somePlan(), pawl.Automated},
		"a person who blocks nothing":      {laptop(false), pawl.Automated},
		"a person who blocks":              {laptop(true), pawl.OperatorAssisted},
		"an approval":                      {approved, pawl.OperatorAssisted},
		"a person mints":                   {byHand(), pawl.OperatorAssisted},
		"a person writes one":              {handed(pawl.Running, 1), pawl.OperatorAssisted},
		"people write, a machine mints":    {all(somePlan()), pawl.OperatorAssisted},
		"people mint and write everything": {all(byHand()), pawl.ByHand},
	} {
		if got := tt.plan.Mode(); got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
}

// TestWhateverPeopleDo: everything goes wrong for a while, and people mint,
// write, lie, forget what they made, and go back, whenever they like. The
// rotation ends well once they do what they are asked, having revoked nothing
// that anybody used, and nothing that they made is left over.
func TestWhateverPeopleDo(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		plan := handed(pawl.Running, rapid.SampledFrom([][]int{nil, {0}, {2}, {0, 1, 2}}).Draw(rt, "by hand")...)
		if rapid.Bool().Draw(rt, "a person mints") {
			plan.Hand = byHand().Hand
		}
		if rapid.IntRange(0, 4).Draw(rt, "reason") == 0 {
			plan.Reason = pawl.Rehearsal
		}
		w := newWorld(t, plan)
		w.append(pawl.Event{Type: pawl.EvAuthorised, Actor: ana})
		trouble := rapid.IntRange(0, 40).Draw(rt, "trouble")
		w.fate = func(a rotation.Action) fate {
			if trouble--; trouble < 0 || a.Do == rotation.DoPreflight {
				return fine
			}
			return rapid.SampledFrom([]fate{fine, fine,
				{result: pawl.NotDone, kind: pawl.Unavailable},
				{result: pawl.Unsure, kind: pawl.Unknown, applied: true},
				{result: pawl.Done, applied: true, crash: true},
				{result: pawl.NotDone, crash: true},
			}).Draw(rt, "fate")
		}
		whims := rapid.IntRange(0, 8).Draw(rt, "whims")
		for range 60 {
			d := w.run()
			if w.state.Outcome != "" {
				break
			}
			if whims--; whims >= 0 {
				w.whim(rapid.IntRange(0, 4).Draw(rt, "whim"), d)
			} else {
				w.obey(d)
			}
			if rapid.Bool().Draw(rt, "another process") || whims < 0 {
				w.drive()
			}
		}
		if got := w.check(); w.state.Outcome == "" || len(got) > 0 {
			rt.Fatalf("outcome %q: %s\n%s", w.state.Outcome, strings.Join(got, "\n"), strings.Join(w.log, "\n"))
		}
	})
}

// obey does what is asked for, and says so.
func (w *world) obey(d rotation.Decision) {
	for _, x := range d.Waits {
		switch {
		case x.On != rotation.OnPerson:
		case x.Consumer == pawl.MintStep && w.state.Wanted() != nil:
			w.supply()
		case x.Consumer != pawl.MintStep:
			w.holds[x.Consumer] = w.state.ID(w.state.Target)
			w.append(pawl.Event{Type: pawl.EvConfirmed, Consumer: x.Consumer, Side: w.state.Target, Attempt: len(w.state.Attempts), Actor: ana})
		}
	}
}

// whim does something else.
func (w *world) whim(what int, d rotation.Decision) {
	for _, x := range d.Waits {
		if x.On != rotation.OnPerson {
			continue
		}
		switch wanted := w.state.Wanted(); {
		case what == 0 && x.Consumer != pawl.MintStep: // a lie
			w.append(pawl.Event{Type: pawl.EvConfirmed, Consumer: x.Consumer, Side: w.state.Target, Attempt: len(w.state.Attempts), Actor: ana})
		case what == 1 && x.Consumer != pawl.MintStep: // without a word
			w.holds[x.Consumer] = w.state.ID(w.state.Target)
		case what == 2 && wanted != nil: // one that is forgotten
			w.minted++
			w.live["id-"+strconv.Itoa(w.minted)] = wanted.Label
		case what == 3:
			w.append(pawl.Event{Type: pawl.EvRollback, Reason: "second thoughts", Actor: ana})
		}
	}
}
