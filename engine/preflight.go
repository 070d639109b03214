package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/provider/once"
	"github.com/pawl-dev/pawl/provider/wrap"
	"github.com/pawl-dev/pawl/rotation"
)

// A Report is what was found without any effect.
type Report struct {
	Old      pawl.Generation // the generation in use; no value
	Dead     bool            // it is refused already
	Places   []Found         // as Plan.Consumers
	Findings []string        // remarks that stop nothing
	Problems []error         // what a rotation would be refused for
}

// Found is what one place holds now.
type Found struct {
	ID       string
	Where    string
	Holds    pawl.Holds // of the generation in use
	Problem  error      // what a rotation would be refused for because of this place
	Readable bool
	Detail   string
}

// survey is a Report with the values that go with it.
type survey struct {
	Report
	mu       sync.Mutex
	old      pawl.Secret
	priors   map[string]pawl.Secret
	census   searches
	copies   []innerCopies
	accepted map[string]bool // places that may break: their problems stop nothing
}

// Survey does every check of a plan that can be done without an effect.
func (e *Engine) Survey(ctx context.Context, plan pawl.Plan) (Report, error) {
	hands, err := e.cfg.Open(ctx, plan)
	if err != nil {
		return Report{}, err
	}
	return e.survey(ctx, plan, hands).Report, nil
}

func (e *Engine) survey(ctx context.Context, plan pawl.Plan, hands *Hands) *survey {
	ctx = once.Reads(ctx) // a place is read once, and judged by several questions
	v := &survey{priors: map[string]pawl.Secret{}, accepted: map[string]bool{}}
	v.Places = make([]Found, len(plan.Consumers))
	for i, c := range plan.Consumers {
		v.Places[i] = Found{ID: c.ID, Where: c.Where}
		v.accepted[c.ID] = c.Accepted
	}
	v.abilities(ctx, plan, hands)
	if len(v.Problems) > 0 {
		return v // what cannot be reached cannot be looked at
	}
	v.findOld(ctx, plan, hands)
	if v.old.IsZero() {
		return v
	}
	v.identify(ctx, plan, hands)
	each(len(plan.Consumers), func(i int) { v.look(ctx, plan.Consumers[i], hands, i) })
	v.count(ctx, plan, hands)
	v.judge(plan)
	return v
}

// each runs f for 0 ≤ i < n at once and waits. The vendors' clients bound how
// much of it really happens at one time.
func each(n int, f func(int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { f(i) })
	}
	wg.Wait()
}

func (v *survey) problem(where string, err error) {
	if err == nil {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.accepted[where] {
		if text := where + ": may break, and will: " + err.Error(); !slices.Contains(v.Findings, text) {
			v.Findings = append(v.Findings, text)
		}
		return
	}
	for i := range v.Places {
		if v.Places[i].ID == where {
			v.Places[i].Problem = errors.Join(v.Places[i].Problem, err)
		}
	}
	if where != "" {
		err = fmt.Errorf("%s: %w", where, err)
	}
	v.Problems = append(v.Problems, err)
}

func (v *survey) finding(where string, texts ...string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, t := range texts {
		if where != "" {
			t = where + ": " + t
		}
		v.Findings = append(v.Findings, t)
	}
}

// abilities asks every provider whether it will be able to do its work.
func (v *survey) abilities(ctx context.Context, plan pawl.Plan, hands *Hands) {
	ask := func(where string, x any, hand *pawl.Human) {
		if p, ok := wrap.As[pawl.Preflighter](x); ok {
			findings, err := p.Preflight(ctx)
			v.finding(where, findings...)
			if hand != nil && pawl.KindOf(err) == pawl.Forbidden { // a person does what pawl may not
				v.finding(where, err.Error())
				return
			}
			v.problem(where, err)
		}
	}
	each(len(plan.Consumers)+1, func(i int) {
		if i == len(plan.Consumers) {
			ask("issuer", hands.Issuer, plan.Hand)
			return
		}
		if hands.Consumers[i] != nil {
			ask(plan.Consumers[i].ID, hands.Consumers[i], plan.Consumers[i].Hand)
		}
		for _, p := range hands.Proofs[i] {
			ask(plan.Consumers[i].ID, p, nil)
		}
		v.canTell(ctx, plan.Consumers[i].ID, hands.Notifiers[i])
	})
}

// canTell asks whether a person can be told. That it fails is no problem: what
// there is to do is on every screen as well.
func (v *survey) canTell(ctx context.Context, where string, n pawl.Notifier) {
	p, ok := wrap.As[pawl.Preflighter](n)
	if !ok {
		return
	}
	findings, err := p.Preflight(ctx)
	v.finding(where, findings...)
	if err != nil {
		v.finding(where, "cannot be told: "+err.Error())
	}
}

// findOld reads the value in use: from the store, else from the first consumer
// that can be read.
func (v *survey) findOld(ctx context.Context, plan pawl.Plan, hands *Hands) {
	var last error
	for i, c := range plan.Consumers { // the store is the first
		r, ok := wrap.As[pawl.Reader](hands.Consumers[i])
		if hands.Consumers[i] == nil || !ok {
			continue
		}
		value, err := r.Read(ctx)
		if err == nil && !value.IsZero() {
			v.old = value
			return
		}
		last = fmt.Errorf("%s: %w", c.ID, err)
		if k := pawl.KindOf(err); k != pawl.NotFound && k != pawl.Forbidden && k != pawl.Invalid {
			break // it may well be there: a value found elsewhere might be another one
		}
	}
	if last == nil {
		last = errors.New("no place of this credential can be read")
	}
	v.problem("", &pawl.Error{Op: "reading the value in use", Kind: pawl.KindOf(last), Err: last,
		Hint: "the store, or one consumer that can be read back, has to hold the current value"})
}

// identify finds out whether the value in use works, and which generation it
// is.
func (v *survey) identify(ctx context.Context, plan pawl.Plan, hands *Hands) {
	if c, ok := wrap.As[pawl.CallerChecker](hands.Issuer); ok && c.CallsWith(v.old) {
		v.problem("", &pawl.Error{Op: "preflight", Kind: pawl.Operator,
			Err:  fmt.Errorf("connection %q signs in with the very token that is to be rotated", plan.Issuer.Connection),
			Hint: "sign in otherwise: put another authorization's token (heroku login, or a management authorization) into connections.yaml"})
		return
	}
	err := alive(ctx, hands.Issuer, v.old)
	switch pawl.KindOf(err) {
	case pawl.Denied:
		v.Dead = true
		if plan.Reason != pawl.Leak {
			v.problem("", &pawl.Error{Op: "preflight", Kind: pawl.Denied, Err: errors.New("the value in use is refused by the vendor already"),
				Hint: "if it was revoked or leaked: pawl rotate " + plan.Credential + " --reason leak"})
			return
		}
		v.finding("", "the value in use is refused by the vendor already: there is nothing to roll back to")
	case pawl.Mismatch:
		v.finding("issuer", "the value in use works, but: "+err.Error())
	default:
		if err != nil {
			v.problem("issuer", err)
			return
		}
	}
	if _, ok := wrap.As[pawl.Lister](hands.Issuer); !ok {
		v.problem("issuer", &pawl.Error{Op: "preflight", Kind: pawl.Invalid, Err: errors.New("cannot list what is live, so a mint whose answer is lost could not be found")})
		return
	}
	id, ok := wrap.As[pawl.Identifier](hands.Issuer)
	if !ok {
		v.problem("issuer", &pawl.Error{Op: "preflight", Kind: pawl.Invalid, Err: errors.New("cannot tell which generation a value belongs to")})
		return
	}
	g, err := id.Identify(ctx, v.old)
	if v.Dead && pawl.KindOf(err) == pawl.NotFound {
		return // dead and gone
	}
	if err != nil {
		v.problem("issuer", err)
		return
	}
	g.Value = pawl.Secret{}
	v.Old = g
}

// alive tries a value. One refusal may be an outage: it takes several.
func alive(ctx context.Context, issuer pawl.Issuer, value pawl.Secret) (err error) {
	for range rotation.Refusals {
		if err = issuer.Check(ctx, value); pawl.KindOf(err) != pawl.Denied {
			return err
		}
		select {
		case <-time.After(300 * time.Millisecond):
		case <-ctx.Done():
			return &pawl.Error{Op: "preflight", Kind: pawl.Unavailable, Err: ctx.Err()}
		}
	}
	return err
}

// look finds out what one place holds, and writes it down for the rollback if
// it is not the value in use.
func (v *survey) look(ctx context.Context, c pawl.Place, hands *Hands, i int) {
	consumer := hands.Consumers[i]
	if consumer == nil {
		return
	}
	f := &v.Places[i]
	if s, ok := wrap.As[pawl.Searcher](consumer); ok {
		names, err := s.Elsewhere(ctx, v.old)
		v.problem(c.ID, err)
		if len(names) > 0 {
			v.inside(c, names)
		}
	}
	reader, ok := wrap.As[pawl.Reader](consumer)
	if !ok {
		return
	}
	value, err := reader.Read(ctx)
	switch {
	case err == nil && value.Equal(v.old):
		f.Holds, f.Readable = pawl.HoldsWant, true
		return
	case err == nil && c.Store && !value.IsZero(): // it was read just now, and that was the value in use
		v.problem(c.ID, &pawl.Error{Op: "preflight", Kind: pawl.Conflict, Err: errors.New("the store was changed while it was looked at"),
			Hint: "find out who is changing it, then start again"})
		return
	case err == nil, pawl.KindOf(err) == pawl.Conflict: // another value, or several
		f.Holds, f.Readable = pawl.HoldsOther, true
	case pawl.KindOf(err) == pawl.NotFound:
		f.Holds, f.Readable = pawl.HoldsNothing, true
	default:
		if k := pawl.KindOf(err); k == pawl.Forbidden || k == pawl.Invalid {
			return // not readable: its evidence is of another kind
		}
		v.problem(c.ID, err)
		return
	}
	if err == nil && v.Dead && !value.IsZero() && v.livesOn(ctx, c, hands.Issuer, value) {
		return
	}
	f.Detail = map[pawl.Holds]string{pawl.HoldsOther: "holds another value than the store", pawl.HoldsNothing: "holds no value yet"}[f.Holds]
	v.finding(c.ID, "drift: "+f.Detail)
	if s, ok := wrap.As[pawl.Snapshotter](consumer); ok {
		snap, err := s.Snapshot(ctx)
		if err != nil {
			v.problem(c.ID, err)
			return
		}
		v.mu.Lock()
		v.priors[c.ID] = snap
		v.mu.Unlock()
	}
}

// livesOn reports whether a place holds a value that the vendor takes, while it
// refuses what the store holds. The rotation would replace the second, leave the
// first alive, and be called done.
func (v *survey) livesOn(ctx context.Context, c pawl.Place, issuer pawl.Issuer, value pawl.Secret) bool {
	err := alive(ctx, issuer, value)
	switch pawl.KindOf(err) {
	case pawl.Denied:
		return false
	case pawl.Mismatch:
		err = nil
	}
	if err == nil {
		err = &pawl.Error{Op: "preflight", Kind: pawl.Conflict, Err: errors.New("the vendor refuses what the store holds, and takes what is here: that one would stay alive"),
			Hint: "put the value that is used here into the store, then start again"}
	}
	v.problem(c.ID, err) // not knowing whether it is taken is one too
	return true
}

// preflight is the survey as an action: it ends in one event.
func (e *Engine) preflight(ctx context.Context, id pawl.RotationID, plan pawl.Plan, hands *Hands) outcome {
	asked := e.now() // the evidence is as old as the question
	v := e.survey(ctx, plan, hands)
	if errors.Is(ctx.Err(), context.Canceled) {
		return outcome{} // interrupted: that says nothing about the company
	}
	if len(v.Problems) > 0 {
		first := v.Problems[0]
		for _, p := range v.Problems { // a sign-in that is missing explains the rest
			if k := pawl.KindOf(p); k == pawl.Denied || k == pawl.Operator {
				first = p
				break
			}
		}
		o := one(pawl.Event{Type: pawl.EvPreflight, Result: pawl.NotDone, Kind: pawl.KindOf(first).String(),
			Detail: errors.Join(distinct(v.Problems)...).Error(), Hint: pawl.HintOf(first), Findings: v.Findings})
		o.opened = map[string]pawl.Secret{sealName(pawl.Old, 0): v.old} // so that it is known what to scrub
		return o
	}
	if n, ok := labelNumber(v.Old.Label, Label(e.cfg.Journal.Install())+id.Credential+"/"); ok && n >= id.Number {
		return one(pawl.Event{Type: pawl.EvPreflight, Result: pawl.NotDone, Kind: pawl.Conflict.String(), Findings: v.Findings,
			Detail: fmt.Sprintf("the key in use was made by rotation %d of this installation, which its journal does not know: the state was restored from an older copy", n),
			Hint:   "begin with a fresh state folder (--state NEW); between rotations nothing of the old one is needed"})
	}
	o := outcome{}
	save := func(name string, value pawl.Secret) error {
		sealed, err := e.seal(id, name, value)
		o.seal = append(o.seal, sealed)
		return err
	}
	err := save(sealName(pawl.Old, 0), v.old)
	for i, f := range v.Places {
		snap, ok := v.priors[f.ID]
		if !ok {
			continue
		}
		err = errors.Join(err, save(priorName(f.ID), snap))
		o.events = append(o.events, pawl.Event{Type: pawl.EvPrior, Consumer: plan.Consumers[i].ID, Holds: f.Holds, Detail: f.Detail})
	}
	if err != nil {
		return one(pawl.Event{Type: pawl.EvPreflight, Result: pawl.NotDone, Kind: pawl.KindOf(err).String(), Detail: err.Error(), Hint: pawl.HintOf(err)})
	}
	checked := pawl.Event{Type: pawl.EvChecked, At: asked, Side: pawl.Old}
	if v.Dead {
		checked.Kind, checked.Detail = pawl.Denied.String(), "refused already"
	}
	o.events = append(o.events, checked, v.census.event(asked),
		pawl.Event{Type: pawl.EvPreflight, Result: pawl.Done, ID: v.Old.ID, Label: v.Old.Label, Made: v.Old.Created, Findings: v.Findings})
	o.opened = map[string]pawl.Secret{sealName(pawl.Old, 0): v.old}
	for id, snap := range v.priors {
		o.opened[priorName(id)] = snap
	}
	return o
}

// distinct drops errors that say the same.
func distinct(all []error) (kept []error) {
	seen := map[string]bool{}
	for _, err := range all {
		if !seen[err.Error()] {
			seen[err.Error()] = true
			kept = append(kept, err)
		}
	}
	return kept
}

// labelNumber is the number of the rotation in one of our labels.
func labelNumber(text, prefix string) (int, bool) {
	_, rest, ok := strings.Cut(text, prefix)
	number, _, _ := strings.Cut(rest, "/")
	n, err := strconv.Atoi(number)
	return n, ok && err == nil
}
