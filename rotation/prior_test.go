package rotation_test

import (
	"testing"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/rotation"
)

// drifted is a world in which "a" holds a stranger's value. It shows what is
// stored there and no more; require is what the plan asks of it.
func drifted(t *testing.T, require pawl.Class, proofs ...pawl.Op) *world {
	plan := somePlan()
	plan.Consumers[2].Require, plan.Consumers[2].Proofs = require, proofs
	w := newWorld(t, plan)
	w.prior = map[string]string{"a": "stranger"}
	w.holds["a"] = "stranger"
	w.show = func(a rotation.Action, ev *pawl.Event) {
		if a.Consumer == "a" && a.Do == rotation.DoLook && ev.Verdict == pawl.Proved {
			ev.Class = pawl.ReadBack
		}
	}
	return w
}

func (w *world) revokedNew() bool {
	_, live := w.live[w.state.NewID()]
	return !live
}

// TestRestoredIsNotLeft: that a place stores what it held before does not show
// that its processes have left the new generation. A person has to say so.
func TestRestoredIsNotLeft(t *testing.T) {
	w := drifted(t, pawl.Running)
	show := w.show
	w.show = func(a rotation.Action, ev *pawl.Event) { // forward it shows all that is asked for
		if a.Side == pawl.Old {
			show(a, ev)
		}
	}
	w.run()
	w.append(pawl.Event{Type: pawl.EvRollback, Reason: "test"})
	d := w.run()
	if len(d.Waits) != 1 || d.Waits[0].On != rotation.OnPerson || d.Waits[0].Consumer != "a" || w.revokedNew() {
		t.Fatalf("waits for %+v, new one revoked: %v; want a person to say that a has left it", d.Waits, w.revokedNew())
	}
	if !w.state.Confirmable("a") || w.state.Confirmable("b") {
		t.Error("a, and only a, is to be confirmable")
	}
	w.append(pawl.Event{Type: pawl.EvConfirmed, Consumer: "a", Side: pawl.Old, Actor: ana})
	w.run()
	if got := w.check(); w.state.Outcome != pawl.RolledBack || len(got) > 0 {
		t.Fatalf("%q, %v", w.state.Outcome, got)
	}
}

// TestConfirmedThenWrittenAgain: what a person said of a place is over once it
// is written again.
func TestConfirmedThenWrittenAgain(t *testing.T) {
	w := drifted(t, pawl.ReadBack)
	w.run()
	w.append(pawl.Event{Type: pawl.EvRollback, Reason: "test"})
	w.append(pawl.Event{Type: pawl.EvConfirmed, Consumer: "a", Side: pawl.Old, Actor: ana})
	w.append(pawl.Event{Type: pawl.EvIntended, Step: pawl.StepSet, Consumer: "a", Side: pawl.Old, Attempt: 1})
	if w.state.Confirmed("a") {
		t.Error("still confirmed")
	}
}

// TestProofTellsThatItLeft: a proof that names what is in use is enough, as soon
// as that is not the new generation; and as long as it is, nothing else is.
func TestProofTellsThatItLeft(t *testing.T) {
	for name, tt := range map[string]struct {
		require pawl.Class
		runs    bool // the platform shows that its processes have restarted
	}{
		"only the proof can tell":      {pawl.Attested, false},
		"the platform says otherwise":  {pawl.Running, true},
		"the stored value would do it": {pawl.ReadBack, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := drifted(t, tt.require, pawl.Op{Name: "http@1"})
			show, asked := w.show, 0
			w.show = func(a rotation.Action, ev *pawl.Event) {
				switch {
				case a.Consumer == "a" && a.Do == rotation.DoProve && a.Side == pawl.New && ev.Verdict == pawl.Proved:
					ev.Class = pawl.Attested
				case a.Consumer == "a" && a.Do == rotation.DoProve && a.Side == pawl.Old:
					ev.Verdict, ev.Class, ev.Holds = pawl.Waiting, pawl.NoEvidence, pawl.HoldsNot
					if asked++; asked > 20 {
						ev.Holds = pawl.HoldsOther
					} else if w.revokedNew() {
						t.Fatalf("revoked after %d looks that said it is in use", asked)
					}
				case !tt.runs:
					show(a, ev)
				}
			}
			w.run()
			w.append(pawl.Event{Type: pawl.EvRollback, Reason: "test"})
			if w.run(); w.state.Outcome != pawl.RolledBack || asked <= 20 || len(w.check()) > 0 {
				t.Fatalf("%q after %d looks, %v", w.state.Outcome, asked, w.check())
			}
		})
	}
}

// TestRefutedButLeft: a value that never worked is restored, so its release
// fails for ever. Once a person says that nothing there runs on the new one,
// what is stored is enough.
func TestRefutedButLeft(t *testing.T) {
	w := drifted(t, pawl.Running)
	w.show = func(a rotation.Action, ev *pawl.Event) {
		if a.Consumer == "a" && a.Side == pawl.Old && ev.Holds == pawl.HoldsWant {
			ev.Verdict, ev.Class = pawl.Refuted, pawl.NoEvidence
		}
	}
	w.run()
	w.append(pawl.Event{Type: pawl.EvRollback, Reason: "test"})
	if w.run(); w.revokedNew() {
		t.Fatal("revoked although the place never restarted")
	}
	w.append(pawl.Event{Type: pawl.EvConfirmed, Consumer: "a", Side: pawl.Old, Actor: ana})
	if w.run(); w.state.Outcome != pawl.RolledBack || len(w.check()) > 0 {
		t.Fatalf("%q, %v", w.state.Outcome, w.check())
	}
}
