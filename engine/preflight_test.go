package engine_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/engine"
	"github.com/pawl-dev/pawl/rotation"
)

// A refusal is a company at which no rotation may begin.
type refusal struct {
	name  string
	setup func(*world)
	kind  pawl.Kind
	says  string // in what people are told
}

func refusals() []refusal {
	always := func(name string, f fate) func(string) fate {
		return func(call string) fate {
			if call == name {
				return f
			}
			return well
		}
	}
	return []refusal{
		{"the old one is not found", func(w *world) {
			w.whose = &pawl.Error{Op: "identify", Kind: pawl.NotFound, Err: errors.New("none matches"), Hint: "these exist: …"}
		}, pawl.NotFound, "none matches"},
		{"two candidates", func(w *world) {
			w.tokens = append(w.tokens, &token{id: "id-twin", value: w.tokens[0].value})
		}, pawl.Conflict, "two match"},
		{"the calling token", func(w *world) { w.caller = w.tokens[0].value }, pawl.Operator, "the very token"},
		{"the old one is refused", func(w *world) { w.tokens[0].dead = true }, pawl.Denied, "refused by the vendor already"},
		{"the vendor is down", func(w *world) { w.fate = always("see id-old", refused) }, pawl.Unavailable, "issuer"},
		{"a consumer is down", func(w *world) { w.fate = always("see api", refused) }, pawl.Unavailable, "api"},
		{"a consumer may not be written", func(w *world) {
			w.places["api"].unable = &pawl.Error{Op: "preflight", Kind: pawl.Forbidden, Err: errors.New("read only")}
		}, pawl.Forbidden, "api: preflight: forbidden: read only"},
		{"the store is down", func(w *world) { w.fate = always("see store", dropped) }, pawl.Unknown, "store"},
		{"nothing is anywhere", func(w *world) {
			for _, p := range w.places {
				p.holds = ""
			}
		}, pawl.NotFound, "no value"},
		{"what is to be restored cannot be read", func(w *world) {
			w.places["api"].put(mark + "-third")
			w.fate = always("see before api", refused)
		}, pawl.Unavailable, "api"},
	}
}

func TestPreflightRefuses(t *testing.T) {
	k := newKeys(t)
	for _, r := range refusals() {
		t.Run(r.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, k)
				r.setup(w)
				report, err := w.engine().Survey(t.Context(), w.plan)
				if err != nil || len(report.Problems) == 0 {
					t.Errorf("Survey = %d problems, %v; want what the rotation is refused for", len(report.Problems), err)
				}
				w.start()
				res := w.drive(t.Context(), engine.Options{AutoRevoke: true})
				if res.State.Outcome != pawl.Failed || res.Phase != rotation.Failed {
					t.Fatalf("outcome %q in phase %s, want it refused", res.State.Outcome, res.Phase)
				}
				if f := res.State.Failure; f.Kind != r.kind.String() || !strings.Contains(f.Detail, r.says) {
					t.Errorf("refused as %q: %s; want %q and %q", f.Kind, f.Detail, r.kind, r.says)
				}
				if n := w.changes(); n != 0 {
					t.Errorf("%d changes were made, want none: %q", n, w.calls)
				}
				w.checkAccount()
			})
		})
	}
}

// TestLeakOfADeadToken: after a leak, a token that is refused already is a
// normal state. There is nothing to revoke, and everybody still has to move.
func TestLeakOfADeadToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, newKeys(t))
		w.plan.Reason = pawl.Leak
		w.tokens[0].dead = true
		w.start()
		res := w.drive(t.Context(), engine.Options{AutoRevoke: true})
		w.check(pawl.Completed)
		if n := w.count("revoke id-old"); n != 0 || res.State.OldValid() {
			t.Errorf("the dead one was revoked %d times; OldValid = %v", n, res.State.OldValid())
		}
	})
}

// TestProvidersThatDoNotOpen leave the rotation as it is, to be taken up once
// the secret is there.
func TestProvidersThatDoNotOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, newKeys(t))
		w.start()
		missing := &pawl.Error{Op: "connecting", Kind: pawl.Denied, Err: errors.New("no token"), Hint: "sign in"}
		e := engine.New(engine.Config{Journal: w.journal, Box: w.keys.box,
			Open: func(context.Context, pawl.Plan) (*engine.Hands, error) { return nil, missing }})
		before := len(w.events())
		if _, err := e.Drive(t.Context(), w.id, engine.Options{}); !errors.Is(err, missing) {
			t.Errorf("Drive = %v, want %v", err, missing)
		}
		if _, err := e.Survey(t.Context(), w.plan); !errors.Is(err, missing) {
			t.Errorf("Survey = %v, want %v", err, missing)
		}
		if n := len(w.events()); n != before || w.changes() != 0 {
			t.Errorf("%d events and %d changes were made, want none", n-before, w.changes())
		}
		w.finish(engine.Options{AutoRevoke: true}, nil)
		w.check(pawl.Completed)
	})
}

// TestDriftIsRestored: a place that held another value, or none, gets exactly
// that back when the rotation goes back; the others the old generation.
func TestDriftIsRestored(t *testing.T) {
	k := newKeys(t)
	for name, drift := range map[string]struct{ place, held string }{
		"another value":   {"api", mark + "-third"},
		"no value":        {"api", ""},
		"an empty store":  {"store", ""},
		"an empty canary": {"canary", ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, k)
				p := w.places[drift.place]
				p.holds, p.runs, w.prior[p.name] = drift.held, drift.held, drift.held
				w.start()
				w.finish(engine.Options{}, func(res engine.Result) *pawl.Event {
					if p.holds != mark+"-new-1" {
						t.Errorf("it holds %q, want the new value at this point; waits: %+v", p.holds, res.Waits)
					}
					return goBack(res)
				})
				w.check(pawl.RolledBack)
			})
		})
	}
}

// TestStoreChangesDuringThePreflight: the value in use is read from the store,
// and somebody puts another one there before it is looked at again. That one is
// theirs: it is neither written down as what was there before, nor overwritten.
func TestStoreChangesDuringThePreflight(t *testing.T) {
	k := newKeys(t)
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, k)
		reads := 0
		w.fate = func(call string) fate {
			if call == "see store" {
				if reads++; reads == 2 {
					w.places["store"].holds = mark + "-theirs"
				}
			}
			return well
		}
		w.start()
		res := w.drive(t.Context(), engine.Options{AutoRevoke: true})
		if res.State.Outcome != pawl.Failed || w.changes() > 0 {
			t.Errorf("outcome %q with the changes %v, want it to have failed with none", res.State.Outcome, w.calls)
		}
		if got := w.places["store"].holds; got != mark+"-theirs" {
			t.Errorf("the store holds %s", got)
		}
	})
}

// TestStoreIsDeadAndAPlaceIsNot: after a leak the store holds a value that the
// vendor refuses, and a place another one that it takes. To replace the first
// would leave the second alive, and be called done.
func TestStoreIsDeadAndAPlaceIsNot(t *testing.T) {
	k := newKeys(t)
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, k)
		w.plan.Reason = pawl.Leak
		w.places["store"].holds = mark + "-dead"
		w.start()
		res := w.drive(t.Context(), engine.Options{AutoRevoke: true})
		if res.State.Outcome != pawl.Failed || w.changes() > 0 {
			t.Errorf("outcome %q with the changes %v, want it to have failed with none", res.State.Outcome, w.calls)
		}
		if d := res.State.Failure.Detail; !strings.Contains(d, "would stay alive") {
			t.Errorf("failed with %q", d)
		}
	})
}
