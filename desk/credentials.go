package desk

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strconv"
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
	all, open, err := d.ranked(ctx)
	if err != nil {
		return page, err
	}
	after, err := passed(q.After)
	if err != nil {
		return page, err
	}
	var last ranked
	for _, r := range all {
		if !after(r) {
			continue
		}
		if q.State != "" && r.state != q.State || !mentions(r.cred, q.Text) || !q.due(r.due) {
			continue
		}
		if len(page.Items) == q.limit() {
			page.Next = last.cursor()
			break
		}
		last = r
		c := credential(r.cred, r.last, d.now())
		if id, ok := open[c.Name]; ok {
			c.Open, c.State = id.String(), r.state
		}
		page.Items = append(page.Items, c)
	}
	return page, nil
}

func mentions(c *catalog.Credential, text string) bool {
	return text == "" || strings.Contains(strings.ToLower(c.Name+" "+c.Title+" "+c.Owner), strings.ToLower(text))
}

// A ranked is a credential in a list: what its place there depends on, and no
// more, since of ten thousand one page is shown.
type ranked struct {
	cred    *catalog.Credential
	last    time.Time
	state   api.State
	urgency int
	due     int64 // the greatest: never
}

// ranked is the whole catalog with what the journal knows, in the order in
// which it needs somebody: open first, then by when it is due.
func (d *Desk) ranked(ctx context.Context) ([]ranked, map[string]pawl.RotationID, error) {
	stand, err := d.book.standing(ctx)
	if err != nil {
		return nil, nil, err
	}
	cat, now := d.cfg.Catalog(), d.now()
	names := cat.Names()
	all := make([]ranked, 0, len(names))
	for _, name := range names {
		cred, err := cat.Credential(name)
		if err != nil {
			continue // it was in the catalog a moment ago
		}
		r := ranked{cred: cred, last: stand.last[name], due: math.MaxInt64}
		state, due := standing(cred, r.last, now)
		if _, ok := stand.open[name]; ok {
			state = api.Rotating
		}
		if !due.IsZero() {
			r.due = due.UnixNano()
		}
		r.state, r.urgency = state, urgency[state]
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b ranked) int { return a.place().compare(b.place()) })
	return all, stand.open, nil
}

// A place is where in the list a credential is, whether or not it is there still:
// it is what a page ends with. A list that is read on from a name alone ends where
// that has left the catalog, and leaves out what lies between where it was and
// where it is, since a rotation that begins moves it.
type place struct {
	urgency int
	due     int64
	name    string
}

func (r ranked) place() place { return place{r.urgency, r.due, r.cred.Name} }

func (p place) compare(q place) int {
	return cmp.Or(cmp.Compare(p.urgency, q.urgency), cmp.Compare(p.due, q.due), cmp.Compare(p.name, q.name))
}

func (r ranked) cursor() string {
	return strconv.Itoa(r.urgency) + "." + strconv.FormatInt(r.due, 10) + "." + r.cred.Name
}

// passed tells what comes after a cursor; after none everything does.
func passed(cursor string) (func(ranked) bool, error) {
	if cursor == "" {
		return func(ranked) bool { return true }, nil
	}
	parts := strings.SplitN(cursor, ".", 3)
	if len(parts) == 3 {
		urgency, err := strconv.Atoi(parts[0])
		due, err2 := strconv.ParseInt(parts[1], 10, 64)
		if err == nil && err2 == nil {
			from := place{urgency, due, parts[2]}
			return func(r ranked) bool { return r.place().compare(from) > 0 }, nil
		}
	}
	return nil, fault(pawl.Invalid, "leave it out to begin", "after is not what a page ended with")
}

var urgency = map[api.State]int{api.Waiting: 0, api.Rotating: 1, api.Overdue: 2, api.Soon: 3, api.Fine: 4, api.Never: 5}

// standing is how a credential that was last rotated then stands, and when it is
// due.
func standing(cred *catalog.Credential, last, now time.Time) (state api.State, due time.Time) {
	due = cred.Schedule.Due(last)
	switch cred.Schedule.Standing(last, now) {
	case catalog.Never:
		return api.Never, due
	case catalog.Overdue:
		return api.Overdue, due
	case catalog.DueSoon:
		return api.Soon, due
	}
	return api.Fine, due
}

// credential is what the catalog says of one, and when it is due.
func credential(cred *catalog.Credential, last, now time.Time) api.Credential {
	c := api.Credential{Name: cred.Name, Title: cred.Title, Why: cred.Why, Owner: cred.Owner, Role: cred.Role, Mode: string(cred.Mode()),
		AppliesTo: cred.AppliesTo, Last: stamp(last), Every: int64(cred.Schedule.Every / time.Second), Places: len(cred.Consumers)}
	if cred.Store != nil {
		c.Places++
	}
	state, due := standing(cred, last, now)
	c.State, c.Due = state, stamp(due)
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
	view.Current = inUse(runs)
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

// inUse is the vendor's id of the generation that the newest rotation left in
// use, if it is over. One that failed its checks may not have got to know it.
func inUse(runs []journal.Run) string {
	for _, run := range runs {
		s := rotation.FollowAll(run.Events)
		switch {
		case run.Outcome == "":
			return ""
		case run.Outcome == pawl.Completed:
			return s.NewID()
		case s.OldID != "":
			return s.OldID
		}
	}
	return ""
}
