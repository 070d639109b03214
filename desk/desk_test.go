package desk_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/api"
	"github.com/pawl-dev/pawl/audit"
	"github.com/pawl-dev/pawl/desk"
	"github.com/pawl-dev/pawl/desk/desktest"
)

var (
	ana = desktest.Who("ana", access.Operator)
	bo  = desktest.Who("bo", access.Approver)
	eva = desktest.Who("eva", access.Viewer)
)

// TestFourEyes: the whole way of a rotation that a second person has to agree
// to, with everybody trying what is not theirs.
func TestFourEyes(t *testing.T) {
	desktest.Open(t, []desktest.Cred{{Name: "key", More: "approval: {from: approver}"}}, func(t *testing.T, o *desktest.Office) {
		ctx := t.Context()
		r, err := o.Start(ctx, ana, api.Start{Credential: "key", AutoRevoke: true})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		id := pawl.RotationID{Credential: "key", Number: 1}
		r, err = o.Rotation(ctx, ana, id)
		if err != nil || r.Phase != "APPROVAL" || !r.OldValid || len(r.Waits) != 1 || r.Waits[0].On != "approval" {
			t.Fatalf("%+v %v", r, err)
		}
		both := desktest.Who("ana", access.Operator, access.Approver)
		stale := bo
		stale.Fresh = false
		for what, try := range map[string]func() error{
			"own":          func() error { _, err := o.Approve(ctx, both, id, desk.Anything, r.Digest); return err },
			"viewer":       func() error { _, err := o.Approve(ctx, eva, id, desk.Anything, r.Digest); return err },
			"stale":        func() error { _, err := o.Approve(ctx, stale, id, desk.Anything, r.Digest); return err },
			"other plan":   func() error { _, err := o.Approve(ctx, bo, id, desk.Anything, "sha256:00"); return err },
			"no plan":      func() error { _, err := o.Approve(ctx, bo, id, desk.Anything, ""); return err },
			"old revision": func() error { _, err := o.Approve(ctx, bo, id, r.Revision-1, r.Digest); return err },
		} {
			if try() == nil {
				t.Errorf("%s: approved", what)
			}
		}
		time.Sleep(time.Minute)
		if r, _ := o.Rotation(ctx, ana, id); r.Phase != "APPROVAL" {
			t.Fatalf("went on to %s", r.Phase)
		}
		if r, err = o.Approve(ctx, bo, id, r.Revision, r.Digest); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if r, _ = o.Rotation(ctx, eva, id); r.Outcome != "done" || o.Live["CANARY-old-key"] != "" || o.Holds["key"] != "CANARY-id-1" {
			t.Fatalf("%+v", r)
		}
		if denied := audited(t, o, audit.AuthDenied); denied != 3 { // own, viewer, stale
			t.Errorf("%d refusals in the audit log, want 3", denied)
		}
	})
}

// TestBreakGlass: whoever may, freshly and with a reason, goes on without the
// approval that they cannot give themselves.
func TestBreakGlass(t *testing.T) {
	desktest.Open(t, []desktest.Cred{{Name: "key", More: "approval: {from: approver}"}}, func(t *testing.T, o *desktest.Office) {
		ctx := t.Context()
		sue := desktest.Who("sue", access.Superadmin)
		stale, token := sue, sue
		stale.Fresh = false
		token.Service = true
		id := pawl.RotationID{Credential: "key", Number: 1}
		if _, err := o.Start(ctx, sue, api.Start{Credential: "key", AutoRevoke: true}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		r, err := o.Rotation(ctx, sue, id)
		if err != nil || r.Phase != "APPROVAL" || !slices.Contains(r.Choices, "break-glass") {
			t.Fatalf("%+v %v", r, err)
		}
		for what, try := range map[string]struct {
			who         access.Subject
			digest, why string
		}{
			"approver":               {bo, r.Digest, "ill"},
			"operator":               {ana, r.Digest, "ill"},
			"not again":              {stale, r.Digest, "ill"},
			"by a token":             {token, r.Digest, "ill"},
			"no why":                 {sue, r.Digest, ""},
			"a blank why":            {sue, r.Digest, " \u00a0"},
			"no plan":                {sue, "", "ill"},
			"another plan":           {sue, "sha256:00", "ill"},
			"a why that is a secret": {sue, r.Digest, "ghp_" + strings.Repeat("x9Z", 12)},
		} {
			if _, err := o.BreakGlass(ctx, try.who, id, desk.Anything, try.digest, try.why); err == nil {
				t.Errorf("%s: broken", what)
			}
		}
		time.Sleep(time.Minute)
		if r, _ := o.Rotation(ctx, sue, id); r.Phase != "APPROVAL" || r.Approval.Glass != nil {
			t.Fatalf("went on to %s", r.Phase)
		}
		if r, err = o.BreakGlass(ctx, sue, id, r.Revision, r.Digest, "ill"); err != nil || slices.Contains(r.Choices, "break-glass") {
			t.Fatal(r.Choices, err)
		}
		time.Sleep(time.Minute)
		if r, _ = o.Rotation(ctx, eva, id); r.Outcome != "done" || r.Approval.Glass.By != "sue@acme.example" || r.Approval.Glass.Why != "ill" || !strings.HasPrefix(r.Approval.Glass.Told, "nobody is told") || len(r.Approval.Given) != 0 {
			t.Fatalf("%+v", r)
		}
		if n := audited(t, o, audit.RotateGlassBroken); n != 1 {
			t.Errorf("%d records of it, want 1", n)
		}
	})
}

// TestGlassOfNothing: where no approval is waited for there is no glass to break,
// and nobody is offered to: everybody would be told of nothing, and after a leak the
// approval would not be owed any more.
func TestGlassOfNothing(t *testing.T) {
	for reason, ask := range map[string]api.Start{"rehearsal": {Reason: "rehearsal"}, "leak": {Reason: "leak", Why: "it was in a log"}} {
		t.Run(reason, func(t *testing.T) {
			desktest.Open(t, []desktest.Cred{{Name: "key", More: "approval: {from: approver}"}}, func(t *testing.T, o *desktest.Office) {
				sue := desktest.Who("sue", access.Superadmin)
				ask.Credential = "key"
				r, err := o.Start(t.Context(), sue, ask)
				if err != nil || slices.Contains(r.Choices, "break-glass") {
					t.Fatal(r.Choices, err)
				}
				if _, err := o.BreakGlass(t.Context(), sue, pawl.RotationID{Credential: "key", Number: 1}, desk.Anything, r.Digest, "ill"); pawl.KindOf(err) != pawl.Conflict {
					t.Errorf("broken: %v", err)
				}
			})
		})
	}
}

// TestGlassThenDeny: one no is enough, also after the glass was broken.
func TestGlassThenDeny(t *testing.T) {
	desktest.Open(t, []desktest.Cred{{Name: "key", More: "approval: {from: approver}"}}, func(t *testing.T, o *desktest.Office) {
		ctx := t.Context()
		sue := desktest.Who("sue", access.Superadmin)
		id := pawl.RotationID{Credential: "key", Number: 1}
		if _, err := o.Start(ctx, sue, api.Start{Credential: "key"}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		r, _ := o.Rotation(ctx, sue, id)
		if _, err := o.BreakGlass(ctx, sue, id, r.Revision, r.Digest, "ill"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if r, _ = o.Rotation(ctx, bo, id); r.Waits[0].On != "revoke" || !slices.Contains(r.Choices, "deny") {
			t.Fatalf("%+v", r)
		}
		if _, err := o.Deny(ctx, bo, id, r.Revision, "it can wait"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if r, _ = o.Rotation(ctx, bo, id); r.Outcome != "rolled-back" {
			t.Fatalf("%+v", r)
		}
	})
}

// TestDenyGoesBack: one no is enough.
func TestDenyGoesBack(t *testing.T) {
	desktest.Open(t, []desktest.Cred{{Name: "key", More: "approval: {from: approver}"}}, func(t *testing.T, o *desktest.Office) {
		o.Start(t.Context(), ana, api.Start{Credential: "key"})
		time.Sleep(time.Minute)
		id := pawl.RotationID{Credential: "key", Number: 1}
		if _, err := o.Deny(t.Context(), bo, id, desk.Anything, "not on a Friday"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		r, _ := o.Rotation(t.Context(), ana, id)
		if r.Outcome != "rolled-back" || o.Holds["key"] != "CANARY-old-key" || o.Live["CANARY-id-1"] != "" {
			t.Errorf("%+v", r)
		}
	})
}

// TestAdoptedIsSeen: a server that takes up what another process has proved shows
// it as that, and lets nobody wait who is waited for.
func TestAdoptedIsSeen(t *testing.T) {
	desktest.Open(t, []desktest.Cred{{Name: "key", More: "approval: {from: approver}"}}, func(t *testing.T, o *desktest.Office) {
		o.Start(t.Context(), ana, api.Start{Credential: "key"})
		time.Sleep(time.Minute)
		o.Stop()
		o.Run()
		time.Sleep(time.Minute)
		waiting, err := o.Waiting(t.Context(), bo)
		if err != nil || len(waiting) != 1 || waiting[0].Proved != 1 || waiting[0].Phase != "APPROVAL" {
			t.Errorf("%+v %v", waiting, err)
		}
	})
}

// TestBackFromAPause: who goes back need not also resume.
func TestBackFromAPause(t *testing.T) {
	desktest.Open(t, []desktest.Cred{{Name: "key", More: "approval: {from: approver}"}}, func(t *testing.T, o *desktest.Office) {
		id := pawl.RotationID{Credential: "key", Number: 1}
		o.Start(t.Context(), ana, api.Start{Credential: "key"})
		time.Sleep(time.Minute)
		o.Desk.Pause(t.Context(), ana, id, desk.Anything)
		time.Sleep(time.Minute)
		if _, err := o.Rollback(t.Context(), ana, id, desk.Anything, ""); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if r, _ := o.Rotation(t.Context(), ana, id); r.Outcome != "rolled-back" {
			t.Errorf("%+v", r)
		}
	})
}

// TestPausedStaysPaused: whatever else is said meanwhile, and over a restart.
func TestPausedStaysPaused(t *testing.T) {
	desktest.Open(t, []desktest.Cred{{Name: "key", More: "approval: {from: approver}"}}, func(t *testing.T, o *desktest.Office) {
		ctx, id := t.Context(), pawl.RotationID{Credential: "key", Number: 1}
		r, err := o.Start(ctx, ana, api.Start{Credential: "key", AutoRevoke: true})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if _, err := o.Pause(ctx, ana, id, desk.Anything); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if _, err := o.Approve(ctx, bo, id, desk.Anything, r.Digest); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		o.Stop()
		o.Run()
		time.Sleep(time.Hour)
		if r, _ := o.Rotation(ctx, ana, id); r.Outcome != "" || r.Waits[0].On != "pause" {
			t.Fatalf("went on: %+v", r)
		}
		if _, err := o.Resume(ctx, ana, id, desk.Anything); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if r, _ := o.Rotation(ctx, ana, id); r.Outcome != "done" {
			t.Errorf("%+v", r)
		}
	})
}

// TestManyWaitCostNothing: fifty rotations that soak for a day have no
// goroutine, nothing is asked of anybody, and each ends by itself.
func TestManyWaitCostNothing(t *testing.T) {
	var creds []desktest.Cred
	for i := range 50 {
		creds = append(creds, desktest.Cred{Name: "key-" + strings.Repeat("x", i%7) + string(rune('a'+i%26)) + string(rune('a'+i/26)), More: "finish: {soak: 23h}"})
	}
	desktest.Open(t, creds, func(t *testing.T, o *desktest.Office) {
		for _, c := range creds {
			if _, err := o.Start(t.Context(), ana, api.Start{Credential: c.Name, AutoRevoke: true}); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if driven, aside := o.Pool().Driving(); driven != 0 || aside != len(creds) {
			t.Fatalf("%d are driven, %d aside", driven, aside)
		}
		looks := o.Looks
		time.Sleep(12 * time.Hour)
		if o.Looks != looks {
			t.Errorf("%d looks while nothing can happen", o.Looks-looks)
		}
		time.Sleep(12 * time.Hour)
		for _, c := range creds {
			if o.Live["CANARY-old-"+c.Name] != "" {
				t.Errorf("%s is not done", c.Name)
			}
		}
	})
}

// TestRoleOfTheCatalog: who lacks the role that the catalog names may look.
func TestRoleOfTheCatalog(t *testing.T) {
	desktest.Open(t, []desktest.Cred{{Name: "key", Role: "superadmin"}}, func(t *testing.T, o *desktest.Office) {
		if _, err := o.Start(t.Context(), ana, api.Start{Credential: "key"}); pawl.KindOf(err) != pawl.Forbidden {
			t.Errorf("an operator starts it: %v", err)
		}
		if o.Minted != 0 {
			t.Error("something was minted")
		}
		plan, err := o.Plan(t.Context(), ana, "key", pawl.Manual)
		if err != nil || plan.OldID != "id-old-key" {
			t.Errorf("%+v %v", plan, err)
		}
		if _, err := o.Start(t.Context(), desktest.Who("sue", access.Superadmin), api.Start{Credential: "key", Digest: "sha256:00"}); pawl.KindOf(err) != pawl.Conflict {
			t.Errorf("another plan than the one that was looked at is begun: %v", err)
		}
		if _, err := o.Start(t.Context(), desktest.Who("sue", access.Superadmin), api.Start{Credential: "key", Digest: plan.Digest}); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Minute)
	})
}

func audited(t *testing.T, o *desktest.Office, action audit.Action) int {
	t.Helper()
	n := 0
	_, records, err := o.Journal.Audit(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for line := range records {
		if r, err := audit.Decode(line); err == nil && r.Action == action {
			n++
		}
	}
	return n
}
