package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/api"
	"github.com/pawl-dev/pawl/engine"
	"github.com/pawl-dev/pawl/rotation"
)

// CanOpen is the server's to find out: it does, before there is a rotation.
func (f *far) CanOpen(context.Context, pawl.Plan) error { return nil }

func (f *far) Survey(ctx context.Context, plan pawl.Plan) (engine.Report, error) {
	l := api.Look{Reason: string(plan.Reason)}
	for _, c := range plan.Consumers {
		if c.Accepted {
			l.Accept = append(l.Accept, c.ID)
		}
	}
	if i := plan.Incident; i != nil {
		l.Reported, l.Why = &i.Reported, i.Why
	}
	p, err := f.Client.Survey(ctx, plan.Credential, l)
	if err != nil {
		return engine.Report{}, f.heard(err)
	}
	if p.Digest != plan.Digest() {
		return engine.Report{}, f.changed(plan)
	}
	if p.Outlook != nil {
		f.known.surveyed(p.Digest, *p.Outlook)
	}
	return reportOf(p.Report), nil
}

// changed is that the server does not plan what was planned here.
func (f *far) changed(plan pawl.Plan) error {
	return &exit{code: exitFailed, err: fmt.Errorf("the catalog of the server has changed just now: %s is planned otherwise", plan.Credential),
		safe: "Nothing was changed; the old credential is as it was.", next: []string{"pawl plan " + plan.Credential}}
}

func (f *far) outlook(_ context.Context, p pawl.Plan) outlook {
	return outlook{Outlook: f.known.outlook(p.Digest()), people: awaits(p)}
}

// Verify compares with what the server's own journal says was written.
func (f *far) Verify(ctx context.Context, plan pawl.Plan, _ engine.Written) (engine.Report, []engine.Seen, error) {
	s, err := f.Sight(ctx, plan.Credential)
	if err != nil {
		return engine.Report{}, nil, f.heard(err)
	}
	var all []engine.Seen
	for _, x := range s.Seen {
		all = append(all, engine.Seen{ID: x.ID, Where: x.Where, Proved: x.Proved, Class: x.Class, Holds: x.Holds, Silent: x.Silent, Detail: x.Detail,
			Err: x.Fault.Err(), Readable: x.Readable, Digest: x.Digest, At: x.At})
	}
	return reportOf(s.Report), all, nil
}

// Discover searches for the values of the rotation that is open at the server, if
// one is.
func (f *far) Discover(ctx context.Context, plan pawl.Plan, _ pawl.RotationID) (engine.Discovery, error) {
	s, err := f.Client.Discover(ctx, plan.Credential)
	if err != nil {
		return engine.Discovery{}, f.heard(err)
	}
	d := engine.Discovery{Searched: s.Searched, Open: s.Open, Sides: s.Sides}
	for _, c := range s.Copies {
		d.Copies = append(d.Copies, engine.Copy{Connection: c.Connection, Side: c.Side,
			Found: pawl.Found{Where: c.Where, How: c.How, Value: c.Value, Changed: c.Changed, Listed: c.Listed, Kind: c.Kind, Settings: c.Settings, ID: c.ID}})
	}
	return d, nil
}

func (f *far) Sweep(ctx context.Context, plan pawl.Plan) (engine.Report, []engine.Stray, error) {
	l, err := f.Client.Sweep(ctx, plan.Credential)
	if err != nil {
		return engine.Report{}, nil, f.heard(err)
	}
	var all []engine.Stray
	for _, x := range l.Items {
		all = append(all, engine.Stray{Generation: generationOf(x.Generation), Ours: x.Ours, Caller: x.Caller})
	}
	return reportOf(l.Report), all, nil
}

func (f *far) KillStray(ctx context.Context, plan pawl.Plan, id, label string) (bool, error) {
	k, err := f.Kill(ctx, plan.Credential, api.Kill{ID: id, Label: label})
	if err != nil {
		return false, f.heard(err)
	}
	return k.Killed, k.Fault.Err()
}

func (f *far) Start(ctx context.Context, plan pawl.Plan, autoRevoke bool) (id pawl.RotationID, err error) {
	s := api.Start{Credential: plan.Credential, Reason: string(plan.Reason), Digest: plan.Digest(), AutoRevoke: autoRevoke && plan.Reason != pawl.Rehearsal}
	for _, c := range plan.Consumers {
		if c.Accepted {
			s.Accept = append(s.Accept, c.ID)
		}
	}
	if i := plan.Incident; i != nil {
		s.Reported, s.Why = &i.Reported, i.Why
	}
	r, err := f.Client.Start(ctx, s)
	if err != nil {
		return id, f.heard(err)
	}
	err = id.UnmarshalText([]byte(r.ID))
	f.known.begin(id)
	return id, err
}

func (f *far) Load(ctx context.Context, id pawl.RotationID) (*rotation.State, error) {
	run, err := farJournal{f: f}.Load(ctx, id)
	if err != nil {
		return nil, err
	}
	return rotation.Fold(run.Events), nil
}

// verbs are how what is said to a rotation is said to a server.
var verbs = map[pawl.EventType]string{pawl.EvAuthorised: "revoke", pawl.EvRollback: "rollback", pawl.EvPaused: "pause", pawl.EvUnpaused: "resume", pawl.EvApproved: "approve", pawl.EvGlass: "break-glass",
	pawl.EvConfirmed: "confirm", pawl.EvHandover: "handover", pawl.EvAcknowledged: "accept", pawl.EvAccepted: "accept"}

func (f *far) Signal(ctx context.Context, id pawl.RotationID, ev pawl.Event) error {
	d := api.Decision{Why: ev.Reason}
	switch ev.Type {
	case pawl.EvAuthorised:
		d.Why = ev.Detail
	case pawl.EvRollback:
		d.Why = "" // the server says who asked for it
	case pawl.EvApproved, pawl.EvGlass:
		d.Digest = ev.Digest
	case pawl.EvConfirmed, pawl.EvAccepted:
		d.Consumer = ev.Consumer
	case pawl.EvAcknowledged:
		d.Place = ev.Consumer
	case pawl.EvHandover:
		d.To = ev.To
	}
	_, err := f.say(ctx, id, verbs[ev.Type], d)
	return err
}

// say says something to a rotation. What happens after it is news to this
// command, whatever its server does meanwhile; what was said is not.
func (f *far) say(ctx context.Context, id pawl.RotationID, verb string, d api.Decision) (api.Rotation, error) {
	before, err := f.seen(ctx, id)
	if err != nil {
		return api.Rotation{}, err
	}
	r, err := f.Say(ctx, id, verb, d, 0)
	if err != nil {
		return r, f.heard(err)
	}
	run, err := farJournal{f: f}.Load(ctx, id)
	for i := before; i < len(run.Events); i++ {
		if ev := run.Events[i]; verbs[ev.Type] == verb && ev.Actor == f.me.Actor {
			f.known.saw(id, i+1)
		}
	}
	return r, err
}

// seen is how many events of a rotation are no news.
func (f *far) seen(ctx context.Context, id pawl.RotationID) (int, error) {
	if n, ok := f.known.seen(id); ok {
		return n, nil
	}
	run, err := farJournal{f: f}.Load(ctx, id)
	f.known.saw(id, len(run.Events))
	return len(run.Events), err
}

func (f *far) Confirm(ctx context.Context, id pawl.RotationID, step string) (engine.Checked, error) {
	r, err := f.say(ctx, id, "confirm", api.Decision{Consumer: step})
	if err != nil || r.Checked == nil {
		return engine.Checked{}, err
	}
	return engine.Checked(*r.Checked), nil
}

func (f *far) ConfirmLate(ctx context.Context, id pawl.RotationID, step string) error {
	_, err := f.Say(ctx, id, "confirm", api.Decision{Consumer: step}, 0)
	return f.heard(err)
}

// Take sends the value to the one request that takes it. It is not kept here
// either.
func (f *far) Take(ctx context.Context, id pawl.RotationID, _ pawl.Plan, given pawl.Secret, tell func(string)) (pawl.Generation, error) {
	t, err := f.Client.Take(ctx, id, pawl.MintStep, given)
	if p, ok := errors.AsType[*api.Problem](err); ok && p.Received != "" {
		tell(p.Received)
	}
	if err != nil {
		return pawl.Generation{}, f.heard(err)
	}
	tell(t.Received)
	return pawl.Generation{ID: t.ID}, nil
}

func (f *far) Unwanted(ctx context.Context, id pawl.RotationID) error {
	_, err := f.Client.Take(ctx, id, pawl.MintStep, pawl.NewSecret([]byte("-"))) // that none is wanted is said before any is looked at
	return f.heard(err)
}

func (f *far) Ways(ctx context.Context, id pawl.RotationID, _ *rotation.State, step string) (all []pawl.Instruction, err error) {
	p, err := f.Client.Ways(ctx, id, step)
	for _, w := range p.Items {
		all = append(all, pawl.Instruction(w))
	}
	return all, f.heard(err)
}

func (f *far) OldWorks(ctx context.Context, id pawl.RotationID) error {
	answer, err := f.Client.OldWorks(ctx, id)
	if err != nil {
		return f.heard(err)
	}
	return answer.Err()
}

func (f *far) Remainder(ctx context.Context, id pawl.RotationID) (engine.Remainder, error) {
	r, err := f.Client.Remainder(ctx, id)
	if err != nil {
		return engine.Remainder{}, f.heard(err)
	}
	out := engine.Remainder{Only: r.Only}
	for _, g := range r.Generations {
		out.Generations = append(out.Generations, engine.Left(g))
	}
	for _, p := range r.Places {
		out.Places = append(out.Places, engine.Kept(p))
	}
	return out, nil
}

// Abandon has the server look again at what is left. That values are lost was
// agreed to here.
func (f *far) Abandon(ctx context.Context, id pawl.RotationID, why string, left engine.Remainder) error {
	_, err := f.Client.Abandon(ctx, id, api.Ending{Why: why, Discard: len(left.Only) > 0})
	return f.heard(err)
}

func generationOf(g api.Generation) pawl.Generation {
	return pawl.Generation{ID: g.ID, Label: g.Label, Created: g.Created, Expires: g.Expires}
}

// reportOf is a report as it would have been made here.
func reportOf(r api.Report) engine.Report {
	out := engine.Report{Old: generationOf(r.Old), Dead: r.Dead, Findings: r.Findings}
	for _, f := range r.Places {
		out.Places = append(out.Places, engine.Found{ID: f.ID, Where: f.Where, Holds: f.Holds, Readable: f.Readable, Detail: f.Detail, Problem: f.Problem.Err()})
	}
	for _, p := range r.Problems {
		out.Problems = append(out.Problems, p.Err())
	}
	return out
}
