package rotation_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/rotation"
	"pgregory.net/rapid"
)

var ana = pawl.Actor{Type: "user", ID: "ana@laptop"}

func TestRunsToTheEnd(t *testing.T) {
	w := newWorld(t, somePlan())
	d := w.run()
	if len(d.Waits) != 1 || d.Waits[0].On != rotation.OnRevoke {
		t.Fatalf("waits for %+v, want only for the revoke to be asked for", d.Waits)
	}
	if _, ok := w.live["id-old"]; !ok {
		t.Fatal("the old generation is gone although nobody asked for the revoke")
	}
	w.append(pawl.Event{Type: pawl.EvAuthorised, Actor: ana})
	w.run()
	if w.state.Outcome != pawl.Completed || len(w.check()) > 0 {
		t.Fatalf("outcome %q, %v", w.state.Outcome, w.check())
	}
}

func TestWavesWait(t *testing.T) {
	w := newWorld(t, somePlan())
	w.fate = func(a rotation.Action) fate {
		if a.Do == rotation.DoProve && a.Consumer == "canary" {
			return fate{result: pawl.NotDone}
		}
		if a.Consumer == "a" || a.Consumer == "b" {
			t.Fatalf("%s %s before the canary is proved", a.Do, a.Consumer)
		}
		return fine
	}
	for range 200 {
		d := rotation.Decide(w.state, w.now)
		for _, ev := range d.Append {
			w.append(ev)
		}
		for _, a := range d.Do {
			w.do(a)
		}
		w.now = w.now.Add(time.Second)
	}
}

func TestRehearsalLeavesNothing(t *testing.T) {
	plan := somePlan()
	plan.Reason = pawl.Rehearsal
	w := newWorld(t, plan)
	w.run()
	if w.state.Outcome != pawl.RolledBack || len(w.check()) > 0 {
		t.Fatalf("outcome %q, %v", w.state.Outcome, w.check())
	}
}

func TestRollbackAtEveryStep(t *testing.T) {
	for n := range 60 {
		w := newWorld(t, somePlan())
		w.append(pawl.Event{Type: pawl.EvAuthorised, Actor: ana})
		turned, count := false, 0
		w.signal = func() {
			if count++; count > n && !turned {
				turned = true
				w.append(pawl.Event{Type: pawl.EvRollback, Reason: "test"})
			}
		}
		w.run()
		if got := w.check(); w.state.Outcome == "" || len(got) > 0 {
			t.Fatalf("rollback after %d actions: %q, %v\n%s", n, w.state.Outcome, got, strings.Join(w.log, "\n"))
		}
	}
}

// TestResumeDoesNotRunAgain: a workflow that has passed on the new value is not
// run again only because another process went on.
func TestResumeDoesNotRunAgain(t *testing.T) {
	w := newWorld(t, somePlan())
	runs := 0
	w.fate = func(a rotation.Action) fate {
		if a.Do == rotation.DoStart {
			runs++
		}
		return fine
	}
	w.run()
	w.drive()
	w.append(pawl.Event{Type: pawl.EvAuthorised, Actor: ana})
	w.run()
	if w.state.Outcome != pawl.Completed || runs != 1 {
		t.Fatalf("outcome %q after %d runs, want 1", w.state.Outcome, runs)
	}
}

func TestSoakWatchAndApproval(t *testing.T) {
	plan := somePlan()
	plan.Soak, plan.Watch, plan.Approval = 10*time.Minute, time.Hour, &pawl.Approval{From: "security", Count: 1}
	w := newWorld(t, plan)
	begin := w.now
	w.append(pawl.Event{Type: pawl.EvAuthorised, Actor: ana})
	if d := w.run(); len(d.Waits) != 1 || d.Waits[0].On != rotation.OnApproval || w.now.Sub(begin) < plan.Soak {
		t.Fatalf("after %s waits for %+v, want the approval after the soak", w.now.Sub(begin), d.Waits)
	}
	w.append(pawl.Event{Type: pawl.EvApproved, Actor: pawl.Actor{Type: "user", ID: "bo@laptop"}})
	w.run()
	if w.state.Outcome != pawl.Completed || w.now.Sub(begin) < plan.Soak+plan.Watch {
		t.Fatalf("outcome %q after %s", w.state.Outcome, w.now.Sub(begin))
	}
}

func TestLeakOwesTheApproval(t *testing.T) {
	plan := somePlan()
	plan.Reason, plan.Soak, plan.Approval = pawl.Leak, time.Hour, &pawl.Approval{From: "security", Count: 1}
	w := newWorld(t, plan)
	begin := w.now
	w.append(pawl.Event{Type: pawl.EvAuthorised, Actor: ana})
	w.run()
	if w.state.Outcome != pawl.Completed || !w.state.Owed || w.now.Sub(begin) > time.Minute {
		t.Fatalf("outcome %q, owed %v, after %s", w.state.Outcome, w.state.Owed, w.now.Sub(begin))
	}
}

// TestFellBackIsHealed is B8: a consumer that was redeployed with the old value
// between its proof and the revoke must not be cut off.
func TestFellBackIsHealed(t *testing.T) {
	plan := somePlan()
	plan.Soak = 10 * time.Minute
	w := newWorld(t, plan)
	w.append(pawl.Event{Type: pawl.EvAuthorised, Actor: ana})
	fell := false
	w.fate = func(a rotation.Action) fate {
		if !w.state.SoakUntil.IsZero() && !fell {
			fell = true
			w.holds["a"] = "id-old"
		}
		return fine
	}
	w.run()
	if got := w.check(); w.state.Outcome != pawl.Completed || len(got) > 0 || !fell {
		t.Fatalf("%q, %v", w.state.Outcome, got)
	}
}

func TestPersonBlocksTheRevoke(t *testing.T) {
	plan := somePlan()
	plan.Consumers = append(plan.Consumers, pawl.Place{ID: "laptop", Wave: 3, Require: pawl.Claimed, Human: &pawl.Human{Ask: "open a new shell", Blocks: true}})
	w := newWorld(t, plan)
	w.append(pawl.Event{Type: pawl.EvAuthorised, Actor: ana})
	d := w.run()
	if len(d.Waits) != 1 || d.Waits[0].On != rotation.OnPerson || d.Waits[0].Consumer != "laptop" {
		t.Fatalf("waits for %+v, want the person", d.Waits)
	}
	w.append(pawl.Event{Type: pawl.EvConfirmed, Consumer: "laptop", Actor: ana})
	w.holds["laptop"] = w.state.NewID()
	w.run()
	if w.state.Outcome != pawl.Completed {
		t.Fatalf("outcome %q", w.state.Outcome)
	}
}

// TestGuardRefuses takes every condition of the guard away, one at a time.
func TestGuardRefuses(t *testing.T) {
	ready := func() *world {
		w := newWorld(t, somePlan())
		w.append(pawl.Event{Type: pawl.EvAuthorised, Actor: ana})
		var then *rotation.State
		var at time.Time
		w.fate = func(a rotation.Action) fate {
			if a.Do == rotation.DoRevoke {
				then, at = w.state.Clone(), w.now
				if err := w.state.Guard(w.now); err != nil {
					t.Fatalf("revoke decided although the guard says %v", err)
				}
				return fate{result: pawl.NotDone, kind: pawl.Forbidden}
			}
			return fine
		}
		w.run()
		w.state, w.now = then, at
		return w
	}
	if err := ready().state.Guard(ready().now); err != nil {
		t.Fatalf("guard refuses a ready rotation: %v", err)
	}
	for name, spoil := range map[string]func(*world){
		"nobody asked":         func(w *world) { w.state.Authorised = pawl.Actor{} },
		"paused":               func(w *world) { w.state.Paused = true },
		"not taken again":      func(w *world) { w.state.Gate = time.Time{} },
		"seen before the gate": func(w *world) { w.state.Places[2].Look.At = w.state.Gate.Add(-time.Millisecond) },
		"new seen before":      func(w *world) { w.state.New.At = w.state.Gate.Add(-time.Millisecond) },
		"stale":                func(w *world) { w.now = w.now.Add(rotation.Fresh + 2*time.Second) },
		"clock backwards":      func(w *world) { w.now = w.now.Add(-time.Hour) },
		"new unseen":           func(w *world) { w.state.New = rotation.Check{} },
		"new refused":          func(w *world) { w.state.New.Works = false },
		"same id":              func(w *world) { w.state.OldID = w.state.NewID() },
		"one unproved":         func(w *world) { w.state.Places[2].Look.Verdict = pawl.Waiting },
		"one refuted":          func(w *world) { w.state.Places[2].Look.Verdict = pawl.Refuted },
		"weaker evidence":      func(w *world) { w.state.Places[2].Look.Class = pawl.ReadBack },
		"proof missing":        func(w *world) { w.state.Places[1].Proofs[0].Verdict = pawl.Waiting },
		"proof of old":         func(w *world) { w.state.Places[1].Proofs[0].Side = pawl.Old },
		"run missing":          func(w *world) { w.state.Places[3].Proofs[0].Verdict = pawl.Waiting },
		"pending":              func(w *world) { w.state.Places[0].Pending = "approve it" },
		"not written":          func(w *world) { w.state.Places[0].Write.Status = rotation.Unsure },
		"other attempt":        func(w *world) { w.state.Places[0].Attempt++ },
		"soaking":              func(w *world) { w.state.SoakUntil = w.now.Add(time.Second) },
		"approval missing":     func(w *world) { w.state.Plan.Approval = &pawl.Approval{From: "security", Count: 1} },
		"preflight missing":    func(w *world) { w.state.Ready = false },
		"over":                 func(w *world) { w.state.Outcome = pawl.Completed },
	} {
		w := ready()
		spoil(w)
		if w.state.Guard(w.now) == nil {
			t.Errorf("%s: the guard lets the revoke pass", name)
		}
	}
}

// TestWhateverHappens lets every action be lost, refused, applied without an
// answer, or cut off by a crash, for a while, and wants a rotation that ends
// well once that is over, having revoked nothing that anybody used.
func TestWhateverHappens(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		plan := somePlan()
		if rapid.Bool().Draw(rt, "rehearsal") {
			plan.Reason = pawl.Rehearsal
		}
		w := newWorld(t, plan)
		w.append(pawl.Event{Type: pawl.EvAuthorised, Actor: ana})
		trouble := rapid.IntRange(0, 60).Draw(rt, "trouble")
		w.fate = func(a rotation.Action) fate {
			if trouble--; trouble < 0 || a.Do == rotation.DoPreflight {
				return fine
			}
			return rapid.SampledFrom([]fate{
				fine, fine, fine,
				{result: pawl.NotDone, kind: pawl.Unavailable},
				{result: pawl.NotDone, kind: pawl.Throttled},
				{result: pawl.Unsure, kind: pawl.Unknown},
				{result: pawl.Unsure, kind: pawl.Unknown, applied: true},
				{result: pawl.Done, applied: true, crash: true},
				{result: pawl.NotDone, crash: true},
			}).Draw(rt, "fate")
		}
		for range 50 {
			w.run()
			if w.state.Outcome != "" {
				break
			}
			w.drive() // a person says: resume
		}
		if w.state.Outcome == "" {
			rt.Fatalf("not finished\n%s", strings.Join(w.log, "\n"))
		}
		if got := w.check(); len(got) > 0 {
			rt.Fatalf("%s\n%s", strings.Join(got, "\n"), strings.Join(w.log, "\n"))
		}
	})
}

// TestSoakIsLookedOver: whatever happens during the soak is seen before the
// revoke, however short ago the last proof was.
func TestSoakIsLookedOver(t *testing.T) {
	for name, harm := range map[string]func(*world){
		"a consumer is put back": func(w *world) { w.holds["a"] = "id-old" },
		"the new one is revoked": func(w *world) { delete(w.live, w.state.NewID()) },
		"the store is put back":  func(w *world) { w.holds["store"] = "id-old" },
	} {
		plan := somePlan()
		plan.Soak = 4 * time.Second
		w := newWorld(t, plan)
		w.append(pawl.Event{Type: pawl.EvAuthorised, Actor: ana})
		harmed := false
		w.signal = func() {
			if !harmed && !w.state.SoakUntil.IsZero() && !w.now.Before(w.state.SoakUntil) {
				harmed = true
				harm(w)
			}
		}
		w.fate = func(a rotation.Action) fate {
			if _, ok := w.live[w.state.NewID()]; a.Do == rotation.DoRevoke && !ok {
				t.Errorf("%s: the old one is revoked while the new one is dead", name)
			}
			return fine
		}
		w.run()
		if got := w.check(); w.state.Outcome != pawl.Completed || len(got) > 0 || !harmed {
			t.Errorf("%s: %q, %v", name, w.state.Outcome, got)
		}
	}
}

// TestNothingToGoBackTo: a rollback onto a dead generation restores nothing and
// goes forward instead.
func TestNothingToGoBackTo(t *testing.T) {
	w := newWorld(t, somePlan())
	w.run()
	delete(w.live, "id-old")
	w.append(pawl.Event{Type: pawl.EvRollback, Reason: "test"})
	w.fate = func(a rotation.Action) fate {
		if a.Do == rotation.DoSet && a.Side == pawl.Old {
			t.Errorf("%s is put back onto a dead value", a.Consumer)
		}
		return fine
	}
	w.run()
	if w.state.OldValid() || w.state.Target != pawl.New {
		t.Errorf("old valid %v, target %s", w.state.OldValid(), w.state.Target)
	}
	w.append(pawl.Event{Type: pawl.EvAuthorised, Actor: ana})
	w.run()
	if got := w.check(); w.state.Outcome != pawl.Completed || len(got) > 0 {
		t.Errorf("%q, %v", w.state.Outcome, got)
	}
}

// TestRevokeThatWasNotHeeded is sent again.
func TestRevokeThatWasNotHeeded(t *testing.T) {
	w := newWorld(t, somePlan())
	w.append(pawl.Event{Type: pawl.EvAuthorised, Actor: ana})
	sent := 0
	w.fate = func(a rotation.Action) fate {
		if a.Do == rotation.DoRevoke {
			if sent++; sent < 3 {
				return fate{result: pawl.Done} // accepted, and nothing happens
			}
		}
		return fine
	}
	w.run()
	if got := w.check(); w.state.Outcome != pawl.Completed || len(got) > 0 || sent != 3 {
		t.Errorf("%q after %d revokes, %v", w.state.Outcome, sent, got)
	}
}
