package engine_test

import (
	"testing"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/engine"
	"github.com/pawl-dev/pawl/rotation"
)

// TestSane takes away, one at a time, what every effect rests on.
func TestSane(t *testing.T) {
	const label = "pawl/0123/key/1"
	at := func(side pawl.Side) (*rotation.State, map[string]pawl.Secret) {
		s := rotation.Fold([]pawl.Event{
			{Type: pawl.EvPlanned, Plan: &pawl.Plan{Credential: "key"}, Label: label},
			{Type: pawl.EvPreflight, Result: pawl.Done, ID: "id-old"},
			{Type: pawl.EvIntended, Step: pawl.StepMint, Attempt: 1, Label: label + "/1"},
			{Type: pawl.EvEnded, Step: pawl.StepMint, Attempt: 1, Result: pawl.Done, ID: "id-1"},
		})
		if side == pawl.New {
			s.Apply(pawl.Event{Type: pawl.EvRollback, Reason: "test"})
		}
		return s, map[string]pawl.Secret{"old": secret(mark + "-old"), "new/1": secret(mark + "-new"), "prior/a": secret(mark + "-third")}
	}
	mint := rotation.Action{Do: rotation.DoMint, Attempt: 1, Label: label + "/1"}
	write := rotation.Action{Do: rotation.DoSet, Consumer: "a", Side: pawl.New, Attempt: 1}
	restore := rotation.Action{Do: rotation.DoSet, Consumer: "a", Side: pawl.Old, Prior: true}
	kill := rotation.Action{Do: rotation.DoKill, ID: "id-9"}
	revoke := rotation.Action{Do: rotation.DoRevoke, Side: pawl.Old, ID: "id-old", Attempt: 1}
	undo := rotation.Action{Do: rotation.DoRevoke, Side: pawl.New, ID: "id-1", Attempt: 1}
	for _, a := range []rotation.Action{mint, write, restore, kill, revoke, undo} {
		s, v := at(a.Side)
		if a.Do != rotation.DoRevoke {
			s, v = at("")
		}
		if err := engine.Sane(s, v, a); err != nil {
			t.Errorf("%+v is refused: %v", a, err)
		}
	}
	for name, tt := range map[string]struct {
		a     rotation.Action
		spoil func(s *rotation.State, v map[string]pawl.Secret, a *rotation.Action)
	}{
		"a label of another rotation": {mint, func(_ *rotation.State, _ map[string]pawl.Secret, a *rotation.Action) { a.Label = "pawl/0123/key/2/1" }},
		"a label that was used": {mint, func(s *rotation.State, _ map[string]pawl.Secret, _ *rotation.Action) {
			s.Attempts = append(s.Attempts, s.Attempts[0])
		}},
		"nothing is written":            {write, func(_ *rotation.State, v map[string]pawl.Secret, _ *rotation.Action) { delete(v, "new/1") }},
		"nothing is restored":           {restore, func(_ *rotation.State, v map[string]pawl.Secret, _ *rotation.Action) { delete(v, "prior/a") }},
		"the old one as an orphan":      {kill, func(_ *rotation.State, _ map[string]pawl.Secret, a *rotation.Action) { a.ID = "id-old" }},
		"the new one as an orphan":      {kill, func(_ *rotation.State, _ map[string]pawl.Secret, a *rotation.Action) { a.ID = "id-1" }},
		"an orphan without an id":       {kill, func(_ *rotation.State, _ map[string]pawl.Secret, a *rotation.Action) { a.ID = "" }},
		"before the preflight":          {revoke, func(s *rotation.State, _ map[string]pawl.Secret, _ *rotation.Action) { s.Ready = false }},
		"an id that is not the old one": {revoke, func(_ *rotation.State, _ map[string]pawl.Secret, a *rotation.Action) { a.ID = "id-2" }},
		"the new one going forward":     {revoke, func(_ *rotation.State, _ map[string]pawl.Secret, a *rotation.Action) { a.Side, a.ID = pawl.New, "id-1" }},
		"the old one going back": {undo, func(_ *rotation.State, _ map[string]pawl.Secret, a *rotation.Action) {
			a.Side, a.ID = pawl.Old, "id-old"
		}},
		"one id":                      {revoke, func(s *rotation.State, _ map[string]pawl.Secret, _ *rotation.Action) { s.Attempts[0].ID = "id-old" }},
		"one value":                   {revoke, func(_ *rotation.State, v map[string]pawl.Secret, _ *rotation.Action) { v["new/1"] = v["old"] }},
		"the new value does not open": {revoke, func(_ *rotation.State, v map[string]pawl.Secret, _ *rotation.Action) { delete(v, "new/1") }},
		"the old value does not open": {undo, func(_ *rotation.State, v map[string]pawl.Secret, _ *rotation.Action) { delete(v, "old") }},
	} {
		s, v := at(tt.a.Side)
		if tt.a.Do != rotation.DoRevoke {
			s, v = at("")
		}
		tt.spoil(s, v, &tt.a)
		if err := engine.Sane(s, v, tt.a); pawl.KindOf(err) != pawl.Operator {
			t.Errorf("%s: %v, want it to stop for a person", name, err)
		}
	}
}
