package schedule_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/catalog"
	"github.com/pawl-dev/pawl/history"
	"github.com/pawl-dev/pawl/schedule"
)

const day = 24 * time.Hour

type fataler interface{ Fatal(...any) }

func rule(t fataler, every time.Duration, window string, freezes ...catalog.Freeze) schedule.Rule {
	r := schedule.Rule{Schedule: catalog.Schedule{Every: every}, Freezes: freezes}
	if window != "" {
		w, err := catalog.ParseWindow(window)
		if err != nil {
			t.Fatal(err)
		}
		r.Window = w
	}
	return r
}

func at(t fataler, text string) time.Time {
	when, err := time.Parse("2006-01-02 15:04", text)
	if err != nil {
		t.Fatal(err)
	}
	return when
}

func freeze(t fataler, from, until string) catalog.Freeze {
	return catalog.Freeze{From: at(t, from), Until: at(t, until), Why: "holidays", Who: "platform"}
}

// TestMeant: 2026-11-24 is a Tuesday.
func TestMeant(t *testing.T) {
	const week = "Tue-Thu 09:00-16:00 UTC"
	for name, c := range map[string]struct {
		r        schedule.Rule
		last     string
		from, to string
	}{
		"a day before":             {rule(t, 90*day, ""), "2026-08-01 12:00", "2026-10-29 12:00", ""},
		"in the open window":       {rule(t, 90*day, week), "2026-08-27 10:00", "2026-11-24 10:00", "2026-11-24 16:00"}, // due Wed 10:00
		"the last window before":   {rule(t, 90*day, week), "2026-09-01 12:00", "2026-11-26 09:00", "2026-11-26 16:00"}, // due Mon
		"before a freeze":          {rule(t, 90*day, week, freeze(t, "2026-11-26 00:00", "2026-12-10 00:00")), "2026-09-01 12:00", "2026-11-25 09:00", "2026-11-25 16:00"},
		"cut off by a freeze":      {rule(t, 90*day, week, freeze(t, "2026-11-26 11:00", "2026-12-10 00:00")), "2026-09-01 12:00", "2026-11-26 09:00", "2026-11-26 11:00"},
		"after a freeze":           {rule(t, 90*day, week, freeze(t, "2026-10-01 00:00", "2026-12-10 00:00")), "2026-09-01 12:00", "2026-12-10 09:00", "2026-12-10 16:00"},
		"of somebody else":         {rule(t, 90*day, ""), "2026-08-01 12:00", "2026-10-29 12:00", ""},
		"two freezes in a row":     {rule(t, 90*day, "", freeze(t, "2026-09-01 00:00", "2026-11-10 00:00"), freeze(t, "2026-11-10 00:00", "2026-11-12 00:00")), "2026-08-01 12:00", "2026-11-12 00:00", ""},
		"not twice in one window":  {rule(t, day, week), "2026-11-24 09:10", "2026-11-25 09:00", "2026-11-25 16:00"},
		"a window too rare for it": {rule(t, day, "Tue 09:00-16:00 UTC"), "2026-11-24 09:10", "2026-12-01 09:00", "2026-12-01 16:00"},
		"on no schedule":           {rule(t, 0, ""), "2026-08-01 12:00", "", ""},
	} {
		from, to := c.r.Meant(at(t, c.last))
		show := func(t time.Time) string {
			if t.IsZero() {
				return ""
			}
			return t.UTC().Format("2006-01-02 15:04")
		}
		if show(from) != c.from || show(to) != c.to {
			t.Errorf("%s: %s to %s, want %s to %s", name, show(from), show(to), c.from, c.to)
		}
	}
}

// good is one that may be begun.
func good(t fataler, name, last string) schedule.Credential {
	return schedule.Credential{Name: name, Rule: rule(t, 90*day, ""), Mode: pawl.Automated, Last: at(t, last), Past: schedule.Past{Age: history.Fresh}}
}

func decide(c schedule.Credential, now time.Time, busy ...schedule.Busy) schedule.Entry {
	c.From, c.To = c.Rule.Meant(c.Last)
	return schedule.Decide([]schedule.Credential{c}, busy, nil, schedule.Limits{Spread: -1}, now)[0]
}

func TestDecide(t *testing.T) {
	now := at(t, "2026-11-24 10:00")
	with := func(f func(*schedule.Credential)) schedule.Credential {
		c := good(t, "key", "2026-08-01 12:00")
		f(&c)
		return c
	}
	for name, c := range map[string]struct {
		c    schedule.Credential
		busy []schedule.Busy
		do   schedule.Do
		why  string
		late bool
	}{
		"due":             {c: good(t, "key", "2026-08-27 10:00"), do: schedule.Begin},
		"not yet":         {c: good(t, "key", "2026-08-27 10:01"), do: schedule.Nothing},
		"overdue":         {c: good(t, "key", "2026-08-01 12:00"), do: schedule.Begin, late: true},
		"never":           {c: with(func(c *schedule.Credential) { c.Last = time.Time{} }), do: schedule.Person, why: "never rotated here"},
		"on no schedule":  {c: with(func(c *schedule.Credential) { c.Rule.Every = 0 }), do: schedule.Nothing},
		"open":            {c: with(func(c *schedule.Credential) { c.Open = "key/2" }), do: schedule.Running, late: true},
		"assisted":        {c: with(func(c *schedule.Credential) { c.Mode = pawl.OperatorAssisted }), do: schedule.Person, why: "operator-assisted", late: true},
		"stale":           {c: with(func(c *schedule.Credential) { c.Past.Age = history.Stale }), do: schedule.Person, why: "expired", late: true},
		"never shown":     {c: with(func(c *schedule.Credential) { c.Past.Age = history.Never }), do: schedule.Person, why: "nothing shows", late: true},
		"rolled back":     {c: with(func(c *schedule.Credential) { c.Past.Failed, c.Past.Back = 1, true }), do: schedule.Person, why: "rolled back", late: true},
		"failed thrice":   {c: with(func(c *schedule.Credential) { c.Past.Failed = 3 }), do: schedule.Person, why: "failed 3 times", late: true},
		"failed just now": {c: with(func(c *schedule.Credential) { c.Past.Failed, c.Past.Ended = 1, now.Add(-time.Minute) }), do: schedule.Hold, why: "failed", late: true},
		"failed an hour":  {c: with(func(c *schedule.Credential) { c.Past.Failed, c.Past.Ended = 1, now.Add(-time.Hour) }), do: schedule.Begin, late: true},
		"failed twice":    {c: with(func(c *schedule.Credential) { c.Past.Failed, c.Past.Ended = 2, now.Add(-3*time.Hour) }), do: schedule.Hold, why: "failed", late: true},
		"could not begin": {c: with(func(c *schedule.Credential) { c.Past.Kept, c.Past.Until = "no token", now.Add(time.Minute) }), do: schedule.Hold, why: "no token", late: true},
		"could once":      {c: with(func(c *schedule.Credential) { c.Past.Kept, c.Past.Until = "no token", now }), do: schedule.Begin, late: true},
		"closed":          {c: with(func(c *schedule.Credential) { c.Rule = rule(t, 90*day, "Wed 09:00-16:00 UTC") }), do: schedule.Hold, why: "window (Wed", late: true},
		"frozen": {c: with(func(c *schedule.Credential) {
			c.Rule = rule(t, 90*day, "", freeze(t, "2026-11-24 09:00", "2026-11-25 09:00"))
		}), do: schedule.Hold, why: "holidays (platform)", late: true},
		"frozen for long": {c: with(func(c *schedule.Credential) {
			c.Rule = rule(t, 90*day, "", freeze(t, "2026-01-01 09:00", "2099-11-25 09:00"))
		}), do: schedule.Hold, why: "holidays (platform)", late: true},
		"overlapping":      {c: with(func(c *schedule.Credential) { c.Shares = []string{"app", "b"} }), busy: []schedule.Busy{{"other/3", []string{"a", "b"}}}, do: schedule.Hold, why: "other/3", late: true},
		"beside":           {c: with(func(c *schedule.Credential) { c.Shares = []string{"app"} }), busy: []schedule.Busy{{"other/3", []string{"a", "b"}}}, do: schedule.Begin, late: true},
		"assisted, early":  {c: with(func(c *schedule.Credential) { c.Last, c.Mode = at(t, "2026-09-20 12:00"), pawl.ByHand }), do: schedule.Nothing},
		"assisted, a week": {c: with(func(c *schedule.Credential) { c.Last, c.Mode = at(t, "2026-09-02 12:00"), pawl.ByHand }), do: schedule.Person, why: "manual"},
	} {
		e := decide(c.c, now, c.busy...)
		if e.Do != c.do || e.Overdue != c.late || !strings.Contains(e.Why, c.why) || (e.Why == "") != (c.why == "") {
			t.Errorf("%s: %+v", name, e)
		}
		if e.Do == schedule.Hold && !e.Until.IsZero() && !e.Until.After(now) {
			t.Errorf("%s: held until %s, which is over", name, e.Until)
		}
	}
}

// TestNoHerd: after a month in which nothing ran, everything is caught up, the
// longest overdue first and no more than so many in any hour, and never two at
// once that touch one place.
func TestNoHerd(t *testing.T) {
	now := at(t, "2026-11-24 10:00")
	var all []schedule.Credential
	for i := range 40 {
		c := good(t, fmt.Sprintf("key-%02d", i), "2026-08-01 12:00")
		c.Last = c.Last.Add(time.Duration(i) * time.Hour)
		c.From, c.To = c.Rule.Meant(c.Last)
		c.Shares = []string{fmt.Sprint("app-", i%25)}
		all = append(all, c)
	}
	var begun []time.Time
	var order []string
	for range 7 * 60 {
		var busy []schedule.Busy // each is over within a minute
		for _, e := range schedule.Decide(all, busy, begun, schedule.Limits{PerHour: 6}, now) {
			if e.Do != schedule.Begin {
				continue
			}
			begun, order = append(begun, now), append(order, e.Credential)
			all = slices.DeleteFunc(all, func(c schedule.Credential) bool { return c.Name == e.Credential })
		}
		now = now.Add(time.Minute)
	}
	if len(all) != 0 || !slices.IsSorted(order) {
		t.Errorf("%d are left, in the order %v", len(all), order)
	}
	for i := 6; i < len(begun); i++ {
		if begun[i].Sub(begun[i-6]) < time.Hour {
			t.Errorf("seven within %s", begun[i].Sub(begun[i-6]))
		}
	}
}

// TestNeverTogether: whatever touches what, nothing that is begun by one
// decision shares anything with another of it or with what is under way.
func TestNeverTogether(t *testing.T) {
	now := at(t, "2026-11-24 10:00")
	rapid.Check(t, func(t *rapid.T) {
		shares := rapid.SliceOfDistinct(rapid.SampledFrom([]string{"a", "b", "c", "d", "e"}), rapid.ID)
		var all []schedule.Credential
		for i := range rapid.IntRange(1, 12).Draw(t, "credentials") {
			c := good(t, fmt.Sprint("key-", i), "2026-08-01 12:00")
			c.Shares = shares.Draw(t, "shares")
			c.From, c.To = c.Rule.Meant(c.Last)
			all = append(all, c)
		}
		busy := []schedule.Busy{{"other/1", shares.Draw(t, "busy")}}
		taken := map[string]bool{}
		for _, s := range busy[0].Shares {
			taken[s] = true
		}
		for _, e := range schedule.Decide(all, busy, nil, schedule.Limits{}, now) {
			i := slices.IndexFunc(all, func(c schedule.Credential) bool { return c.Name == e.Credential })
			for _, s := range all[i].Shares {
				if e.Do == schedule.Begin && taken[s] {
					t.Fatalf("%s is begun beside another one that touches %s", e.Credential, s)
				}
				taken[s] = taken[s] || e.Do == schedule.Begin
			}
		}
	})
}

// TestMeantHolds: it is meant to begin while that is allowed, after half of its
// time at the earliest, and before it is due unless nothing was open then.
func TestMeantHolds(t *testing.T) {
	windows := []string{"", "Tue-Thu 09:00-16:00 Europe/Paris", "Sun 22:00-04:00 America/New_York", "00:00-24:00 UTC", "Mon 09:00-09:05 Asia/Tokyo"}
	rapid.Check(t, func(t *rapid.T) {
		last := time.Unix(rapid.Int64Range(1_700_000_000, 1_900_000_000).Draw(t, "last"), 0).UTC()
		r := rule(t, time.Duration(rapid.IntRange(1, 200).Draw(t, "days"))*day, rapid.SampledFrom(windows).Draw(t, "window"))
		for range rapid.IntRange(0, 3).Draw(t, "freezes") {
			from := last.Add(time.Duration(rapid.IntRange(0, 250*24).Draw(t, "from")) * time.Hour)
			r.Freezes = append(r.Freezes, catalog.Freeze{From: from, Until: from.Add(time.Duration(rapid.IntRange(1, 40*24).Draw(t, "long")) * time.Hour)})
		}
		from, to := r.Meant(last)
		begins := schedule.Moved("key", from, to, schedule.Spread)
		switch {
		case !r.Open(from) || !r.Open(begins):
			t.Fatalf("begins at %s or %s, when it may not", from, begins)
		case begins.Before(from) || !to.IsZero() && !begins.Before(to):
			t.Fatalf("moved to %s out of %s to %s", begins, from, to)
		case from.Before(last.Add(r.Every / 2)):
			t.Fatalf("begins at %s, long before it is due", from)
		case from.After(r.Due(last).Add(-r.Margin())) && !r.Next(r.Due(last).Add(-r.Margin())).Equal(from):
			t.Fatalf("begins at %s, and could before", from)
		}
		if again, _ := r.Meant(last); !again.Equal(from) {
			t.Fatal("two answers to one question")
		}
	})
}

// TestMovedSpreads: what has one window does not begin at one time, and each
// begins when it did the last time it was asked.
func TestMovedSpreads(t *testing.T) {
	from := at(t, "2026-11-24 09:00")
	var early int
	seen := map[time.Time]bool{}
	for i := range 200 {
		m := schedule.Moved(fmt.Sprint("key-", i), from, from.Add(7*time.Hour), time.Hour)
		if m.Sub(from) < 30*time.Minute {
			early++
		}
		seen[m] = true
	}
	if early < 70 || early > 130 || len(seen) < 150 {
		t.Errorf("%d of 200 in the first half, %d different moments", early, len(seen))
	}
}
