package engine_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/engine"
	"github.com/pawl-dev/pawl/rotation"
)

// newHandWorld is a company in which only a person can mint.
func newHandWorld(t *testing.T, k keys) *world {
	w := newWorld(t, k)
	w.plan.Hand = &pawl.Human{Ask: "Make one.", Blocks: true, Notify: &pawl.Op{Name: "slack"}, To: "D0000000000"}
	return w
}

// make is a person who makes a token by hand, with this label.
func (w *world) make(label string) *token {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.minted++
	made := &token{id: fmt.Sprint("id-", w.minted), label: "acme-platform-token 2026-11-23 " + label, value: fmt.Sprint(mark, "-hand-", w.minted), made: time.Now().UTC()}
	w.tokens = append(w.tokens, made)
	return made
}

func (w *world) wanted() *rotation.Attempt {
	w.t.Helper()
	s, err := w.engine().Load(w.t.Context(), w.id)
	if err != nil {
		w.t.Fatal(err)
	}
	return s.Wanted()
}

// supply gives a value, and is told whether it was taken.
func (w *world) supply(p engine.Pasted) error {
	_, err := w.engine().Supply(w.t.Context(), w.id, p)
	w.hear(err)
	return err
}

// askToMint drives until a person is asked.
func (w *world) askToMint() {
	w.t.Helper()
	res := w.drive(w.t.Context(), engine.Options{})
	if x := waitsOn(res, rotation.OnPerson); x == nil || x.Consumer != pawl.MintStep {
		w.t.Fatalf("waits for %+v, want the person who mints", res.Waits)
	}
}

func TestSupplied(t *testing.T) {
	k := newKeys(t)
	synctest.Test(t, func(t *testing.T) {
		w := newHandWorld(t, k)
		w.start()
		w.askToMint()
		made := w.make(w.wanted().Label)
		if err := w.supply(engine.Pasted{Value: secret(made.value)}); err != nil {
			t.Fatal(err)
		}
		if n := w.count("mint"); n != 0 {
			t.Errorf("it minted %d by itself", n)
		}
		before := len(w.events())
		if err := w.supply(engine.Pasted{Value: secret(made.value)}); err != nil || len(w.events()) != before {
			t.Errorf("given twice: %v, %d events more; want nothing", err, len(w.events())-before)
		}
		if err := w.supply(engine.Pasted{Value: secret(mark + "-another")}); pawl.KindOf(err) != pawl.Conflict {
			t.Errorf("another one given: %v, want a conflict", err)
		}
		w.finish(engine.Options{AutoRevoke: true}, nil)
		w.check(pawl.Completed)
		if len(w.told) != 1 || !strings.Contains(w.told[0].Title, "please make the new one") {
			t.Errorf("told %+v, want one message to the person who mints", w.told)
		}
	})
}

// TestSuppliedWhileDriven: a process that waits takes the value up that another
// one has written down.
func TestSuppliedWhileDriven(t *testing.T) {
	k := newKeys(t)
	synctest.Test(t, func(t *testing.T) {
		w := newHandWorld(t, k)
		w.plan.Consumers = append(w.plan.Consumers, person())
		w.latency = func(call string) time.Duration { // so that there is a process that waits
			return map[string]time.Duration{"notify": 5 * time.Second}[call]
		}
		w.start()
		done := false
		w.finish(engine.Options{AutoRevoke: true, Watch: func(u engine.Update) {
			if !done && u.Event.Type == pawl.EvIntended && u.Event.Step == pawl.StepNotify && u.State.Wanted() != nil {
				done = true
				made := w.make(u.State.Wanted().Label)
				go w.supply(engine.Pasted{Value: secret(made.value)})
			}
		}}, confirm)
		w.check(pawl.Completed)
	})
}

// TestBadPaste: whatever does not pass is refused, changes nothing, and is asked
// for again.
func TestBadPaste(t *testing.T) {
	k := newKeys(t)
	for name, tt := range map[string]struct {
		give func(w *world) engine.Pasted
		want pawl.Kind
		says string
	}{
		"the value in use": {func(w *world) engine.Pasted { return engine.Pasted{Value: secret(w.tokens[0].value)} }, pawl.Conflict, "the value in use"},
		"the caller's own": {func(w *world) engine.Pasted {
			w.caller = mark + "-caller"
			return engine.Pasted{Value: secret(w.caller)}
		}, pawl.Conflict, "signs in with"},
		"nobody's": {func(w *world) engine.Pasted { return engine.Pasted{Value: secret(mark + "-typo")} }, pawl.Denied, "refuses"},
		"one that was there before": {func(w *world) engine.Pasted {
			other := w.make("of somebody else")
			other.made = time.Now().Add(-time.Hour)
			return engine.Pasted{Value: secret(other.value)}
		}, pawl.Conflict, "was there before"},
		"of another rotation of ours": {func(w *world) engine.Pasted {
			return engine.Pasted{Value: secret(w.make(strings.Replace(w.wanted().Label, "/1/1", "/7/1", 1)).value)}
		}, pawl.Conflict, "another attempt"},
		"one that ends too soon": {func(w *world) engine.Pasted {
			short := w.make(w.wanted().Label)
			short.ends = time.Now().Add(8 * time.Hour)
			return engine.Pasted{Value: secret(short.value)}
		}, pawl.Mismatch, "lives only until"},
		"an id that is not its own": {func(w *world) engine.Pasted {
			a, b := w.make(w.wanted().Label), w.make(w.wanted().Label)
			return engine.Pasted{Value: secret(a.value), ID: b.id}
		}, pawl.Mismatch, "does not belong"},
		"cannot be told": {func(w *world) engine.Pasted {
			w.whose = &pawl.Error{Op: "identify", Kind: pawl.Conflict}
			return engine.Pasted{Value: secret(w.make(w.wanted().Label).value)}
		}, pawl.Conflict, "cannot be told"},
		"of no name": {func(w *world) engine.Pasted {
			w.whose = &pawl.Error{Op: "identify", Kind: pawl.NotFound}
			return engine.Pasted{Value: secret(w.make(w.wanted().Label).value)}
		}, pawl.Mismatch, "carries this credential's name"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newHandWorld(t, k)
				w.start()
				w.askToMint()
				before := len(w.events())
				err := w.supply(tt.give(w))
				if pawl.KindOf(err) != tt.want || !strings.Contains(err.Error(), tt.says) || pawl.HintOf(err) == "" {
					t.Fatalf("got %v (%s), want %v that says %q and what to do", err, pawl.HintOf(err), tt.want, tt.says)
				}
				if now := len(w.events()); now != before || w.wanted() == nil {
					t.Errorf("%d events, %d before; wanted %v: it changed something", now, before, w.wanted())
				}
				w.whose, w.caller = nil, ""
				for _, made := range w.tokens[1:] { // what is not of this rotation is the person's to clean up
					made.dead = made.dead || !strings.Contains(made.label, w.wanted().Label)
				}
				w.askToMint()
				good := w.make(w.wanted().Label)
				if err := w.supply(engine.Pasted{Value: secret(good.value), ID: good.id}); err != nil {
					t.Fatal(err)
				}
				w.finish(engine.Options{AutoRevoke: true}, nil)
				w.check(pawl.Completed) // what was made with the label and not used is gone too
			})
		})
	}
}

// TestRelabelled: one that was made since, with the name but without the label,
// is given it, so that a crash right after loses nothing.
func TestRelabelled(t *testing.T) {
	k := newKeys(t)
	synctest.Test(t, func(t *testing.T) {
		w := newHandWorld(t, k)
		w.start()
		w.askToMint()
		made := w.make("made in a hurry")
		if err := w.supply(engine.Pasted{Value: secret(made.value)}); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(made.label, "/1/1") {
			t.Errorf("label %q, want the one of the attempt", made.label)
		}
		w.finish(engine.Options{AutoRevoke: true}, nil)
		w.check(pawl.Completed)
	})
}

// TestAbandoned: whoever goes back before the value was given leaves nothing
// behind, whether or not one was made.
func TestAbandoned(t *testing.T) {
	k := newKeys(t)
	for name, made := range map[string]bool{"made": true, "not made": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newHandWorld(t, k)
				w.start()
				w.askToMint()
				label, value := w.wanted().Label, mark+"-none"
				if made {
					value = w.make(label).value
				}
				w.signal(pawl.Event{Type: pawl.EvRollback, Reason: "test"})
				if err := w.supply(engine.Pasted{Value: secret(value)}); pawl.KindOf(err) != pawl.Conflict {
					t.Errorf("given after the rollback: %v, want a conflict", err)
				}
				w.finish(engine.Options{}, nil)
				w.check(pawl.RolledBack)
			})
		})
	}
}

// TestSupplyHarmed: the one write of a supply goes wrong in every way. Either
// the value is there, or it is given again; the rotation ends well.
func TestSupplyHarmed(t *testing.T) {
	k := newKeys(t)
	for _, h := range harms() {
		t.Run(h.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newHandWorld(t, k)
				w.start()
				w.askToMint()
				made := w.make(w.wanted().Label)
				w.journal.breakWhen(has(pawl.EvEnded, pawl.StepMint), h)
				err := w.supply(engine.Pasted{Value: secret(made.value)})
				w.journal.mend()
				if wanted := w.wanted(); err == nil && wanted != nil {
					t.Fatal("it was taken, and is wanted still")
				} else if wanted != nil {
					again := w.make(wanted.Label) // they have lost the first one
					if err := w.supply(engine.Pasted{Value: secret(again.value)}); err != nil {
						t.Fatal(err)
					}
				}
				w.finish(engine.Options{AutoRevoke: true}, nil)
				w.check(pawl.Completed)
			})
		})
	}
}

// TestMintByHandHarmed: every write of the whole rotation goes wrong in every
// way; without -every, some of them.
func TestMintByHandHarmed(t *testing.T) {
	k := newKeys(t)
	for i, h := range harms() {
		n, step := 1, 1
		if !*every { // other ones for each harm
			n, step = 1+i%6, 6
		}
		for ; n <= 24; n += step {
			synctest.Test(t, func(t *testing.T) {
				w := newHandWorld(t, k)
				w.plan.Consumers[2].Hand = &pawl.Human{Ask: "Put it there.", Blocks: true}
				w.start()
				w.journal.breakAt(n, h)
				w.finish(engine.Options{AutoRevoke: true}, func(res engine.Result) *pawl.Event {
					switch x := waitsOn(res, rotation.OnPerson); {
					case x == nil:
					case x.Consumer == pawl.MintStep:
						if a := w.wanted(); a != nil {
							_ = w.supply(engine.Pasted{Value: secret(w.make(a.Label).value)})
						}
					default:
						w.mu.Lock()
						w.places["api"].put(w.byID(res.State.NewID()).value)
						w.mu.Unlock()
						_, _ = w.engine().Confirm(t.Context(), w.id, "api")
					}
					w.journal.mend()
					return nil
				})
				w.check(pawl.Completed)
			})
			if t.Failed() {
				t.Fatalf("%s at write %d", h.name, n)
			}
		}
	}
}

// TestConfirmLooks: a claim that the machine contradicts is told so, and not
// believed.
func TestConfirmLooks(t *testing.T) {
	k := newKeys(t)
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, k)
		w.plan.Consumers[2].Hand = &pawl.Human{Ask: "Put it there.", Blocks: true}
		w.start()
		res := w.drive(t.Context(), engine.Options{})
		if x := waitsOn(res, rotation.OnPerson); x == nil || x.Consumer != "api" {
			t.Fatalf("waits for %+v, want the person who writes api", res.Waits)
		}
		before := len(w.events())
		if got, err := w.engine().Confirm(t.Context(), w.id, "api"); pawl.KindOf(err) != pawl.Mismatch || !got.Looked {
			t.Errorf("a lie: %+v, %v; want a mismatch", got, err)
		}
		if len(w.events()) != before {
			t.Error("a lie was written down as a claim")
		}
		w.places["api"].put(w.byID(res.State.NewID()).value)
		if got, err := w.engine().Confirm(t.Context(), w.id, "api"); err != nil || !got.Proved && got.Detail != "" {
			t.Errorf("the truth: %+v, %v", got, err)
		}
		w.finish(engine.Options{AutoRevoke: true}, nil)
		w.check(pawl.Completed)
		if n := w.count("set api"); n != 0 {
			t.Errorf("pawl wrote it %d times", n)
		}
	})
}

// TestReminded: whoever is told is told again when half of the time is over and
// when all of it is, by whichever process is there then, without a value.
func TestReminded(t *testing.T) {
	k := newKeys(t)
	synctest.Test(t, func(t *testing.T) {
		w := newHandWorld(t, k)
		w.plan.Hand.Within = 2 * time.Hour
		w.start()
		for range 4 {
			w.askToMint()
			time.Sleep(45 * time.Minute)
		}
		var titles []string
		for _, m := range w.told {
			titles = append(titles, strings.SplitN(m.Title, " is being", 2)[0])
			if !strings.Contains(m.Text, "within 2h") {
				t.Errorf("%q does not say how long it may take", m.Text)
			}
		}
		if got := strings.Join(titles, ", "); got != "heroku-api-key, Reminder: heroku-api-key, Overdue: heroku-api-key" {
			t.Errorf("told: %s", got)
		}
	})
}
