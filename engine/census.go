package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/wording"
)

// A sought value is one side of a rotation.
type sought struct {
	side  pawl.Side
	value pawl.Secret
}

// searches are what came of searching every connection of a plan.
type searches struct {
	searched []pawl.Searched
	found    []Copy
}

// A Copy is a place that a search found, in the catalog or not.
type Copy struct {
	Connection string
	Side       pawl.Side // which generation it holds; empty: none, or it cannot be told
	pawl.Found
}

// Place is what a copy is named by, everywhere.
func (c Copy) Place() string { return c.Connection + ":" + c.Where }

func (s searches) strays() (all []pawl.Stray) {
	for _, c := range s.found {
		if !c.Listed && c.How != pawl.ByOther {
			all = append(all, pawl.Stray{Where: c.Place(), How: c.How, Side: c.Side, Changed: c.Changed})
		}
	}
	return all
}

// event journals what was found. It is as old as its question.
func (s searches) event(asked time.Time) pawl.Event {
	return pawl.Event{Type: pawl.EvCensus, At: asked, Searched: s.searched, Strays: s.strays()}
}

// search searches every connection of a plan. A place that two connections to
// one vendor can see is found twice.
func search(ctx context.Context, hands *Hands, values []sought) (s searches) {
	values = slices.DeleteFunc(values, func(v sought) bool { return v.value.IsZero() })
	q := pawl.Search{Names: hands.Names}
	for _, v := range values {
		q.Values = append(q.Values, v.value)
	}
	s.searched = make([]pawl.Searched, len(hands.Searches))
	found := make([][]pawl.Found, len(hands.Searches))
	each(len(hands.Searches), func(i int) {
		q := q
		q.Listed = hands.Searches[i].Listed
		s.searched[i], found[i] = searchOne(ctx, hands.Searches[i], q)
	})
	for i, all := range found {
		for _, f := range all {
			c := Copy{Connection: hands.Searches[i].Connection, Found: f}
			if f.How == pawl.ByValue {
				c.Side = values[f.Value].side
			}
			s.found = append(s.found, c)
		}
	}
	slices.SortStableFunc(s.found, func(a, b Copy) int { return cmp.Compare(a.Place(), b.Place()) })
	return s
}

// abreast is how many areas of a vendor are searched at one time.
const abreast = 8

// searchOne searches one connection. What may not be looked at is counted;
// what is gone holds nothing; anything else leaves the search incomplete, and
// it ends there.
func searchOne(ctx context.Context, in Searching, q pawl.Search) (pawl.Searched, []pawl.Found) {
	s := pawl.Searched{Connection: in.Connection}
	areas, err := in.Discoverer.Areas(ctx, q)
	if err != nil {
		s.Kind, s.Detail = pawl.KindOf(err).String(), err.Error()
		return s, nil
	}
	var mu sync.Mutex
	var found []pawl.Found
	var failed error
	next := make(chan pawl.Area)
	go func() {
		defer close(next)
		for _, a := range areas {
			mu.Lock()
			stop := failed != nil
			mu.Unlock()
			if stop {
				return
			}
			next <- a
		}
	}()
	each(min(abreast, len(areas)), func(int) {
		for a := range next {
			got, err := in.Discoverer.Search(ctx, a, q)
			mu.Lock()
			switch pawl.KindOf(err) {
			case pawl.NotFound: // it is gone since it was listed
				s.Areas++
			case pawl.Forbidden, pawl.Operator:
				s.Blind++
			default:
				if err != nil && failed == nil {
					failed = fmt.Errorf("%s: %w", wording.Printable(a.Name), err)
				} else if err == nil {
					s.Areas++
					found = append(found, got...)
				}
			}
			mu.Unlock()
		}
	})
	if failed == nil && ctx.Err() != nil {
		failed = &pawl.Error{Op: "searching", Kind: pawl.Unavailable, Err: errors.New("it took too long")}
	}
	if failed != nil {
		s.Kind = pawl.KindOf(failed).String()
		s.Detail = fmt.Sprintf("%d of %d parts were looked at; %v", s.Areas, len(areas), failed)
	}
	for i := range found {
		found[i].Where = wording.Printable(found[i].Where)
	}
	return s, found
}

// census is the search before a revoke, as an action: it ends in one event.
func (r *run) census(ctx context.Context, both []sought) outcome {
	asked := r.e.now()
	s := search(ctx, r.hands, both)
	if errors.Is(ctx.Err(), context.Canceled) {
		return outcome{} // interrupted: that says nothing about the company
	}
	return one(s.event(asked))
}

// countWords is a census for an auditor.
func countWords(ev pawl.Event) string {
	var parts []string
	for _, x := range ev.Searched {
		text := fmt.Sprintf("%s: %d looked at", x.Connection, x.Areas)
		if x.Blind > 0 {
			text += fmt.Sprintf(", %d may not be", x.Blind)
		}
		if x.Kind != "" {
			text += ", not complete (" + x.Kind + ")"
		}
		parts = append(parts, text)
	}
	for _, x := range ev.Strays {
		parts = append(parts, "not in the plan: "+x.Where)
	}
	return strings.Join(parts, "; ")
}
