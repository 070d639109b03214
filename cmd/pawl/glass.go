package main

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/rotation"
	"github.com/pawl-dev/pawl/wording"
)

// alarming reports whether everybody would be told of a broken glass, as they
// have to be: a server tells them, and a state folder has nobody to tell.
func (a *app) alarming(name, why string) error {
	switch {
	case strings.TrimSpace(why) == "":
		return usage("say why it cannot wait for an approval: --why TEXT")
	case a.far != nil:
		return sayable(why)
	}
	e := &exit{code: exitUsage, err: errors.New("the glass is broken at a server, which tells everybody: nobody would be told here"), safe: "Nothing was changed."}
	if file, err := a.stateFile(); err == nil {
		e.next = []string{"pawl serve", "pawl --server unix:" + filepath.Join(filepath.Dir(file), "pawl.sock") + " approve " + name + " --break-glass --why TEXT"}
	}
	return e
}

// breakGlass goes on without the approval, and says so to everybody.
func (a *app) breakGlass(ctx context.Context, eng worker, id pawl.RotationID, s *rotation.State, yes bool, why string) error {
	switch {
	case s.Outcome != "":
		return usage("%s is finished: there is nothing to approve", id)
	case !s.AwaitsApproval(time.Now()):
		return usage("%s waits for no approval", id)
	}
	a.say("%s · %s · asked for by %s", id, s.Plan.Reason, s.By.ID)
	a.say("Plan %s revokes %s of %s; %s.", s.Plan.Digest(), orDash(s.OldID), id.Credential, wording.Count(len(s.Plan.Consumers), "place"))
	a.say("Nobody of %s is asked. Every channel of the server's notify.yaml is told that you did this, and why.", s.Plan.Approval.From)
	if err := a.confirmed(ctx, yes, "Go on without an approval?"); err != nil {
		return err
	}
	if err := eng.Signal(ctx, id, pawl.Event{Type: pawl.EvGlass, Digest: s.Plan.Digest(), Reason: why}); err != nil {
		return err
	}
	a.say("%s %s: %s broke the glass, for a day", a.sign(warn), id, a.actor().ID)
	if s, err := eng.Load(ctx, id); err == nil && s.Glass.Told != "" {
		a.say("  %s", wording.Capital(s.Glass.Told))
	}
	return a.settled(id, "glass broken")
}
