package desk

import (
	"context"
	"slices"
	"strings"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/api"
	"github.com/pawl-dev/pawl/catalog"
)

// Holders lists what holds copies, by name. The catalog says so; what each copy
// is worth right now is in [Desk.Held].
func (d *Desk) Holders(ctx context.Context, who access.Subject, q Query) (api.Page[api.Holder], error) {
	page := api.Page[api.Holder]{Items: []api.Holder{}}
	if err := d.allow(ctx, who, access.Request{Action: access.See}, ""); err != nil {
		return page, err
	}
	all := holders(d.cfg.Catalog())
	for _, h := range all {
		if h.Name <= q.After || q.Text != "" && !strings.Contains(strings.ToLower(h.Name+" "+h.Kind), strings.ToLower(q.Text)) {
			continue
		}
		if len(page.Items) == q.limit() {
			page.Next = page.Items[len(page.Items)-1].Name
			break
		}
		page.Items = append(page.Items, h)
	}
	return page, nil
}

// Held lists what one holder has, each copy as it was last seen.
func (d *Desk) Held(ctx context.Context, who access.Subject, holder string) ([]api.Held, error) {
	if err := d.allow(ctx, who, access.Request{Action: access.See}, ""); err != nil {
		return nil, err
	}
	all := holders(d.cfg.Catalog())
	i := slices.IndexFunc(all, func(h api.Holder) bool { return h.Name == holder })
	if i < 0 {
		return nil, fault(pawl.NotFound, "", "nothing in the catalog is held there")
	}
	held := []api.Held{}
	for _, name := range all[i].Credentials {
		if len(held) >= mostItems {
			break
		}
		view, err := d.Credential(ctx, who, name)
		if err != nil {
			return nil, err
		}
		for _, p := range view.Consumers {
			if slices.Contains(holdersOf(p.Kind, p.Where), holder) {
				held = append(held, api.Held{Credential: name, State: view.State, Place: p, Current: view.Current})
			}
		}
	}
	return held, nil
}

// holders turns the catalog round.
func holders(cat *catalog.Catalog) []api.Holder {
	at := map[string]*api.Holder{}
	for _, name := range cat.Names() {
		cred, err := cat.Credential(name)
		if err != nil {
			continue
		}
		entries := slices.Clone(cred.Consumers)
		if cred.Store != nil {
			entries = append(entries, *cred.Store)
		}
		for _, e := range entries {
			for _, holder := range holdersOf(e.Kind, e.Where) {
				if at[holder] == nil {
					at[holder] = &api.Holder{Name: holder, Kind: e.Kind}
				}
				if h := at[holder]; !slices.Contains(h.Credentials, name) {
					h.Credentials = append(h.Credentials, name)
				}
			}
		}
	}
	var all []api.Holder
	for _, h := range at {
		all = append(all, *h)
	}
	slices.SortFunc(all, func(a, b api.Holder) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// holdersOf says who holds a place, from what the place is called for people:
// the app of "acme-api-prod HEROKU_API_KEY", and each of the people of a human
// step.
func holdersOf(kind, where string) []string {
	if kind == "human" {
		return strings.Split(where, ", ")
	}
	holder, _, _ := strings.Cut(where, " ")
	return []string{holder}
}
