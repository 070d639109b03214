package console

import (
	"net/http"
	"time"

	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/api"
	"github.com/pawl-dev/pawl/desk"
)

// nowPage is what somebody looks at first: what needs a person, what runs, what
// is late, and what comes next.
type nowPage struct {
	Counts  api.Counts
	Waiting []waiting
	Running []api.Rotation
	Overdue []api.Credential
	Soon    []api.Credential
	More    int // that are overdue, beyond those that are shown
	Late    int // of those shown: are being rotated, which does not make them any less late
}

// waiting is a rotation beside what it waits for.
type waiting struct {
	api.Rotation
	Next action
}

const shown = 12

func (c *Console) now(r *http.Request, who access.Subject) (*view, error) {
	ctx, d := r.Context(), c.cfg.Desk
	counts, err := d.Counts(ctx, who)
	if err != nil {
		return nil, err
	}
	open, err := d.Rotations(ctx, who, desk.Query{Open: true, Limit: 100})
	if err != nil {
		return nil, err
	}
	p := nowPage{Counts: counts}
	for _, run := range open.Items {
		if next := nextAction(run); next.Person {
			p.Waiting = append(p.Waiting, waiting{run, next})
		} else {
			p.Running = append(p.Running, run)
		}
	}
	late, err := d.Credentials(ctx, who, desk.Query{State: api.Overdue, Limit: shown})
	if err != nil {
		return nil, err
	}
	p.Overdue, p.More = late.Items, counts.States[api.Overdue]-len(late.Items)
	under, err := d.Credentials(ctx, who, desk.Query{State: api.Rotating, Limit: shown, DueFrom: time.Unix(1, 0), DueTo: c.clock()})
	if err != nil {
		return nil, err
	}
	p.Overdue, p.Late = append(under.Items, p.Overdue...), len(under.Items)
	fine, err := d.Credentials(ctx, who, desk.Query{Limit: shown, DueFrom: c.clock(), DueTo: c.clock().Add(14 * 24 * time.Hour)})
	if err != nil {
		return nil, err
	}
	p.Soon = fine.Items
	return &view{name: "now", title: "Now", live: "all", data: p}, nil
}
