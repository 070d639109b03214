package connect

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/engine"
	"github.com/pawl-dev/pawl/provider"
	"github.com/pawl-dev/pawl/provider/retry"
)

// searches adds the connections that can be searched for copies of the value.
// All of them are open already, but for those of places that may break.
func (o *Opener) searches(h *engine.Hands, plan pawl.Plan) {
	h.Names = o.names(plan)
	for _, name := range connections(plan) {
		for _, p := range o.Providers {
			c, err := o.Catalog.Connection(name)
			if err != nil || c.Kind != p.Name || p.Connection == nil || p.Connection.Discover == nil {
				continue
			}
			if client := o.opened(name); client != nil {
				h.Searches = append(h.Searches, engine.Searching{Connection: name, Listed: o.listed(plan, c.URL),
					Discoverer: retry.Discoverer(p.Connection.Discover(client), o.Policy)})
			}
		}
	}
}

func (o *Opener) opened(name string) any {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.clients[name]
}

// connections are those that a plan goes through, sorted.
func connections(plan pawl.Plan) []string {
	used := map[string]bool{plan.Issuer.Connection: true}
	for _, p := range plan.Consumers {
		used[p.Op.Connection] = true
		for _, op := range p.Proofs {
			used[op.Connection] = true
		}
	}
	delete(used, "")
	return slices.Sorted(maps.Keys(used))
}

// listed are the places of a plan at one vendor, through whichever connection.
func (o *Opener) listed(plan pawl.Plan, url string) (ops []pawl.Op) {
	for _, p := range plan.Consumers {
		if c, err := o.Catalog.Connection(p.Op.Connection); err == nil && c.URL == url {
			ops = append(ops, p.Op)
		}
	}
	return ops
}

// names are what copies of the value are called: as the catalog says, and as
// the places of the plan call it.
func (o *Opener) names(plan pawl.Plan) []string {
	var all []string
	if c, err := o.Catalog.Credential(plan.Credential); err == nil {
		all = append(all, c.AppliesTo...)
	}
	for _, p := range plan.Consumers {
		if named, ok := o.settings(p.Op).(provider.Named); ok {
			all = append(all, named.Names()...)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// settings are those of a consumer's operation, or nil.
func (o *Opener) settings(op pawl.Op) provider.Settings {
	for _, p := range o.Providers {
		for _, k := range p.Consumers {
			if !is(op, k.Name, k.Version) {
				continue
			}
			if s := k.Settings(); json.Unmarshal(op.Config, s) == nil {
				return s
			}
		}
	}
	return nil
}
