package desk

import (
	"context"
	"slices"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/api"
	"github.com/pawl-dev/pawl/catalog"
)

// Plan says what a rotation would do and looks at the vendors whether it could.
// It changes nothing.
func (d *Desk) Plan(ctx context.Context, who access.Subject, credential string, reason pawl.Reason) (api.Planned, error) {
	return d.Survey(ctx, who, credential, api.Look{Reason: string(reason)})
}

// seen says what a survey saw in the words of a rotation.
var seen = map[pawl.Holds]string{pawl.HoldsWant: "old", pawl.HoldsOther: "other", pawl.HoldsNothing: "nothing", pawl.HoldsUnknown: "unknown"}

// Start begins a rotation. If the caller has looked at a plan, it is begun only
// as that plan says.
func (d *Desk) Start(ctx context.Context, who access.Subject, ask api.Start) (api.Rotation, error) {
	return d.StartOnce(ctx, who, ask, "")
}

// StartOnce is Start of a request that may be sent again: whoever repeats it is
// told of the rotation that it has begun, also by another process than the one
// that was asked first, and also after that rotation has ended.
func (d *Desk) StartOnce(ctx context.Context, who access.Subject, ask api.Start, request string) (api.Rotation, error) {
	reason := pawl.Reason(ask.Reason)
	if reason == "" {
		reason = pawl.Manual
	}
	cat, err := d.fresh()
	var cred *catalog.Credential
	if err == nil {
		cred, err = cat.Credential(ask.Credential)
	}
	if err != nil {
		if denied := d.allow(ctx, who, access.Request{Action: access.Rotate}, ask.Credential); denied != nil {
			return api.Rotation{}, denied // who may not know is not told what there is
		}
		return api.Rotation{}, err
	}
	action := access.Rotate
	if reason == pawl.Rehearsal {
		action = access.Rehearse
	}
	if err := d.allow(ctx, who, access.Request{Action: action, Role: cred.Role}, cred.Name); err != nil {
		return api.Rotation{}, err
	}
	if ask.AutoRevoke {
		if err := d.allow(ctx, who, access.Request{Action: access.Revoke, Role: cred.Role}, cred.Name); err != nil {
			return api.Rotation{}, err
		}
	}
	if id, err := d.begunBy(ctx, cred.Name, request); err != nil || id != (pawl.RotationID{}) {
		if err != nil {
			return api.Rotation{}, err
		}
		return d.Rotation(ctx, who, id)
	}
	if err := unsaid("the reason", ask.Why); err != nil {
		return api.Rotation{}, err
	}
	plan, err := planOf(cat, cred.Name, reason, incident(ask.Reported, ask.Why)) // of the catalog whose role was asked for
	if err != nil {
		return api.Rotation{}, err
	}
	if ask.Digest != "" && ask.Digest != plan.Digest() {
		return api.Rotation{}, fault(pawl.Conflict, "look at the plan as it is now, and ask again", "the catalog has changed since that plan was made")
	}
	asked, err := d.accepted(ctx, who, plan, ask.Accept)
	if err != nil {
		return api.Rotation{}, err
	}
	eng := d.as(who)
	if err := eng.CanOpen(ctx, asked); err != nil {
		return api.Rotation{}, err
	}
	var said []pawl.Event // in one write with the plan: nobody drives it without, not even after a kill
	for _, c := range asked.Consumers {
		if c.Accepted {
			said = append(said, pawl.Event{Type: pawl.EvAccepted, Consumer: c.ID, Reason: ask.Why})
		}
	}
	if ask.AutoRevoke && reason != pawl.Rehearsal {
		said = append(said, pawl.Event{Type: pawl.EvAuthorised, Detail: "--auto-revoke"})
	}
	id, err := eng.StartWith(ctx, plan, request, said...)
	if err != nil {
		return api.Rotation{}, err
	}
	d.pool.Poke()
	d.feed.tell(id)
	return d.Rotation(ctx, who, id)
}

// accepted is a plan with the places that may break, if that may be said.
func (d *Desk) accepted(ctx context.Context, who access.Subject, plan pawl.Plan, places []string) (pawl.Plan, error) {
	if len(places) == 0 {
		return plan, nil
	}
	if err := d.allow(ctx, who, access.Request{Action: access.Accept, Role: plan.Role}, plan.Credential); err != nil {
		return plan, err
	}
	plan.Consumers = slices.Clone(plan.Consumers)
	for _, id := range places {
		switch p := plan.Place(id); {
		case plan.Reason != pawl.Leak:
			return plan, fault(pawl.Invalid, "accept nothing, or begin it for the reason leak", "only after a leak a place may break")
		case p == nil:
			return plan, fault(pawl.NotFound, "pawl show "+plan.Credential, "%s has no place of that name", plan.Credential)
		case p.Store:
			return plan, fault(pawl.Conflict, "accept other places, and see to it that the store can be written", "the store has to hold the new value, or it would be on record nowhere")
		default:
			p.Accepted = true
		}
	}
	return plan, nil
}

// incident is what is known of a leak; nil where nobody said anything.
func incident(at *time.Time, why string) *pawl.Incident {
	if at == nil {
		return nil
	}
	return &pawl.Incident{Reported: at.UTC(), Why: why}
}
