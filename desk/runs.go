package desk

import (
	"cmp"
	"context"
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
// credential come with their events, one if no limit is given; those of all
// without, as many as there may be.
func (d *Desk) Runs(ctx context.Context, who access.Subject, credential string, q Query) (api.Page[api.Run], error) {
	page := api.Page[api.Run]{Items: []api.Run{}}
	if err := d.allow(ctx, who, access.Request{Action: access.See}, credential); err != nil {
		return page, err
	}
	most := min(cmp.Or(max(q.Limit, 0), mostRuns), mostRuns)
	if credential != "" {
		most = max(1, min(q.Limit, mostWhole))
	}
	which := journal.Which{Open: q.Open, Credential: credential, Most: most + 1}
	if q.After != "" && which.Before.UnmarshalText([]byte(q.After)) != nil {
		return page, fault(pawl.Invalid, "leave it out to begin", "after is not what a page ended with")
	}
	runs, err := d.cfg.Journal.Runs(ctx, which)
	if err != nil {
		return page, err
	}
	if len(runs) > most {
		runs = runs[:most]
		page.Next = runs[most-1].ID.String()
	}
	for _, run := range runs {
		if credential != "" {
			if run, err = d.cfg.Journal.Load(ctx, run.ID); err != nil {
				return page, err
			}
		}
		page.Items = append(page.Items, wired(run))
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
