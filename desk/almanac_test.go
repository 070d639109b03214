package desk_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/api"
	"github.com/pawl-dev/pawl/desk"
	"github.com/pawl-dev/pawl/desk/desktest"
	"github.com/pawl-dev/pawl/journal"
)

// within are the items of a whole calendar that have a date in a stretch of it,
// or wait for a person.
func within(all []api.Coming, from, to time.Time) []api.Coming {
	return slices.DeleteFunc(slices.Clone(all), func(i api.Coming) bool {
		dates := slices.Clone(i.Remind)
		for _, t := range []*time.Time{i.Due, i.Begins} {
			if t != nil {
				dates = append(dates, *t)
			}
		}
		return i.Do != "person" && !slices.ContainsFunc(dates, func(t time.Time) bool { return !t.Before(from) && t.Before(to) })
	})
}

// end ends a rotation without a pool.
func end(t *testing.T, o *desktest.Office, r api.Rotation, how pawl.Outcome) {
	t.Helper()
	var id pawl.RotationID
	if err := id.UnmarshalText([]byte(r.ID)); err != nil {
		t.Fatal(err)
	}
	if _, err := o.Journal.Append(t.Context(), id, journal.At{Revision: r.Revision}, journal.Batch{Close: how}); err != nil {
		t.Fatal(err)
	}
}

// TestCalendarBetween: a month of the calendar is that month of the whole one,
// whatever is due, open, held or waits for a person, while time goes on and
// rotations end. Another desk, which has remembered nothing, says the same.
func TestCalendarBetween(t *testing.T) {
	var creds []desktest.Cred
	for i := range 12 {
		more := fmt.Sprintf("schedule: {every: %dd, remind: [2d, 9d], window: %q}", 10+7*i, []string{"Tue-Thu 09:00-16:00 Europe/Paris", "00:00-24:00 UTC"}[i%2])
		if i%5 == 1 {
			more += "\napproval: {from: approver}"
		}
		creds = append(creds, desktest.Cred{Name: fmt.Sprintf("key-%02d", i), More: more})
	}
	creds = append(creds, desktest.Cred{Name: "unscheduled"}, desktest.Cred{Name: "new", More: "schedule: {every: 30d}"})
	desktest.Open(t, creds, func(t *testing.T, o *desktest.Office) {
		rotated(t, o, "key-00", "key-02", "key-03", "key-04", "key-05", "key-07", "key-08")
		o.Stop() // what is begun from here on, is ended here
		random, did := rand.New(rand.NewPCG(1, 2)), map[string]bool{}
		open := map[string]api.Rotation{}
		for round := range 60 {
			name := creds[random.IntN(12)].Name
			if r, ok := open[name]; ok {
				end(t, o, r, []pawl.Outcome{pawl.Completed, pawl.RolledBack}[random.IntN(2)])
				delete(open, name)
			} else if r, err := o.Start(t.Context(), ana, api.Start{Credential: name}); err != nil {
				t.Fatal(err)
			} else {
				open[name] = r
			}
			time.Sleep(time.Duration(random.IntN(4*24)) * time.Hour)
			whole, err := o.Calendar(t.Context(), eva)
			if err != nil {
				t.Fatal(err)
			}
			fresh, err := o.Over(o.Journal).Calendar(t.Context(), eva)
			if err != nil || !reflect.DeepEqual(whole.Items, fresh.Items) {
				t.Fatalf("round %d: remembered %+v\nread anew %+v %v", round, whole.Items, fresh.Items, err)
			}
			from := time.Now().AddDate(0, 0, random.IntN(90)-45)
			to := from.AddDate(0, 0, 1+random.IntN(40))
			part, err := o.CalendarBetween(t.Context(), eva, from, to)
			if err != nil || !reflect.DeepEqual(part.Items, within(whole.Items, from, to)) || !part.Now.Equal(whole.Now) {
				t.Fatalf("round %d: %s to %s: %+v\nwhole %+v %v", round, from, to, part.Items, whole.Items, err)
			}
			for _, i := range part.Items {
				did[i.Do] = true
			}
			tasks, err := o.Tasks(t.Context(), eva)
			if want := slices.DeleteFunc(slices.Clone(whole.Items), func(i api.Coming) bool { return i.Do != "person" }); err != nil || !reflect.DeepEqual(tasks, want) {
				t.Fatalf("round %d: tasks %+v, want %+v %v", round, tasks, want, err)
			}
		}
		o.Run()
		for _, do := range []string{"nothing", "begin", "hold", "person", "running"} {
			if !did[do] {
				t.Errorf("none was ever to %s: this test shows too little", do)
			}
		}
	})
}

// goesAway is a journal whose reader goes away once, in the middle of a look.
type goesAway struct {
	journal.Journal
	gone bool
}

func (j *goesAway) List(ctx context.Context, open bool) ([]journal.Run, error) {
	if !j.gone {
		j.gone = true
		return nil, errors.New("gone")
	}
	return j.Journal.List(ctx, open)
}

// TestLookCutOff: a browser that goes away during the first look at the journal
// takes nothing of it along. (All credentials were never rotated from then on.)
func TestLookCutOff(t *testing.T) {
	desktest.Open(t, []desktest.Cred{{Name: "key", More: "schedule: {every: 30d}"}}, func(t *testing.T, o *desktest.Office) {
		rotated(t, o, "key")
		d := o.Over(&goesAway{Journal: o.Journal})
		if _, err := d.Credentials(t.Context(), eva, desk.Query{}); err == nil {
			t.Fatal("it did not go away")
		}
		page, err := d.Credentials(t.Context(), eva, desk.Query{})
		if err != nil || len(page.Items) != 1 || page.Items[0].Last == nil || page.Items[0].State != api.Fine {
			t.Errorf("%+v %v", page, err)
		}
	})
}
