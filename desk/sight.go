package desk

import (
	"context"
	"errors"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/api"
	"github.com/pawl-dev/pawl/catalog"
	"github.com/pawl-dev/pawl/engine"
	"github.com/pawl-dev/pawl/rotation"
)

// Survey says what a rotation would do and looks at the vendors whether it
// could. It changes nothing.
func (d *Desk) Survey(ctx context.Context, who access.Subject, credential string, l api.Look) (api.Planned, error) {
	if err := d.allow(ctx, who, access.Request{Action: access.Plan}, credential); err != nil {
		return api.Planned{}, err
	}
	plan, err := d.plan(credential, pawl.Reason(l.Reason), incident(l.Reported, l.Why))
	if err != nil {
		return api.Planned{}, err
	}
	asked := plan
	asked.Consumers = slices.Clone(plan.Consumers)
	for _, id := range l.Accept {
		if p := asked.Place(id); p != nil {
			p.Accepted = true
		}
	}
	report, err := d.as(who).Survey(ctx, asked)
	if err != nil {
		return api.Planned{}, err
	}
	out := api.Planned{Credential: credential, Digest: plan.Digest(), Plan: plan, OldID: report.Old.ID, OldDead: report.Dead, Findings: report.Findings, Report: reported(report)}
	for _, err := range report.Problems {
		out.Problems = append(out.Problems, err.Error())
	}
	for i, c := range plan.Consumers {
		p := planned(c)
		if i < len(report.Places) {
			p.Holds = seen[report.Places[i].Holds]
		}
		out.Places = append(out.Places, p)
	}
	if d.cfg.Outlook != nil {
		o := d.cfg.Outlook(ctx, plan)
		out.Outlook = &o
	}
	return out, nil
}

// plan is what the catalog says now, for a reason. Of a leak, what is known of
// it is part of the plan.
func (d *Desk) plan(credential string, reason pawl.Reason, i *pawl.Incident) (pawl.Plan, error) {
	cat, err := d.fresh()
	if err != nil {
		return pawl.Plan{}, err
	}
	return planOf(cat, credential, reason, i)
}

func planOf(cat *catalog.Catalog, credential string, reason pawl.Reason, i *pawl.Incident) (pawl.Plan, error) {
	if reason == "" {
		reason = pawl.Manual
	}
	plan, err := cat.Plan(credential, reason)
	if err != nil || i == nil {
		return plan, err
	}
	if reason != pawl.Leak {
		return plan, fault(pawl.Invalid, "", "what is known of a leak belongs to a rotation after one")
	}
	plan.Incident = i
	return plan, unsaid("what happened", i.Why)
}

// mostSaid is how long a text for people may be.
const mostSaid = 500

// unsaid refuses a text for people that would be journaled for good and may
// hold a value, or steers a terminal.
func unsaid(what, text string) error {
	switch {
	case !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) }):
		return fault(pawl.Invalid, "", "%s has to be one line of plain text", what)
	case utf8.RuneCountInString(text) > mostSaid:
		return fault(pawl.Invalid, "it is kept for ever", "%s is longer than %d characters", what, mostSaid)
	case catalog.LooksSecret(text):
		return fault(pawl.Invalid, "say it without the value", "%s holds what looks like a secret", what)
	}
	return nil
}

// Sight looks at every place of a credential now, and changes nothing.
func (d *Desk) Sight(ctx context.Context, who access.Subject, credential string) (api.Sightings, error) {
	if err := d.allow(ctx, who, access.Request{Action: access.Verify}, credential); err != nil {
		return api.Sightings{}, err
	}
	plan, err := d.plan(credential, pawl.Manual, nil)
	if err != nil {
		return api.Sightings{}, err
	}
	var last engine.Written
	run, err := d.cfg.Journal.Latest(ctx, credential)
	switch {
	case err == nil:
		last = engine.WrittenBy(rotation.Fold(run.Events))
	case pawl.KindOf(err) != pawl.NotFound:
		return api.Sightings{}, err
	}
	report, all, err := d.as(who).Verify(ctx, plan, last)
	return sightings(report, all), err
}

// Discover searches for copies of the value in use or, while a rotation is
// open, of both of its values.
func (d *Desk) Discover(ctx context.Context, who access.Subject, credential string) (api.Search, error) {
	if err := d.allow(ctx, who, access.Request{Action: access.Discover}, credential); err != nil {
		return api.Search{}, err
	}
	plan, err := d.plan(credential, pawl.Manual, nil)
	if err != nil {
		return api.Search{}, err
	}
	var open pawl.RotationID
	run, err := d.cfg.Journal.Latest(ctx, credential)
	switch {
	case err == nil && run.Outcome == "":
		open = run.ID
	case err != nil && pawl.KindOf(err) != pawl.NotFound:
		return api.Search{}, err
	}
	found, err := d.as(who).Discover(ctx, plan, open)
	return searched(found), err
}

// Sweep lists the generations of a credential that nobody ought to be using.
func (d *Desk) Sweep(ctx context.Context, who access.Subject, credential string) (api.Leftovers, error) {
	if err := d.allow(ctx, who, access.Request{Action: access.Sweep}, credential); err != nil {
		return api.Leftovers{}, err
	}
	plan, err := d.plan(credential, pawl.Manual, nil)
	if err != nil {
		return api.Leftovers{}, err
	}
	report, all, err := d.as(who).Sweep(ctx, plan)
	return leftovers(report, all), err
}

// KillStray revokes what a sweep finds now, and nothing else: what is in use, or
// may be signed in with, is refused whoever names it, and so is what is called
// otherwise than whoever names it has seen.
func (d *Desk) KillStray(ctx context.Context, who access.Subject, credential string, k api.Kill) (api.Killed, error) {
	if err := d.allow(ctx, who, access.Request{Action: access.SweepRevoke}, credential); err != nil {
		return api.Killed{}, err
	}
	plan, err := d.plan(credential, pawl.Manual, nil)
	if err != nil {
		return api.Killed{}, err
	}
	eng := d.as(who)
	report, all, err := eng.Sweep(ctx, plan)
	if err == nil && len(report.Problems) > 0 {
		err = errors.Join(report.Problems...)
	}
	if err != nil {
		return api.Killed{}, err
	}
	for _, s := range all {
		if s.Generation.ID == k.ID && !s.Caller && (k.Label == "" || k.Label == s.Generation.Label) {
			killed, err := eng.KillStray(ctx, plan, k.ID, s.Generation.Label)
			return api.Killed{Killed: killed, Fault: api.FaultOf(err)}, nil
		}
	}
	return api.Killed{}, fault(pawl.Conflict, "look again:  pawl sweep", "%s is not among those that nobody ought to be using, or not by that name", k.ID)
}
