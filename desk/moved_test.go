package desk_test

import (
	"errors"
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/api"
	"github.com/pawl-dev/pawl/desk"
	"github.com/pawl-dev/pawl/desk/desktest"
)

// TestDecidedUponWhatIsThere: what somebody else says while a decision is being
// looked into is seen before it is written down. To go back the vendor is asked
// whether the old one works, which takes as long as it takes.
func TestDecidedUponWhatIsThere(t *testing.T) {
	for name, tt := range map[string]struct {
		meanwhile func(*testing.T, *desktest.Office, api.Rotation)
		looked    bool // whether it is about what was seen
		moved     bool
		phase     string
	}{
		"nothing":          {func(*testing.T, *desktest.Office, api.Rotation) {}, true, false, "ROLLED_BACK"},
		"paused":           {paused, true, true, "APPROVAL"},
		"paused, unlooked": {paused, false, false, "ROLLED_BACK"},
		"revoked": {func(t *testing.T, o *desktest.Office, r api.Rotation) {
			if _, err := o.Approve(t.Context(), bo, pawl.RotationID{Credential: "key", Number: 1}, desk.Anything, r.Digest); err != nil {
				t.Error(err)
			}
			time.Sleep(time.Minute)
		}, false, true, "DONE"},
	} {
		t.Run(name, func(t *testing.T) {
			desktest.Open(t, []desktest.Cred{{Name: "key", More: "approval: {from: approver}"}}, func(t *testing.T, o *desktest.Office) {
				id := pawl.RotationID{Credential: "key", Number: 1}
				o.Start(t.Context(), ana, api.Start{Credential: "key", AutoRevoke: true})
				time.Sleep(time.Minute)
				seen, err := o.Rotation(t.Context(), ana, id)
				if err != nil || seen.Phase != "APPROVAL" {
					t.Fatal(err, seen.Phase)
				}
				o.Asked = func() {
					o.Asked = nil
					tt.meanwhile(t, o, seen)
				}
				revision := int64(desk.Anything)
				if tt.looked {
					revision = seen.Revision
				}
				_, err = o.Rollback(t.Context(), ana, id, revision, "")
				if tt.moved != (err != nil) || tt.looked && tt.moved && !errors.Is(err, desk.ErrMoved) {
					t.Errorf("moved is %v: %v", tt.moved, err)
				}
				time.Sleep(time.Hour)
				if r, err := o.Rotation(t.Context(), ana, id); err != nil || r.Phase != tt.phase {
					t.Errorf("%q %v", r.Phase, err)
				}
			})
		})
	}
}

func paused(t *testing.T, o *desktest.Office, _ api.Rotation) {
	if _, err := o.Pause(t.Context(), ana, pawl.RotationID{Credential: "key", Number: 1}, desk.Anything); err != nil {
		t.Error(err)
	}
}
