package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/catalog"
	"github.com/pawl-dev/pawl/journal"
)

// planning are the flags that say what is planned: plan and rotate have them in
// common, so that what is shown is what is done.
type planning struct {
	reason string
	file   string    // a saved plan, which says all of it
	saved  []planned // what is in it
}

func (p *planning) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&p.reason, "reason", string(pawl.Manual), "scheduled, manual, leak, offboarding, rehearsal")
	completes(cmd, "reason", pawl.Reasons())
}

// plans makes the plan of each named credential.
func (p *planning) plans(cat *catalog.Catalog, names []string) ([]pawl.Plan, error) {
	if p.file != "" {
		return p.load(cat, names)
	}
	reason, err := parseReason(p.reason)
	if err != nil {
		return nil, err
	}
	var all []pawl.Plan
	for _, name := range names {
		plan, err := cat.Plan(name, reason)
		if err != nil {
			return nil, err
		}
		all = append(all, plan)
	}
	return all, nil
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

func newRotateCommand(a *app) *cobra.Command {
	d, p, due := &driving{}, &planning{}, false
	cmd := &cobra.Command{
		Use: "rotate NAME...", Short: "Rotate credentials: mint, write everywhere, prove, revoke, prove dead",
		Long: `Rotates each named credential. Without --auto-revoke it stops before the revoke, when
every required consumer is proved on the new credential: the revoke is a step of its own,
so that it can be looked at first (pawl revoke NAME), or undone (pawl rollback NAME).

Several are rotated at once: their keys in one app are written by one call, so that it
restarts once, and those that share an app revoke one after the other. Each is a rotation
of its own, which can be resumed, revoked or rolled back by itself. The exit status is that
of the one that needs a person most: 7, 4, 6, 1, 2, 130, 5, 3, 0, in this order.

--due rotates what is due by its schedule and the last rotation that was completed here,
inside of its window; nothing due is no error.

--plan runs a plan that pawl plan -o has saved, without asking: exactly that, or nothing.
` + exits,
		Args: func(cmd *cobra.Command, args []string) error {
			switch {
			case p.file != "" && (due || cmd.Flags().Changed("reason")):
				return usage("--plan FILE says what is rotated, and for what reason: leave --due and --reason out")
			case p.file != "", due:
				return nil
			}
			return names(1, -1)(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if !due {
				return a.runRotate(cmd.Context(), args, p, d)
			}
			if !cmd.Flags().Changed("reason") {
				p.reason = string(pawl.Scheduled)
			}
			return a.runRotateDue(cmd.Context(), args, p, d)
		},
	}
	cmd.Flags().BoolVar(&due, "due", false, "rotate what is due, of the named credentials or of all")
	d.flags(cmd, true)
	p.flags(cmd)
	cmd.Flags().StringVar(&p.file, "plan", "", "run this saved plan, exactly")
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
			return a.runRotate(cmd.Context(), args, &planning{reason: string(pawl.Rehearsal)}, d)
		},
	}
	d.flags(cmd, false)
	return cmd
}

func (a *app) runRotate(ctx context.Context, args []string, p *planning, d *driving) error {
	if err := d.check(); err != nil {
		return err
	}
	a.onward = true
	cat, err := a.loadCatalog()
	if err != nil {
		return err
	}
	plans, err := p.plans(cat, distinctNames(args))
	if err != nil {
		return err
	}
	if p.file != "" {
		if err := p.asPlanned(ctx, a, cat); err != nil {
			return err
		}
		d.yes = true // it was agreed to when it was saved
	}
	if !d.yes && !a.asks() {
		return usage("nobody can be asked here: add --yes to begin without a question")
	}
	s, err := a.openState(ctx, true)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := a.holdStale(ctx, cat, s, plans, d); err != nil {
		return err
	}
	if len(plans) > 1 {
		return a.rotateBatch(ctx, cat, s, plans, d)
	}
	eng, err := a.worker(ctx, cat, s)
	if err != nil {
		return err
	}
	return a.rotateOne(ctx, eng, s, plans[0], d, newScreen(a))
}

func (a *app) rotateOne(ctx context.Context, eng worker, s *store, p pawl.Plan, d *driving, sc *screen) error {
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
	id, err := eng.Start(ctx, p, d.revokes(p.Credential))
	if err != nil {
		return err
	}
	sc.recall(ctx, s, p.Credential)
	sc.begin(id, p)
	return a.drive(ctx, eng, id, d, sc)
}

func (a *app) askToBegin(ctx context.Context, eng worker, p pawl.Plan) error {
	report, err := eng.Survey(ctx, p)
	if err != nil {
		return err
	}
	a.showPlan(a.err, p, report)
	eng.outlook(ctx, p).show(a, a.err)
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
	return &exit{code: exitIncomplete, err: &journal.OpenError{ID: id}, safe: "Nothing was begun.",
		next: []string{"pawl resume " + n, "pawl rollback " + n, "pawl status " + n}}
}
