package desk_test

import (
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/api"
	"github.com/pawl-dev/pawl/desk"
	"github.com/pawl-dev/pawl/desk/desktest"
)

// TestWhatToDoNext: who asked for what cannot be is told what to do.
func TestWhatToDoNext(t *testing.T) {
	desktest.Open(t, []desktest.Cred{{Name: "key"}}, func(t *testing.T, o *desktest.Office) {
		ctx, max := t.Context(), desktest.Who("max", access.Roles()...)
		id := pawl.RotationID{Credential: "key", Number: 1}
		if _, err := o.Start(ctx, max, api.Start{Credential: "key"}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		now := time.Now()
		for what, ask := range map[string]func() error{
			"a pack of no time": func() error {
				_, err := o.Evidence(ctx, max, desk.EvidenceQuery{From: now, To: now.Add(-time.Hour)})
				return err
			},
			"a place accepted without a leak": func() error {
				_, err := o.Start(ctx, max, api.Start{Credential: "key", Accept: []string{"key"}})
				return err
			},
			"a place that is not there": func() error {
				_, err := o.Start(ctx, max, api.Start{Credential: "key", Reason: "leak", Reported: &now, Accept: []string{"none"}})
				return err
			},
			"a step that is not there":      func() error { _, err := o.Confirm(ctx, max, id, desk.Anything, "none"); return err },
			"a place accepted, and no leak": func() error { _, err := o.Accept(ctx, max, id, desk.Anything, "key", "", "why"); return err },
		} {
			if err := ask(); err == nil || pawl.HintOf(err) == "" {
				t.Errorf("%s: %v, and nothing to do", what, err)
			}
		}
	})
}
