package catalog

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/provider"
)

// Plan compiles a credential to what a rotation will do. It is a pure function
// of the catalog: no look at any vendor, no clock.
//
// Consumers are in the order in which they are written: the store, then wave by
// wave. Waves are numbered from 1 in the order in which their names first
// appear; consumers without one come after them, and people without one after
// everything. When the reason is a leak there is one wave and no soak. Entries
// that share a call, such as keys of one app, become one place.
//
// An unknown name is [pawl.NotFound].
func (c *Catalog) Plan(name string, reason pawl.Reason) (pawl.Plan, error) {
	cred, err := c.Credential(name)
	if err != nil {
		return pawl.Plan{}, err
	}
	plan := pawl.Plan{
		Format: 1, Credential: cred.Name, Title: cred.Title, Owner: cred.Owner, Role: cred.Role, Reason: reason,
		Issuer: cred.Issuer.Op, Soak: cred.Soak, Watch: cred.Watch, Every: cred.Schedule.Every,
	}
	if cred.Issuer.Hand != nil {
		hand := *cred.Issuer.Hand
		plan.Hand = &hand
	}
	if cred.Approval != nil {
		approval := *cred.Approval
		plan.Approval = &approval
	}
	if reason == pawl.Leak {
		plan.Soak = 0
	}
	if cred.Store != nil {
		plan.Consumers = append(plan.Consumers, cred.Store.place(0))
		plan.Consumers[0].Store = true
	}
	places, _ := merge(c.kinds, cred.Consumers, waves(cred.Consumers, reason))
	slices.SortStableFunc(places, func(a, b pawl.Place) int { return cmp.Compare(a.Wave, b.Wave) })
	plan.Consumers = append(plan.Consumers, places...)
	plan.Elsewhere = slices.Clone(cred.Elsewhere)
	plan.Warnings = c.warnings(cred)
	plan.Endpoints = c.endpoints(plan)
	return plan, nil
}

// endpoints are the API roots of the connections that a plan uses.
func (c *Catalog) endpoints(plan pawl.Plan) map[string]string {
	urls := map[string]string{}
	use := func(op pawl.Op) {
		if conn, err := c.Connection(op.Connection); err == nil {
			urls[op.Connection] = conn.URL
		}
	}
	use(plan.Issuer)
	for _, p := range plan.Consumers {
		use(p.Op)
		for _, op := range p.Proofs {
			use(op)
		}
	}
	return urls
}

func (e *Entry) place(wave int) pawl.Place {
	p := pawl.Place{ID: e.ID, Op: e.Op, Where: e.Where, Wave: wave, Require: e.Require, Proofs: slices.Clone(e.Proofs)}
	if e.Human != nil {
		human := *e.Human
		p.Human = &human
	}
	if e.Hand != nil {
		hand := *e.Hand
		p.Hand = &hand
	}
	return p
}

// waves numbers the waves of consumers.
func waves(consumers []Entry, reason pawl.Reason) []int {
	numbers := map[string]int{}
	for _, e := range consumers {
		if _, known := numbers[e.Wave]; e.Wave != "" && !known {
			numbers[e.Wave] = len(numbers) + 1
		}
	}
	if reason == pawl.Leak {
		clear(numbers)
	}
	of := make([]int, len(consumers))
	for i, e := range consumers {
		number, named := numbers[e.Wave]
		switch {
		case named:
			of[i] = number
		case e.Human != nil && e.Wave == "":
			of[i] = len(numbers) + 2
		default:
			of[i] = len(numbers) + 1
		}
	}
	return of
}

// merge makes the places of consumers. Those of one group become one, in the
// earliest of their waves, that needs the strongest of their evidence. It also
// returns the consumers that their kind could not merge.
func merge(k *kinds, consumers []Entry, wave []int) (places []pawl.Place, unmerged []Entry) {
	first := map[string]int{}
	for i, e := range consumers {
		into, grouped := first[e.group]
		if e.group != "" && grouped && join(k.consumers[e.Kind].kind, &places[into], e) {
			places[into].Wave = min(places[into].Wave, wave[i])
			continue
		}
		if e.group != "" && grouped {
			unmerged = append(unmerged, e)
		} else if e.group != "" {
			first[e.group] = len(places)
		}
		places = append(places, e.place(wave[i]))
	}
	compact(places)
	return places, unmerged
}

// join adds an entry to the place of its group, or reports false.
func join(kind provider.ConsumerKind, p *pawl.Place, e Entry) bool {
	settings, other := kind.Settings(), kind.Settings()
	if json.Unmarshal(p.Op.Config, settings) != nil || json.Unmarshal(e.Op.Config, other) != nil {
		return false
	}
	grouped, ok := settings.(provider.Grouped)
	if !ok || grouped.Merge(other) != nil {
		return false
	}
	p.Op.Config, p.Where = canonical(settings), settings.Where()
	p.Also = append(p.Also, e.ID)
	p.Require = max(p.Require, e.Require)
	for _, proof := range e.Proofs {
		if !slices.ContainsFunc(p.Proofs, func(have pawl.Op) bool { return sameOp(have, proof) }) {
			p.Proofs = append(p.Proofs, proof)
		}
	}
	return true
}

func sameOp(a, b pawl.Op) bool {
	return a.Name == b.Name && a.Connection == b.Connection && string(a.Config) == string(b.Config)
}

// compact numbers waves anew, without the gaps that merging leaves.
func compact(places []pawl.Place) {
	var used []int
	for _, p := range places {
		used = append(used, p.Wave)
	}
	slices.Sort(used)
	used = slices.Compact(used)
	for i := range places {
		places[i].Wave = slices.Index(used, places[i].Wave) + 1
	}
}

// unmergeable returns the consumers that share a call with another one and
// cannot.
func (c *Credential) unmergeable(k *kinds) []Entry {
	_, unmerged := merge(k, c.Consumers, make([]int, len(c.Consumers)))
	return unmerged
}

// warnings says what a plan does less well than it could.
func (c *Catalog) warnings(cred *Credential) []string {
	var warnings []string
	attested := false
	for _, e := range cred.places() {
		if e.Require < e.standard {
			warnings = append(warnings, fmt.Sprintf("%s: evidence lowered from %s to %s", e.ID, e.standard, e.Require))
		}
		if e.Human != nil && len(e.Human.People) == 0 {
			warnings = append(warnings, e.ID+": assigned to nobody")
		}
		attested = attested || attests(e)
	}
	if cred.Store == nil {
		warnings = append(warnings, "no store: there is no system of record for the value")
	}
	if !attested {
		warnings = append(warnings, "no consumer attests or exercises the value that it really uses")
	}
	if cred.Watch == 0 {
		warnings = append(warnings, "no watch: nobody looks at the consumers after the revoke")
	}
	if plain := c.plainConnections(cred); len(plain) > 0 {
		warnings = append(warnings, "plain http to this machine: "+strings.Join(plain, ", "))
	}
	return warnings
}

// attests reports whether the value in use is shown for an entry: its evidence
// is of that class, or one of its proofs has the setting "attest".
func attests(e Entry) bool {
	if e.Require >= pawl.Attested {
		return true
	}
	for _, proof := range e.Proofs {
		var has struct {
			Attest json.RawMessage `json:"attest"`
		}
		if json.Unmarshal(proof.Config, &has) == nil && len(has.Attest) > len(`""`) {
			return true
		}
	}
	return false
}

func (c *Catalog) plainConnections(cred *Credential) []string {
	ops := []pawl.Op{cred.Issuer.Op}
	for _, e := range cred.places() {
		ops = append(append(ops, e.Op), e.Proofs...)
	}
	var plain []string
	for _, op := range ops {
		if conn, ok := c.connections[op.Connection]; ok && conn.plain() {
			plain = append(plain, conn.Name)
		}
	}
	slices.Sort(plain)
	return slices.Compact(plain)
}
