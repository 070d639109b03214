package catalog

import (
	"fmt"
	"maps"
	"slices"

	"github.com/pawl-dev/pawl/provider"
)

// An offer is a kind and the provider that offers it.
type offer[K any] struct {
	vendor   string // the kind of connection it goes through
	connects bool   // whether it needs one
	kind     K
}

// kinds are all kinds that a catalog may name.
type kinds struct {
	connections map[string]provider.Connecting
	issuers     map[string]offer[provider.IssuerKind]
	consumers   map[string]offer[provider.ConsumerKind]
	provers     map[string]offer[provider.ProverKind]
	notifiers   map[string]offer[provider.NotifierKind]
}

func newKinds(providers []provider.Provider) *kinds {
	k := &kinds{
		connections: map[string]provider.Connecting{},
		issuers:     map[string]offer[provider.IssuerKind]{},
		consumers:   map[string]offer[provider.ConsumerKind]{},
		provers:     map[string]offer[provider.ProverKind]{},
		notifiers:   map[string]offer[provider.NotifierKind]{},
	}
	for _, p := range providers {
		connects := p.Connection != nil
		if connects {
			k.connections[p.Name] = *p.Connection
		}
		for _, i := range p.Issuers {
			k.issuers[i.Name] = offer[provider.IssuerKind]{p.Name, connects, i}
		}
		for _, c := range p.Consumers {
			k.consumers[c.Name] = offer[provider.ConsumerKind]{p.Name, connects, c}
		}
		for _, v := range p.Provers {
			k.provers[v.Name] = offer[provider.ProverKind]{v.Connection, v.Connection != "", v}
		}
		for _, n := range p.Notifiers {
			k.notifiers[n.Name] = offer[provider.NotifierKind]{p.Name, connects, n}
		}
	}
	return k
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// kindOf finds the kind that a mapping names. A kind that is unknown is
// reported; elsewhere says what a name that is valid in another place is.
func kindOf[K any](r *reader, n *node, offers map[string]offer[K], role string) (offer[K], bool) {
	named := n.get("kind")
	if named == nil || named.kind != textNode {
		return offer[K]{}, false // reported when the keys are read
	}
	o, ok := offers[named.text]
	if !ok {
		valid := sortedKeys(offers)
		if role == "consumer" {
			valid = append(valid, humanKind)
		}
		r.report(named.at, r.suggest(named.text, valid), "%s", r.kinds.stranger(named.text, role))
	}
	return o, ok
}

// stranger says what an unknown kind is, if it is something else.
func (k *kinds) stranger(name, role string) string {
	is := ""
	if _, ok := k.issuers[name]; ok {
		is = "an issuer"
	}
	if _, ok := k.consumers[name]; ok || name == humanKind {
		is = "a consumer"
	}
	if _, ok := k.provers[name]; ok {
		is = "a proof, which belongs below prove"
	}
	if _, ok := k.connections[name]; ok {
		is = "a connection"
	}
	if is == "" {
		return fmt.Sprintf("unknown kind of %s %q", role, clip(name, 60))
	}
	return fmt.Sprintf("%q is %s, no %s", name, is, role)
}

// Needs names the kind of proof without which a consumer of this kind cannot
// show what is required of it; empty if there is none.
func (c *Catalog) Needs(kind string) string { return c.kinds.consumers[kind].kind.Proof }
