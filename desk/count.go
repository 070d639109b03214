package desk

import (
	"context"

	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/api"
)

// Counts says how many credentials stand how.
func (d *Desk) Counts(ctx context.Context, who access.Subject) (api.Counts, error) {
	if err := d.allow(ctx, who, access.Request{Action: access.See}, ""); err != nil {
		return api.Counts{}, err
	}
	all, _, err := d.ranked(ctx)
	if err != nil {
		return api.Counts{}, err
	}
	counts := api.Counts{All: len(all), States: map[api.State]int{}}
	for _, c := range all {
		counts.States[c.state]++
	}
	return counts, nil
}
