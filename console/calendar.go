package console

import (
	"cmp"
	"net/http"
	"slices"
	"time"

	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/api"
)

// calendarPage is a month, a week a row.
type calendarPage struct {
	Month      time.Time
	Prev, Next string
	Weeks      [][]day
	Empty      bool
	Scheduled  *time.Time // when the scheduler last looked
	Freezes    []api.Freeze
	Tasks      []api.Coming // what is due and begins only if somebody begins it
}

type day struct {
	Date         time.Time
	In           bool // of the month
	Today        bool
	Frozen       string // why nothing begins by itself then
	Dates        []dated
	More         int
	Number, Long string
}

// dated is something that is on a day.
type dated struct {
	Credential string
	At         time.Time
	Badge      badge
}

var (
	dueThen      = badge{"clock", "due", "warn"}
	overdueSince = badge{"alert", "overdue since", "bad"}
	reminded     = badge{"hand", "reminder", "idle"}
	mayBegin     = badge{"run", "may begin", "busy"}
)

// mostInDay is how many entries a day shows; how many more there are, is said.
const mostInDay = 6

func (c *Console) calendar(r *http.Request, who access.Subject) (*view, error) {
	month, err := monthOf(r, c.clock())
	if err != nil {
		return nil, err
	}
	from := month.AddDate(0, 0, -(int(month.Weekday())+6)%7) // weeks begin on Mondays
	to := from
	for to.Before(month.AddDate(0, 1, 0)) {
		to = to.AddDate(0, 0, 7)
	}
	cal, err := c.cfg.Desk.CalendarBetween(r.Context(), who, from, to)
	if err != nil {
		return nil, err
	}
	p := calendarPage{Month: month, Prev: monthPath(month.AddDate(0, -1, 0)), Next: monthPath(month.AddDate(0, 1, 0)), Scheduled: cal.Scheduled}
	dates := datesOf(cal, from, to)
	p.Empty = len(dates) == 0
	for at := from; at.Before(to); at = at.AddDate(0, 0, 7) {
		var week []day
		for i := range 7 {
			week = append(week, dayOf(at.AddDate(0, 0, i), month, c.clock(), &dates, cal.Freezes))
		}
		p.Weeks = append(p.Weeks, week)
	}
	p.Freezes = slices.DeleteFunc(cal.Freezes, func(z api.Freeze) bool { return !z.From.Before(to) || !z.Until.After(from) })
	for _, i := range cal.Items {
		if i.Do == "person" && len(p.Tasks) < shown {
			p.Tasks = append(p.Tasks, i)
		}
	}
	return &view{name: "calendar", title: "Calendar", live: "all", data: p}, nil
}

func monthOf(r *http.Request, now time.Time) (time.Time, error) {
	text := r.URL.Query().Get("month")
	if text == "" {
		return time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC), nil
	}
	t, err := time.Parse("2006-01", text)
	if err != nil || t.Year() < 2000 || t.Year() > 2200 {
		return t, invalid("month: want one as 2026-11")
	}
	return t, nil
}

func monthPath(month time.Time) string { return "/calendar?month=" + month.Format("2006-01") }

// datesOf are the dates of a calendar from a time on and before another, in
// order.
func datesOf(cal api.Calendar, from, to time.Time) (all []dated) {
	add := func(credential string, at *time.Time, b badge) {
		if at != nil && !at.Before(from) && at.Before(to) {
			all = append(all, dated{credential, at.UTC(), b})
		}
	}
	for _, i := range cal.Items {
		due := dueThen
		if i.Overdue {
			due = overdueSince
		}
		add(i.Credential, i.Due, due)
		for _, at := range i.Remind {
			add(i.Credential, &at, reminded)
		}
		if i.Open == "" && i.Begins != nil && i.Begins.After(cal.Now) {
			add(i.Credential, i.Begins, mayBegin)
		}
	}
	slices.SortStableFunc(all, func(a, b dated) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Credential, b.Credential)) })
	return all
}

// dayOf takes the dates of one day off the front of all, which are in order.
func dayOf(at, month, now time.Time, dates *[]dated, freezes []api.Freeze) day {
	end := at.AddDate(0, 0, 1)
	d := day{Date: at, In: at.Month() == month.Month(), Today: !now.Before(at) && now.Before(end), Number: at.Format("2"), Long: at.Format("Monday 2 January")}
	for len(*dates) > 0 && (*dates)[0].At.Before(end) {
		if len(d.Dates) < mostInDay {
			d.Dates = append(d.Dates, (*dates)[0])
		} else {
			d.More++
		}
		*dates = (*dates)[1:]
	}
	for _, z := range freezes {
		if z.From.Before(end) && z.Until.After(at) {
			d.Frozen = z.Why
		}
	}
	return d
}
