package rotation_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/rotation"
)

// leaked is a rotation after a leak whose revoke was asked for.
func leaked(t *testing.T, change func(*pawl.Plan)) *world {
	t.Helper()
	plan := somePlan()
	plan.Reason = pawl.Leak
	for i := range plan.Consumers {
		plan.Consumers[i].Wave = min(plan.Consumers[i].Wave, 1)
	}
	if change != nil {
		change(&plan)
	}
	w := newWorld(t, plan)
	w.append(pawl.Event{Type: pawl.EvAuthorised, Actor: ana})
	return w
}

func accepted(consumer string) pawl.Event {
	return pawl.Event{Type: pawl.EvAccepted, Consumer: consumer, Actor: ana, Reason: "the vendor is down"}
}

// unwritable refuses every write to b.
func unwritable(a rotation.Action) fate {
	if a.Do == rotation.DoSet && a.Consumer == "b" {
		return fate{result: pawl.NotDone, kind: pawl.Forbidden}
	}
	return fine
}

// TestAcceptedHoldsNothingUp: what only a person could mend keeps the old key
// alive, until somebody accepts by name that it breaks. Everybody else is proved
// as always.
func TestAcceptedHoldsNothingUp(t *testing.T) {
	w := leaked(t, nil)
	w.fate = unwritable
	w.run()
	if _, ok := w.live["id-old"]; !ok || w.state.Outcome != "" {
		t.Fatal("the old key was revoked although b is not on the new one, and nobody accepted that")
	}
	w.append(accepted("b"))
	w.run()
	if w.state.Outcome != pawl.Completed {
		t.Fatalf("outcome %q\n%s", w.state.Outcome, strings.Join(w.log, "\n"))
	}
	if got := strings.Join(w.check(), "; "); got != "id-old revoked while b holds it; done: b holds id-old, want id-1" {
		t.Errorf("wrong: %s; want only b to be broken", got)
	}
	if tries := strings.Count(strings.Join(w.log, "\n"), "set b "); tries > 2 {
		t.Errorf("b was written %d times; it holds the end up", tries)
	}
}

// TestAcceptedIsTriedFirst: one that can be written is, and most of the time
// nothing breaks at all.
func TestAcceptedIsTriedFirst(t *testing.T) {
	w := leaked(t, nil)
	w.append(accepted("a"))
	w.append(accepted("b"))
	w.run()
	if w.state.Outcome != pawl.Completed {
		t.Fatalf("outcome %q", w.state.Outcome)
	}
	for _, wrong := range w.check() {
		if !strings.Contains(wrong, "still runs on it") { // it was written; that it restarts is not waited for
			t.Error(wrong)
		}
	}
}

// TestAcceptedProofStaysAway: a look at a place that may break takes nothing
// back of what was seen of the others.
func TestAcceptedProofStaysAway(t *testing.T) {
	w := leaked(t, nil)
	w.append(accepted("canary"))
	begin := w.now
	w.fate = func(a rotation.Action) fate {
		if a.Consumer == "canary" && a.Do == rotation.DoLook {
			return fate{result: pawl.NotDone, kind: pawl.Unavailable}
		}
		return fine
	}
	w.run()
	if w.state.Outcome != pawl.Completed {
		t.Fatalf("outcome %q\n%s", w.state.Outcome, strings.Join(w.log[max(0, len(w.log)-30):], "\n"))
	}
	if took := w.now.Sub(begin); took > 10*time.Second {
		t.Errorf("it took %s; a place that may break holds it up", took)
	}
}

// TestAcceptedPerson: a person whom the revoke would wait for is cut off.
func TestAcceptedPerson(t *testing.T) {
	w := leaked(t, func(p *pawl.Plan) {
		p.Consumers = append(p.Consumers, pawl.Place{ID: "laptop", Wave: 2, Require: pawl.Claimed, Human: &pawl.Human{Ask: "Open a new shell.", Blocks: true}})
	})
	delete(w.holds, "laptop")
	if d := w.run(); len(d.Waits) != 1 || d.Waits[0].On != rotation.OnPerson {
		t.Fatalf("waits for %+v, want the person", d.Waits)
	}
	w.append(accepted("laptop"))
	w.run()
	if w.state.Outcome != pawl.Completed || len(w.check()) > 0 {
		t.Fatalf("outcome %q, %v", w.state.Outcome, w.check())
	}
}

// TestAcceptedOnlyAfterALeak: there is no such thing for any other reason, for
// the store, or on the way back.
func TestAcceptedOnlyAfterALeak(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*pawl.Plan)
		place  string
	}{
		"scheduled": {func(p *pawl.Plan) { p.Reason = pawl.Scheduled }, "b"},
		"the store": {nil, "store"},
	} {
		w := leaked(t, tt.change)
		w.append(accepted(tt.place))
		w.fate = func(a rotation.Action) fate {
			if a.Do == rotation.DoSet && a.Consumer == tt.place {
				return fate{result: pawl.NotDone, kind: pawl.Forbidden}
			}
			return fine
		}
		w.run()
		if _, ok := w.live["id-old"]; !ok {
			t.Errorf("%s: the old key was revoked without %s", name, tt.place)
		}
	}
	w := leaked(t, nil)
	w.append(accepted("b"))
	for range 12 { // b is on the new one
		d := rotation.Decide(w.state, w.now)
		for _, ev := range d.Append {
			w.append(ev)
		}
		for _, a := range d.Do {
			if a.Do == rotation.DoRevoke {
				t.Fatal("too far")
			}
			w.do(a)
		}
		if w.holds["b"] == "id-1" {
			break
		}
		w.now = w.now.Add(100 * time.Millisecond)
	}
	w.append(pawl.Event{Type: pawl.EvRollback, Reason: "it was no leak"})
	w.fate = func(a rotation.Action) fate {
		if a.Do == rotation.DoSet && a.Consumer == "b" {
			return fate{result: pawl.NotDone, kind: pawl.Forbidden}
		}
		return fine
	}
	w.run()
	if _, ok := w.live["id-1"]; !ok {
		t.Error("going back, the new key was revoked while b is on it")
	}
}

// TestAcceptedSurvivesEveryCrash: wherever the process dies, nobody else than
// the place that may break is broken.
func TestAcceptedSurvivesEveryCrash(t *testing.T) {
	for n := range 60 {
		w := leaked(t, nil)
		w.append(accepted("b"))
		count := 0
		w.fate = func(a rotation.Action) fate {
			f := unwritable(a)
			if count++; count == n {
				f.crash = true
			}
			return f
		}
		w.run()
		for _, wrong := range w.check() {
			if !strings.Contains(wrong, "b holds") {
				t.Errorf("crash at %d: %s", n, wrong)
			}
		}
		if w.state.Outcome != pawl.Completed {
			t.Errorf("crash at %d: outcome %q", n, w.state.Outcome)
		}
	}
}
