package desk_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/api"
	"github.com/pawl-dev/pawl/desk"
	"github.com/pawl-dev/pawl/desk/desktest"
	"github.com/pawl-dev/pawl/evidence"
)

// TestEvidenceOfATeam has one rotation that a second person agreed to, and
// somebody who was refused.
func TestEvidenceOfATeam(t *testing.T) {
	desktest.Open(t, []desktest.Cred{{Name: "key", More: "approval: {from: approver}\nschedule: {every: 1d}"}}, func(t *testing.T, o *desktest.Office) {
		ctx := t.Context()
		r, err := o.Start(ctx, ana, api.Start{Credential: "key", AutoRevoke: true})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		id := pawl.RotationID{Credential: "key", Number: 1}
		if _, err := o.Approve(ctx, eva, id, desk.Anything, r.Digest); err == nil {
			t.Fatal("a viewer approved")
		}
		if _, err := o.Approve(ctx, bo, id, desk.Anything, r.Digest); err != nil {
			t.Fatal(err)
		}
		time.Sleep(36 * time.Hour)
		log, err := o.VerifyLog(ctx, auditor)
		if err != nil || log.Size == 0 || log.Verified != log.Size || log.Wrong != "" || !log.VerifiedAt.Equal(time.Now()) {
			t.Fatalf("%+v %v", log, err)
		}
		for what, q := range map[string]desk.EvidenceQuery{"pack": {}, "page": {Page: true}, "of": {Credential: "key"}} {
			text, err := o.Evidence(ctx, auditor, q)
			if err != nil {
				t.Fatal(err)
			}
			p, err := evidence.Verify(text, log.Key)
			if err != nil {
				t.Fatalf("%s: %v", what, err)
			}
			got := p.Report
			if len(got.Rotations) != 1 || got.Rotations[0].Outcome != "done" || got.Rotations[0].By != "ana@acme.example" || got.Rotations[0].Dead == nil ||
				len(got.Rotations[0].Approvals) != 1 || got.Rotations[0].Approvals[0].By != "bo@acme.example" || len(got.Rotations[0].Places) != 1 {
				t.Errorf("%s: %+v", what, got.Rotations)
			}
			if len(got.Refused) != 1 || got.Refused[0].By != "eva@acme.example" || len(got.Late) != 1 || got.Late[0].Done != nil {
				t.Errorf("%s: refused %+v, late %+v", what, got.Refused, got.Late)
			}
			if bytes.Contains(text, []byte("CANARY")) {
				t.Error("a value is in it")
			}
		}
		if _, err := o.Evidence(ctx, auditor, desk.EvidenceQuery{From: time.Now(), To: time.Now().Add(-time.Hour)}); pawl.KindOf(err) != pawl.Invalid {
			t.Error(err)
		}
		for what, try := range map[string]func() error{
			"evidence": func() error { _, err := o.Evidence(ctx, bo, desk.EvidenceQuery{}); return err },
			"verify":   func() error { _, err := o.VerifyLog(ctx, eva); return err },
			"log":      func() error { _, err := o.Log(ctx, desktest.Who("root2", access.Operator)); return err },
		} {
			if pawl.KindOf(try()) != pawl.Forbidden {
				t.Errorf("%s: %v", what, try())
			}
		}
		if log, err := o.Log(ctx, auditor); err != nil || log.Size <= log.Verified || !strings.HasPrefix(log.Checkpoint, "pawl/") {
			t.Errorf("what was refused since is not in the log: %+v %v", log, err)
		}
	})
}
