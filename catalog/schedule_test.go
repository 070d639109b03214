package catalog_test

import (
	"testing"
	"time"

	"github.com/pawl-dev/pawl/catalog"
	"pgregory.net/rapid"
)

const day = 24 * time.Hour

func window(t interface{ Fatal(...any) }, text string) catalog.Window {
	w, err := catalog.ParseWindow(text)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestStanding(t *testing.T) {
	last := time.Date(2026, 8, 20, 9, 41, 12, 0, time.UTC)
	s := catalog.Schedule{Every: 90 * day, Remind: []time.Duration{3 * day, 14 * day}}
	for after, want := range map[time.Duration]catalog.Standing{
		0: catalog.OK, 76*day - 1: catalog.OK, 76 * day: catalog.DueSoon, 90*day - 1: catalog.DueSoon, 90 * day: catalog.Overdue, 900 * day: catalog.Overdue,
	} {
		if got := s.Standing(last, last.Add(after)); got != want {
			t.Errorf("after %s: %s, want %s", after, got, want)
		}
	}
	if got := s.Standing(time.Time{}, last); got != catalog.Never {
		t.Errorf("never rotated: %s", got)
	}
	if got := (catalog.Schedule{}).Standing(last, last.Add(900*day)); got != catalog.Unscheduled {
		t.Errorf("without a schedule: %s", got)
	}
	if got := (catalog.Schedule{Every: 20 * day}).Lead(); got != 5*day {
		t.Errorf("without reminders: due soon %s before, want a quarter of 20 days", got)
	}
	if got := s.Reminders(last); len(got) != 2 || !got[0].Equal(last.Add(76*day)) || !got[1].Equal(last.Add(87*day)) {
		t.Errorf("reminders at %v", got)
	}
}

// A change of the clocks between two rotations moves the time on the wall, and
// not how long the credential was in use.
func TestDueAcrossAChangeOfClocks(t *testing.T) {
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	last := time.Date(2026, 10, 20, 9, 0, 0, 0, paris) // summer time
	s := catalog.Schedule{Every: 30 * day, Remind: []time.Duration{day}, Window: window(t, "Tue-Thu 09:00-16:00 Europe/Paris")}
	if got := s.Due(last).In(paris).Format("Mon 2006-01-02 15:04"); got != "Thu 2026-11-19 08:00" {
		t.Errorf("due %s", got)
	}
	from, to := s.Opening(last, last)
	if got := from.In(paris).Format("Mon 15:04") + to.In(paris).Format("-15:04"); got != "Wed 09:00-16:00" {
		t.Errorf("may begin %s", got)
	}
	late := time.Date(2026, 11, 20, 0, 0, 0, 0, paris) // a Friday
	if from, _ := s.Opening(last, late); from.In(paris).Format("Mon 2006-01-02") != "Tue 2026-11-24" {
		t.Errorf("when it is overdue it may begin %v", from)
	}
}

// TestScheduleProperties: time only ever makes it worse, reminders lie within
// the time in which it is due soon, and what opens is open until it closes.
func TestScheduleProperties(t *testing.T) {
	order := map[catalog.Standing]int{catalog.OK: 0, catalog.DueSoon: 1, catalog.Overdue: 2}
	rapid.Check(t, func(t *rapid.T) {
		every := time.Duration(rapid.Int64Range(2, 3660).Draw(t, "days")) * day
		s := catalog.Schedule{Every: every}
		for range rapid.IntRange(0, 3).Draw(t, "reminders") {
			s.Remind = append(s.Remind, time.Duration(rapid.Int64Range(1, int64(every)-1).Draw(t, "remind")))
		}
		s.Window = window(t, rapid.SampledFrom([]string{"Tue-Thu 09:00-16:00 Europe/Paris", "22:00-04:00 America/New_York", "Sun 02:00-03:00 Australia/Lord_Howe", "00:00-24:00 UTC"}).Draw(t, "window"))
		last := time.Unix(rapid.Int64Range(0, 1<<32).Draw(t, "last"), 0)
		a := last.Add(time.Duration(rapid.Int64Range(0, int64(2*every)).Draw(t, "a")))
		b := a.Add(time.Duration(rapid.Int64Range(0, int64(2*every)).Draw(t, "b")))
		if order[s.Standing(last, a)] > order[s.Standing(last, b)] {
			t.Fatalf("it is %s, and %s later", s.Standing(last, a), s.Standing(last, b))
		}
		if (s.Standing(last, a) == catalog.Overdue) != !a.Before(s.Due(last)) {
			t.Fatalf("%s at %v, due %v", s.Standing(last, a), a, s.Due(last))
		}
		for _, r := range s.Reminders(last) {
			if got := s.Standing(last, r); got != catalog.DueSoon || r.Before(last) {
				t.Fatalf("a reminder at %v, when it is %s", r, got)
			}
		}
		from, to := s.Opening(last, a)
		if from.Before(a) || !s.Window.Contains(from) || !to.IsZero() && (!to.After(from) || s.Window.Contains(to)) {
			t.Fatalf("opens %v to %v after %v", from, to, a)
		}
	})
}
