package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/journal"
	"github.com/pawl-dev/pawl/rotation"
	"github.com/pawl-dev/pawl/wording"
)

func newConfirmCommand(a *app) *cobra.Command {
	g := &giving{}
	cmd := &cobra.Command{
		Use: "confirm NAME STEP", Short: "Say that a human step is done, or give the value that a person has made",
		Long: `Settles a step that only a person can do. It may be called while another process drives the
rotation, twice, and after the end. Where a machine can look, it looks first: what it
contradicts is not believed, and nothing is changed (exit 6).

The step mint takes the new value: by a hidden prompt on a terminal, or by --value-stdin or
--value-file; the token alone, or all that the vendor's tools print. It is tried at the
vendor before it is kept.

In a rollback it also settles a place that goes back to the stranger's value which it held before, and
cannot show that its processes have left the new one: see to that first.`,
		Args: names(2, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := g.check(); err != nil {
				return err
			}
			return a.runConfirm(cmd.Context(), args[0], args[1], g)
		},
	}
	g.flags(cmd)
	return cmd
}

func newPauseCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "pause NAME", Short: "Begin nothing new; whoever drives stops (pawl resume goes on)",
		Args: names(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.signal(cmd.Context(), args[0], func(_ context.Context, eng worker, id pawl.RotationID, s *rotation.State) error {
				if s.Outcome != "" {
					a.say("%s nothing to do: %v is finished", a.sign(good), id)
					return a.settled(id, "nothing to do")
				}
				if err := eng.Signal(cmd.Context(), id, pawl.Event{Type: pawl.EvPaused}); err != nil {
					return err
				}
				a.say("%s %v is paused. %s.", a.sign(good), id, wording.Capital(oldKey(s)))
				return a.settled(id, "paused")
			})
		},
	}
}

// signal opens the newest rotation of a credential without driving it.
func (a *app) signal(ctx context.Context, name string, f func(context.Context, worker, pawl.RotationID, *rotation.State) error) error {
	s, err := a.openState(ctx, false)
	if err != nil {
		return err
	}
	defer s.Close()
	run, err := latest(ctx, s, name)
	if err != nil {
		return err
	}
	return f(ctx, a.pen(s), run.ID, rotation.Fold(run.Events))
}

// latest is the newest rotation of a credential, which has to have been rotated.
func latest(ctx context.Context, s *store, name string) (journal.Run, error) {
	run, err := s.Latest(ctx, name)
	if pawl.KindOf(err) == pawl.NotFound {
		err = usage("%s was never rotated here", word(name))
	}
	return run, err
}

// aside opens the newest rotation of a credential with all that is needed to
// look at its vendors, without driving it.
func (a *app) aside(ctx context.Context, name string, f func(context.Context, worker, pawl.RotationID, *rotation.State) error) error {
	cat, err := a.loadCatalog()
	if err != nil {
		return err
	}
	s, err := a.openState(ctx, false)
	if err != nil {
		return err
	}
	defer s.Close()
	run, err := latest(ctx, s, name)
	if err != nil {
		return err
	}
	eng, err := a.worker(ctx, cat, s)
	if err != nil {
		return err
	}
	return f(ctx, eng, run.ID, rotation.Fold(run.Events))
}

func (a *app) runConfirm(ctx context.Context, name, step string, g *giving) error {
	return a.signal(ctx, name, func(ctx context.Context, eng worker, id pawl.RotationID, s *rotation.State) error {
		c := s.Plan.Place(step)
		switch {
		case s.Plan.Asks(step) == nil && !s.Confirmable(step):
			return usage("%s has no human step %q%s", id, step, humanSteps(s.Plan))
		case c == nil:
			return a.aside(ctx, name, func(ctx context.Context, eng worker, id pawl.RotationID, s *rotation.State) error {
				return a.confirmMint(ctx, eng, id, s, g)
			})
		case g.given():
			return usage("%s takes no value; only the step %s does", step, pawl.MintStep)
		case c.Asks() != nil && s.Outcome == "" && s.NewID() != "" && (c.Hand != nil || len(c.Proofs) > 0 && !s.Confirmed(c.ID)):
			return a.aside(ctx, name, func(ctx context.Context, eng worker, id pawl.RotationID, s *rotation.State) error {
				return a.confirmSeen(ctx, eng, id, s, c)
			})
		}
		switch {
		case s.Outcome != "": // it blocked nothing, and is done late
			if err := eng.ConfirmLate(ctx, id, c.ID); err != nil {
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
			a.say("  If nobody drives it:  %s", a.pasteable("pawl resume "+name))
		}
		return a.settled(id, c.ID+" confirmed")
	})
}

// confirmMint gives the value that a person has made.
func (a *app) confirmMint(ctx context.Context, eng worker, id pawl.RotationID, s *rotation.State, g *giving) error {
	if s.Wanted() == nil && !g.given() {
		err := eng.Unwanted(ctx, id) // says why none is wanted
		return notTaken(id, err)
	}
	if !g.given() {
		w := rotation.Wait{On: rotation.OnPerson, Consumer: pawl.MintStep, Detail: s.Plan.Hand.Ask}
		a.instructStep(ctx, eng, id, s, w)
		if !a.asks() {
			return &exit{code: exitUsage, err: fmt.Errorf("nobody can be asked for the value here"), safe: "Nothing was changed.",
				next: []string{stepCommand(s, id.Credential, pawl.MintStep), "pawl confirm " + id.Credential + " " + pawl.MintStep + " --value-file FILE"}}
		}
		taken, err := a.promptForValue(ctx, eng, id, s.Plan)
		if err != nil || !taken {
			return err
		}
	} else {
		given, err := a.read(g)
		if err != nil {
			return err
		}
		if err := a.supply(ctx, eng, id, s.Plan, given); err != nil {
			return err
		}
	}
	a.say("  If nobody drives it:  %s", a.pasteable("pawl resume "+id.Credential))
	return a.settled(id, pawl.MintStep+" confirmed")
}

// confirmSeen says that a step is done at which a machine can look.
func (a *app) confirmSeen(ctx context.Context, eng worker, id pawl.RotationID, s *rotation.State, c *pawl.Place) error {
	if i := slices.IndexFunc(s.Plan.Consumers, func(p pawl.Place) bool { return p.ID == c.ID }); s.Holds(i) {
		a.say("%s %s: %s is done already", a.sign(good), id, c.ID)
		return a.settled(id, "nothing to do")
	}
	if err := a.claimDone(ctx, eng, id, c); err != nil {
		return err
	}
	a.say("  If nobody drives it:  %s", a.pasteable("pawl resume "+id.Credential))
	return a.settled(id, c.ID+" confirmed")
}

func humanSteps(p pawl.Plan) string {
	var all []string
	if p.Hand != nil {
		all = append(all, pawl.MintStep)
	}
	for _, c := range p.Consumers {
		if c.Asks() != nil {
			all = append(all, c.ID)
		}
	}
	if len(all) == 0 {
		return "; it has none at all"
	}
	return fmt.Sprintf("; it has %s", strings.Join(all, ", "))
}
