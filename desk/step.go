package desk

import (
	"context"
	"strings"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/api"
	"github.com/pawl-dev/pawl/audit"
	"github.com/pawl-dev/pawl/rotation"
)

// Confirm says that a human step is done. Where a machine can look, it looks
// first: what it contradicts is not believed ([pawl.Mismatch]) and changes
// nothing. After the end of a rotation it is only written down.
func (d *Desk) Confirm(ctx context.Context, who access.Subject, id pawl.RotationID, revision int64, step string) (api.Rotation, error) {
	if run, s, err := d.load(ctx, id); err == nil && run.Outcome != "" && s.Confirmable(step) {
		return d.confirmLate(ctx, who, id, s.Plan.Place(step).ID)
	}
	var checked *api.Checked
	r, err := d.say(ctx, who, id, revision, access.Answer, func(s *rotation.State) (pawl.Event, error) {
		c := s.Plan.Place(step)
		switch {
		case c == nil || s.Plan.Asks(step) == nil && !s.Confirmable(step):
			return pawl.Event{}, fault(pawl.NotFound, "pawl status "+id.Credential, "%v has no human step of that name", id)
		case s.NewID() == "":
			return pawl.Event{}, fault(pawl.Conflict, "confirm it once there is one:  pawl status "+id.Credential, "%v: there is no new value yet, so nobody can have moved to it", id)
		case s.Confirmed(c.ID) && c.Hand == nil:
			return pawl.Event{}, nil // twice is once
		case c.Asks() == nil:
			return pawl.Event{Type: pawl.EvConfirmed, Consumer: c.ID, Side: s.Target, Attempt: len(s.Attempts)}, nil
		}
		got, err := d.as(who).Confirm(ctx, id, c.ID)
		checked = &api.Checked{Looked: got.Looked, Proved: got.Proved, Class: got.Class, Detail: got.Detail}
		return pawl.Event{}, err
	})
	r.Checked = checked
	return r, err
}

func (d *Desk) confirmLate(ctx context.Context, who access.Subject, id pawl.RotationID, step string) (api.Rotation, error) {
	if err := d.allow(ctx, who, access.Request{Action: access.Answer}, id.Credential); err != nil {
		return api.Rotation{}, err
	}
	if err := d.as(who).Record(ctx, audit.RotateConfirmed, audit.Success, audit.Target{Credential: id.Credential, Consumer: step}, audit.Context{Rotation: id}); err != nil {
		return api.Rotation{}, err
	}
	return d.Rotation(ctx, who, id)
}

// Take takes the value that a person has made, and tells what came in without
// telling it. It goes to the vendor, to be tried, and sealed into the journal;
// nothing else keeps it. What is refused changes nothing.
func (d *Desk) Take(ctx context.Context, who access.Subject, id pawl.RotationID, given pawl.Secret) (t api.Taken, err error) {
	s, err := d.asked(ctx, who, id, access.Answer)
	if err != nil {
		return t, err
	}
	g, err := d.as(who).Take(ctx, id, s.Plan, given, func(received string) { t.Received = received })
	if t.ID = g.ID; err != nil {
		return t, err
	}
	d.pool.Poke()
	d.feed.tell(id)
	return t, nil
}

// Ways says how a step is done by hand.
func (d *Desk) Ways(ctx context.Context, who access.Subject, id pawl.RotationID, step string) ([]api.Way, error) {
	s, err := d.asked(ctx, who, id, access.Answer)
	if err != nil {
		return nil, err
	}
	all, err := d.as(who).Instruct(ctx, s, step)
	ways := []api.Way{}
	for _, w := range all {
		ways = append(ways, api.Way(w))
	}
	return ways, err
}

// OldWorks asks the vendor whether the old generation of a rotation still works.
// As [engine.Engine.OldWorks] it answers by an error, which is returned as the
// first value.
func (d *Desk) OldWorks(ctx context.Context, who access.Subject, id pawl.RotationID) (*api.Fault, error) {
	if _, err := d.asked(ctx, who, id, access.Verify); err != nil {
		return nil, err
	}
	return api.FaultOf(d.as(who).OldWorks(ctx, id)), nil
}

// asked is the rotation that somebody asks something of, if they may.
func (d *Desk) asked(ctx context.Context, who access.Subject, id pawl.RotationID, action access.Action) (*rotation.State, error) {
	_, s, err := d.load(ctx, id)
	r := access.Request{Action: action}
	if err == nil {
		r = request(action, s)
	}
	if denied := d.allow(ctx, who, r, id.Credential); denied != nil {
		return nil, denied // who may not know is not told what there is
	}
	return s, err
}

// Handover writes down who looks after a rotation from here on.
func (d *Desk) Handover(ctx context.Context, who access.Subject, id pawl.RotationID, revision int64, to, note string) (api.Rotation, error) {
	return d.say(ctx, who, id, revision, access.Drive, func(*rotation.State) (pawl.Event, error) {
		if strings.TrimSpace(to) == "" {
			return pawl.Event{}, fault(pawl.Invalid, "say to whom", "nobody is named")
		}
		if err := unsaid("the name", to); err != nil {
			return pawl.Event{}, err
		}
		return pawl.Event{Type: pawl.EvHandover, To: to, Reason: note}, unsaid("the note", note)
	})
}

// Accept goes on although something is known to be left behind: a place of the
// plan that may break after a leak, or a place outside of it that will be cut
// off, or a connection that cannot be searched.
func (d *Desk) Accept(ctx context.Context, who access.Subject, id pawl.RotationID, revision int64, consumer, place, why string) (api.Rotation, error) {
	return d.say(ctx, who, id, revision, access.Accept, func(s *rotation.State) (pawl.Event, error) {
		if err := unsaid("the reason", why); err != nil {
			return pawl.Event{}, err
		}
		if place != "" {
			if strings.TrimSpace(why) == "" {
				return pawl.Event{}, fault(pawl.Invalid, "say why", "why does it do no harm?")
			}
			return pawl.Event{Type: pawl.EvAcknowledged, Consumer: place, Reason: why}, unsaid("the place", place)
		}
		switch c := s.Plan.Place(consumer); {
		case s.Plan.Reason != pawl.Leak:
			return pawl.Event{}, fault(pawl.Conflict, "pawl status "+id.Credential, "%v is no rotation after a leak: every place is waited for", id)
		case c == nil:
			return pawl.Event{}, fault(pawl.NotFound, "pawl status "+id.Credential, "%v has no place of that name", id)
		case c.Store:
			return pawl.Event{}, fault(pawl.Conflict, "accept other places, and see to it that the store can be written", "the store has to hold the new value, or it would be on record nowhere")
		default:
			return pawl.Event{Type: pawl.EvAccepted, Consumer: c.ID, Reason: why}, nil
		}
	})
}

// Remainder looks, without any effect, at what a rotation would leave if it were
// ended as it is.
func (d *Desk) Remainder(ctx context.Context, who access.Subject, id pawl.RotationID) (api.Remainder, error) {
	if _, err := d.asked(ctx, who, id, access.Verify); err != nil {
		return api.Remainder{}, err
	}
	r, err := d.as(who).Remainder(ctx, id)
	return remainder(r), err
}

// moment is how long something that is driven may take to be put aside before
// somebody is told that it is being driven.
const moment = 5 * time.Second

// Abandon ends a rotation that can never go on, on record. What it leaves is
// looked at again: nobody can say for the vendors what they hold.
func (d *Desk) Abandon(ctx context.Context, who access.Subject, id pawl.RotationID, e api.Ending) (api.Remainder, error) {
	if _, err := d.asked(ctx, who, id, access.Accept); err != nil {
		return api.Remainder{}, err
	}
	if err := unsaid("the reason", e.Why); err != nil {
		return api.Remainder{}, err
	}
	if !d.pool.rests(ctx, id, moment) {
		return api.Remainder{}, fault(pawl.Conflict, "pawl pause "+id.Credential, "%v is being driven: pause it first", id)
	}
	eng := d.as(who)
	left, err := eng.Remainder(ctx, id)
	if err != nil {
		return api.Remainder{}, err
	}
	if len(left.Only) > 0 && !e.Discard {
		return api.Remainder{}, fault(pawl.Conflict, "put them elsewhere, or say that they may be lost:  pawl abandon "+id.Credential+" --why WHY --discard", "%v holds values that would be lost with it", id)
	}
	defer d.feed.tell(id)
	return remainder(left), eng.Abandon(ctx, id, e.Why, left)
}
