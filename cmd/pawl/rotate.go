package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/engine"
	"github.com/pawl-dev/pawl/rotation"
)

// driving are the flags of every command that drives a rotation.
type driving struct {
	yes        bool
	autoRevoke bool
	timeout    time.Duration
	reason     string
}

func (d *driving) flags(cmd *cobra.Command, revoke bool) {
	cmd.Flags().BoolVarP(&d.yes, "yes", "y", false, "do not ask before beginning")
	if revoke {
		cmd.Flags().BoolVar(&d.autoRevoke, "auto-revoke", false, "revoke the old credential as soon as every required consumer is proved")
	}
	cmd.Flags().DurationVar(&d.timeout, "timeout", engine.DefaultTimeout, "how long proofs are waited for before it stops safely")
}

// check refuses flags that cannot be meant.
func (d *driving) check() error {
	if d.timeout <= 0 {
		return usage("--timeout %s: want a time that is left to wait, as 10m", d.timeout)
	}
	return nil
}

const exits = `
Exit status: 0 done · 1 failed, old credential untouched · 2 usage or catalog · 3 declined · 4 sign-in needed
5 waits for a person · 6 incomplete but safe · 7 needs a person now · 130 interrupted (pawl exit-codes)`

func newRotateCommand(a *app) *cobra.Command {
	d := &driving{}
	cmd := &cobra.Command{
		Use: "rotate NAME...", Short: "Rotate credentials: mint, write everywhere, prove, revoke, prove dead",
		Long: `Rotates each named credential. Without --auto-revoke it stops before the revoke, when
every required consumer is proved on the new credential: the revoke is a step of its own,
so that it can be looked at first (pawl revoke NAME), or undone (pawl rollback NAME).
` + exits,
		Args: names(1, -1),
		RunE: func(cmd *cobra.Command, args []string) error {
			reason, err := parseReason(d.reason)
			if err != nil {
				return err
			}
			return a.runRotate(cmd.Context(), args, reason, d)
		},
	}
	d.flags(cmd, true)
	cmd.Flags().StringVar(&d.reason, "reason", string(pawl.Manual), "scheduled, manual, leak, offboarding, rehearsal")
	return cmd
}

func newRehearseCommand(a *app) *cobra.Command {
	d := &driving{}
	cmd := &cobra.Command{
		Use: "rehearse NAME", Short: "Rotate up to the revoke, then put everything back and revoke the new one",
		Long: `Really mints, writes and proves, then restores every copy, proves that as well, revokes the
new credential and proves it dead. The old credential is never at risk.
` + exits,
		Args: names(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.runRotate(cmd.Context(), args, pawl.Rehearsal, d)
		},
	}
	d.flags(cmd, false)
	return cmd
}

func parseReason(text string) (pawl.Reason, error) {
	if r := pawl.Reason(text); slices.Contains(pawl.Reasons(), r) {
		return r, nil
	}
	var all []string
	for _, r := range pawl.Reasons() {
		all = append(all, string(r))
	}
	return "", usage("--reason %s: want one of %s", word(text), strings.Join(all, ", "))
}

func (a *app) runRotate(ctx context.Context, args []string, reason pawl.Reason, d *driving) error {
	if err := d.check(); err != nil {
		return err
	}
	cat, err := a.loadCatalog()
	if err != nil {
		return err
	}
	var plans []pawl.Plan
	for _, name := range args {
		p, err := cat.Plan(name, reason)
		if err != nil {
			return err
		}
		plans = append(plans, p)
	}
	if !d.yes && !a.asks() {
		return usage("nobody can be asked here: add --yes to begin without a question")
	}
	s, err := a.openState(ctx, true)
	if err != nil {
		return err
	}
	defer s.Close()
	eng, _, err := a.engine(ctx, cat, s)
	if err != nil {
		return err
	}
	sc, worst := newScreen(a), error(nil)
	for _, p := range plans {
		if err := a.rotateOne(ctx, eng, s, p, d, sc); err != nil {
			worst = worse(worst, err)
		}
		if ctx.Err() != nil {
			break
		}
	}
	return worst
}

// worse keeps the error that needs a person more.
func worse(a, b error) error {
	if a == nil {
		return b
	}
	return a
}

func (a *app) rotateOne(ctx context.Context, eng *engine.Engine, s *store, p pawl.Plan, d *driving, sc *screen) error {
	if run, err := s.Latest(ctx, p.Credential); err == nil && run.Outcome == "" {
		return a.unfinished(run.ID)
	} else if err != nil && pawl.KindOf(err) != pawl.NotFound {
		return err
	}
	// What is missing to sign in is said before there is a rotation at all.
	if err := eng.CanOpen(ctx, p); err != nil {
		return err
	}
	if !d.yes {
		if err := a.askToBegin(ctx, eng, p); err != nil {
			return err
		}
	}
	id, err := eng.Start(ctx, p)
	if err != nil {
		return err
	}
	sc.begin(id, p)
	return a.drive(ctx, eng, id, d, sc)
}

func (a *app) askToBegin(ctx context.Context, eng *engine.Engine, p pawl.Plan) error {
	report, err := eng.Survey(ctx, p)
	if err != nil {
		return err
	}
	a.showPlan(a.err, p, report)
	if len(report.Problems) > 0 {
		return problems(report)
	}
	ok, err := a.confirm(ctx, "Begin?")
	if err != nil {
		return err
	}
	if !ok {
		return &exit{code: exitDeclined, err: fmt.Errorf("declined; nothing was changed")}
	}
	return nil
}

func (a *app) unfinished(id pawl.RotationID) error {
	n := id.Credential
	return &exit{code: exitIncomplete, err: fmt.Errorf("%v is not finished", id), safe: "Nothing was begun.",
		next: []string{"pawl resume " + n, "pawl rollback " + n, "pawl status " + n}}
}

// drive drives a rotation, and on a terminal asks for the revoke when it is
// time.
func (a *app) drive(ctx context.Context, eng *engine.Engine, id pawl.RotationID, d *driving, sc *screen) error {
	for {
		r, err := eng.Drive(ctx, id, engine.Options{AutoRevoke: d.autoRevoke, Timeout: d.timeout, Watch: sc.watch})
		if err != nil {
			return err
		}
		if !a.asks() || r.Stop != nil || r.State.Outcome != "" || len(r.Waits) != 1 || r.Waits[0].On != rotation.OnRevoke {
			return a.conclude(r, sc)
		}
		a.say("%s Every required consumer is proved on %s.", a.sign(good), r.State.NewID())
		ok, err := a.typeName(ctx, "Revoke "+r.State.OldID+" now? This cannot be undone.", id.Credential)
		if err != nil || !ok {
			return a.conclude(r, sc)
		}
		if err := eng.Signal(ctx, id, pawl.Event{Type: pawl.EvAuthorised, Detail: "asked for at the terminal"}); err != nil {
			return err
		}
	}
}
