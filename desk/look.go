package desk

import (
	"context"
	"slices"
	"strings"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/api"
	"github.com/pawl-dev/pawl/rotation"
)

// A Query narrows and pages a list.
type Query struct {
	After string // the cursor that the last page ended with
	Limit int    // 0: 50
	Text  string // a part of a name, a title or an owner
	State api.State
	Open  bool // rotations: only those that are not finished
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
	runs, err := d.cfg.Journal.List(ctx, q.Open)
	if err != nil {
		return page, err
	}
	slices.Reverse(runs)
	from := 0
	if q.After != "" {
		from = len(runs)
		for i, run := range runs {
			if run.ID.String() == q.After {
				from = i + 1
			}
		}
	}
	for _, run := range runs[from:] {
		if q.Text != "" && !strings.Contains(run.ID.Credential, q.Text) {
			continue
		}
		if len(page.Items) == q.limit() {
			page.Next = page.Items[len(page.Items)-1].ID
			break
		}
		full, s, err := d.load(ctx, run.ID)
		if err != nil {
			return page, err
		}
		page.Items = append(page.Items, summary(full, s, d.now()))
	}
	return page, nil
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
	return whole(run, s, who, d.now()), nil
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

func person(w api.Wait) bool {
	switch rotation.On(w.On) {
	case rotation.OnPerson, rotation.OnApproval, rotation.OnRevoke, rotation.OnVendor, rotation.OnHelp, rotation.OnPause:
		return true
	}
	return false
}

// MaySee reports why somebody may not see what happens, or nil.
func (d *Desk) MaySee(ctx context.Context, who access.Subject) error {
	return d.allow(ctx, who, access.Request{Action: access.See}, "")
}
