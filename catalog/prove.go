package catalog

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/provider"
)

type proofKeys struct {
	Connection string `json:"connection" doc:"The connection it goes through, if not the consumer's own or the only one."`
}

// proofs are the entries below prove of one consumer.
type proofs struct {
	ops   []pawl.Op
	kinds map[string]pawl.Class // what they can show at most, where that is known
}

func (r *reader) proofs(items []*node, consumer pawl.Op) proofs {
	read := proofs{kinds: map[string]pawl.Class{}}
	for _, item := range items {
		if !r.is(item, mapNode) {
			continue
		}
		offer, known := r.proofKind(item)
		if !known {
			continue
		}
		op, shows, ok := r.proof(item, offer, consumer)
		if ok {
			read.ops = append(read.ops, op)
		}
		read.kinds[offer.kind.Name] = max(read.kinds[offer.kind.Name], shows)
	}
	return read
}

// proofKind finds the kind of proof that an entry is: the first of its keys
// that is the name of one.
func (r *reader) proofKind(n *node) (offer[provider.ProverKind], bool) {
	for _, p := range n.pairs {
		if o, ok := r.kinds.provers[p.key.text]; ok {
			return o, true
		}
	}
	kinds := sortedKeys(r.kinds.provers)
	if len(n.pairs) == 0 {
		r.report(n.at, r.suggest("", kinds), "an empty proof")
		return offer[provider.ProverKind]{}, false
	}
	first := n.pairs[0].key
	r.report(first.at, r.suggest(first.text, kinds), "unknown kind of proof %q", clip(first.text, 60))
	return offer[provider.ProverKind]{}, false
}

// proof also returns the strongest evidence that the proof can give. One that
// does not say, or is wrong, is not in the way of any.
func (r *reader) proof(n *node, o offer[provider.ProverKind], consumer pawl.Op) (op pawl.Op, shows pawl.Class, ok bool) {
	settings := o.kind.Settings()
	given := r.inherit(settings, o.kind.Inherit, consumer.Config)
	var keys proofKeys
	before := len(r.problems)
	r.mapping(n, layout{into: []any{&keys, settings}, given: given})
	connection := r.proofConnection(n, o, consumer.Connection)
	incomplete := consumer.Config == nil && len(given) > 0 // what it would inherit is reported already
	if len(r.problems) > before || incomplete || !r.validate(n, settings) {
		return pawl.Op{}, pawl.Exercised, false
	}
	shows = pawl.Exercised
	if s, says := settings.(provider.Showing); says {
		shows = s.Shows()
	}
	return pawl.Op{Name: fmt.Sprintf("%s@%d", o.kind.Name, o.kind.Version), Connection: connection, Config: canonical(settings), Starts: o.kind.Starts}, shows, true
}

// inherit gives a proof the settings of its consumer that it shares with it,
// and returns which it gave. What the proof says itself comes later and wins.
func (r *reader) inherit(settings provider.Settings, keys []string, consumer json.RawMessage) map[string]bool {
	given := map[string]bool{}
	var from map[string]json.RawMessage
	if len(consumer) == 0 || json.Unmarshal(consumer, &from) != nil {
		for _, key := range keys { // the consumer is reported; not its proofs as well
			given[key] = true
		}
		return given
	}
	v := reflect.ValueOf(settings).Elem()
	for _, f := range r.fields.of(v.Type()) {
		value, has := from[f.key]
		if !has || !slices.Contains(keys, f.key) {
			continue
		}
		into := v.FieldByIndex(f.index)
		if json.Unmarshal(value, into.Addr().Interface()) == nil && !into.IsZero() {
			given[f.key] = true
		}
	}
	return given
}

// proofConnection returns the connection of a proof: the one it names, or the
// consumer's if that is of the right kind, or the only one that is.
func (r *reader) proofConnection(n *node, o offer[provider.ProverKind], consumers string) string {
	named := n.get("connection")
	switch {
	case !o.connects && named != nil:
		r.report(named.at, "", "a proof of kind %s needs no connection", o.kind.Name)
		return ""
	case !o.connects, o.kind.Optional && named == nil:
		return ""
	}
	if conn := r.conns.byName[consumers]; named == nil && conn != nil && conn.Kind == o.vendor {
		return consumers
	}
	return r.chosenConnection(n, named, "a proof of kind "+o.kind.Name, o.vendor)
}

// chosenConnection returns the connection that is named, or the only one of a
// kind. What is reported without a name is about n.
func (r *reader) chosenConnection(n, named *node, what, vendor string) string {
	if named != nil {
		if named.kind == textNode && r.checkConnection(named, what, vendor) {
			return named.text
		}
		return ""
	}
	all := r.conns.ofKind(vendor)
	switch {
	case len(all) == 1:
		return all[0]
	case len(all) > 1:
		r.report(n.at, "write which: connection: "+strings.Join(all, " or "), "%s needs a connection of kind %s, and there are %d", what, vendor, len(all))
	case r.conns.usable:
		r.report(n.at, "add one to "+connectionsFile, "%s needs a connection of kind %s, and there is none", what, vendor)
	}
	return ""
}
