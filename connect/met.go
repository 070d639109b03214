package connect

import (
	"context"
	"encoding/json"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/provider"
)

// Groups returns, for each place of a plan that can share a call with places of
// other plans, the group that it is of. Places of one group are reached through
// one connection.
func (o *Opener) Groups(plan pawl.Plan) map[string]string {
	groups := map[string]string{}
	for _, c := range plan.Consumers {
		if g := o.group(c.Op); g != "" && c.Hand == nil {
			groups[c.ID] = g
		}
	}
	return groups
}

func (o *Opener) group(op pawl.Op) string {
	for _, p := range o.Providers {
		for _, k := range p.Consumers {
			if is(op, k.Name, k.Version) {
				return groupOf(k, op)
			}
		}
	}
	return ""
}

func groupOf(k provider.ConsumerKind, op pawl.Op) string {
	s := k.Settings()
	g, ok := s.(provider.Grouped)
	if !ok || json.Unmarshal(op.Config, s) != nil {
		return ""
	}
	return op.Name + " " + op.Connection + " " + g.Group()
}

// meet lets the writes of a consumer go through the rendezvous, if there is one
// and the consumer can share a call.
func (o *Opener) meet(c pawl.Consumer, k provider.ConsumerKind, op pawl.Op, credential string) pawl.Consumer {
	group := groupOf(k, op)
	if _, ok := c.(pawl.Joiner); !ok || o.Together == nil || group == "" {
		return c
	}
	return met{c, o.Together, credential, group}
}

// met is a consumer whose writes go through a rendezvous.
type met struct {
	pawl.Consumer
	at                *Rendezvous
	credential, group string
}

func (m met) Set(ctx context.Context, w pawl.Write) (pawl.Receipt, error) {
	return m.at.set(ctx, m.credential, m.group, pawl.Joint{Consumer: m.Consumer, Write: w})
}

// Unwrap and Abilities are those of a decorator of package wrap. That writes
// can be joined is no ability any more: it is done.
func (m met) Unwrap() any      { return m.Consumer }
func (m met) Abilities() []any { return nil }
