package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/journal"
	"github.com/pawl-dev/pawl/provider/wrap"
	"github.com/pawl-dev/pawl/rotation"
)

// A Remainder is what an unfinished rotation leaves behind if it is ended as it
// is: which generations may be live, which place is on which, and which values
// are nowhere but in the journal, as far as can be seen.
type Remainder struct {
	Generations []Left
	Places      []Kept
	Only        []string // what would be lost with the journal's sealed values
}

// Left is one generation.
type Left struct {
	Name  string   // "old", "new/2"
	ID    string   // empty if it was never known
	Label string   // of ours; empty for the old one
	State string   // works, dead, revoked, unknown …
	In    []string // the places that were seen to hold it
}

// Kept is one place.
type Kept struct {
	ID    string
	Where string
	Holds string // in words
}

// Lines is the remainder as text, for the audit log.
func (r Remainder) Lines() (lines []string) {
	for _, g := range r.Generations {
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s %s %s: %s", g.Name, g.ID, g.Label, g.State)))
	}
	for _, p := range r.Places {
		lines = append(lines, fmt.Sprintf("%s (%s): %s", p.ID, p.Where, p.Holds))
	}
	return lines
}

// Remainder looks, without any effect, at what an unfinished rotation would
// leave. A vendor that is gone is no error: then it says that nothing is known.
func (e *Engine) Remainder(ctx context.Context, id pawl.RotationID) (Remainder, error) {
	s, err := e.Load(ctx, id)
	if err != nil {
		return Remainder{}, err
	}
	values, err := e.open(ctx, id, s)
	if err != nil {
		return Remainder{}, err
	}
	hands, err := e.cfg.Open(ctx, s.Plan)
	if err != nil {
		hands = nil // its catalog or its sign-ins are gone
	}
	ctx, cancel := context.WithTimeout(ctx, looking)
	defer cancel()
	r := Remainder{Generations: generations(s), Places: make([]Kept, len(s.Plan.Consumers))}
	names := make([]string, len(r.Places)) // of the values that they hold
	each(len(r.Places)+len(r.Generations), func(i int) {
		if n := i - len(r.Places); n >= 0 {
			g := &r.Generations[n]
			g.State = alike(ctx, hands, *g, values.get(g.Name))
			return
		}
		c := s.Plan.Consumers[i]
		r.Places[i] = Kept{ID: c.ID, Where: c.Where}
		names[i], r.Places[i].Holds = kept(ctx, s, hands, i, values)
	})
	r.sum(names, values)
	return r, nil
}

// looking bounds the looks: of vendors that are gone nothing comes however long
// they are asked.
const looking = 10 * time.Second

// sum says which generation was seen where, and what was seen nowhere.
func (r *Remainder) sum(names []string, values values) {
	for i := range r.Generations {
		g := &r.Generations[i]
		for j, p := range r.Places {
			if names[j] == g.Name {
				g.In = append(g.In, p.ID)
			}
		}
		if !values.get(g.Name).IsZero() && g.State != dead && len(g.In) == 0 {
			r.Only = append(r.Only, strings.TrimSpace(g.Name+" "+g.ID))
		}
	}
	for j, p := range r.Places {
		if prior := priorName(p.ID); !values.get(prior).IsZero() && names[j] != prior {
			r.Only = append(r.Only, "what "+p.ID+" held before")
		}
	}
}

// generations are all that the rotation knows of, or tried to make.
func generations(s *rotation.State) (all []Left) {
	if s.Ready {
		all = append(all, Left{Name: sealName(pawl.Old, 0), ID: s.OldID})
	}
	for _, a := range s.Attempts {
		if a.Status != rotation.NotDone && a.GivenUp != "the vendor made nothing" {
			all = append(all, Left{Name: sealName(pawl.New, a.Number), ID: a.ID, Label: a.Label})
		}
	}
	for _, k := range s.Kills {
		if !slices.ContainsFunc(all, func(g Left) bool { return g.ID == k.ID }) {
			all = append(all, Left{Name: "orphan", ID: k.ID})
		}
	}
	return all
}

const dead = "dead: its vendor refuses it"

// alike is what can be said of a generation now: by its value if it is known,
// else by its being listed.
func alike(ctx context.Context, hands *Hands, g Left, value pawl.Secret) string {
	switch {
	case hands == nil:
		return "not known: its vendor cannot be asked"
	case !value.IsZero():
		switch err := alive(ctx, hands.Issuer, value); pawl.KindOf(err) {
		case pawl.Denied:
			return dead
		case pawl.Mismatch:
			return "live, but not what the catalog asks for"
		default:
			if err != nil {
				return "not known: " + err.Error()
			}
			return "live"
		}
	}
	lister, ok := wrap.As[pawl.Lister](hands.Issuer)
	if !ok {
		return "not known: its value was never held"
	}
	all, err := lister.List(ctx)
	if err != nil {
		return "not known: " + err.Error()
	}
	if slices.ContainsFunc(all, func(o pawl.Generation) bool {
		return o.ID == g.ID && g.ID != "" || g.Label != "" && labelled(o.Label, g.Label)
	}) {
		return "live, and nobody holds its value"
	}
	return "not listed at its vendor"
}

// kept finds out what a place holds: the name of the value if it can be read,
// and words for people.
func kept(ctx context.Context, s *rotation.State, hands *Hands, i int, values values) (name, holds string) {
	c, p := s.Plan.Consumers[i], s.Places[i]
	last := "was never written"
	if p.Write.Status != rotation.Untried {
		last = fmt.Sprintf("was last written with %s, %s", sealName(p.Side, p.Attempt), p.Write.Status)
	}
	switch {
	case c.Human != nil && p.Confirmed != "":
		return "", "says to be on the " + string(p.Confirmed) + " one"
	case c.Human != nil:
		return "", "has not said which one is in use there"
	case hands == nil:
		return "", last
	}
	if prior := values.get(priorName(c.ID)); !prior.IsZero() {
		o, err := hands.Consumers[i].Observe(ctx, pawl.Look{Want: pawl.Content{Secret: prior, Snapshot: true}})
		if err == nil && o.Holds == pawl.HoldsWant {
			return priorName(c.ID), "holds what it held before"
		}
	}
	reader, ok := wrap.As[pawl.Reader](hands.Consumers[i])
	if !ok {
		return "", last + "; cannot be read"
	}
	value, err := reader.Read(ctx)
	if err != nil {
		return "", last + "; " + err.Error()
	}
	if name := values.named(value); name != "" {
		return name, "holds " + name
	}
	return "", "holds a value of neither generation"
}

// Abandon ends an unfinished rotation as it is, on record: why, and what it
// leaves. Its sealed values are deleted. Whoever still drives it can begin
// nothing any more.
func (e *Engine) Abandon(ctx context.Context, id pawl.RotationID, why string, left Remainder) error {
	run, err := e.cfg.Journal.Claim(ctx, id)
	if err != nil {
		return err
	}
	if run.Events == nil {
		return &pawl.Error{Op: "engine.Abandon", Kind: pawl.Unavailable, Err: errors.New("the journal gave no events")}
	}
	s := rotation.Fold(run.Events)
	b := journal.Batch{Close: pawl.Failed, Wipe: true}
	for _, ev := range []pawl.Event{
		{Type: pawl.EvAbandoned, Reason: why, Findings: left.Lines()},
		{Type: pawl.EvClosed, Outcome: pawl.Failed, Detail: "abandoned: " + why},
	} {
		ev.At, ev.Actor = e.now(), e.cfg.Actor
		s.Apply(ev)
		b.Events = append(b.Events, ev)
		b.Audit = append(b.Audit, account(id, s, ev)...)
	}
	_, err = e.cfg.Journal.Append(ctx, id, journal.At{Revision: run.Revision, Epoch: run.Epoch}, b)
	return err
}
