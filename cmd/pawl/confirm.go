package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/audit"
	"github.com/pawl-dev/pawl/engine"
	"github.com/pawl-dev/pawl/rotation"
)

func newConfirmCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "confirm NAME STEP", Short: "Say that a human step is done",
		Long: `Settles a consumer that is a person. It may be called while another process drives the
rotation, twice, and after the end.`,
		Args: names(2, 2),
		RunE: func(cmd *cobra.Command, args []string) error { return a.runConfirm(cmd.Context(), args[0], args[1]) },
	}
}

func newPauseCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "pause NAME", Short: "Begin nothing new; whoever drives stops (pawl resume goes on)",
		Args: names(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.signal(cmd.Context(), args[0], func(_ context.Context, eng *engine.Engine, id pawl.RotationID, s *rotation.State) error {
				if s.Outcome != "" {
					a.say("%s nothing to do: %v is finished", a.sign(good), id)
					return nil
				}
				if err := eng.Signal(cmd.Context(), id, pawl.Event{Type: pawl.EvPaused}); err != nil {
					return err
				}
				a.say("%s %v is paused. %s.", a.sign(good), id, capital(oldKey(s)))
				return nil
			})
		},
	}
}

// signal opens the newest rotation of a credential without driving it.
func (a *app) signal(ctx context.Context, name string, f func(context.Context, *engine.Engine, pawl.RotationID, *rotation.State) error) error {
	s, err := a.openState(ctx, false)
	if err != nil {
		return err
	}
	defer s.Close()
	run, err := s.Latest(ctx, name)
	if pawl.KindOf(err) == pawl.NotFound {
		return usage("%s was never rotated here", word(name))
	}
	if err != nil {
		return err
	}
	return f(ctx, engine.New(engine.Config{Journal: s, Actor: a.actor()}), run.ID, rotation.Fold(run.Events))
}

func (a *app) runConfirm(ctx context.Context, name, step string) error {
	return a.signal(ctx, name, func(ctx context.Context, eng *engine.Engine, id pawl.RotationID, s *rotation.State) error {
		c := s.Plan.Place(step)
		if c == nil || c.Human == nil {
			return usage("%s has no human step %q%s", id, step, humanSteps(s.Plan))
		}
		switch {
		case s.Outcome != "": // it blocked nothing, and is done late
			if err := eng.Record(ctx, audit.RotateConfirmed, audit.Success, audit.Target{Credential: name, Consumer: c.ID}, audit.Context{Rotation: id}); err != nil {
				return err
			}
		case s.NewID() == "":
			return usage("%s: there is no new value yet, so nobody can have moved to it", id)
		case !s.Confirmed(c.ID):
			if err := eng.Signal(ctx, id, pawl.Event{Type: pawl.EvConfirmed, Consumer: c.ID, Side: s.Target, Attempt: len(s.Attempts)}); err != nil {
				return err
			}
		}
		a.say("%s %s: %s confirmed by %s", a.sign(good), id, c.ID, a.actor().ID)
		if s.Outcome == "" {
			a.say("  If nobody drives it:  pawl resume %s", name)
		}
		return nil
	})
}

func humanSteps(p pawl.Plan) string {
	var all []string
	for _, c := range p.Consumers {
		if c.Human != nil {
			all = append(all, c.ID)
		}
	}
	if len(all) == 0 {
		return "; it has none at all"
	}
	return fmt.Sprintf("; it has %s", strings.Join(all, ", "))
}
