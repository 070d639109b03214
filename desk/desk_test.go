package desk_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/api"
	"github.com/pawl-dev/pawl/audit"
	"github.com/pawl-dev/pawl/desk"
)

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

var (
	ana = who("ana", access.Operator)
	bo  = who("bo", access.Approver)
	eva = who("eva", access.Viewer)
)

// TestFourEyes: the whole way of a rotation that a second person has to agree
// to, with everybody trying what is not theirs.
func TestFourEyes(t *testing.T) {
	open(t, []cred{{name: "key", more: "approval: {from: approver}"}}, func(o *office) {
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
		both := who("ana", access.Operator, access.Approver)
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
		if r, _ = o.Rotation(ctx, eva, id); r.Outcome != "done" || o.live["CANARY-old-key"] != "" || o.holds["key"] != "CANARY-id-1" {
			t.Fatalf("%+v", r)
		}
		if denied := o.audited(audit.AuthDenied); denied != 3 { // own, viewer, stale
			t.Errorf("%d refusals in the audit log, want 3", denied)
		}
	})
}

// TestDenyGoesBack: one no is enough.
func TestDenyGoesBack(t *testing.T) {
	open(t, []cred{{name: "key", more: "approval: {from: approver}"}}, func(o *office) {
		o.Start(t.Context(), ana, api.Start{Credential: "key"})
		time.Sleep(time.Minute)
		id := pawl.RotationID{Credential: "key", Number: 1}
		if _, err := o.Deny(t.Context(), bo, id, desk.Anything, "not on a Friday"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		r, _ := o.Rotation(t.Context(), ana, id)
		if r.Outcome != "rolled-back" || o.holds["key"] != "CANARY-old-key" || o.live["CANARY-id-1"] != "" {
			t.Errorf("%+v", r)
		}
	})
}

// TestPausedStaysPaused: whatever else is said meanwhile, and over a restart.
func TestPausedStaysPaused(t *testing.T) {
	open(t, []cred{{name: "key", more: "approval: {from: approver}"}}, func(o *office) {
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
		o.stop()
		o.run()
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

// TestManyWaitCostNothing: a thousand rotations that soak for a day have no
// goroutine, nothing is asked of anybody, and each ends by itself.
func TestManyWaitCostNothing(t *testing.T) {
	var creds []cred
	for i := range 200 {
		creds = append(creds, cred{name: "key-" + strings.Repeat("x", i%7) + string(rune('a'+i%26)) + string(rune('a'+i/26)), more: "finish: {soak: 23h}"})
	}
	open(t, creds, func(o *office) {
		for _, c := range creds {
			if _, err := o.Start(t.Context(), ana, api.Start{Credential: c.name, AutoRevoke: true}); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if driven, aside := o.Pool().Driving(); driven != 0 || aside != len(creds) {
			t.Fatalf("%d are driven, %d aside", driven, aside)
		}
		looks := o.looks
		time.Sleep(12 * time.Hour)
		if o.looks != looks {
			t.Errorf("%d looks while nothing can happen", o.looks-looks)
		}
		time.Sleep(12 * time.Hour)
		for _, c := range creds {
			if o.live["CANARY-old-"+c.name] != "" {
				t.Errorf("%s is not done", c.name)
			}
		}
	})
}

// TestRoleOfTheCatalog: who lacks the role that the catalog names may look.
func TestRoleOfTheCatalog(t *testing.T) {
	open(t, []cred{{name: "key", role: "superadmin"}}, func(o *office) {
		if _, err := o.Start(t.Context(), ana, api.Start{Credential: "key"}); pawl.KindOf(err) != pawl.Forbidden {
			t.Errorf("an operator starts it: %v", err)
		}
		if o.minted != 0 {
			t.Error("something was minted")
		}
		plan, err := o.Plan(t.Context(), ana, "key", pawl.Manual)
		if err != nil || plan.OldID != "id-old-key" {
			t.Errorf("%+v %v", plan, err)
		}
		if _, err := o.Start(t.Context(), who("sue", access.Superadmin), api.Start{Credential: "key", Digest: "sha256:00"}); pawl.KindOf(err) != pawl.Conflict {
			t.Errorf("another plan than the one that was looked at is begun: %v", err)
		}
		if _, err := o.Start(t.Context(), who("sue", access.Superadmin), api.Start{Credential: "key", Digest: plan.Digest}); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Minute)
	})
}

func (o *office) audited(action audit.Action) int {
	n := 0
	_, records, err := o.journal.Audit(o.t.Context())
	if err != nil {
		o.t.Fatal(err)
	}
	for line := range records {
		if r, err := audit.Decode(line); err == nil && r.Action == action {
			n++
		}
	}
	return n
}
