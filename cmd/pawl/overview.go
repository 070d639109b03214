package main

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/audit"
	"github.com/pawl-dev/pawl/catalog"
	"github.com/pawl-dev/pawl/history"
	"github.com/pawl-dev/pawl/journal"
	"github.com/pawl-dev/pawl/wording"
)

// An overview is the catalog beside what the journal has of it. The journal is
// only read, and not at all where nothing was rotated yet.
type overview struct {
	cat  *catalog.Catalog
	j    journal.Journal // nil: nothing was rotated here yet
	now  time.Time
	past map[string]past
}

// past is what the list of rotations says of one credential.
type past struct {
	latest *journal.Run
	done   *journal.Run // the newest completed one; nil if there is none
	back   bool         // one that was rolled back is newer than that, and may be a rehearsal
}

// A standing is how one credential stands.
type standing struct {
	cred    *catalog.Credential
	last    time.Time // when it was last completed; zero: never
	due     time.Time
	state   catalog.Standing
	open    *pawl.RotationID
	overdue bool
	mode    audit.Method
}

// wanted reports whether somebody should see to it: it is overdue, due soon, or
// on a schedule and was never rotated here, so that nobody knows.
func (s standing) wanted() bool {
	return s.overdue || s.state == catalog.DueSoon || s.unknown()
}

func (s standing) unknown() bool { return s.state == catalog.Never && s.cred.Schedule.Every > 0 }

const rotating catalog.Standing = "rotating"

func (a *app) overview(ctx context.Context) (*overview, error) {
	cat, err := a.loadCatalog()
	if err != nil {
		return nil, err
	}
	return a.overviewOf(ctx, cat)
}

func (a *app) overviewOf(ctx context.Context, cat *catalog.Catalog) (o *overview, err error) {
	o = &overview{cat: cat, now: time.Now(), past: map[string]past{}}
	if o.j, err = a.readState(ctx); err != nil || o.j == nil {
		return o, err
	}
	runs, err := o.j.List(ctx, false)
	if err != nil {
		o.Close()
		return nil, err
	}
	for i := range runs { // oldest first
		r := &runs[i]
		p := o.past[r.ID.Credential]
		p.latest = r
		switch r.Outcome {
		case pawl.Completed:
			p.done, p.back = r, false
		case pawl.RolledBack:
			p.back = true
		}
		o.past[r.ID.Credential] = p
	}
	return o, nil
}

func (o *overview) Close() error {
	if o.j == nil {
		return nil
	}
	return o.j.Close()
}

func (o *overview) standing(name string) (standing, error) {
	cred, err := o.cat.Credential(name)
	if err != nil {
		return standing{}, err
	}
	s := standing{cred: cred, mode: audit.Method(cred.Mode())}
	p, known := o.past[name]
	if known && p.done != nil {
		s.last = p.done.Updated
	}
	s.due, s.state = cred.Schedule.Due(s.last), cred.Schedule.Standing(s.last, o.now)
	s.overdue = s.state == catalog.Overdue
	if known && p.latest.Outcome == "" {
		s.state, s.open = rotating, &p.latest.ID
	}
	return s, nil
}

// all returns the credentials that are wanted, the one that is due first first;
// those of which that is not known come last.
func (o *overview) all(wanted func(*standing) bool) ([]*standing, error) {
	var all []*standing
	for _, name := range o.cat.Names() {
		s, err := o.standing(name)
		if err != nil {
			return nil, err
		}
		if wanted(&s) {
			all = append(all, &s)
		}
	}
	slices.SortFunc(all, func(x, y *standing) int {
		switch {
		case x.due.IsZero() != y.due.IsZero():
			if x.due.IsZero() {
				return 1
			}
			return -1
		case !x.due.Equal(y.due):
			return x.due.Compare(y.due)
		}
		return cmp.Compare(x.cred.Name, y.cred.Name)
	})
	return all, nil
}

// validation is when the runbook was last shown to work. Only where a rehearsal
// may be newer than the last completed rotation are events read.
func (o *overview) validation(ctx context.Context, s standing) (history.Validation, error) {
	p := o.past[s.cred.Name]
	if p.back {
		return lastValidated(ctx, o.j, s.cred.Name)
	}
	if s.last.IsZero() {
		return history.Validation{Method: history.ReadOnly}, nil
	}
	return history.Validation{Method: history.RealRun, At: s.last, Run: history.Run{ID: p.done.ID}}, nil
}

// historyOf reads the newest rotations of a credential.
func historyOf(ctx context.Context, j journal.Journal, name string) (history.History, error) {
	if j == nil {
		return history.History{}, nil
	}
	runs, err := j.Recent(ctx, name, history.Enough)
	return history.Of(runs), err
}

// validWord is how a validation stands, for tables.
func (o *overview) validWord(v history.Validation, cred *catalog.Credential) string {
	switch v.Age(cred.StaleAfter, o.now) {
	case history.Never:
		return "never"
	case history.Stale:
		return "stale, " + wording.Ago(o.now.Sub(v.At))
	}
	return wording.Ago(o.now.Sub(v.At))
}
