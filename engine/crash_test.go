package engine_test

import (
	"flag"
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/engine"
	"github.com/pawl-dev/pawl/journal"
	"github.com/pawl-dev/pawl/rotation"
)

var every = flag.Bool("every", false, "have each write of each story go wrong, not one of twenty")

// A story is a rotation, and what people do whenever a process has left it.
type story struct {
	name  string
	setup func(*world)
	opt   engine.Options
	react func(engine.Result) *pawl.Event
	end   pawl.Outcome
}

func stories() []story {
	return []story{
		{name: "forward", opt: engine.Options{AutoRevoke: true}, end: pawl.Completed},
		{name: "back", react: goBack, end: pawl.RolledBack, setup: func(w *world) {
			w.places["api"].put(mark + "-third")
			w.prior["api"] = mark + "-third"
		}},
		{name: "rehearsal", end: pawl.RolledBack, setup: func(w *world) { w.plan.Reason = pawl.Rehearsal }},
		{name: "person", react: confirm, opt: engine.Options{AutoRevoke: true}, end: pawl.Completed, setup: func(w *world) {
			w.plan.Consumers = append(w.plan.Consumers, person())
		}},
		{name: "lost mint", opt: engine.Options{AutoRevoke: true}, end: pawl.Completed, setup: func(w *world) {
			w.fate = once("mint", lost)
		}},
	}
}

// goBack asks for the way back where the revoke would be asked for.
func goBack(res engine.Result) *pawl.Event {
	if waitsOn(res, rotation.OnRevoke) == nil {
		return nil
	}
	return &pawl.Event{Type: pawl.EvRollback, Reason: "asked for"}
}

// confirm says for a person that it is done.
func confirm(res engine.Result) *pawl.Event {
	if w := waitsOn(res, rotation.OnPerson); w != nil {
		return &pawl.Event{Type: pawl.EvConfirmed, Consumer: w.Consumer}
	}
	return nil
}

// once is the fate of the first call of this name.
func once(name string, f fate) func(string) fate {
	done := false
	return func(call string) fate {
		if call != name || done {
			return well
		}
		done = true
		return f
	}
}

// TestEveryWriteFails has each write of each story go wrong in each way, and
// wants all to end as if it had not: nobody stranded, no orphan, no leak.
func TestEveryWriteFails(t *testing.T) {
	k := newKeys(t)
	for i, s := range stories() {
		for j, h := range harms() {
			t.Run(s.name+"/"+h.name, func(t *testing.T) {
				n, step := 1, 1
				if !*every { // other ones for each harm
					n, step = 1+(5*i+3*j)%20, 20
				}
				for ; fails(t, k, s, h, n); n += step {
					if t.Failed() {
						t.Fatalf("at write %d", n)
					}
				}
				if n < 20 {
					t.Errorf("only %d writes", n)
				}
			})
		}
	}
}

// fails tells a story in which the nth write goes wrong, and reports whether
// there was one.
func fails(t *testing.T, k keys, s story, h harm, n int) (fired bool) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, k)
		if s.setup != nil {
			s.setup(w)
		}
		w.start()
		w.journal.breakAt(n, h)
		w.finish(s.opt, s.react)
		w.check(s.end)
		fired = w.journal.hasFired()
	})
	return fired
}

// TestStartFails has the very first write go wrong: either there is no
// rotation, or it is found and finished.
func TestStartFails(t *testing.T) {
	k := newKeys(t)
	for _, h := range harms() {
		t.Run(h.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, k)
				w.journal.breakAt(1, h)
				if _, err := w.engine().Start(t.Context(), w.plan); err == nil {
					t.Fatal("Start succeeded, want an error")
				}
				w.journal.mend()
				w.id = pawl.RotationID{Credential: w.plan.Credential, Number: 1}
				if open, err := w.journal.List(t.Context(), true); err != nil {
					t.Fatal(err)
				} else if len(open) == 0 {
					w.start()
				}
				w.finish(engine.Options{AutoRevoke: true}, nil)
				w.check(pawl.Completed)
			})
		})
	}
}

// TestEveryCallFails has each call to the company go wrong once in each way,
// and wants the process that it happens to to get over it.
func TestEveryCallFails(t *testing.T) {
	k := newKeys(t)
	calls := []string{"mint", "set store", "set canary", "set api", "set ci", "start ci", "revoke id-old", "see list",
		"see id-1", "see store", "see health canary", "see run ci"}
	for _, call := range calls {
		for _, f := range []fate{refused, lost, dropped} {
			t.Run(fmt.Sprint(call, "/", f), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t, k)
					w.start()
					hit := false
					fail := once(call, f)
					w.fate = func(name string) fate {
						if name == "see store" && w.minted == 0 {
							return well // the preflight's
						}
						x := fail(name)
						hit = hit || x != well
						return x
					}
					w.drive(t.Context(), engine.Options{AutoRevoke: true})
					w.check(pawl.Completed)
					if !hit {
						t.Error("it was never called")
					}
				})
			})
		}
	}
}

// TestSomebodySpeaksBeforeTheAnswerIsFound: the answer of an append is lost, and
// before it is looked for somebody else appends. The process takes in both and
// goes on: it is still the one that drives.
func TestSomebodySpeaksBeforeTheAnswerIsFound(t *testing.T) {
	k := newKeys(t)
	for _, step := range []pawl.Step{pawl.StepMint, pawl.StepSet, pawl.StepRevoke} {
		for _, typ := range []pawl.EventType{pawl.EvIntended, pawl.EvEnded} {
			t.Run(string(typ)+" "+string(step), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t, k)
					w.start()
					like, spoke := has(typ, step), false
					w.journal.breakWhen(like, harm{fault: journal.FaultHappened})
					w.journal.done = func(b journal.Batch) {
						if like(b) && !spoke {
							spoke = true
							w.signal(pawl.Event{Type: pawl.EvAuthorised, Actor: pawl.Actor{Type: "user", ID: "bo@laptop-8"}})
						}
					}
					res := w.drive(t.Context(), engine.Options{AutoRevoke: true})
					if res.Stop != nil || res.State.Outcome != pawl.Completed {
						t.Errorf("left as %q: %v, want it completed by the process that drives", res.State.Outcome, res.Stop)
					}
					if !spoke || !w.journal.hasFired() {
						t.Fatal("nothing went wrong")
					}
					w.check(pawl.Completed)
				})
			})
		}
	}
}
