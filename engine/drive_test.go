package engine_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/audit"
	"github.com/pawl-dev/pawl/engine"
	"github.com/pawl-dev/pawl/journal"
	"github.com/pawl-dev/pawl/rotation"
)

// bubble runs f in a bubble, with a world whose rotation is open.
func bubble(t *testing.T, setup func(*world), f func(t *testing.T, w *world)) {
	t.Helper()
	k := newKeys(t)
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, k)
		if setup != nil {
			setup(w)
		}
		w.start()
		f(t, w)
	})
}

// behind drives in another goroutine. The returned function waits for it.
func (w *world) behind(ctx context.Context, opt engine.Options) func() engine.Result {
	done := make(chan engine.Result, 1)
	go func() { done <- w.drive(ctx, opt) }()
	return func() engine.Result { return <-done }
}

// until closes its channel when the rotation is in this phase.
func until(phase rotation.Phase) (chan struct{}, func(engine.Update)) {
	reached := make(chan struct{})
	var once sync.Once
	return reached, func(u engine.Update) {
		if u.Phase == phase {
			once.Do(func() { close(reached) })
		}
	}
}

// TestRotation goes well: each place is written once, in the order of the
// waves, and the revoke comes last.
func TestRotation(t *testing.T) {
	bubble(t, nil, func(t *testing.T, w *world) {
		res := w.drive(t.Context(), engine.Options{AutoRevoke: true})
		if res.Stop != nil || res.Late || res.Phase != rotation.Finished {
			t.Errorf("left in %s, late %v: %v", res.Phase, res.Late, res.Stop)
		}
		w.check(pawl.Completed)
		want := []string{"mint", "set store", "set canary", "set ci", "set api", "start ci", "revoke id-old"}
		if len(w.calls) != len(want) {
			t.Fatalf("changes = %q, want those of %q", w.calls, want)
		}
		for i, call := range []string{"mint", "set store", "set canary"} {
			if w.calls[i] != call {
				t.Errorf("change %d is %q, want %q", i, w.calls[i], call)
			}
		}
		if last := w.calls[len(want)-1]; last != "revoke id-old" {
			t.Errorf("the last change is %q, want the revoke", last)
		}
		w.checkIntents(t)
	})
}

// checkIntents checks that each outcome in the audit log names its intent.
func (w *world) checkIntents(t *testing.T) {
	t.Helper()
	_, records, err := w.journal.Audit(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	pending, completed := map[string]bool{}, false
	for line := range records {
		r, err := audit.Decode(line)
		if err != nil {
			t.Fatal(err)
		}
		switch r.Action {
		case audit.RotateMinted, audit.RotateStored, audit.RotatePropagated, audit.RotateRevoked:
			if r.Outcome == audit.Pending {
				pending[r.ID] = true
			} else if !pending[r.Prev] {
				t.Errorf("%s %s %s has no intent", r.Action, r.Target.Consumer, r.Outcome)
			}
		case audit.RotateCompleted:
			completed = r.Target.OldID == "id-old" && r.Target.NewID == "id-1" && r.Actor.ID == "ana@laptop-7" && r.Context.Method == audit.Automated
		}
	}
	if len(pending) != 6 || !completed { // mint, four places, revoke
		t.Errorf("%d intents, completed as it should be: %v", len(pending), completed)
	}
}

// TestRevokeWaits: without being asked for, the revoke is not made, and both
// generations stay valid.
func TestRevokeWaits(t *testing.T) {
	bubble(t, nil, func(t *testing.T, w *world) {
		res := w.drive(t.Context(), engine.Options{})
		if waitsOn(res, rotation.OnRevoke) == nil || !res.State.OldValid() || w.count("revoke id-old") != 0 {
			t.Fatalf("waits = %+v, calls %q; want a wait for somebody to ask for the revoke", res.Waits, w.calls)
		}
		w.signal(pawl.Event{Type: pawl.EvAuthorised})
		w.drive(t.Context(), engine.Options{})
		w.check(pawl.Completed)
	})
}

func TestSignalsWhileDriving(t *testing.T) {
	for name, tt := range map[string]struct {
		ev   pawl.Event
		left func(engine.Result) bool // how the first process leaves it
		end  pawl.Outcome             // how a second one does
	}{
		"pause": {pawl.Event{Type: pawl.EvPaused}, func(res engine.Result) bool { return waitsOn(res, rotation.OnPause) != nil }, pawl.Completed},
		"back":  {pawl.Event{Type: pawl.EvRollback, Reason: "asked for"}, func(res engine.Result) bool { return res.State.Outcome == pawl.RolledBack }, pawl.RolledBack},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(w *world) { w.plan.Soak = time.Hour }, func(t *testing.T, w *world) {
				soaking, watch := until(rotation.Soaking)
				result := w.behind(t.Context(), engine.Options{AutoRevoke: true, Watch: watch})
				<-soaking
				begun := time.Now()
				w.signal(tt.ev)
				if res := result(); !tt.left(res) {
					t.Errorf("left in %s, waiting for %+v: %v", res.Phase, res.Waits, res.Stop)
				}
				if took := time.Since(begun); took > time.Minute {
					t.Errorf("the signal was noticed after %s", took)
				}
				if w.count("revoke id-old") != 0 {
					t.Error("the old one was revoked")
				}
				w.finish(engine.Options{AutoRevoke: true}, nil)
				w.check(tt.end)
			})
		})
	}
}

// TestConfirmedEarly: what a person says before they are waited for counts.
func TestConfirmedEarly(t *testing.T) {
	bubble(t, func(w *world) { w.plan.Consumers = append(w.plan.Consumers, person()) }, func(t *testing.T, w *world) {
		proving, watch := until(rotation.Proving)
		result := w.behind(t.Context(), engine.Options{AutoRevoke: true, Watch: watch})
		<-proving
		w.signal(pawl.Event{Type: pawl.EvConfirmed, Consumer: "laptop"})
		if res := result(); res.State.Outcome != pawl.Completed {
			t.Errorf("left in %s, waiting for %+v", res.Phase, res.Waits)
		}
		w.check(pawl.Completed)
	})
}

// TestPersonIsTold once, and without the value.
func TestPersonIsTold(t *testing.T) {
	bubble(t, func(w *world) { w.plan.Consumers = append(w.plan.Consumers, person()) }, func(t *testing.T, w *world) {
		w.finish(engine.Options{AutoRevoke: true}, confirm)
		w.check(pawl.Completed)
		if len(w.told) != 1 {
			t.Errorf("%d messages, want one", len(w.told))
		}
	})
}

func TestSignalToAFinishedRotation(t *testing.T) {
	bubble(t, nil, func(t *testing.T, w *world) {
		w.drive(t.Context(), engine.Options{AutoRevoke: true})
		n := len(w.events())
		if err := w.engine().Signal(t.Context(), w.id, pawl.Event{Type: pawl.EvRollback}); pawl.KindOf(err) != pawl.Conflict {
			t.Errorf("Signal = %v, want a conflict", err)
		}
		res := w.drive(t.Context(), engine.Options{})
		if res.Phase != rotation.Finished || len(w.events()) != n {
			t.Errorf("driving it again: %s and %d more events, want nothing", res.Phase, len(w.events())-n)
		}
	})
}

// TestTakeover: the process that had it stops, and nothing is done twice.
func TestTakeover(t *testing.T) {
	bubble(t, func(w *world) { w.plan.Soak = time.Hour }, func(t *testing.T, w *world) {
		soaking, watch := until(rotation.Soaking)
		first := w.behind(t.Context(), engine.Options{AutoRevoke: true, Watch: watch})
		<-soaking
		second := w.behind(t.Context(), engine.Options{AutoRevoke: true})
		if res := first(); pawl.KindOf(res.Stop) != pawl.Operator {
			t.Errorf("the first stopped with %v, want to be told that another one drives", res.Stop)
		}
		if res := second(); res.State.Outcome != pawl.Completed {
			t.Errorf("the second left it in %s: %v", res.Phase, res.Stop)
		}
		w.check(pawl.Completed)
		for _, call := range []string{"mint", "set store", "set canary", "set api", "set ci", "revoke id-old"} {
			if n := w.count(call); n != 1 {
				t.Errorf("%s was done %d times, want once", call, n)
			}
		}
	})
}

// TestTakeoverDuringMint: a mint that lands after another process minted again
// is an orphan, and gone at the end.
func TestTakeoverDuringMint(t *testing.T) {
	var minting chan struct{}
	bubble(t, func(w *world) {
		minting = make(chan struct{})
		slow := true
		w.latency = func(call string) time.Duration {
			if call != "mint" || !slow {
				return 0
			}
			slow = false
			close(minting) // past the fence: an intent alone would be held back by it
			return 8 * time.Second
		}
	}, func(t *testing.T, w *world) {
		first := w.behind(t.Context(), engine.Options{AutoRevoke: true})
		<-minting
		res := w.drive(t.Context(), engine.Options{AutoRevoke: true})
		if pawl.KindOf(first().Stop) != pawl.Operator || res.State.Outcome != pawl.Completed {
			t.Errorf("the second left it in %s: %v", res.Phase, res.Stop)
		}
		if w.minted != 2 {
			t.Errorf("%d mints landed, want the late one and another", w.minted)
		}
		w.check(pawl.Completed)
	})
}

// TestInterrupt: an effect that was begun is waited for and written down, so
// that whoever resumes does not have to ask.
func TestInterrupt(t *testing.T) {
	for _, call := range []string{"mint", "set api", "start ci", "revoke id-old"} {
		t.Run(call, func(t *testing.T) {
			ctx, interrupt := context.WithCancelCause(t.Context())
			bubble(t, func(w *world) {
				w.latency = func(name string) time.Duration {
					if name != call {
						return 0
					}
					interrupt(errInterrupted)
					return time.Second
				}
			}, func(t *testing.T, w *world) {
				res := w.drive(ctx, engine.Options{AutoRevoke: true})
				if !errors.Is(res.Stop, errInterrupted) {
					t.Errorf("stopped with %v, want the interrupt", res.Stop)
				}
				if w.count(call) != 1 || !w.last(pawl.EvStopped) || w.unended() {
					t.Errorf("it landed %d times; its outcome must be in the journal before the stop: %+v", w.count(call), w.events())
				}
				w.finish(engine.Options{AutoRevoke: true}, nil)
				w.check(pawl.Completed)
				if n := w.count(call); n != 1 {
					t.Errorf("it was done %d times, want once", n)
				}
			})
		})
	}
}

var errInterrupted = errors.New("interrupted")

// last reports whether the journal ends with an event of this type.
func (w *world) last(typ pawl.EventType) bool {
	all := w.events()
	return all[len(all)-1].Type == typ
}

// unended reports whether an intent has no outcome.
func (w *world) unended() bool {
	n := 0
	for _, ev := range w.events() {
		switch ev.Type {
		case pawl.EvIntended:
			n++
		case pawl.EvEnded:
			n--
		}
	}
	return n != 0
}

// TestInterruptInPreflight: that it was not let finish is no refusal, also if
// the end of the preflight is noticed before the interrupt.
func TestInterruptInPreflight(t *testing.T) {
	for range 10 { // which is noticed first is up to the scheduler
		ctx, interrupt := context.WithCancelCause(t.Context())
		bubble(t, func(w *world) {
			w.honest = true
			w.latency = func(string) time.Duration { return 200 * time.Millisecond }
			w.journal.looking = func() {
				interrupt(errInterrupted)
				time.Sleep(time.Second) // the driver is busy while the preflight ends
			}
		}, func(t *testing.T, w *world) {
			w.drive(ctx, engine.Options{AutoRevoke: true})
			w.journal.looking = nil
			w.finish(engine.Options{AutoRevoke: true}, nil)
			w.check(pawl.Completed)
		})
	}
}

// TestTimeout: a consumer that is not proved in time halts its wave and the
// next ones, leaves both generations valid, and can be waited for again.
func TestTimeout(t *testing.T) {
	bubble(t, func(w *world) { w.places["canary"].boot = time.Hour }, func(t *testing.T, w *world) {
		begun := time.Now()
		res := w.drive(t.Context(), engine.Options{AutoRevoke: true, Timeout: 10 * time.Minute})
		if wait := waitsOn(res, rotation.OnProof); !res.Late || res.Stop != nil || wait == nil || wait.Consumer != "canary" {
			t.Errorf("late %v, waits %+v, stop %v; want to be late for canary", res.Late, res.Waits, res.Stop)
		}
		if took := time.Since(begun); took < 10*time.Minute || took > 11*time.Minute {
			t.Errorf("it was waited for %s, want ten minutes", took)
		}
		if !res.State.OldValid() || w.count("set api") != 0 || w.count("revoke id-old") != 0 || !w.last(pawl.EvStopped) {
			t.Errorf("changes %q, want none after canary", w.calls)
		}
		w.finish(engine.Options{AutoRevoke: true}, nil)
		w.check(pawl.Completed)
	})
}

// TestSoakIsNoLateness: the time of a soak is not waiting for a proof.
func TestSoakIsNoLateness(t *testing.T) {
	bubble(t, func(w *world) { w.plan.Soak, w.plan.Watch = 3*time.Hour, 2*time.Hour }, func(t *testing.T, w *world) {
		res := w.drive(t.Context(), engine.Options{AutoRevoke: true, Timeout: time.Minute})
		if res.Late {
			t.Errorf("late in %s", res.Phase)
		}
		w.check(pawl.Completed)
	})
}

func TestTwoAtOnce(t *testing.T) {
	k := newKeys(t)
	synctest.Test(t, func(t *testing.T) {
		a, b := newWorld(t, k), newWorld(t, k)
		b.plan.Credential, b.journal = "infisical-token", a.journal
		a.start()
		b.start()
		err := func() error { _, err := a.engine().Start(t.Context(), a.plan); return err }()
		if open, ok := errors.AsType[*journal.OpenError](err); !ok || open.ID != a.id {
			t.Errorf("a second rotation of one credential: %v, want to be told of %v", err, a.id)
		}
		first, second := a.behind(t.Context(), engine.Options{AutoRevoke: true}), b.behind(t.Context(), engine.Options{AutoRevoke: true})
		first()
		second()
		a.check(pawl.Completed)
		b.check(pawl.Completed)
		if a.minted != 1 || b.minted != 1 {
			t.Errorf("%d and %d mints, want one each", a.minted, b.minted)
		}
	})
}

// TestUnwritableMint: a value that cannot be written down is revoked while its
// id is at hand, not left for later.
func TestUnwritableMint(t *testing.T) {
	bubble(t, nil, func(t *testing.T, w *world) {
		w.journal.breakWhen(has(pawl.EvEnded, pawl.StepMint), harm{fault: journal.FaultRefused, full: true})
		res := w.drive(t.Context(), engine.Options{AutoRevoke: true})
		if pawl.KindOf(res.Stop) != pawl.Unavailable {
			t.Errorf("stopped with %v, want the full disk", res.Stop)
		}
		if g := w.byID("id-1"); g == nil || !g.dead {
			t.Error("a generation whose value is lost is alive")
		}
		w.journal.mend()
		w.finish(engine.Options{AutoRevoke: true}, nil)
		w.check(pawl.Completed)
	})
}

// TestSlowRevokeIntent: if writing the intent down takes so long that the
// evidence is stale by then, the revoke is not sent on it.
func TestSlowRevokeIntent(t *testing.T) {
	bubble(t, nil, func(t *testing.T, w *world) {
		slow := true
		w.journal.slow = func(b journal.Batch) time.Duration {
			if !slow || !has(pawl.EvIntended, pawl.StepRevoke)(b) {
				return 0
			}
			slow = false
			return 2 * rotation.Fresh
		}
		w.drive(t.Context(), engine.Options{AutoRevoke: true})
		w.check(pawl.Completed)
		var intents []pawl.Event
		for _, ev := range w.events() {
			if ev.Type == pawl.EvIntended && ev.Step == pawl.StepRevoke {
				intents = append(intents, ev)
			}
		}
		if len(intents) != 2 || w.count("revoke id-old") != 1 {
			t.Fatalf("%d intents and %d revokes, want a second intent before the one revoke", len(intents), w.count("revoke id-old"))
		}
		for _, e := range intents[1].Evidence {
			if e.Source != "workflow@1" && intents[1].At.Sub(e.At) > rotation.Fresh {
				t.Errorf("the evidence of %s is %s old", e.Consumer, intents[1].At.Sub(e.At))
			}
		}
	})
}

// TestFrozenBeforeTheCall: a process that is stopped between its intent and its
// call, and continued when another one has finished, sends nothing any more.
func TestFrozenBeforeTheCall(t *testing.T) {
	for _, step := range []pawl.Step{pawl.StepMint, pawl.StepSet, pawl.StepRevoke} {
		t.Run(string(step), func(t *testing.T) {
			bubble(t, nil, func(t *testing.T, w *world) {
				frozen, thaw := make(chan struct{}), make(chan struct{})
				froze := false
				w.journal.done = func(b journal.Batch) {
					if !froze && has(pawl.EvIntended, step)(b) {
						froze = true
						close(frozen)
						<-thaw
					}
				}
				first := w.behind(t.Context(), engine.Options{AutoRevoke: true})
				<-frozen
				w.drive(t.Context(), engine.Options{AutoRevoke: true})
				w.check(pawl.Completed)
				before := w.changes()
				close(thaw)
				if res := first(); pawl.KindOf(res.Stop) != pawl.Operator && res.State.Outcome == "" {
					t.Errorf("the first one ends with %v", res.Stop)
				}
				if n := w.changes(); n != before {
					t.Errorf("%d changes after it woke up: %q", n-before, w.calls)
				}
				w.check(pawl.Completed)
			})
		})
	}
}

// TestRevokeHeldUp: a revoke that waits long after it was decided does not go
// out on evidence that is stale by then.
func TestRevokeHeldUp(t *testing.T) {
	bubble(t, nil, func(t *testing.T, w *world) {
		var held atomic.Bool
		w.journal.looking = func() {
			if w.journal.last(pawl.EvIntended, pawl.StepRevoke) && held.CompareAndSwap(false, true) {
				time.Sleep(2 * rotation.Fresh)
			}
		}
		w.drive(t.Context(), engine.Options{AutoRevoke: true})
		w.check(pawl.Completed)
		n := 0
		for _, ev := range w.events() {
			if ev.Type == pawl.EvIntended && ev.Step == pawl.StepRevoke {
				n++
			}
		}
		if !held.Load() || n != 2 || w.count("revoke id-old") != 1 {
			t.Errorf("held up %v, %d intents and %d revokes, want a second intent before the one revoke", held.Load(), n, w.count("revoke id-old"))
		}
	})
}

// TestQuotedValue: a provider that quotes a value in its error is wrong; what
// is written down and said is clean all the same.
func TestQuotedValue(t *testing.T) {
	for call, end := range map[string]pawl.Outcome{"set api": pawl.Completed, "see whose": pawl.Failed} {
		t.Run(call, func(t *testing.T) {
			bubble(t, func(w *world) {
				w.fate = once(call, refused)
				w.quote = mark + "-old, " + mark + "-new-1"
				if end == pawl.Failed {
					w.quote = mark + "-old"
				}
			}, func(t *testing.T, w *world) {
				w.finish(engine.Options{AutoRevoke: true}, nil)
				w.check(end)
			})
		})
	}
}
