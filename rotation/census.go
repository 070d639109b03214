package rotation

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pawl-dev/pawl"
)

// A Census is what is known of copies outside of the plan.
type Census struct {
	First    []pawl.Searched // at the preflight: what can be searched at all
	Latest   []pawl.Searched
	Strays   []pawl.Stray // of the latest search, acknowledged or not
	Accepted []pawl.Acknowledgement
	At       time.Time // the latest search since the preflight; zero: it is to be made
	Fails    int       // searches in a row that were not complete
}

// taken: the search at the preflight says what can be searched. It does not
// count for the revoke: much can be copied while a rotation is under way.
func (c *Census) taken(e pawl.Event, ready bool) {
	c.Latest, c.Strays = e.Searched, e.Strays
	if !ready {
		c.First = e.Searched
		return
	}
	c.First = measured(c.First, e.Searched)
	c.At = e.At
	c.Fails++
	if len(c.missed()) == 0 {
		c.Fails = 0
	}
}

// measured: where the preflight's search of a connection failed or took too long
// it says nothing of how much may not be looked at there, so that the first
// search which is complete is what later ones are measured by. Else a part that
// was never shown would be waited for, and no search could ever be good enough.
func measured(first, latest []pawl.Searched) []pawl.Searched {
	first = slices.Clone(first)
	for i, was := range first {
		j := slices.IndexFunc(latest, func(is pawl.Searched) bool { return is.Connection == was.Connection })
		if was.Kind != "" && !was.Closed() && j >= 0 && latest[j].Kind == "" {
			first[i] = latest[j]
		}
	}
	return first
}

func (c *Census) accept(e pawl.Event) {
	a := pawl.Acknowledgement{Where: e.Consumer, Why: e.Reason, By: e.Actor}
	if !slices.Contains(c.Accepted, a) {
		c.Accepted = append(c.Accepted, a)
	}
}

// missed lists the connections that could be searched at the preflight and
// were not, or not as completely, since.
func (c *Census) missed() (missed []pawl.Searched) {
	for _, was := range c.First {
		if was.Closed() {
			continue
		}
		i := slices.IndexFunc(c.Latest, func(is pawl.Searched) bool { return is.Connection == was.Connection })
		if i < 0 {
			missed = append(missed, pawl.Searched{Connection: was.Connection, Kind: pawl.Unavailable.String(), Detail: "it was not searched"})
			continue
		}
		is := c.Latest[i]
		if is.Kind == "" && is.Blind > was.Blind {
			is.Detail = fmt.Sprintf("%d parts of it may not be looked at; before, these were %d", is.Blind, was.Blind)
		} else if is.Kind == "" {
			continue
		}
		missed = append(missed, is)
	}
	return missed
}

// recount asks for a new search where the last one left something open: a
// person may have seen to it meanwhile.
func (s *State) recount() {
	if s.Census.Fails > 0 || len(s.Strays()) > 0 {
		s.Census.At, s.Census.Fails = time.Time{}, 0
	}
}

// censused reports whether a search for copies outside of the plan is asked
// for before the revoke. It is not for what was never put anywhere, and not in
// a rehearsal: that it would be held up is said by its preflight. After a leak
// strays are said and cut off. Rotations that were begun before there was such
// a search have none at their preflight.
func (s *State) censused() bool {
	switch {
	case s.Sent, s.Plan.Reason == pawl.Leak, s.ID(s.Doomed()) == "":
		return false
	case s.Target == pawl.New && (s.OldDead || s.rehearsing()):
		return false
	case s.Target == pawl.Old && (s.Plan.Reason == pawl.Rehearsal || !slices.ContainsFunc(s.Places, func(p Place) bool { return p.Touched })):
		return false
	}
	return slices.ContainsFunc(s.Census.First, func(c pawl.Searched) bool { return !c.Closed() })
}

// Strays are the places outside of the plan that hold, or may hold, the doomed
// generation and that nobody has acknowledged.
func (s *State) Strays() (open []pawl.Stray) {
	for _, x := range s.Census.Strays {
		if s.mayHold(x, s.Doomed()) && !s.acknowledged(x) {
			open = append(open, x)
		}
	}
	return open
}

// mayHold reports whether a stray holds a generation. One that cannot be read
// does not, if it was last written before that generation was made. For the new
// one its name says nothing: whoever goes back in the night is held up by what
// was seen, not by what might be.
func (s *State) mayHold(x pawl.Stray, side pawl.Side) bool {
	switch {
	case x.How == pawl.ByValue:
		return x.Side == side
	case side == pawl.New:
		return false
	}
	return x.Changed.IsZero() || s.OldMade.IsZero() || !x.Changed.Before(s.OldMade.Add(-ClockSkew))
}

func (s *State) acknowledged(x pawl.Stray) bool {
	covers := func(a pawl.Acknowledgement) bool { return a.Covers(x) }
	return slices.ContainsFunc(s.Plan.Elsewhere, covers) ||
		slices.ContainsFunc(s.Census.Accepted, func(a pawl.Acknowledgement) bool { return a.Where == x.Where })
}

// skipped lists the connections that had to be searched, could not be, and
// that nobody has acknowledged.
func (s *State) skipped() (open []pawl.Searched) {
	for _, m := range s.Census.missed() {
		named := func(a pawl.Acknowledgement) bool { return a.Where == m.Connection }
		if !slices.ContainsFunc(s.Plan.Elsewhere, named) && !slices.ContainsFunc(s.Census.Accepted, named) {
			open = append(open, m)
		}
	}
	return open
}

// uncounted is why the search for copies outside of the plan stands against a
// revoke now; empty if it does not.
func (s *State) uncounted(now time.Time) string {
	switch {
	case !s.censused():
		return ""
	case !within(s.Census.At, now, CensusFresh):
		return "copies outside of the plan were not looked for just now"
	case len(s.skipped()) > 0:
		return s.skipped()[0].Connection + " was not searched for copies outside of the plan"
	case len(s.Strays()) > 0:
		return s.Strays()[0].Where + " is not in the plan and may hold the " + string(s.Doomed()) + " value"
	}
	return ""
}

// counted: copies outside of the plan were looked for, so that whoever is asked
// for the revoke knows of them. How long ago does not matter yet.
func (d *decider) counted() bool {
	return !d.s.censused() || !d.s.Census.At.IsZero() && !d.s.Census.At.After(d.now.Add(time.Second)) && d.clear() || d.count()
}

// recounted: they were looked for just now, and there is none that would be cut
// off unnoticed.
func (d *decider) recounted() bool {
	return !d.s.censused() || within(d.s.Census.At, d.now, CensusFresh) && d.clear() || d.count()
}

func (d *decider) clear() bool { return len(d.s.skipped()) == 0 && len(d.s.Strays()) == 0 }

// count searches, again as long as that is not complete, and else says what
// only a person can settle. It never reports that the stage is passed.
func (d *decider) count() bool {
	c := &d.s.Census
	fresh, skipped := within(c.At, d.now, CensusFresh), d.s.skipped()
	again := len(skipped) > 0 && c.Fails <= patience(skipped)
	switch {
	case !fresh, again && d.due(c.At.Add(backoff(c.Fails))):
		d.wait(Wait{On: OnEffect, Detail: "looking for copies outside of the plan"})
		d.do(Action{Do: DoCensus, Side: d.s.Doomed(), Attempt: len(d.s.Attempts)})
		return false
	case again:
		d.wait(Wait{On: OnEffect, Kind: pawl.KindNamed(skipped[0].Kind), Detail: "looking for copies outside of the plan: " + skipped[0].Detail})
		return false
	}
	for _, m := range skipped {
		d.wait(Wait{On: OnHelp, Place: m.Connection, Kind: pawl.KindNamed(m.Kind), Detail: m.Connection + " could not be searched for copies outside of the plan: " + m.Detail,
			Hint: "mend that and resume; or go on without: " + d.accepting(m.Connection)})
	}
	for _, x := range d.s.Strays() {
		what := "holds the " + string(d.s.Doomed()) + " value"
		if x.How == pawl.ByName {
			what = "has the name of a copy and cannot be read, so it may hold the " + string(d.s.Doomed()) + " value"
		}
		d.wait(Wait{On: OnHelp, Place: x.Where, Kind: pawl.Conflict, Detail: x.Where + " " + what + ", and is not in the plan: the revoke would cut it off",
			Hint: "change or remove it and resume; or go back, add it to the catalog and rotate again; or let it be cut off: " + d.accepting(x.Where)})
	}
	return false
}

// patience is how many searches in a row may fail before a person is asked. A
// refusal may be an outage, but seldom one that passes.
func patience(skipped []pawl.Searched) int {
	for _, m := range skipped {
		if k := pawl.KindNamed(m.Kind); m.Kind == "" || !k.Unchanged() {
			return Refusals
		}
	}
	return Tries
}

func (d *decider) accepting(place string) string {
	return "pawl resume " + d.s.Plan.Credential + " --accept '" + strings.ReplaceAll(place, "'", `'\''`) + "' --why REASON"
}
