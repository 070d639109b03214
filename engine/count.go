package engine

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/rotation"
	"github.com/pawl-dev/pawl/wording"
)

// preflightCensus bounds the search at the preflight, which only says what the
// one before the revoke will be about.
const preflightCensus = time.Minute

// count searches for copies outside of the plan, and says what it finds.
func (v *survey) count(ctx context.Context, plan pawl.Plan, hands *Hands) {
	if len(hands.Searches) == 0 || len(v.Problems) > 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, preflightCensus)
	defer cancel()
	v.census = search(ctx, hands, []sought{{pawl.Old, v.old}})
	for _, x := range v.census.searched {
		v.searched(x)
	}
	v.tellStrays(plan)
}

func (v *survey) searched(x pawl.Searched) {
	switch {
	case x.Closed():
		v.finding(x.Connection, "cannot be searched for copies outside of the catalog, so none is looked for there: "+x.Detail)
	case x.Kind != "":
		v.finding(x.Connection, "was not searched completely for copies outside of the catalog, which it has to be before the revoke: "+x.Detail)
	}
	if x.Blind > 0 {
		v.finding(x.Connection, wording.Count(x.Blind, "part")+" of it may not be looked at, so copies there would not be found")
	}
}

// tellStrays says what a rotation would stop for before its revoke.
func (v *survey) tellStrays(plan pawl.Plan) {
	s := rotation.Fold([]pawl.Event{{Type: pawl.EvPlanned, Plan: &plan}, v.census.event(time.Time{}),
		{Type: pawl.EvPreflight, Result: pawl.Done, ID: v.Old.ID, Made: v.Old.Created}})
	var named []string
	for _, x := range s.Strays() {
		if x.How == pawl.ByName {
			named = append(named, x.Where)
			continue
		}
		v.finding(x.Where, "holds the value in use and is not in the catalog: "+consequence(plan.Reason))
	}
	slices.Sort(named)
	if len(named) > 0 {
		v.finding("", "not in the catalog, and named like a copy (they cannot be read): "+strings.Join(named, ", ")+"; "+consequence(plan.Reason))
	}
}

func consequence(r pawl.Reason) string {
	switch r {
	case pawl.Leak:
		return "it will be cut off"
	case pawl.Rehearsal:
		return "a rotation would stop before the revoke"
	}
	return "the rotation will stop before the revoke unless it is added, removed or acknowledged (pawl discover)"
}
