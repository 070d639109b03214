package main

import (
	"context"
	"strings"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/engine"
	"github.com/pawl-dev/pawl/rotation"
	"github.com/pawl-dev/pawl/wording"
)

// askStep asks whether a human step is done that the rotation waits for. A no
// is no refusal: it is done later, and the rotation waits. What was answered is
// in the journal by then, so a crash after it loses nothing.
func (a *app) askStep(ctx context.Context, eng worker, r engine.Result) (bool, error) {
	c, w := waitedFor(r)
	if c == nil || r.Late {
		return false, nil
	}
	a.instructStep(ctx, eng, r.ID, r.State, *w)
	for {
		text, err := a.readLine(ctx, "  Is that done? [y/n/?] ")
		if err != nil {
			return false, nil
		}
		switch strings.ToLower(text) {
		case "y", "yes":
			err := a.claimDone(ctx, eng, r.ID, c)
			if err == nil || pawl.KindOf(err) != pawl.Mismatch {
				return err == nil, err
			}
			a.report(err)
		case "", "n", "no":
			return false, nil
		case "s", "skip":
			a.say("  It cannot be skipped: the revoke waits for it. n leaves it for later, and loses nothing.")
		default:
			a.helpStep(r.ID, c)
		}
	}
}

// claimDone says that a step is done, if no machine contradicts.
func (a *app) claimDone(ctx context.Context, eng worker, id pawl.RotationID, c *pawl.Place) error {
	got, err := eng.Confirm(ctx, id, c.ID)
	if pawl.KindOf(err) == pawl.Mismatch {
		return &exit{code: exitIncomplete, err: err, safe: "The claim was not believed, and nothing was changed.", next: []string{confirming(id, c)}}
	}
	if err != nil {
		return err
	}
	switch {
	case !got.Looked:
		a.say("%s %s: %s confirmed by %s", a.sign(good), id, c.ID, a.actor().ID)
	case got.Proved:
		a.say("%s %s: %s confirmed by %s, and seen (%s): %s", a.sign(good), id, c.ID, a.actor().ID, got.Class, got.Detail)
	default:
		a.say("%s %s: %s confirmed by %s; not seen yet: %s", a.sign(idle), id, c.ID, a.actor().ID, wording.Plainly(got.Detail))
	}
	return nil
}

func confirming(id pawl.RotationID, c *pawl.Place) string {
	return "pawl confirm " + id.Credential + " " + c.ID + "   # once it is done"
}

// waitedFor is the first step of a person, other than the mint, that is waited
// for; nil if there is none.
func waitedFor(r engine.Result) (*pawl.Place, *rotation.Wait) {
	for i, w := range r.Waits {
		if c := r.State.Plan.Place(w.Consumer); w.On == rotation.OnPerson && c != nil && c.Asks() != nil {
			return c, &r.Waits[i]
		}
	}
	return nil, nil
}

func (a *app) helpStep(id pawl.RotationID, c *pawl.Place) {
	who := "anybody"
	if h := c.Asks(); len(h.People) > 0 {
		who = strings.Join(h.People, ", ")
	}
	a.say("  y  it is done, and the rotation goes on")
	a.say("  n  not yet: it stops here. pawl confirm %s %s says so later, from anywhere; pawl resume goes on", id.Credential, c.ID)
	a.say("  Who: %s. Both keys stay valid meanwhile.", who)
}
