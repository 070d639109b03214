package engine

import (
	"context"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/rotation"
)

// Current returns the value in use: what the store holds, or else the first
// place that can be read.
func (e *Engine) Current(ctx context.Context, plan pawl.Plan) (pawl.Secret, error) {
	hands, err := e.cfg.Open(ctx, plan)
	if err != nil {
		return pawl.Secret{}, err
	}
	v := &survey{priors: map[string]pawl.Secret{}}
	v.findOld(ctx, plan, hands)
	if v.old.IsZero() {
		return pawl.Secret{}, v.Problems[0]
	}
	return v.old, nil
}

// Moving returns the value that people are to move to while a rotation is
// open: the new one once it was seen working, or the old one going back. No
// value: there is none yet, so what is in use stays so.
func (e *Engine) Moving(ctx context.Context, id pawl.RotationID, s *rotation.State) (pawl.Secret, error) {
	a := s.Attempt()
	if s.Outcome != "" || s.Target == pawl.New && (a == nil || a.GivenUp != "" || a.Works.IsZero()) {
		return pawl.Secret{}, nil
	}
	values, err := e.open(ctx, id, s)
	return values.side(s.Target, len(s.Attempts)), err
}
