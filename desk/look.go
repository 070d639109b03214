package desk

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/api"
	"github.com/pawl-dev/pawl/journal"
	"github.com/pawl-dev/pawl/rotation"
)

// A Query narrows and pages a list.
type Query struct {
	After string // the cursor that the last page ended with
	Limit int    // 0: 50
	Text  string // a part of a name, a title or an owner
	State api.State
	Open  bool // rotations: only those that are not finished
	// Credential: rotations of this one only
	Credential string

	DueFrom, DueTo time.Time // credentials: only those that are due then; zero: whenever
}

// due reports whether a credential is due when it is asked for.
func (q Query) due(at int64) bool {
	return q.DueTo.IsZero() || at >= q.DueFrom.UnixNano() && at < q.DueTo.UnixNano()
}

const mostItems = 200

func (q Query) limit() int {
	if q.Limit <= 0 {
		return 50
	}
	return min(q.Limit, mostItems)
}

// Rotations lists rotations, the newest first.
func (d *Desk) Rotations(ctx context.Context, who access.Subject, q Query) (api.Page[api.Rotation], error) {
	page := api.Page[api.Rotation]{Items: []api.Rotation{}}
	if err := d.allow(ctx, who, access.Request{Action: access.See}, ""); err != nil {
		return page, err
	}
	which := journal.Which{Text: q.Text, Open: q.Open, Credential: q.Credential, Most: q.limit() + 1}
	if q.After != "" && which.Before.UnmarshalText([]byte(q.After)) != nil {
		return page, fault(pawl.Invalid, "leave it out to begin", "after is not what a page ended with")
	}
	runs, err := d.cfg.Journal.Runs(ctx, which)
	if err != nil {
		return page, err
	}
	if len(runs) > q.limit() {
		runs = runs[:q.limit()]
		page.Next = runs[len(runs)-1].ID.String()
	}
	page.Items, err = d.summaries(ctx, runs)
	return page, err
}

// summaries are what a list shows of rotations. What has to be read for it is
// read a few at a time.
func (d *Desk) summaries(ctx context.Context, runs []journal.Run) ([]api.Rotation, error) {
	const atOnce = 4
	items, errs := make([]api.Rotation, len(runs)), make([]error, len(runs))
	var all sync.WaitGroup
	for part := range atOnce {
		all.Go(func() {
			for i := part; i < len(runs); i += atOnce {
				items[i], errs[i] = d.book.short(runs[i], func() (api.Rotation, error) {
					full, s, err := d.load(ctx, runs[i].ID)
					if err != nil {
						return api.Rotation{}, err
					}
					return summary(full, s, d.now()), nil
				})
			}
		})
	}
	all.Wait()
	return items, errors.Join(errs...)
}

// Unfinished are the revisions of the unfinished rotations: what has changed
// since somebody looked, without looking at each.
func (d *Desk) Unfinished(ctx context.Context, who access.Subject) (map[pawl.RotationID]int64, error) {
	if err := d.allow(ctx, who, access.Request{Action: access.See}, ""); err != nil {
		return nil, err
	}
	runs, err := d.cfg.Journal.List(ctx, true)
	if err != nil {
		return nil, err
	}
	all := make(map[pawl.RotationID]int64, len(runs))
	for _, run := range runs {
		all[run.ID] = run.Revision
	}
	return all, nil
}

// Rotation returns one rotation with its places and what may be asked of it.
func (d *Desk) Rotation(ctx context.Context, who access.Subject, id pawl.RotationID) (api.Rotation, error) {
	if err := d.allow(ctx, who, access.Request{Action: access.See}, id.Credential); err != nil {
		return api.Rotation{}, err
	}
	run, s, err := d.load(ctx, id)
	if err != nil {
		return api.Rotation{}, err
	}
	r := whole(run, s, who, d.now())
	if now, ok := d.pool.glimpse(run); ok {
		r.Phase, r.Waits = string(now.phase), waits(now.waits)
	}
	return r, nil
}

// Lines returns the events of a rotation from one number on.
func (d *Desk) Lines(ctx context.Context, who access.Subject, id pawl.RotationID, after int) ([]api.Line, error) {
	if err := d.allow(ctx, who, access.Request{Action: access.See}, id.Credential); err != nil {
		return nil, err
	}
	run, err := d.cfg.Journal.Load(ctx, id)
	if err != nil {
		return nil, err
	}
	lines := []api.Line{}
	for i := max(0, after); i < len(run.Events); i++ {
		lines = append(lines, api.Line{Rotation: id.String(), Number: i + 1, Event: run.Events[i]})
	}
	return lines, nil
}

// Waiting lists the open rotations that wait for a person, and for whom.
func (d *Desk) Waiting(ctx context.Context, who access.Subject) ([]api.Rotation, error) {
	page, err := d.Rotations(ctx, who, Query{Open: true, Limit: mostItems})
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(page.Items, func(r api.Rotation) bool { return !slices.ContainsFunc(r.Waits, person) }), nil
}

func person(w api.Wait) bool { return forPerson(rotation.On(w.On)) }

func forPerson(on rotation.On) bool {
	switch on {
	case rotation.OnPerson, rotation.OnApproval, rotation.OnRevoke, rotation.OnVendor, rotation.OnHelp, rotation.OnPause:
		return true
	}
	return false
}

// MaySee reports why somebody may not see what happens, or nil.
func (d *Desk) MaySee(ctx context.Context, who access.Subject) error {
	return d.allow(ctx, who, access.Request{Action: access.See}, "")
}
