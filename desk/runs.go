package desk

import (
	"context"
	"slices"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/api"
	"github.com/pawl-dev/pawl/journal"
)

// mostRuns bounds a page of rotations without events, mostWhole one of those with.
const (
	mostRuns  = 5000
	mostWhole = 100
)

// Runs lists rotations as the journal has them, the newest first. Those of one
// credential come with their events, those of all without.
func (d *Desk) Runs(ctx context.Context, who access.Subject, credential string, q Query) (api.Page[api.Run], error) {
	page := api.Page[api.Run]{Items: []api.Run{}}
	if err := d.allow(ctx, who, access.Request{Action: access.See}, credential); err != nil {
		return page, err
	}
	if credential != "" {
		runs, err := d.cfg.Journal.Recent(ctx, credential, max(1, min(q.Limit, mostWhole)))
		for _, run := range runs {
			page.Items = append(page.Items, wired(run))
		}
		return page, err
	}
	runs, err := d.cfg.Journal.List(ctx, q.Open)
	if err != nil {
		return page, err
	}
	slices.Reverse(runs)
	passed := q.After == ""
	for _, run := range runs {
		switch {
		case !passed:
			passed = run.ID.String() == q.After
		case len(page.Items) == mostRuns:
			page.Next = page.Items[mostRuns-1].ID
			return page, nil
		default:
			page.Items = append(page.Items, wired(run))
		}
	}
	return page, nil
}

// Run is one rotation as the journal has it.
func (d *Desk) Run(ctx context.Context, who access.Subject, id pawl.RotationID) (api.Run, error) {
	if err := d.allow(ctx, who, access.Request{Action: access.See}, id.Credential); err != nil {
		return api.Run{}, err
	}
	run, err := d.cfg.Journal.Load(ctx, id)
	return wired(run), err
}

func wired(r journal.Run) api.Run {
	return api.Run{ID: r.ID.String(), Revision: r.Revision, Epoch: r.Epoch, Outcome: r.Outcome, Created: r.Created.UTC(), Updated: r.Updated.UTC().Round(time.Millisecond), Events: r.Events}
}

// Me is who asks. Nobody is refused to be told.
func (d *Desk) Me(who access.Subject) api.Me {
	me := api.Me{Actor: who.Actor, Roles: []string{}, Install: d.cfg.Journal.Install(), PublicKey: d.publicKey()}
	for _, r := range who.Roles {
		me.Roles = append(me.Roles, string(r))
	}
	return me
}
