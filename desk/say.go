package desk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/api"
	"github.com/pawl-dev/pawl/journal"
	"github.com/pawl-dev/pawl/rotation"
)

// ErrMoved says that a rotation is not any more what somebody decided about.
var ErrMoved = errors.New("it has changed since you looked")

// Anything is the revision of somebody who has not looked.
const Anything = 0

// say lets somebody say something to an open rotation. If they have looked at
// it at a certain revision and it has moved on, they are told so instead: what
// they saw is not what they would decide upon. That and what event makes of its
// state are judged of the rotation as it is when the event is written; event may
// be asked again if it moves.
func (d *Desk) say(ctx context.Context, who access.Subject, id pawl.RotationID, revision int64, action access.Action,
	event func(*rotation.State) (pawl.Event, error)) (api.Rotation, error) {
	run, s, err := d.load(ctx, id)
	if err != nil {
		if denied := d.allow(ctx, who, access.Request{Action: action}, id.Credential); denied != nil {
			return api.Rotation{}, denied
		}
		return api.Rotation{}, err
	}
	if err := d.allow(ctx, who, request(action, s), id.Credential); err != nil {
		return api.Rotation{}, err
	}
	if run.Outcome != "" {
		return api.Rotation{}, conflict("%v is finished (%s)", id, run.Outcome)
	}
	err = d.as(who).SignalIf(ctx, id, func(now journal.Run) (pawl.Event, error) {
		if revision != Anything && revision != now.Revision {
			return pawl.Event{}, &pawl.Error{Op: "desk", Kind: pawl.Conflict, Hint: "look at it again", Err: fmt.Errorf("%v: %w", id, ErrMoved)}
		}
		return event(rotation.FollowAll(now.Events))
	})
	if err != nil {
		return api.Rotation{}, err
	}
	d.pool.Poke()
	d.feed.tell(id)
	return d.Rotation(ctx, who, id)
}

// Revoke asks for the revoke: it is made once every required consumer is
// proved, and not before.
func (d *Desk) Revoke(ctx context.Context, who access.Subject, id pawl.RotationID, revision int64) (api.Rotation, error) {
	return d.RevokeAs(ctx, who, id, revision, "asked for")
}

// RevokeAs is [Desk.Revoke], saying how it was asked for.
func (d *Desk) RevokeAs(ctx context.Context, who access.Subject, id pawl.RotationID, revision int64, how string) (api.Rotation, error) {
	return d.say(ctx, who, id, revision, access.Revoke, func(s *rotation.State) (pawl.Event, error) {
		switch {
		case s.Target == pawl.Old:
			return pawl.Event{}, conflict("%v is being rolled back: the old credential stays", id)
		case s.Plan.Reason == pawl.Rehearsal:
			return pawl.Event{}, conflict("%v is a rehearsal: the old credential stays", id)
		}
		return pawl.Event{Type: pawl.EvAuthorised, Detail: how}, unsaid("how it is asked for", how)
	})
}

// Rollback puts the old generation back everywhere.
func (d *Desk) Rollback(ctx context.Context, who access.Subject, id pawl.RotationID, revision int64, why string) (api.Rotation, error) {
	return d.back(ctx, who, id, revision, access.Rollback, "asked for by "+who.Actor.ID, why)
}

// Deny refuses an approval. One no is enough: everything goes back.
func (d *Desk) Deny(ctx context.Context, who access.Subject, id pawl.RotationID, revision int64, why string) (api.Rotation, error) {
	return d.back(ctx, who, id, revision, access.Deny, "not approved by "+who.Actor.ID, why)
}

func (d *Desk) back(ctx context.Context, who access.Subject, id pawl.RotationID, revision int64, action access.Action, reason, why string) (api.Rotation, error) {
	if why != "" {
		reason += ": " + why
	}
	works := sync.OnceValue(func() error { return d.cfg.Engine.OldWorks(ctx, id) }) // a vendor is asked once
	r, err := d.say(ctx, who, id, revision, action, func(s *rotation.State) (pawl.Event, error) {
		if err := unsaid("the reason", why); err != nil {
			return pawl.Event{}, err
		}
		switch {
		case s.Target == pawl.Old:
			return pawl.Event{}, nil // it is on its way already
		case s.Past() || s.OldDead:
			return pawl.Event{}, conflict("%v cannot be rolled back: the old credential is revoked, or about to be", id)
		}
		switch err := works(); pawl.KindOf(err) {
		case pawl.Denied:
			return pawl.Event{}, conflict("%v cannot be rolled back: the vendor refuses the old credential already", id)
		case pawl.Mismatch: // it works
		default:
			if err != nil {
				return pawl.Event{}, err
			}
		}
		return pawl.Event{Type: pawl.EvRollback, Reason: reason}, nil
	})
	if err != nil || !slices.ContainsFunc(r.Waits, func(w api.Wait) bool { return w.On == string(rotation.OnPause) }) {
		return r, err
	}
	// Whoever goes back means it to happen, also if it was paused.
	if err := d.as(who).Signal(ctx, id, pawl.Event{Type: pawl.EvUnpaused}); err != nil {
		return r, err
	}
	d.pool.Poke()
	return d.Rotation(ctx, who, id)
}

// Approve agrees to the plan with this digest, and to no other.
func (d *Desk) Approve(ctx context.Context, who access.Subject, id pawl.RotationID, revision int64, digest string) (api.Rotation, error) {
	return d.say(ctx, who, id, revision, access.Approve, func(s *rotation.State) (pawl.Event, error) {
		now := d.now()
		switch {
		case s.Plan.Approval == nil:
			return pawl.Event{}, conflict("%v asks for no approval", id)
		case digest == "":
			return pawl.Event{}, fault(pawl.Invalid, "send the digest of the plan that you looked at", "an approval is of a plan")
		case digest != s.Plan.Digest():
			return pawl.Event{}, conflict("%v follows another plan than the one that you looked at", id)
		}
		ev := pawl.Event{Type: pawl.EvApproved, Digest: digest, Until: now.Add(d.cfg.Counts)}
		if access.Behind(who.Actor.ID) == access.Behind(s.By.ID) {
			ev.Detail = "a team of one: approved by who asked for it"
		}
		return ev, nil
	})
}

// BreakGlass goes on without the approval that is asked for, of the plan with
// this digest. Who did it and why is in the log, and everybody who is told of
// anything is told of this.
func (d *Desk) BreakGlass(ctx context.Context, who access.Subject, id pawl.RotationID, revision int64, digest, why string) (api.Rotation, error) {
	return d.say(ctx, who, id, revision, access.BreakGlass, func(s *rotation.State) (pawl.Event, error) {
		if err := unsaid("the reason", why); err != nil {
			return pawl.Event{}, err
		}
		now := d.now()
		switch {
		case strings.TrimSpace(why) == "":
			return pawl.Event{}, fault(pawl.Invalid, "say why", "nobody is asked: why can it not wait for an approval?")
		case !s.AwaitsApproval(now):
			return pawl.Event{}, conflict("%v waits for no approval", id)
		case digest == "":
			return pawl.Event{}, fault(pawl.Invalid, "send the digest of the plan that you looked at", "the glass is broken for a plan")
		case digest != s.Plan.Digest():
			return pawl.Event{}, conflict("%v follows another plan than the one that you looked at", id)
		}
		return pawl.Event{Type: pawl.EvGlass, Digest: digest, Until: now.Add(d.cfg.Counts), Reason: why, Detail: d.told()}, nil
	})
}

// told says who hears of a broken glass: every channel there is.
func (d *Desk) told() string {
	var names []string
	for _, c := range d.cfg.Catalog().Notify().Channels {
		names = append(names, c.Name)
	}
	if len(names) == 0 {
		d.cfg.Log.Warn("the glass was broken, and nobody is told: notify.yaml names no channel")
		return "nobody is told: notify.yaml names no channel"
	}
	return "told: " + strings.Join(names, ", ")
}

// Pause begins nothing new.
func (d *Desk) Pause(ctx context.Context, who access.Subject, id pawl.RotationID, revision int64) (api.Rotation, error) {
	return d.say(ctx, who, id, revision, access.Drive, func(s *rotation.State) (pawl.Event, error) {
		if s.Paused {
			return pawl.Event{}, nil
		}
		return pawl.Event{Type: pawl.EvPaused}, nil
	})
}

// Resume goes on after a pause, and tries again what was given up on.
func (d *Desk) Resume(ctx context.Context, who access.Subject, id pawl.RotationID, revision int64) (api.Rotation, error) {
	return d.say(ctx, who, id, revision, access.Drive, func(s *rotation.State) (pawl.Event, error) {
		if err := d.cfg.Engine.CanOpen(ctx, s.AsAccepted()); err != nil {
			return pawl.Event{}, err // or it would be left again, and nobody told
		}
		return pawl.Event{Type: pawl.EvUnpaused}, nil
	})
}
