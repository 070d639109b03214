package engine

import (
	"errors"
	"slices"
	"strings"

	"github.com/pawl-dev/pawl"
)

// innerCopies are copies in a place of the plan, under names that the catalog
// does not have.
type innerCopies struct {
	place pawl.Place
	names []string
}

func (v *survey) inside(c pawl.Place, names []string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.copies = append(v.copies, innerCopies{place: c, names: names})
}

// judge says of each such copy what becomes of it. What the search of its
// connection found as well is a stray like any other, if it is in no place of
// the plan: the guard holds the revoke until somebody answers for it. What that search cannot see the guard
// would not see either, so the rotation is refused, unless the catalog answers
// for it. After a leak it is cut off, which is the lesser harm.
func (v *survey) judge(plan pawl.Plan) {
	refused := len(v.Problems) > 0 // for something else: then nothing was searched
	for _, in := range v.copies {
		var unseen []string
		for _, name := range in.names {
			where := in.place.Op.Connection + ":" + name
			switch {
			case slices.ContainsFunc(plan.Elsewhere, func(a pawl.Acknowledgement) bool { return a.Where == where }):
			case v.census.sees(where): // tellStrays has said it
			default:
				unseen = append(unseen, where)
			}
		}
		if len(unseen) == 0 {
			continue
		}
		names := strings.Join(unseen, ", ")
		text := "holds the value in use under names that are not in the catalog: " + names
		switch {
		case plan.Reason == pawl.Leak:
			v.finding(in.place.ID, text+"; they will be cut off")
			continue
		case refused:
			v.finding(in.place.ID, text)
			continue
		}
		v.problem(in.place.ID, &pawl.Error{Op: "preflight", Kind: pawl.Conflict, Err: errors.New(text),
			Hint: "add " + names + " to the keys of " + in.place.ID + " in the catalog, or below elsewhere if it may be cut off, or remove it from " + in.place.Where})
	}
}

// sees reports whether a place was found by its value.
func (s searches) sees(where string) bool {
	return slices.ContainsFunc(s.found, func(c Copy) bool { return c.Place() == where && c.How == pawl.ByValue })
}
