package engine_test

import (
	"slices"
	"testing"
	"testing/synctest"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/engine"
	"github.com/pawl-dev/pawl/rotation"
)

// TestMintAnswersWithWhatIsKnown: an answer that holds an id or a value that is
// known already is somebody else's. To believe it would be to revoke what
// everybody uses. It is treated as lost: what was made is found and revoked.
func TestMintAnswersWithWhatIsKnown(t *testing.T) {
	k := newKeys(t)
	for name, answer := range map[string]func(*world) func(pawl.Generation) pawl.Generation{
		"the old value": func(w *world) func(pawl.Generation) pawl.Generation {
			return func(g pawl.Generation) pawl.Generation { g.Value = secret(w.tokens[0].value); return g }
		},
		"the old id": func(w *world) func(pawl.Generation) pawl.Generation {
			return func(g pawl.Generation) pawl.Generation { g.ID = w.tokens[0].id; return g }
		},
		"somebody else's id": func(w *world) func(pawl.Generation) pawl.Generation {
			w.tokens = append(w.tokens, &token{id: "id-ci", label: "ci of another team", value: mark + "-ci"})
			return func(g pawl.Generation) pawl.Generation { g.ID = "id-ci"; return g }
		},
		"somebody else's value": func(w *world) func(pawl.Generation) pawl.Generation {
			w.tokens = append(w.tokens, &token{id: "id-ci", label: "ci of another team", value: mark + "-ci"})
			return func(g pawl.Generation) pawl.Generation { g.Value = secret(mark + "-ci"); return g }
		},
		"somebody else's altogether": func(w *world) func(pawl.Generation) pawl.Generation {
			w.tokens = append(w.tokens, &token{id: "id-ci", label: "ci of another team", value: mark + "-ci"})
			return func(g pawl.Generation) pawl.Generation { g.ID, g.Value = "id-ci", secret(mark+"-ci"); return g }
		},
		"an id that is none": func(w *world) func(pawl.Generation) pawl.Generation {
			return func(g pawl.Generation) pawl.Generation { g.ID = "id-none"; return g }
		},
		"the caller's token": func(w *world) func(pawl.Generation) pawl.Generation {
			return func(g pawl.Generation) pawl.Generation { g.Value = secret(w.caller); return g }
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, k)
				lie, told := answer(w), 0
				w.answer = func(g pawl.Generation) pawl.Generation {
					if told++; told == 1 {
						return lie(g)
					}
					return g
				}
				w.start()
				w.finish(engine.Options{AutoRevoke: true}, func(res engine.Result) *pawl.Event {
					if waitsOn(res, rotation.OnPerson) != nil {
						return &pawl.Event{Type: pawl.EvConfirmed, Consumer: person().ID}
					}
					return nil
				})
				if told != 2 {
					t.Errorf("minted %d times, want 2", told)
				}
				for _, other := range w.tokens {
					if other.id == "id-ci" && other.dead {
						t.Error("what another team uses was revoked")
					}
				}
				w.tokens = slices.DeleteFunc(w.tokens, func(t *token) bool { return t.id == "id-ci" })
				w.check(pawl.Completed)
			})
		})
	}
}
