package desk_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/api"
	"github.com/pawl-dev/pawl/audit"
	"github.com/pawl-dev/pawl/audit/echo"
	"github.com/pawl-dev/pawl/desk"
	"github.com/pawl-dev/pawl/desk/desktest"
	"github.com/pawl-dev/pawl/journal"
	"github.com/pawl-dev/pawl/roster"
	"github.com/pawl-dev/pawl/roster/logged"
)

// TestWhatIsSaidIsKept: a reason is journaled for good and shown on terminals and
// pages. One that holds what looks like a secret, steers a terminal, turns the
// direction of writing, or is a book is refused, and nothing is done.
func TestWhatIsSaidIsKept(t *testing.T) {
	desktest.Open(t, []desktest.Cred{{Name: "key", More: "approval: {from: approver}"}, {Name: "other"}}, func(t *testing.T, o *desktest.Office) {
		ctx, id := t.Context(), pawl.RotationID{Credential: "key", Number: 1}
		o.Start(ctx, ana, api.Start{Credential: "key"})
		time.Sleep(time.Minute)
		for _, why := range []string{"it is HRKU-CANARY-0000-0000", "x\x1b[31mRED", "x\r\n✓ key/9 is done", "x\u202egnp", "x\u2028y", strings.Repeat("x", 501), "\xff"} {
			if _, err := o.Rollback(ctx, ana, id, desk.Anything, why); pawl.KindOf(err) != pawl.Invalid {
				t.Errorf("rollback %q: %v", why, err)
			}
			if _, err := o.Deny(ctx, bo, id, desk.Anything, why); pawl.KindOf(err) != pawl.Invalid {
				t.Errorf("deny %q: %v", why, err)
			}
			if _, err := o.RevokeAs(ctx, ana, id, desk.Anything, why); pawl.KindOf(err) != pawl.Invalid {
				t.Errorf("revoke %q: %v", why, err)
			}
			if _, err := o.Start(ctx, ana, api.Start{Credential: "other", Reason: "leak", Why: why}); pawl.KindOf(err) != pawl.Invalid {
				t.Errorf("start %q: %v", why, err)
			}
		}
		time.Sleep(time.Minute)
		if r, err := o.Rotation(ctx, ana, id); err != nil || r.Outcome != "" || r.Phase != "APPROVAL" {
			t.Errorf("%+v %v", r, err)
		}
		if _, err := o.Journal.Latest(ctx, "other"); pawl.KindOf(err) != pawl.NotFound {
			t.Errorf("the other one was begun: %v", err)
		}
	})
}

// TestRefusedNamesAreNotKept: a value that was put where a name belongs is not
// written down because it was refused.
func TestRefusedNamesAreNotKept(t *testing.T) {
	desktest.Open(t, []desktest.Cred{{Name: "key"}}, func(t *testing.T, o *desktest.Office) {
		if _, err := o.Start(t.Context(), eva, api.Start{Credential: "HRKU-CANARY-0000-0000"}); pawl.KindOf(err) != pawl.Forbidden {
			t.Fatal(err)
		}
		_, records, err := o.Journal.Audit(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for line := range records {
			n++
			if strings.Contains(string(line), "HRKU") {
				t.Errorf("%s", line)
			}
		}
		if n == 0 {
			t.Error("the refusal is not in the log")
		}
	})
}

// TestRefusalsAreCounted: who asks again and again for what they may not do fills
// no disk; every one of them is accounted for.
func TestRefusalsAreCounted(t *testing.T) {
	desktest.Open(t, []desktest.Cred{{Name: "key"}}, func(t *testing.T, o *desktest.Office) {
		refused := func() {
			if _, err := o.Start(t.Context(), eva, api.Start{Credential: "key"}); pawl.KindOf(err) != pawl.Forbidden {
				t.Fatal(err)
			}
		}
		said := func() (all []string) {
			page, err := o.Journal.AuditPage(t.Context(), journal.About{Action: audit.AuthDenied}, journal.Newest, 50)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range page.Records {
				all = append(all, r.Actor.ID+" "+r.Target.Credential+" "+r.Context.Detail)
			}
			return all
		}
		for range 200 {
			refused()
		}
		if all := said(); len(all) != 1 || all[0] != "eva@acme.example key rotate" {
			t.Errorf("%q", all)
		}
		time.Sleep(echo.Window)
		synctest.Wait()
		if all := said(); len(all) != 2 || !strings.HasPrefix(all[0], "eva@acme.example key rotate (and 199 more like it since ") {
			t.Errorf("%q", all)
		}
		refused()
		refused()
		o.Refusals.Flush()
		if all := said(); len(all) != 4 || !strings.HasPrefix(all[0], "eva@acme.example key rotate (and 1 more ") {
			t.Errorf("%q", all)
		}
	})
}

// TestOneFillsNoLogByTwoDoors: what is asked of the desk and what is asked of the
// team is counted together, so that one person has room for so many in all.
func TestOneFillsNoLogByTwoDoors(t *testing.T) {
	desktest.Open(t, []desktest.Cred{{Name: "key"}}, func(t *testing.T, o *desktest.Office) {
		team := desk.NewTeam(desk.TeamConfig{Book: &logged.Book{Roster: roster.NewMemory(), Record: o.Journal.Record}, Refusals: o.Refusals})
		for i := range echo.MostOf {
			id := fmt.Sprint("somebody-", i)
			if _, err := o.Start(t.Context(), eva, api.Start{Credential: id}); err == nil {
				t.Fatal("begun")
			}
			if _, err := team.Sessions(t.Context(), eva, id); err == nil {
				t.Fatal("seen")
			}
		}
		page, err := o.Journal.AuditPage(t.Context(), journal.About{Action: audit.AuthDenied}, journal.Newest, 50)
		if err != nil || len(page.Records) != echo.MostOf {
			t.Errorf("%d records, %v", len(page.Records), err)
		}
	})
}

// TestOneRevokesAtATime: two rotations in one app that are both ready revoke one
// after the other: the second once the first is seen to have broken nothing.
func TestOneRevokesAtATime(t *testing.T) {
	app := "finish: {soak: 1m}\nconsumers:\n  - {id: app, kind: heroku/config-var, connection: heroku, app: acme-api, require: read-back, keys: ["
	desktest.Open(t, []desktest.Cred{{Name: "one", More: app + "ONE]}"}, {Name: "two", More: app + "TWO]}"}}, func(t *testing.T, o *desktest.Office) {
		names := []string{"one", "two"}
		for _, name := range names {
			o.Start(t.Context(), ana, api.Start{Credential: name, AutoRevoke: true})
		}
		time.Sleep(10 * time.Minute)
		for _, name := range names {
			run, err := o.Journal.Load(t.Context(), pawl.RotationID{Credential: name, Number: 1})
			if err != nil || run.Outcome != pawl.Completed {
				t.Fatalf("%s: %q %v", name, run.Outcome, err)
			}
		}
		// In the order of the log: all of it may be at one time of the clock.
		_, records, err := o.Journal.Audit(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var order []string
		for text, err := range records {
			var r struct {
				Type string
				Data struct{ Target audit.Target }
			}
			if err != nil || json.Unmarshal(text, &r) != nil {
				t.Fatalf("%v %s", err, text)
			}
			if a := audit.Action(r.Type); a == audit.RotateRevoked || a == audit.RotateConfirmedDead {
				order = append(order, r.Data.Target.Credential)
			}
		}
		if order = slices.Compact(order); len(order) != 2 {
			t.Errorf("the revokes and what was seen after them: %q", order)
		}
	})
}

// TestRefusedAndGone: whoever hangs up while they are refused is in the log all
// the same.
func TestRefusedAndGone(t *testing.T) {
	desktest.Open(t, []desktest.Cred{{Name: "key"}}, func(t *testing.T, o *desktest.Office) {
		gone, hangUp := context.WithCancel(t.Context())
		hangUp()
		if _, err := o.Start(gone, eva, api.Start{Credential: "key"}); pawl.KindOf(err) != pawl.Forbidden {
			t.Errorf("%v, want to be refused", err)
		}
		if denied := audited(t, o, audit.AuthDenied); denied != 1 {
			t.Errorf("%d refusals in the log, want 1", denied)
		}
	})
}
