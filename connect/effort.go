package connect

import (
	"maps"
	"slices"
	"strings"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/provider"
)

// A Demand is what a rotation asks of one connection.
type Demand struct {
	Connection string // empty: none, as of a health endpoint
	Vendor     string
	Requests   int // at least; polling comes on top
	Left       int // of the vendor's budget, by its latest answer
	Known      bool
}

// Demands says how many requests a plan takes at least, by connection, and
// what is left of the budget of each as far as its vendor has said.
func (o *Opener) Demands(plan pawl.Plan) []Demand {
	byName := map[string]*Demand{}
	ask := func(op pawl.Op, requests int) {
		d := byName[op.Connection]
		if d == nil {
			vendor := o.vendor(op)
			d = &Demand{Connection: op.Connection, Vendor: vendor}
			byName[op.Connection] = d
		}
		d.Requests += requests
	}
	ask(plan.Issuer, o.effort(plan.Issuer).Total(plan.Reason == pawl.Rehearsal))
	for _, c := range plan.Consumers {
		if c.Human == nil {
			ask(c.Op, o.effort(c.Op).Total(plan.Reason == pawl.Rehearsal))
		} else if c.Human.Notify != nil {
			ask(*c.Human.Notify, o.effort(*c.Human.Notify).Total(false))
		}
		for _, p := range c.Proofs {
			ask(p, o.effort(p).Total(plan.Reason == pawl.Rehearsal))
		}
	}
	var all []Demand
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		d := byName[name]
		if m := o.meter(name); m != nil && name != "" {
			d.Left, d.Known = m.Left()
		}
		all = append(all, *d)
	}
	return all
}

// vendor is who an operation is of.
func (o *Opener) vendor(op pawl.Op) string {
	name, _, _ := strings.Cut(op.Name, "@")
	for _, p := range o.Providers {
		if slices.ContainsFunc(p.Provers, func(k provider.ProverKind) bool { return k.Name == name }) {
			return p.Name
		}
	}
	name, _, _ = strings.Cut(name, "/")
	return name
}

// Restarts reports whether writing a place restarts what runs there.
func (o *Opener) Restarts(op pawl.Op) bool { return o.effort(op).Restarts }

// effort is that of the kind that an operation names, or nothing.
func (o *Opener) effort(op pawl.Op) provider.Effort {
	for _, p := range o.Providers {
		for _, k := range p.Issuers {
			if is(op, k.Name, k.Version) {
				return k.Effort
			}
		}
		for _, k := range p.Consumers {
			if is(op, k.Name, k.Version) {
				return k.Effort
			}
		}
		for _, k := range p.Provers {
			if is(op, k.Name, k.Version) {
				return k.Effort
			}
		}
		for _, k := range p.Notifiers {
			if k.Name == op.Name {
				return k.Effort
			}
		}
	}
	return provider.Effort{}
}
