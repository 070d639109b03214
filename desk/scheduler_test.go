package desk_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/api"
	"github.com/pawl-dev/pawl/audit"
	"github.com/pawl-dev/pawl/desk"
	"github.com/pawl-dev/pawl/desk/desktest"
	"github.com/pawl-dev/pawl/journal"
)

const month = 30 * 24 * time.Hour

// scheduling runs a scheduler for a while, as one process does.
func scheduling(o *desktest.Office, long time.Duration) (beats []desk.Beat) {
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	s := desk.NewScheduler(o.Desk, func(b desk.Beat) { beats = append(beats, b) })
	go func() { s.Run(ctx); close(done) }()
	time.Sleep(long)
	stop()
	<-done
	return beats
}

// away lets time pass in which nothing runs.
func away(o *desktest.Office, long time.Duration) {
	o.Stop()
	time.Sleep(long)
	o.Run()
}

// item is what the calendar says of a credential.
func item(t *testing.T, o *desktest.Office, name string) api.Coming {
	t.Helper()
	c, err := o.Calendar(t.Context(), eva)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range c.Items {
		if i.Credential == name {
			return i
		}
	}
	t.Fatalf("%s is not in the calendar: %+v", name, c)
	return api.Coming{}
}

// rotated completes a rotation by hand.
func rotated(t *testing.T, o *desktest.Office, names ...string) {
	t.Helper()
	for _, name := range names {
		if _, err := o.Start(t.Context(), ana, api.Start{Credential: name, AutoRevoke: true}); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(time.Minute)
	for _, name := range names {
		if r, err := o.Rotation(t.Context(), eva, pawl.RotationID{Credential: name, Number: 1}); err != nil || r.Outcome != "done" {
			t.Fatalf("%+v %v", r, err)
		}
	}
}

// TestScheduled: what was shown to work is rotated by itself before it is due,
// whatever role the catalog asks for, and the audit log says who did it.
func TestScheduled(t *testing.T) {
	desktest.Open(t, []desktest.Cred{{Name: "key", More: "schedule: {every: 30d}"}}, func(t *testing.T, o *desktest.Office) {
		rotated(t, o, "key")
		if i := item(t, o, "key"); i.Do != "nothing" || i.Overdue || i.Begins == nil || i.Begins.After(*i.Due) {
			t.Fatalf("%+v", i)
		}
		away(o, month-25*time.Hour)
		scheduling(o, 2*time.Hour)
		r, err := o.Rotation(t.Context(), eva, pawl.RotationID{Credential: "key", Number: 2})
		if err != nil || r.Outcome != "done" || r.By != access.SchedulerID || r.Reason != "scheduled" || o.Holds["key"] != "CANARY-id-2" {
			t.Fatalf("%+v %v", r, err)
		}
		if _, err := o.Rotation(t.Context(), eva, pawl.RotationID{Credential: "key", Number: 3}); err == nil {
			t.Error("it was rotated again")
		}
		if i := item(t, o, "key"); i.Do != "nothing" || i.Due.Sub(time.Now()) < month-3*time.Hour {
			t.Errorf("%+v", i)
		}
		if denied := audited(t, o, audit.AuthDenied); denied != 0 {
			t.Errorf("the scheduler was refused %d times", denied)
		}
	})
}

// TestScheduledRole: that the catalog asks for a role is no obstacle, and
// gives the scheduler nothing else.
func TestScheduledRole(t *testing.T) {
	boss := desktest.Who("boss", access.Superadmin)
	desktest.Open(t, []desktest.Cred{{Name: "key", Role: "superadmin", More: "schedule: {every: 30d}"}}, func(t *testing.T, o *desktest.Office) {
		if _, err := o.Start(t.Context(), boss, api.Start{Credential: "key", AutoRevoke: true}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		away(o, month)
		scheduling(o, time.Hour)
		if r, err := o.Rotation(t.Context(), eva, pawl.RotationID{Credential: "key", Number: 2}); err != nil || r.Outcome != "done" {
			t.Errorf("%+v %v", r, err)
		}
	})
}

// TestTasks: what a person has a part in, or was never shown to work, is not
// begun by itself; it waits for somebody, and they are told why.
func TestTasks(t *testing.T) {
	desktest.Open(t, []desktest.Cred{
		{Name: "approved", More: "schedule: {every: 30d}\napproval: {from: approver}"},
		{Name: "new", More: "schedule: {every: 30d}"},
		{Name: "stale", More: "schedule: {every: 30d}\nstale_after: 20d"},
		{Name: "unscheduled"},
	}, func(t *testing.T, o *desktest.Office) {
		rotated(t, o, "stale")
		r, _ := o.Start(t.Context(), ana, api.Start{Credential: "approved", AutoRevoke: true})
		if _, err := o.Approve(t.Context(), bo, pawl.RotationID{Credential: "approved", Number: 1}, desk.Anything, r.Digest); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		away(o, month)
		beats := scheduling(o, time.Hour)
		tasks, err := o.Tasks(t.Context(), eva)
		if err != nil || len(tasks) != 3 {
			t.Fatalf("%+v %v", tasks, err)
		}
		for _, i := range tasks {
			if i.Why == "" || i.Next != "pawl rotate "+i.Credential || i.Begins != nil && i.Credential == "approved" {
				t.Errorf("%+v", i)
			}
		}
		if last := beats[len(beats)-1]; last.Overdue != 2 || time.Since(last.At) > 2*time.Minute {
			t.Errorf("%d beats, the last one %+v", len(beats), last)
		}
		if minted := o.Minted; minted != 2 {
			t.Errorf("%d were minted", minted)
		}
	})
}

// TestOneAfterTheOther: two credentials in one app are never under way at once.
func TestOneAfterTheOther(t *testing.T) {
	app := "schedule: {every: 30d}\nfinish: {soak: 10m}\nconsumers:\n  - {id: app, kind: heroku/config-var, connection: heroku, app: acme-api, require: read-back, keys: ["
	desktest.Open(t, []desktest.Cred{{Name: "one", More: app + "ONE]}"}, {Name: "two", More: app + "TWO]}"}}, func(t *testing.T, o *desktest.Office) {
		for _, name := range []string{"one", "two"} {
			o.Start(t.Context(), ana, api.Start{Credential: name, AutoRevoke: true})
		}
		time.Sleep(time.Hour)
		away(o, month)
		ctx, stop := context.WithCancel(t.Context())
		go desk.NewScheduler(o.Desk, nil).Run(ctx)
		held := 0
		for range 60 {
			time.Sleep(time.Minute)
			c, err := o.Calendar(t.Context(), eva)
			if err != nil || c.Scheduled == nil {
				t.Fatal(c, err)
			}
			running := 0
			for _, i := range c.Items {
				if i.Do == "running" {
					running++
				}
				if i.Do == "hold" && i.Why != "" {
					held++
				}
			}
			if running > 1 {
				t.Fatalf("both at once: %+v", c.Items)
			}
		}
		stop()
		synctest.Wait()
		for _, name := range []string{"one", "two"} {
			if r, err := o.Rotation(t.Context(), eva, pawl.RotationID{Credential: name, Number: 2}); err != nil || r.Outcome != "done" {
				t.Errorf("%+v %v", r, err)
			}
		}
		if held == 0 {
			t.Error("nothing was ever held")
		}
	})
}

// TestCouldNotBegin: what keeps a rotation from being begun is in the calendar,
// and is tried again.
func TestCouldNotBegin(t *testing.T) {
	desktest.Open(t, []desktest.Cred{{Name: "key", More: "schedule: {every: 30d}"}}, func(t *testing.T, o *desktest.Office) {
		rotated(t, o, "key")
		away(o, month)
		o.Journal.FailNext(journal.FaultRefused)
		ctx, stop := context.WithCancel(t.Context())
		go desk.NewScheduler(o.Desk, nil).Run(ctx)
		synctest.Wait()
		if i := item(t, o, "key"); i.Do != "hold" || !i.Overdue || i.Why == "" || i.Until == nil {
			t.Errorf("%+v", i)
		}
		time.Sleep(20 * time.Minute)
		if r, err := o.Rotation(t.Context(), eva, pawl.RotationID{Credential: "key", Number: 2}); err != nil || r.Outcome != "done" {
			t.Errorf("%+v %v", r, err)
		}
		stop()
		synctest.Wait()
	})
}
