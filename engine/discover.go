package engine

import (
	"context"
	"errors"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/rotation"
)

// A Discovery is everything that a search of a plan's connections found.
type Discovery struct {
	Copies   []Copy
	Searched []pawl.Searched
	Open     []pawl.Stray // those among them that a rotation would stop for
	Sides    bool         // a rotation is open: copies are of its old or its new generation
}

// Discover searches every connection of a plan for copies of the value in use,
// or of both values of the open rotation that is named, if one is.
func (e *Engine) Discover(ctx context.Context, plan pawl.Plan, open pawl.RotationID) (Discovery, error) {
	hands, err := e.cfg.Open(ctx, plan)
	if err != nil {
		return Discovery{}, err
	}
	d := Discovery{Sides: open.Number > 0}
	both, made, err := e.known(ctx, plan, hands, open)
	if err != nil {
		return d, err
	}
	found := search(ctx, hands, both)
	if err := context.Cause(ctx); err != nil {
		return d, err
	}
	d.Copies, d.Searched = found.found, found.searched
	s := rotation.Fold([]pawl.Event{{Type: pawl.EvPlanned, Plan: &plan}, {Type: pawl.EvCensus, Searched: d.Searched, Strays: found.strays()}, made})
	d.Open = s.Strays()
	return d, nil
}

// known are the values to look for, and what a preflight would say of the old
// one.
func (e *Engine) known(ctx context.Context, plan pawl.Plan, hands *Hands, open pawl.RotationID) ([]sought, pawl.Event, error) {
	if open.Number > 0 {
		s, err := e.Load(ctx, open)
		if err != nil {
			return nil, pawl.Event{}, err
		}
		v, err := e.open(ctx, open, s)
		return []sought{{pawl.Old, v.side(pawl.Old, 0)}, {pawl.New, v.side(pawl.New, len(s.Attempts))}},
			pawl.Event{Type: pawl.EvPreflight, Result: pawl.Done, ID: s.OldID, Made: s.OldMade}, err
	}
	v := &survey{priors: map[string]pawl.Secret{}}
	v.findOld(ctx, plan, hands)
	if v.old.IsZero() {
		return nil, pawl.Event{}, errors.Join(v.Problems...)
	}
	v.current(ctx, hands) // a value that is dead, or cannot be told, is looked for as well
	return []sought{{pawl.Old, v.old}}, pawl.Event{Type: pawl.EvPreflight, Result: pawl.Done, ID: v.Old.ID, Made: v.Old.Created}, nil
}
