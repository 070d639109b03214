package engine

import (
	"context"
	"errors"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/journal"
	"github.com/pawl-dev/pawl/provider/wrap"
	"github.com/pawl-dev/pawl/rotation"
)

// Checked is what a machine had to say to a person's claim.
type Checked struct {
	Looked bool // there was something to look at
	Proved bool
	Class  pawl.Class
	Detail string
}

// Confirm takes a person's word that a step is done, once a machine has looked
// at what can be looked at without an effect. What the machine contradicts is
// not believed: that is [pawl.Mismatch], and nothing is journaled. What it does
// not show yet is taken for a claim, and the rotation goes on looking.
func (e *Engine) Confirm(ctx context.Context, id pawl.RotationID, step string) (Checked, error) {
	s, err := e.Load(ctx, id)
	if err != nil {
		return Checked{}, err
	}
	c := s.Plan.Place(step)
	if c == nil || c.Asks() == nil {
		return Checked{}, &pawl.Error{Op: "engine.Confirm", Kind: pawl.NotFound, Err: errors.New("no such step")}
	}
	claim := pawl.Event{Type: pawl.EvConfirmed, Consumer: c.ID, Side: s.Target, Attempt: len(s.Attempts)}
	got, seen, err := e.examine(ctx, id, s, c)
	if err != nil {
		return got, err
	}
	return got, e.append(ctx, id, func(_ journal.Run, now *rotation.State) (journal.Batch, error) {
		if now.Target != s.Target || len(now.Attempts) != len(s.Attempts) {
			return journal.Batch{}, &pawl.Error{Op: "engine.Confirm", Kind: pawl.Conflict, Err: errors.New("what is asked for has changed meanwhile"), Hint: "pawl status " + id.Credential}
		}
		return journal.Batch{Events: append([]pawl.Event{claim}, seen...)}, nil
	})
}

// patience is how long a claim that the machine contradicts is looked at again:
// what was just written may take a moment to be seen.
const patience = 3 * time.Second

// examine looks at what a person says is done, by the place's own look and by
// the proofs that need not be started.
func (e *Engine) examine(ctx context.Context, id pawl.RotationID, s *rotation.State, c *pawl.Place) (Checked, []pawl.Event, error) {
	proofs := 0
	for _, op := range c.Proofs {
		if !op.Starts {
			proofs++
		}
	}
	if c.Hand == nil && proofs == 0 {
		return Checked{}, nil, nil
	}
	hands, err := e.cfg.Open(ctx, s.Plan)
	if err != nil {
		return Checked{}, nil, err
	}
	values, err := e.open(ctx, id, s)
	if err != nil {
		return Checked{}, nil, err
	}
	r := &run{e: e, id: id, hands: hands, state: s, values: values}
	for until := time.Now().Add(patience); ; {
		got, seen, contradicted := r.examine(ctx, c)
		if !contradicted {
			return got, seen, nil
		}
		if !time.Now().Before(until) || ctx.Err() != nil {
			return got, nil, &pawl.Error{Op: "engine.Confirm", Kind: pawl.Mismatch, Err: errors.New(c.ID + ": " + got.Detail)}
		}
		select {
		case <-time.After(patience / 6):
		case <-ctx.Done():
		}
	}
}

// examine looks once.
func (r *run) examine(ctx context.Context, c *pawl.Place) (got Checked, seen []pawl.Event, contradicted bool) {
	i := r.index(c.ID)
	p := &r.state.Places[i]
	a := rotation.Action{Do: rotation.DoLook, Consumer: c.ID, Side: r.state.Target, Attempt: len(r.state.Attempts),
		Prior: r.state.Target == pawl.Old && p.Prior != "", Since: p.Notice.Begun}
	if c.Hand != nil {
		seen = append(seen, r.prepare(a)(ctx).events...)
	}
	for j, op := range c.Proofs {
		if op.Starts || len(seen) > 0 && seen[0].Verdict != pawl.Proved {
			continue
		}
		a.Do, a.Proof = rotation.DoProve, j+1
		seen = append(seen, r.prepare(a)(ctx).events...)
	}
	got = Checked{Looked: true, Proved: true}
	for n, ev := range seen {
		ev = r.values.scrub(ev)
		seen[n] = ev
		if ev.Verdict == pawl.Proved {
			got.Class = max(got.Class, ev.Class)
		}
		if got.Proved {
			got.Detail, got.Proved = ev.Detail, ev.Verdict == pawl.Proved
		}
		elsewhere := ev.Holds == pawl.HoldsNot || ev.Holds == pawl.HoldsOther || ev.Holds == pawl.HoldsNothing
		contradicted = contradicted || ev.Verdict == pawl.Refuted || elsewhere && ev.Verdict != pawl.Proved
	}
	return got, seen, contradicted
}

// Instruct says how a step is done by hand with the vendor's own tools. It does
// no I/O with the vendors.
func (e *Engine) Instruct(ctx context.Context, s *rotation.State, step string) ([]pawl.Instruction, error) {
	hands, err := e.cfg.Open(ctx, s.Plan)
	if err != nil {
		return nil, err
	}
	if a := s.Wanted(); step == pawl.MintStep && a != nil {
		if x, ok := wrap.As[pawl.Instructor](hands.Issuer); ok {
			return x.Instruct(a.Label), nil
		}
		return nil, nil
	}
	for i, c := range s.Plan.Consumers {
		if x, ok := wrap.As[pawl.Instructor](hands.Consumers[i]); ok && c.ID == step && c.Hand != nil {
			return x.Instruct(""), nil
		}
	}
	return nil, nil
}
