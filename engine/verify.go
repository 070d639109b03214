package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/provider/wrap"
)

// Seen is what one place shows now of the generation in use.
type Seen struct {
	ID     string
	Where  string
	Proved bool       // on the generation in use, by everything that can be looked at without an effect
	Class  pawl.Class // of the strongest evidence
	Holds  pawl.Holds
	Silent bool // the place cannot tell which value it holds, and nothing is known of our last write either
	Detail string
	Err    error

	Readable bool      // it can be read back
	Digest   string    // keyed, of the value in use, if it holds that and the engine has a box; see [Engine.Digest]
	At       time.Time // of the look; zero: there was none
}

// A Written is what is known of the last write to a place: the vendor's mark
// of it. For a place that cannot be read back this is all there is to compare.
type Written struct {
	ID    string // of the generation that was written
	Marks map[string]string
}

// Verify looks at every place of a plan and changes nothing. The generation in
// use is what the store holds. Proofs that would have to be started are left
// out.
func (e *Engine) Verify(ctx context.Context, plan pawl.Plan, last Written) (Report, []Seen, error) {
	hands, err := e.cfg.Open(ctx, plan)
	if err != nil {
		return Report{}, nil, err
	}
	v := &survey{priors: map[string]pawl.Secret{}}
	v.Places = make([]Found, len(plan.Consumers))
	v.findOld(ctx, plan, hands)
	if v.old.IsZero() {
		return v.Report, nil, nil
	}
	v.current(ctx, hands)
	seen := make([]Seen, len(plan.Consumers))
	if last.ID != v.Old.ID || v.Old.ID == "" {
		last.Marks = nil // somebody rotated it without us
	}
	each(len(seen), func(i int) {
		seen[i] = sight(ctx, plan.Consumers[i], hands, i, v.old, last.Marks[plan.Consumers[i].ID])
		if s := seen[i]; s.Holds == pawl.HoldsWant || s.Proved && !s.Silent {
			seen[i].Digest = e.Digest(v.old)
		}
	})
	return v.Report, seen, nil
}

// current finds out whether the value in use works, and its id.
func (v *survey) current(ctx context.Context, hands *Hands) {
	err := alive(ctx, hands.Issuer, v.old)
	v.Dead = pawl.KindOf(err) == pawl.Denied
	if err != nil {
		v.problem("issuer", err)
	}
	if id, ok := wrap.As[pawl.Identifier](hands.Issuer); ok && !v.Dead {
		g, err := id.Identify(ctx, v.old)
		v.problem("issuer", err)
		g.Value = pawl.Secret{}
		v.Old = g
	}
}

func sight(ctx context.Context, c pawl.Place, hands *Hands, i int, value pawl.Secret, mark string) Seen {
	s := Seen{ID: c.ID, Where: c.Where}
	if c.Human != nil {
		s.Detail = "a person; nothing can be looked at"
		return s
	}
	look := pawl.Look{Want: pawl.Content{Secret: value}}
	if _, s.Readable = wrap.As[pawl.Reader](hands.Consumers[i]); !s.Readable {
		look.Mark, s.Silent = mark, mark == ""
	}
	o, err := hands.Consumers[i].Observe(ctx, look)
	s.At = time.Now()
	s.Silent = s.Silent && err == nil && o.Holds == pawl.HoldsUnknown
	s.Proved, s.Class, s.Holds, s.Detail, s.Err = err == nil && o.Verdict == pawl.Proved, o.Class, o.Holds, o.Detail, err
	for j, op := range c.Proofs {
		if op.Starts || !s.Proved {
			continue
		}
		o, err := hands.Proofs[i][j].Prove(ctx, look)
		if err != nil || o.Verdict != pawl.Proved {
			s.Proved, s.Detail, s.Err = false, o.Detail, err
		} else {
			s.Class, s.Detail = max(s.Class, o.Class), strings.TrimPrefix(s.Detail+"; "+o.Detail, "; ")
		}
	}
	return s
}

// A Stray is a generation at the vendor that no consumer ought to be using.
type Stray struct {
	Generation pawl.Generation
	Ours       bool // minted by this installation: an orphan
	Caller     bool // the connection may sign in with it
}

// Strays lists the generations that carry the credential's stem or a label of
// ours and are neither the one in use nor one of an open rotation. Without
// knowing the one in use nothing can be told, and the Report says why.
func (e *Engine) Strays(ctx context.Context, plan pawl.Plan, stem string, keep func(id, label string) bool) (Report, []Stray, error) {
	hands, err := e.cfg.Open(ctx, plan)
	if err != nil {
		return Report{}, nil, err
	}
	v := &survey{priors: map[string]pawl.Secret{}}
	v.findOld(ctx, plan, hands)
	if !v.old.IsZero() {
		v.current(ctx, hands)
	}
	lister, ok := wrap.As[pawl.Lister](hands.Issuer)
	if !ok || len(v.Problems) > 0 {
		return v.Report, nil, nil
	}
	all, err := lister.List(ctx)
	if err != nil {
		return v.Report, nil, err
	}
	callers, err := callers(ctx, hands.Issuer)
	if err != nil {
		return v.Report, nil, err
	}
	ours := Label(e.cfg.Journal.Install()) + plan.Credential
	var strays []Stray
	for _, g := range all {
		mine := labelled(g.Label, ours)
		if g.ID == v.Old.ID || keep(g.ID, g.Label) || !mine && !stemmed(g.Label, stem) {
			continue
		}
		strays = append(strays, Stray{g, mine, slices.Contains(callers, g.ID)})
	}
	return v.Report, strays, nil
}

// stemmed reports whether a description is the stem, dated or labelled or not:
// "acme-token 2026-08-20" is of acme-token, "acme-token-staging" is another's.
func stemmed(description, stem string) bool {
	rest, ok := strings.CutPrefix(description, stem)
	return ok && (rest == "" || rest[0] == ' ' || len(rest) > 1 && !unicode.IsLetter(rune(rest[0])) && unicode.IsDigit(rune(rest[1])))
}

// callers are the generations that the connection may sign in with.
func callers(ctx context.Context, issuer pawl.Issuer) ([]string, error) {
	c, ok := wrap.As[pawl.Caller](issuer)
	if !ok {
		return nil, nil
	}
	return c.Callers(ctx)
}

// Kill revokes a stray. The one that the connection may sign in with is not.
func (e *Engine) Kill(ctx context.Context, plan pawl.Plan, id string) error {
	hands, err := e.cfg.Open(ctx, plan)
	if err != nil {
		return err
	}
	own, err := callers(ctx, hands.Issuer)
	if err != nil {
		return err
	}
	if slices.Contains(own, id) {
		return &pawl.Error{Op: "engine.Kill", Kind: pawl.Operator, Err: fmt.Errorf("connection %q may sign in with %s", plan.Issuer.Connection, id),
			Hint: "sign in otherwise first"}
	}
	return hands.Issuer.Revoke(ctx, id)
}

// OldWorks reports nil if the old generation of an open rotation still works,
// and [pawl.Denied] if the vendor refuses it several times in a row: then there
// is nothing to go back to.
func (e *Engine) OldWorks(ctx context.Context, id pawl.RotationID) error {
	s, err := e.Load(ctx, id)
	if err != nil || !s.Ready {
		return err
	}
	hands, err := e.cfg.Open(ctx, s.Plan)
	if err != nil {
		return err
	}
	values, err := e.open(ctx, id, s)
	if err != nil {
		return err
	}
	return alive(ctx, hands.Issuer, values.side(pawl.Old, 0))
}
