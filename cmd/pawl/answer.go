package main

import (
	"context"
	"strings"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/engine"
	"github.com/pawl-dev/pawl/rotation"
)

// askStep asks whether a human step is done that the rotation waits for. A no
// is no refusal: it is done later, and the rotation waits. What was answered is
// in the journal by then, so a crash after it loses nothing.
func (a *app) askStep(ctx context.Context, eng *engine.Engine, r engine.Result) (bool, error) {
	c := waitedFor(r)
	if c == nil || r.Late {
		return false, nil
	}
	a.say("%s %s: %s", a.sign(idle), c.ID, c.Human.Ask)
	for {
		text, err := a.readLine(ctx, "  Is that done? [y/n/?] ")
		if err != nil {
			return false, nil
		}
		switch strings.ToLower(text) {
		case "y", "yes":
			err := eng.Signal(ctx, r.ID, pawl.Event{Type: pawl.EvConfirmed, Consumer: c.ID, Side: r.State.Target, Attempt: len(r.State.Attempts)})
			if err == nil {
				a.say("%s %s: confirmed by %s", a.sign(good), c.ID, a.actor().ID)
			}
			return err == nil, err
		case "", "n", "no":
			return false, nil
		case "s", "skip":
			a.say("  It cannot be skipped: the revoke waits for it. n leaves it for later, and loses nothing.")
		default:
			a.helpStep(r.ID, c)
		}
	}
}

// waitedFor is the first human step that is waited for, or nil.
func waitedFor(r engine.Result) *pawl.Place {
	for _, w := range r.Waits {
		if c := r.State.Plan.Place(w.Consumer); w.On == rotation.OnPerson && c != nil && c.Human != nil {
			return c
		}
	}
	return nil
}

func (a *app) helpStep(id pawl.RotationID, c *pawl.Place) {
	who := "anybody"
	if len(c.Human.People) > 0 {
		who = strings.Join(c.Human.People, ", ")
	}
	a.say("  y  it is done, and the rotation goes on")
	a.say("  n  not yet: it stops here. pawl confirm %s %s says so later, from anywhere; pawl resume goes on", id.Credential, c.ID)
	a.say("  Who: %s. Both keys stay valid meanwhile.", who)
}
