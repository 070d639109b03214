package desk

import (
	"context"
	"slices"

	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/api"
	"github.com/pawl-dev/pawl/catalog"
)

// Connections lists how pawl signs in to vendors.
func (d *Desk) Connections(ctx context.Context, who access.Subject) ([]api.Connection, error) {
	if err := d.allow(ctx, who, access.Request{Action: access.SeeSetup}, ""); err != nil {
		return nil, err
	}
	cat := d.cfg.Catalog()
	used := uses(cat)
	all := []api.Connection{}
	for _, name := range cat.Connections() {
		c, err := cat.Connection(name)
		if err != nil {
			continue // it was in the catalog a moment ago
		}
		conn := api.Connection{Name: c.Name, Kind: c.Kind, URL: c.URL, Secrets: map[string]string{}, Used: used[name]}
		for field, ref := range c.Secrets {
			conn.Secrets[field] = ref.String()
		}
		all = append(all, conn)
	}
	return all, nil
}

// uses counts the credentials that need each connection.
func uses(cat *catalog.Catalog) map[string]int {
	used := map[string]int{}
	for _, name := range cat.Names() {
		cred, err := cat.Credential(name)
		if err != nil {
			continue
		}
		var through []string
		entries := append([]catalog.Entry{cred.Issuer}, cred.Consumers...)
		if cred.Store != nil {
			entries = append(entries, *cred.Store)
		}
		for _, e := range entries {
			if c := e.Op.Connection; c != "" && !slices.Contains(through, c) {
				through = append(through, c)
				used[c]++
			}
		}
	}
	return used
}
