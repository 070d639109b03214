package desk

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/api"
	"github.com/pawl-dev/pawl/catalog"
	"github.com/pawl-dev/pawl/journal"
	"github.com/pawl-dev/pawl/rotation"
)

// Credentials lists the catalog, what is due first at the top.
func (d *Desk) Credentials(ctx context.Context, who access.Subject, q Query) (api.Page[api.Credential], error) {
	page := api.Page[api.Credential]{Items: []api.Credential{}}
	if err := d.allow(ctx, who, access.Request{Action: access.See}, ""); err != nil {
		return page, err
	}
	all, err := d.credentials(ctx)
	if err != nil {
		return page, err
	}
	passed := q.After == ""
	for _, c := range all {
		if !passed {
			passed = c.Name == q.After
			continue
		}
		if q.Text != "" && !strings.Contains(strings.ToLower(c.Name+" "+c.Title+" "+c.Owner), strings.ToLower(q.Text)) || q.State != "" && c.State != q.State {
			continue
		}
		if len(page.Items) == q.limit() {
			page.Next = page.Items[len(page.Items)-1].Name
			break
		}
		page.Items = append(page.Items, c)
	}
	return page, nil
}

// credentials is the whole catalog with what the journal knows, in the order in
// which it needs somebody: open first, then by when it is due.
func (d *Desk) credentials(ctx context.Context) ([]api.Credential, error) {
	runs, err := d.cfg.Journal.List(ctx, false)
	if err != nil {
		return nil, err
	}
	last, open := map[string]time.Time{}, map[string]journal.Run{}
	for _, run := range runs {
		switch run.Outcome {
		case pawl.Completed:
			last[run.ID.Credential] = run.Updated
		case "":
			open[run.ID.Credential] = run
		}
	}
	cat, now := d.cfg.Catalog(), d.now()
	var all []api.Credential
	for _, name := range cat.Names() {
		cred, err := cat.Credential(name)
		if err != nil {
			continue // it was in the catalog a moment ago
		}
		c := credential(cred, last[name], now)
		if run, ok := open[name]; ok {
			c.Open, c.State = run.ID.String(), api.Rotating
		}
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b api.Credential) int {
		return cmp.Or(cmp.Compare(urgency[a.State], urgency[b.State]), before(a.Due, b.Due), cmp.Compare(a.Name, b.Name))
	})
	return all, nil
}

var urgency = map[api.State]int{api.Waiting: 0, api.Rotating: 1, api.Overdue: 2, api.Soon: 3, api.Fine: 4, api.Never: 5}

func before(a, b *time.Time) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return 1
	case b == nil:
		return -1
	}
	return a.Compare(*b)
}

// credential is what the catalog says of one, and when it is due.
func credential(cred *catalog.Credential, last, now time.Time) api.Credential {
	c := api.Credential{Name: cred.Name, Title: cred.Title, Why: cred.Why, Owner: cred.Owner, Role: cred.Role, Mode: string(cred.Mode()),
		AppliesTo: cred.AppliesTo, State: api.Fine, Last: stamp(last), Every: int64(cred.Schedule.Every / time.Second), Places: len(cred.Consumers)}
	if cred.Store != nil {
		c.Places++
	}
	if last.IsZero() {
		c.State = api.Never
		return c
	}
	if cred.Schedule.Every == 0 {
		return c
	}
	due := last.Add(cred.Schedule.Every)
	c.Due = stamp(due)
	switch {
	case now.After(due):
		c.State = api.Overdue
	case slices.ContainsFunc(cred.Schedule.Remind, func(before time.Duration) bool { return now.After(due.Add(-before)) }):
		c.State = api.Soon
	}
	return c
}

// Credential returns one credential: its places as they were last seen, and its
// newest rotations.
func (d *Desk) Credential(ctx context.Context, who access.Subject, name string) (api.CredentialView, error) {
	if err := d.allow(ctx, who, access.Request{Action: access.See}, name); err != nil {
		return api.CredentialView{}, err
	}
	cat := d.cfg.Catalog()
	cred, err := cat.Credential(name)
	if err != nil {
		return api.CredentialView{}, err
	}
	plan, err := cat.Plan(name, pawl.Manual)
	if err != nil {
		return api.CredentialView{}, err
	}
	runs, err := d.cfg.Journal.Recent(ctx, name, 20)
	if err != nil {
		return api.CredentialView{}, err
	}
	var last time.Time
	view := api.CredentialView{Runs: []api.Rotation{}, Consumers: []api.Place{}}
	for _, run := range runs {
		s := rotation.FollowAll(run.Events)
		view.Runs = append(view.Runs, summary(run, s, d.now()))
		if run.Outcome == pawl.Completed && last.IsZero() {
			last = run.Updated
		}
	}
	view.Credential = credential(cred, last, d.now())
	if len(view.Runs) > 0 && view.Runs[0].Outcome == "" {
		view.Open, view.State = view.Runs[0].ID, api.Rotating
		if slices.ContainsFunc(view.Runs[0].Waits, person) {
			view.State = api.Waiting
		}
	}
	for _, c := range plan.Consumers {
		view.Consumers = append(view.Consumers, lastSeen(c, runs))
	}
	return view, nil
}

// lastSeen is a place of the catalog as the newest rotation that knows it saw
// it.
func lastSeen(c pawl.Place, runs []journal.Run) api.Place {
	for _, run := range runs {
		s := rotation.FollowAll(run.Events)
		for i, of := range s.Plan.Consumers {
			if of.ID == c.ID && of.Op.Name == c.Op.Name && string(of.Op.Config) == string(c.Op.Config) {
				return placed(c, &s.Places[i], s, i)
			}
		}
	}
	return planned(c)
}
