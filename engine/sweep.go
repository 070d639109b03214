package engine

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/audit"
	"github.com/pawl-dev/pawl/rotation"
)

// Sweep lists the generations of a credential that nobody ought to be using, as
// far as the journal and the vendor tell. Without knowing which one is in use
// none can be judged: then the Report has problems, and there are none.
func (e *Engine) Sweep(ctx context.Context, plan pawl.Plan) (Report, []Stray, error) {
	keep, err := e.inUse(ctx, plan.Credential)
	if err != nil {
		return Report{}, nil, err
	}
	return e.Strays(ctx, plan, stem(plan), keep)
}

// inUse tells the generations that a sweep must leave alone: all of an open
// rotation, and the one that the last finished one ended on.
func (e *Engine) inUse(ctx context.Context, name string) (func(id, label string) bool, error) {
	run, err := e.cfg.Journal.Latest(ctx, name)
	if pawl.KindOf(err) == pawl.NotFound {
		return func(string, string) bool { return false }, nil
	}
	if err != nil {
		return nil, err
	}
	state := rotation.Fold(run.Events)
	return func(id, label string) bool {
		if state.Outcome == "" || state.Abandoned != "" { // of an abandoned one, places may be on any generation
			return strings.Contains(label, state.Label+"/") || id == state.OldID
		}
		return state.Outcome == pawl.Completed && id == state.NewID()
	}, nil
}

// stem is the description that the issuer's generations begin with.
func stem(p pawl.Plan) string {
	var c struct{ Description string }
	if json.Unmarshal(p.Issuer.Config, &c) != nil || c.Description == "" {
		return "\x00" // no stem: nothing but our own labels can be told
	}
	return c.Description
}

// KillStray revokes a stray: the intent is in the audit log before, the outcome
// after. A crash between them leaves the intent, and a stray that is listed
// again or is gone.
func (e *Engine) KillStray(ctx context.Context, p pawl.Plan, id, label string) (killed bool, err error) {
	t := audit.Target{Credential: p.Credential, Provider: p.Issuer.Name, ProviderID: id}
	c := audit.Context{Detail: "sweep: " + label}
	if err := e.Record(ctx, audit.OrphanRevoked, audit.Pending, t, c); err != nil {
		return false, err
	}
	err = e.Kill(ctx, p, id)
	outcome := audit.Success
	if err != nil {
		outcome, c.Kind = audit.Failure, pawl.KindOf(err).String()
		if pawl.KindOf(err) == pawl.Unknown {
			outcome = audit.Unknown
		}
	}
	return err == nil, errors.Join(err, e.Record(ctx, audit.OrphanRevoked, outcome, t, c))
}

// WrittenBy is what a rotation wrote last, for [Engine.Verify].
func WrittenBy(s *rotation.State) Written {
	w := Written{ID: s.ID(s.Target), Marks: map[string]string{}}
	for i, c := range s.Plan.Consumers {
		if p := s.Places[i]; p.Write.Status == rotation.Done && p.Side == s.Target {
			w.Marks[c.ID] = p.Mark
		}
	}
	return w
}
