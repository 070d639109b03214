package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/engine"
	"github.com/pawl-dev/pawl/journal"
	"github.com/pawl-dev/pawl/rotation"
)

func newResumeCommand(a *app) *cobra.Command {
	d := &driving{}
	cmd := &cobra.Command{
		Use: "resume NAME...", Short: "Go on with an unfinished rotation, whatever stopped it",
		Long: `Reads what is known from the journal, looks at what is not, and goes on. Nothing to resume is
no error. Several go on at once, as pawl rotate does it.
` + exits,
		Args: names(1, -1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if args = distinctNames(args); len(args) > 1 {
				return a.resumeBatch(cmd.Context(), args, d)
			}
			return a.takeUp(cmd.Context(), args[0], d, nil, func(context.Context, *engine.Engine, pawl.RotationID, *rotation.State) error { return nil })
		},
	}
	d.flags(cmd, true)
	return cmd
}

func newRevokeCommand(a *app) *cobra.Command {
	d := &driving{}
	cmd := &cobra.Command{
		Use: "revoke NAME", Short: "Ask for the revoke of the old credential, and finish the rotation",
		Long: `Takes every proof again, and revokes the old credential if all required consumers still are on
the new one. This is the step that cannot be undone.
` + exits,
		Args: names(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.takeUp(cmd.Context(), args[0], d, revoked, func(ctx context.Context, eng *engine.Engine, id pawl.RotationID, s *rotation.State) error {
				return a.askToRevoke(ctx, eng, id, s, d)
			})
		},
	}
	d.flags(cmd, false)
	return cmd
}

func (a *app) askToRevoke(ctx context.Context, eng *engine.Engine, id pawl.RotationID, s *rotation.State, d *driving) error {
	if s.Target == pawl.Old {
		return &exit{code: exitIncomplete, err: fmt.Errorf("%v is being rolled back: the old credential stays", id), next: []string{"pawl resume " + id.Credential}}
	}
	if s.Authorised != (pawl.Actor{}) && !s.Once { // what a flag asked for ended with its process
		return nil
	}
	if !d.yes {
		if !a.asks() {
			return usage("nobody can be asked here: add --yes to revoke without a question")
		}
		a.tellProved(s)
		ok, err := a.typeName(ctx, "Revoke "+orDash(s.OldID)+"? This cannot be undone.", id.Credential)
		if err != nil {
			return err
		}
		if !ok {
			return &exit{code: exitDeclined, err: fmt.Errorf("declined; nothing was revoked"), safe: capital(oldKey(s)) + "."}
		}
	}
	return eng.Signal(ctx, id, pawl.Event{Type: pawl.EvAuthorised, Detail: "pawl revoke"})
}

// tellProved says how far the proofs are, before somebody asks for the revoke.
func (a *app) tellProved(s *rotation.State) {
	proved, required := 0, 0
	var missing []string
	for i, c := range s.Plan.Consumers {
		if !c.Required() {
			continue
		}
		required++
		if s.Holds(i) {
			proved++
		} else {
			missing = append(missing, c.ID)
		}
	}
	a.say("%d of %d required places are proved on %s.", proved, required, orDash(s.NewID()))
	if len(missing) > 0 {
		a.say("%s These are written and proved first: %s", a.sign(warn), strings.Join(missing, ", "))
	}
	if who := unconfirmed(s); len(who) > 0 {
		a.say("%s Not confirmed: %s", a.sign(warn), strings.Join(who, ", "))
	}
}

func newRollbackCommand(a *app) *cobra.Command {
	d := &driving{}
	cmd := &cobra.Command{
		Use: "rollback NAME", Short: "Put the old credential back everywhere, prove it, and revoke the new one",
		Long: `Possible until the old credential is revoked; afterwards there is only forward.
` + exits,
		Args: names(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.takeUp(cmd.Context(), args[0], d, rolledBack, func(ctx context.Context, eng *engine.Engine, id pawl.RotationID, s *rotation.State) error {
				return a.askToRollBack(ctx, eng, id, s, d)
			})
		},
	}
	d.flags(cmd, false)
	return cmd
}

func (a *app) askToRollBack(ctx context.Context, eng *engine.Engine, id pawl.RotationID, s *rotation.State, d *driving) error {
	switch {
	case s.Target == pawl.Old:
		return nil
	case s.Past() || s.OldDead:
		return &exit{code: exitUsage, err: fmt.Errorf("%v cannot be rolled back: the old credential is revoked, or about to be", id),
			safe: "Consumers are not touched.", next: []string{"pawl resume " + id.Credential}}
	}
	switch err := eng.OldWorks(ctx, id); pawl.KindOf(err) {
	case pawl.Denied:
		return &exit{code: exitUsage, err: fmt.Errorf("%v cannot be rolled back: the vendor refuses the old credential already", id),
			safe: "Nothing was put back: consumers that are on the new one stay there.", next: []string{"pawl resume " + id.Credential, "pawl revoke " + id.Credential}}
	case pawl.Mismatch: // it works
	default:
		if err != nil {
			return err
		}
	}
	if !d.yes {
		if !a.asks() {
			return usage("nobody can be asked here: add --yes to roll back without a question")
		}
		ok, err := a.confirm(ctx, "Put the old credential back everywhere and revoke the new one?")
		if err != nil {
			return err
		}
		if !ok {
			return &exit{code: exitDeclined, err: fmt.Errorf("declined; nothing was changed"), safe: capital(oldKey(s)) + "."}
		}
	}
	return eng.Signal(ctx, id, pawl.Event{Type: pawl.EvRollback, Reason: "asked for by " + a.actor().ID})
}

// revoked reports why a finished rotation did not come to what pawl revoke
// asks for, or nil.
func revoked(last journal.Run) error {
	if last.Outcome == pawl.Completed {
		return nil
	}
	return tooLate(last, "there is nothing to revoke", "Old key: untouched by it.")
}

// rolledBack is revoked for pawl rollback.
func rolledBack(last journal.Run) error {
	if last.Outcome != pawl.Completed {
		return nil
	}
	return tooLate(last, "there is nothing to go back to", "Old key: dead. Every required consumer is on the new one.")
}

func tooLate(last journal.Run, what, safe string) error {
	if last.Outcome == "" {
		return &exit{code: exitUsage, err: fmt.Errorf("%s: it was never rotated here", what), safe: "Nothing was changed."}
	}
	return &exit{code: exitUsage, err: fmt.Errorf("%s: %v ended %s (%s)", what, last.ID, last.Updated.Local().Format("2006-01-02 15:04"), last.Outcome),
		safe: safe, next: []string{"pawl rotate " + last.ID.Credential}}
}

// takeUp finds the unfinished rotation of a credential, lets first look at it
// and signal, and drives it. If there is none it is for ended to say whether
// that is what was wanted; nil: it is.
func (a *app) takeUp(ctx context.Context, name string, d *driving, ended func(journal.Run) error, first func(context.Context, *engine.Engine, pawl.RotationID, *rotation.State) error) error {
	if err := d.check(); err != nil {
		return err
	}
	cat, err := a.loadCatalog()
	if err != nil {
		return err
	}
	if _, err := cat.Credential(name); err != nil && !a.rotated(ctx, name) {
		return err
	}
	s, err := a.openState(ctx, true)
	if err != nil {
		return err
	}
	defer s.Close()
	run, err := s.Latest(ctx, name)
	if pawl.KindOf(err) == pawl.NotFound || err == nil && run.Outcome != "" {
		if ended != nil {
			if err := ended(run); err != nil {
				return err
			}
		}
		return a.nothingToDo(name, run)
	}
	if err != nil {
		return err
	}
	eng, _, err := a.engine(ctx, cat, s)
	if err != nil {
		return err
	}
	state, err := eng.Load(ctx, run.ID)
	if err != nil {
		return err
	}
	if err := first(ctx, eng, run.ID, state); err != nil {
		return err
	}
	if err := a.holdStale(ctx, cat, s, []pawl.Plan{state.Plan}, d); err != nil {
		return err
	}
	sc := newScreen(a)
	sc.begin(run.ID, state.Plan)
	return a.drive(ctx, eng, run.ID, d, sc)
}

// rotated reports whether the journal knows a credential that the catalog no
// longer has.
func (a *app) rotated(ctx context.Context, name string) bool {
	j, err := a.readState(ctx)
	if err != nil || j == nil {
		return false
	}
	defer j.Close()
	_, err = j.Latest(ctx, name)
	return err == nil
}

func (a *app) nothingToDo(name string, last journal.Run) error {
	if a.json {
		sc := newScreen(a)
		return sc.enc.Encode(map[string]any{"type": "result", "code": exitName(exitDone), "exit": exitDone, "detail": "nothing to do", "outcome": last.Outcome})
	}
	if last.Outcome == "" {
		a.say("%s nothing to do: %s was never rotated here", a.sign(good), name)
		return nil
	}
	a.say("%s nothing to do: %v ended %s (%s)", a.sign(good), last.ID, last.Updated.Local().Format("2006-01-02 15:04"), last.Outcome)
	return nil
}
