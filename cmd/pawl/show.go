package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/catalog"
	"github.com/pawl-dev/pawl/history"
	"github.com/pawl-dev/pawl/wording"
)

func newShowCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "show NAME", Short: "One credential: where it is used, how old it is, what its rotations were like",
		Args: names(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.runShow(cmd.Context(), args[0]) },
	}
}

func (a *app) runShow(ctx context.Context, name string) error {
	o, err := a.overview(ctx)
	if err != nil {
		return err
	}
	defer o.Close()
	s, err := o.standing(name)
	if err != nil {
		return err
	}
	plan, err := o.cat.Plan(name, pawl.Manual)
	if err != nil {
		return err
	}
	h, err := historyOf(ctx, o.j, name)
	if err != nil {
		return err
	}
	v, err := o.validation(ctx, s)
	if err != nil {
		return err
	}
	if a.json {
		return a.document(showDocument(o, s, plan, h, v))
	}
	a.showCredential(o, s, v, plan, h)
	a.showPlaces(plan)
	if len(h.Runs) > 0 {
		a.print("")
		a.showRuns(h.Runs[:min(5, len(h.Runs))])
	}
	return nil
}

func showDocument(o *overview, s standing, plan pawl.Plan, h history.History, v history.Validation) map[string]any {
	c := s.cred
	doc := map[string]any{"version": 1, "credential": map[string]any{"name": c.Name, "title": c.Title, "why": c.Why, "applies_to": c.AppliesTo, "owner": c.Owner, "role": c.Role,
		"mode": s.mode, "state": s.state, "overdue": s.overdue, "every_seconds": c.Schedule.Every.Seconds(), "window": c.Schedule.Window.String(),
		"completed": timeOrNil(s.last), "due": timeOrNil(s.due), "validated": timeOrNil(v.At), "validated_by": v.Method, "validation": v.Age(c.StaleAfter, o.now)},
		"digest": plan.Digest(), "plan": plan}
	if s.open != nil {
		doc["rotation"] = s.open
	}
	for k, v := range historyDocument([]string{c.Name}, h) {
		if k != "validated" && k != "credential" {
			doc[k] = v
		}
	}
	return doc
}

// showCredential says what there is to say in one line each; what is not known
// is left out.
func (a *app) showCredential(o *overview, s standing, v history.Validation, plan pawl.Plan, h history.History) {
	c := s.cred
	state := string(s.state)
	if s.open != nil {
		state += " (" + s.open.String() + ")"
	}
	age, due, window := "never rotated here", "", c.Schedule.Window.String()
	if !s.last.IsZero() {
		age = wording.Ago(o.now.Sub(s.last)) + ", since " + s.last.Local().Format("2006-01-02 15:04 MST")
	}
	if !s.due.IsZero() {
		due = s.due.Local().Format("2006-01-02 15:04 MST") + " (every " + catalog.FormatDuration(c.Schedule.Every) + ")"
	}
	if from, _ := c.Schedule.Opening(s.last, o.now); !from.IsZero() {
		window += ", next opens " + from.Local().Format("2006-01-02 15:04 MST")
	}
	usual := ""
	if t := h.Took(); t.N > 0 {
		usual = fmt.Sprintf("%s (median of %d; nine of ten within %s)", wording.Took(t.Median), t.N, wording.Took(t.P90))
	}
	valid := string(v.Age(c.StaleAfter, o.now))
	if v.Method != history.ReadOnly {
		valid = fmt.Sprintf("%s: %s by %s (%v)", valid, v.At.Local().Format("2006-01-02"), v.Method, v.Run.ID)
	}
	a.print("%s", wording.Printable(c.Name))
	for _, line := range [][2]string{{"title", c.Title}, {"why", c.Why}, {"applies to", strings.Join(c.AppliesTo, ", ")}, {"owner", c.Owner}, {"role", c.Role},
		{"mode", string(s.mode)}, {"state", state}, {"age", age}, {"due", due}, {"window", window}, {"takes", usual}, {"validated", valid},
		{"runbook", a.runbookLink(c.Name)}, {"digest", plan.Digest()}} {
		if line[1] != "" {
			a.print("  %-11s %s", line[0], wording.Printable(line[1]))
		}
	}
}

// runbookLink is the runbook's file, if there is one.
func (a *app) runbookLink(name string) string {
	file := filepath.Join(a.catalogFolder(), "runbooks", name+".md")
	if _, err := os.Stat(file); err != nil {
		return ""
	}
	return file
}

func (a *app) showPlaces(plan pawl.Plan) {
	a.print("  %-11s %s", "issuer", kindName(plan.Issuer.Name)+" through "+plan.Issuer.Connection+byWhom(plan.Hand))
	for _, c := range plan.Consumers {
		what := kindOf(c) + " " + c.Where
		if c.Human != nil && !c.Human.Blocks {
			what += " (blocks nothing)"
		}
		a.print("  %-11s %-14s %s, needs %s%s", map[bool]string{true: "store", false: fmt.Sprintf("wave %d", c.Wave)}[c.Store], c.ID, wording.Printable(what), c.Require, proofs(c)+byWhom(c.Hand))
	}
}

func proofs(c pawl.Place) string {
	text := ""
	for _, p := range c.Proofs {
		text += ", " + kindName(p.Name)
	}
	return text
}
