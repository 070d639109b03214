package main

import (
	"context"
	"encoding/json"

	"github.com/spf13/cobra"

	"github.com/pawl-dev/pawl/wording"
)

func newDoctorCommand(a *app) *cobra.Command {
	var offline bool
	cmd := &cobra.Command{
		Use: "doctor [NAME]", Short: "Check this installation: state, keys, audit log, catalog, sign-ins, clock",
		Long: `Runs every check and says what to do about each that failed. It changes nothing, shows no
secret, and calls nobody but the connections of the catalog (with NAME, those of one
credential; with --offline, none).

Exit status: 0 nothing failed · 1 something did · 2 usage`,
		Args: names(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.runDoctor(cmd.Context(), args, offline) },
	}
	cmd.Flags().BoolVar(&offline, "offline", false, "do not call any vendor")
	return cmd
}

// A check is one question with its answer.
type check struct {
	Name   string `json:"-"`
	Status string `json:"status"` // ok, warning, failed, skipped
	Detail string `json:"detail"`
	Next   string `json:"next,omitempty"` // what to run or do about it
}

func fine(name, detail string) check       { return check{name, "ok", detail, ""} }
func skipped(name, why string) check       { return check{name, "skipped", why, ""} }
func warned(name, text, next string) check { return check{name, "warning", text, next} }
func failed(name, text, next string) check { return check{name, "failed", text, next} }

// examination gathers checks.
type examination struct {
	a   *app
	all []check
}

func (x *examination) add(checks ...check) { x.all = append(x.all, checks...) }

func (a *app) runDoctor(ctx context.Context, args []string, offline bool) error {
	x := &examination{a: a}
	x.add(fine("version", version), a.checkTerminal())
	cat := x.catalog(args)
	x.state(ctx)
	if cat != nil {
		x.schedule(ctx, cat)
		x.connections(ctx, cat, args, offline)
	}
	bad := 0
	for _, c := range x.all {
		if c.Status == "failed" {
			bad++
		}
	}
	if a.json {
		checks := map[string]check{}
		for _, c := range x.all {
			checks[c.Name] = c
		}
		if err := json.NewEncoder(a.out).Encode(map[string]any{"version": 1, "ok": bad == 0, "checks": checks}); err != nil {
			return err
		}
	} else {
		a.showChecks(x.all)
	}
	if bad > 0 {
		return &exit{code: exitFailed}
	}
	return nil
}

func (a *app) showChecks(all []check) {
	marks := map[string]mark{"ok": good, "warning": warn, "failed": bad, "skipped": idle}
	for _, c := range all {
		a.print("%s %-24s %s", a.sign(marks[c.Status]), c.Name, wording.Plainly(c.Detail))
		if c.Next != "" {
			a.print("    → %s", a.pasteable(c.Next))
		}
	}
}

func (a *app) checkTerminal() check {
	switch {
	case !a.terminal:
		return fine("terminal", "none: nothing will be asked, so --yes is needed")
	case a.plain():
		return fine("terminal", "plain lines, no signs")
	case !a.color():
		return fine("terminal", "no colour")
	}
	return fine("terminal", "colour and signs")
}
