package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/journal"
	"github.com/pawl-dev/pawl/rotation"
	"github.com/pawl-dev/pawl/wording"
)

func newResumeCommand(a *app) *cobra.Command {
	d, g := &driving{}, &giving{}
	cmd := &cobra.Command{
		Use: "resume NAME...", Short: "Go on with an unfinished rotation, whatever stopped it",
		Long: `Reads what is known from the journal, looks at what is not, and goes on. Nothing to resume is
no error. Several go on at once, as pawl rotate does it.
` + exits,
		Args: names(1, -1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := g.check(); err != nil {
				return err
			}
			if args = distinctNames(args); len(args) > 1 {
				if g.given() {
					return usage("a value is of one credential: resume it by itself")
				}
				return a.resumeBatch(cmd.Context(), args, d)
			}
			d.retell = true
			return a.takeUp(cmd.Context(), args[0], d, nil, func(ctx context.Context, eng worker, id pawl.RotationID, s *rotation.State) error {
				if !g.given() {
					return nil
				}
				given, err := a.read(g)
				if err != nil {
					return err
				}
				return a.supply(ctx, eng, id, s.Plan, given)
			})
		},
	}
	d.flags(cmd, true)
	d.takes(cmd)
	g.flags(cmd)
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
			a.onward = true
			return a.takeUp(cmd.Context(), args[0], d, revoked, func(ctx context.Context, eng worker, id pawl.RotationID, s *rotation.State) error {
				return a.askToRevoke(ctx, eng, id, s, d)
			})
		},
	}
	d.flags(cmd, false)
	d.takes(cmd)
	return cmd
}

func (a *app) askToRevoke(ctx context.Context, eng worker, id pawl.RotationID, s *rotation.State, d *driving) error {
	if s.Plan.Reason == pawl.Rehearsal { // driving it would end well, and revoke nothing
		return &exit{code: exitUsage, err: fmt.Errorf("%v is a rehearsal: the old credential stays", id), safe: "Nothing was revoked. " + wording.Capital(oldKey(s)) + ".",
			next: []string{"pawl resume " + id.Credential + "   # puts everything back", "pawl rollback " + id.Credential}}
	}
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
			return &exit{code: exitDeclined, err: fmt.Errorf("declined; nothing was revoked"), safe: wording.Capital(oldKey(s)) + "."}
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
	for _, l := range evidenceLines(s, time.Now()) {
		a.say("  %s %-14s %s", a.sign(good), l[0], a.folded(l[1], 19, 6))
	}
	if len(missing) > 0 {
		a.say("%s These are written and proved first: %s", a.sign(warn), strings.Join(missing, ", "))
	}
	if who := unconfirmed(s); len(who) > 0 {
		a.say("%s Not confirmed: %s", a.sign(warn), strings.Join(who, ", "))
	}
}

// evidenceLines are the strongest pieces of evidence of the required places, and
// how old they are. All of it is taken again before the revoke.
func evidenceLines(s *rotation.State, now time.Time) (all [][2]string) {
	best := map[string]pawl.Evidence{}
	for _, e := range s.Evidence() {
		if b, ok := best[e.Consumer]; e.Side == s.Target && (!ok || e.Class > b.Class) {
			best[e.Consumer] = e
		}
	}
	for i, c := range s.Plan.Consumers {
		if e, ok := best[c.ID]; ok && c.Required() && s.Holds(i) {
			all = append(all, [2]string{c.ID, fmt.Sprintf("%s, %s: %s", e.Class, seen(e.At, now), wording.Printable(e.Detail))})
		}
	}
	return all
}

// seen is how old evidence is. A process that takes a rotation up forgets when it
// was seen, because it counts only once it is seen again.
func seen(at, now time.Time) string {
	if at.IsZero() {
		return "seen by an earlier process, and looked at again"
	}
	return wording.About(now.Sub(at)) + " ago"
}

func newRollbackCommand(a *app) *cobra.Command {
	d := &driving{}
	cmd := &cobra.Command{
		Use: "rollback NAME", Short: "Put the old credential back everywhere, prove it, and revoke the new one",
		Long: `Possible until the old credential is revoked; afterwards there is only forward.
` + exits,
		Args: names(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.takeUp(cmd.Context(), args[0], d, rolledBack, func(ctx context.Context, eng worker, id pawl.RotationID, s *rotation.State) error {
				return a.askToRollBack(ctx, eng, id, s, d)
			})
		},
	}
	d.flags(cmd, false)
	d.takes(cmd)
	return cmd
}

func (a *app) askToRollBack(ctx context.Context, eng worker, id pawl.RotationID, s *rotation.State, d *driving) error {
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
			return a.notAsked(id, s, err)
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
			return &exit{code: exitDeclined, err: fmt.Errorf("declined; nothing was changed"), safe: wording.Capital(oldKey(s)) + "."}
		}
	}
	return eng.Signal(ctx, id, pawl.Event{Type: pawl.EvRollback, Reason: "asked for by " + a.actor().ID})
}

// notAsked is that the vendor could not be asked whether the old credential
// still works, without which nothing is put back.
func (a *app) notAsked(id pawl.RotationID, s *rotation.State, err error) error {
	e := *a.classify(err)
	if e.code == exitFailed { // that one promises that there is nothing to go on with
		e.code = exitIncomplete
	}
	e.err = fmt.Errorf("%v is not rolled back: whether the old credential still works is not known: %w", id, err)
	e.safe = "Nothing was put back. " + wording.Capital(oldKey(s)) + "."
	e.next = append(e.next, "pawl rollback "+id.Credential, "pawl resume "+id.Credential)
	return &e
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
func (a *app) takeUp(ctx context.Context, name string, d *driving, ended func(journal.Run) error, first func(context.Context, worker, pawl.RotationID, *rotation.State) error) error {
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
	eng, err := a.worker(ctx, cat, s)
	if err != nil {
		return err
	}
	state, err := eng.Load(ctx, run.ID)
	if err != nil {
		return err
	}
	if err := a.mine(ctx, eng, run.ID, state, d.take); err != nil {
		return err
	}
	if err := first(ctx, eng, run.ID, state); err != nil {
		return err
	}
	if err := a.holdStale(ctx, cat, s, []pawl.Plan{state.Plan}, d); err != nil {
		return err
	}
	sc := newScreen(a)
	sc.recall(ctx, s, name)
	sc.begin(run.ID, state.Plan)
	if who := heldBy(state); who != "" && !a.json {
		a.say("It is %s.", who)
	}
	if d.retell && a.terminal { // the terminal on which it was told may be gone
		sc.replay(run.ID, run.Events)
	}
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
		return a.result(map[string]any{"code": exitName(exitDone), "exit": exitDone, "detail": "nothing to do", "outcome": last.Outcome})
	}
	if last.Outcome == "" {
		a.say("%s nothing to do: %s was never rotated here", a.sign(good), name)
		return nil
	}
	a.say("%s nothing to do: %v ended %s (%s)", a.sign(good), last.ID, last.Updated.Local().Format("2006-01-02 15:04"), last.Outcome)
	return nil
}
