package desk

import (
	"context"
	"slices"
	"sync"
	"time"

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
	if err := d.allow(ctx, who, access.Request{Action: access.See}, ""); err != nil {
		return api.Calendar{}, err
	}
	f, err := d.facts(ctx, d.recall)
	if err != nil {
		return api.Calendar{}, err
	}
	c := api.Calendar{Now: f.now, Items: []api.Coming{}, Freezes: []api.Freeze{}, Scheduled: d.scheduling.Load()}
	for _, e := range f.decide(d.cfg.Limits) {
		if k := f.known[e.Credential]; k.Schedule.Every > 0 {
			c.Items = append(c.Items, k.coming(e))
		}
	}
	for _, z := range f.freezes {
		c.Freezes = append(c.Freezes, api.Freeze{From: z.From, Until: z.Until, Why: z.Why, Who: z.Who, Credentials: z.Credentials})
	}
	return c, nil
}

// Tasks are what is due and begins only if somebody begins it.
func (d *Desk) Tasks(ctx context.Context, who access.Subject) ([]api.Coming, error) {
	c, err := d.Calendar(ctx, who)
	return slices.DeleteFunc(c.Items, func(i api.Coming) bool { return i.Do != string(schedule.Person) }), err
}

// facts are what is known of all credentials at one time.
type facts struct {
	now     time.Time
	freezes []catalog.Freeze
	all     []schedule.Credential
	known   map[string]known
	busy    []schedule.Busy
	begun   []time.Time
}

type known struct {
	*catalog.Credential
	last time.Time
	open string
}

// A reading reads the past of a credential.
type reading func(context.Context, *catalog.Credential, time.Time) (schedule.Past, error)

func (f *facts) decide(l schedule.Limits) []schedule.Entry {
	return schedule.Decide(f.all, f.busy, f.begun, l, f.now)
}

// facts asks the book how all stand, and reads with past the rotations of those
// credentials only that are due soon.
func (d *Desk) facts(ctx context.Context, past reading) (*facts, error) {
	last, open, err := d.book.standing(ctx)
	if err != nil {
		return nil, err
	}
	cat := d.cfg.Catalog()
	f := &facts{now: d.now(), freezes: cat.Freezes(), known: map[string]known{}}
	if f.begun, err = d.begun(ctx, f.now.Add(-time.Hour)); err != nil {
		return nil, err
	}
	for _, name := range cat.Names() {
		cred, err := cat.Credential(name)
		if err != nil {
			continue // it was in the catalog a moment ago
		}
		c := d.meant.of(cred, last[name], f.freezes)
		if id, ok := open[name]; ok {
			c.Open = id.String()
		}
		f.known[name] = known{cred, last[name], c.Open}
		if c.Open != "" {
			f.busy = append(f.busy, schedule.Busy{Rotation: c.Open, Shares: c.Shares})
		} else if c.Soon(f.now) {
			if c.Past, err = past(ctx, cred, f.now); err != nil {
				return nil, err
			}
			if r, ok := d.kept.Load(name); ok {
				c.Past.Kept, c.Past.Until = r.(refusal).why, r.(refusal).until
			}
		}
		f.all = append(f.all, c)
	}
	return f, nil
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
func (d *Desk) past(ctx context.Context, cred *catalog.Credential, now time.Time) (schedule.Past, error) {
	const few = schedule.MostFailures + 2
	for most := few; ; most = history.Enough {
		runs, err := d.cfg.Journal.Recent(ctx, cred.Name, most)
		if err != nil {
			return schedule.Past{}, err
		}
		if h := history.Of(runs); most == history.Enough || len(runs) < most || h.Validated().Method != history.ReadOnly {
			return schedule.PastOf(h, cred.StaleAfter, now), nil
		}
	}
}

// pastFor is how long what was read of a credential's past serves whoever only
// looks. Who begins something reads it anew.
const pastFor = time.Minute

// recall is [Desk.past], as it was a moment ago.
func (d *Desk) recall(ctx context.Context, cred *catalog.Credential, now time.Time) (schedule.Past, error) {
	d.meant.mu.Lock()
	m := d.meant.all[cred.Name]
	d.meant.mu.Unlock()
	if age := now.Sub(m.read); m.of == cred && age >= 0 && age < pastFor {
		return m.Past, nil
	}
	p, err := d.past(ctx, cred, now)
	if err == nil {
		d.meant.remember(cred, p, now)
	}
	return p, err
}

// meant keeps what the clock does not change of credentials, for as long as the
// catalog and their last rotation stay the same.
type meant struct {
	mu  sync.Mutex
	all map[string]meaning
}

type meaning struct {
	of *catalog.Credential
	schedule.Credential
	read time.Time // when Past was
}

func (m *meant) remember(cred *catalog.Credential, p schedule.Past, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if there, ok := m.all[cred.Name]; ok && there.of == cred {
		there.Past, there.read = p, now
		m.all[cred.Name] = there
	}
}

func (m *meant) of(cred *catalog.Credential, last time.Time, freezes []catalog.Freeze) schedule.Credential {
	m.mu.Lock()
	defer m.mu.Unlock()
	if there, ok := m.all[cred.Name]; ok && there.of == cred && there.Last.Equal(last) {
		return there.Credential
	}
	c := schedule.Credential{Name: cred.Name, Rule: schedule.Rule{Schedule: cred.Schedule}, Mode: cred.Mode(), Last: last, Shares: cred.Shares()}
	for _, z := range freezes {
		if z.Holds(cred.Name) {
			c.Rule.Freezes = append(c.Rule.Freezes, z)
		}
	}
	c.From, c.To = c.Rule.Meant(last)
	if m.all == nil {
		m.all = map[string]meaning{}
	}
	m.all[cred.Name] = meaning{of: cred, Credential: c}
	return c
}

func (k known) coming(e schedule.Entry) api.Coming {
	c := api.Coming{Credential: k.Name, Title: k.Title, Owner: k.Owner, Mode: string(k.Mode()), Due: stamp(e.Due), Overdue: e.Overdue,
		Do: string(e.Do), Why: e.Why, Begins: stamp(e.From), Ends: stamp(e.To), Until: stamp(e.Until), Window: k.Schedule.Window.String(), Open: k.open}
	for _, r := range k.Schedule.Reminders(k.last) {
		c.Remind = append(c.Remind, r.UTC())
	}
	if e.Do == schedule.Person {
		c.Next = "pawl rotate " + k.Name
	}
	return c
}
