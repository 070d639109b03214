package desk

import (
	"context"
	"slices"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/api"
	"github.com/pawl-dev/pawl/catalog"
	"github.com/pawl-dev/pawl/history"
	"github.com/pawl-dev/pawl/journal"
	"github.com/pawl-dev/pawl/schedule"
)

// Calendar says what is coming: when each credential is due, when its rotation
// begins by itself or why it does not, and what holds everything.
func (d *Desk) Calendar(ctx context.Context, who access.Subject) (api.Calendar, error) {
	return d.calendar(ctx, who, always)
}

// CalendarBetween is [Desk.Calendar] without the items that have no date from a
// time on and before another, unless they wait for a person.
func (d *Desk) CalendarBetween(ctx context.Context, who access.Subject, from, to time.Time) (api.Calendar, error) {
	return d.calendar(ctx, who, span{from, to})
}

func (d *Desk) calendar(ctx context.Context, who access.Subject, in span) (api.Calendar, error) {
	if err := d.allow(ctx, who, access.Request{Action: access.See}, ""); err != nil {
		return api.Calendar{}, err
	}
	f, err := d.facts(ctx, d.recall, in)
	if err != nil {
		return api.Calendar{}, err
	}
	c := api.Calendar{Now: f.now, Items: make([]api.Coming, 0, len(f.all)), Freezes: []api.Freeze{}, Scheduled: d.scheduling.Load()}
	for _, e := range f.decide(d.cfg.Limits) {
		l := f.leaves[e.Credential]
		if l.cred.Schedule.Every > 0 && (e.Do == schedule.Person || l.in(in)) {
			c.Items = append(c.Items, l.coming(e, f.open))
		}
	}
	for _, z := range f.freezes {
		c.Freezes = append(c.Freezes, api.Freeze{From: z.From, Until: z.Until, Why: z.Why, Who: z.Who, Credentials: z.Credentials})
	}
	return c, nil
}

// Tasks are what is due and begins only if somebody begins it.
func (d *Desk) Tasks(ctx context.Context, who access.Subject) ([]api.Coming, error) {
	c, err := d.calendar(ctx, who, never)
	return slices.DeleteFunc(c.Items, func(i api.Coming) bool { return i.Do != string(schedule.Person) }), err
}

// facts are what is known of credentials at one time.
type facts struct {
	*almanac
	now     time.Time
	freezes []catalog.Freeze
	open    map[string]pawl.RotationID
	all     []schedule.Credential
	busy    []schedule.Busy
	begun   []time.Time
}

// A reading reads the past of a credential.
type reading func(context.Context, *leaf, time.Time) (schedule.Past, error)

func (f *facts) decide(l schedule.Limits) []schedule.Entry {
	return schedule.Decide(f.all, f.busy, f.begun, l, f.now)
}

// facts asks the book how all stand, and reads with past the rotations of those
// credentials only that are due soon. What has no date in a span is left out if
// nothing is to be done about it, so that it makes no difference to the others.
func (d *Desk) facts(ctx context.Context, past reading, in span) (*facts, error) {
	a, open, err := d.leafThrough(ctx)
	if err != nil {
		return nil, err
	}
	f := &facts{almanac: a, now: d.now(), freezes: a.cat.Freezes(), open: open}
	if f.begun, err = d.begun(ctx, f.now.Add(-time.Hour)); err != nil {
		return nil, err
	}
	for _, l := range a.all {
		id, running := open[l.Name]
		soon := !running && l.Soon(f.now)
		if running {
			f.busy = append(f.busy, schedule.Busy{Rotation: id.String(), Shares: l.Shares})
		}
		if !soon && !l.Last.IsZero() && !l.in(in) {
			continue
		}
		c := l.Credential
		if running {
			c.Open = id.String()
		}
		if soon {
			if c.Past, err = d.pastOf(ctx, l, past, f.now); err != nil {
				return nil, err
			}
		}
		f.all = append(f.all, c)
	}
	return f, nil
}

// pastOf is the past of a credential, with why it could not even be begun.
func (d *Desk) pastOf(ctx context.Context, l *leaf, read reading, now time.Time) (schedule.Past, error) {
	p, err := read(ctx, l, now)
	if r, ok := d.kept.Load(l.Name); ok {
		p.Kept, p.Until = r.(refusal).why, r.(refusal).until
	}
	return p, err
}

// begun is when the rotations that were begun after a time were.
func (d *Desk) begun(ctx context.Context, after time.Time) (at []time.Time, err error) {
	which := journal.Which{Most: 64}
	for {
		runs, err := d.cfg.Journal.Runs(ctx, which)
		if err != nil {
			return nil, err
		}
		for _, run := range runs {
			if !run.Created.After(after) {
				return at, nil
			}
			at = append(at, run.Created)
		}
		if len(runs) < which.Most {
			return at, nil
		}
		which.Before = runs[len(runs)-1].ID
	}
}

// past reads the newest rotations of a credential, and more only if nothing
// among them shows that it works.
func (d *Desk) past(ctx context.Context, l *leaf, now time.Time) (schedule.Past, error) {
	const few = schedule.MostFailures + 2
	for most := few; ; most = history.Enough {
		runs, err := d.cfg.Journal.Recent(ctx, l.Name, most)
		if err != nil {
			return schedule.Past{}, err
		}
		if h := history.Of(runs); most == history.Enough || len(runs) < most || h.Validated().Method != history.ReadOnly {
			return schedule.PastOf(h, l.cred.StaleAfter, now), nil
		}
	}
}

// pastFor is how long what was read of a credential's past serves whoever only
// looks. Who begins something reads it anew.
const pastFor = time.Minute

// recall is [Desk.past], as it was a moment ago.
func (d *Desk) recall(ctx context.Context, l *leaf, now time.Time) (schedule.Past, error) {
	if r := l.recalled.Load(); r != nil {
		if age := now.Sub(r.at); age >= 0 && age < pastFor {
			return r.past, nil
		}
	}
	p, err := d.past(ctx, l, now)
	if err == nil {
		l.recalled.Store(&recollection{p, now})
	}
	return p, err
}
