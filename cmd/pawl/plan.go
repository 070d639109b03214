package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/engine"
	"github.com/pawl-dev/pawl/wording"
)

func newPlanCommand(a *app) *cobra.Command {
	p, file := &planning{}, ""
	cmd := &cobra.Command{
		Use: "plan NAME...", Short: "Say what a rotation would do, and check that it could, without any effect",
		Long: `Reads only. Prints what is created, written, restarted and revoked, which evidence is required
of each place, what each place holds now, how many requests it takes and how long, and a digest.

-o saves it: pawl rotate --plan FILE runs exactly that, without another question, or refuses and
says what has changed since. The file holds no secret.
An older plan there is replaced; a file that is something else is not.

Exit status: 0 it could run · 1 it would be refused · 2 usage or catalog · 4 sign-in needed`,
		Args: names(1, -1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.runPlan(cmd.Context(), args, p, file) },
	}
	p.flags(cmd)
	cmd.Flags().StringVarP(&file, "output", "o", "", "also write the plan to this file")
	return cmd
}

// planned is a plan with what was found, for programs.
type planned struct {
	Version    int         `json:"version"`
	Credential string      `json:"credential"`
	Digest     string      `json:"digest"`
	Mode       pawl.Mode   `json:"mode"`
	Plan       pawl.Plan   `json:"plan"`
	OldID      string      `json:"old_id,omitempty"`
	OldDead    bool        `json:"old_dead,omitempty"`
	Places     []placeLine `json:"places"`
	Findings   []string    `json:"findings,omitempty"`
	Problems   []string    `json:"problems,omitempty"`
	Cannot     string      `json:"irreversible,omitempty"` // the step that cannot be undone
	outlook
}

type placeLine struct {
	ID      string `json:"id"`
	Where   string `json:"where"`
	Kind    string `json:"kind"`
	Wave    int    `json:"wave"`
	Require string `json:"require"`
	Holds   string `json:"holds"` // current, other, nothing, unreadable
}

func (a *app) runPlan(ctx context.Context, args []string, pl *planning, file string) error {
	if file != "" {
		if err := replaceable(file); err != nil {
			return err
		}
	}
	cat, err := a.loadCatalog()
	if err != nil {
		return err
	}
	plans, err := pl.plans(cat, args)
	if err != nil {
		return err
	}
	// A plan needs no journal: it is the catalog and what the vendors say.
	eng := a.looker(cat, nil)
	var all []planned
	var failed error
	for _, p := range plans {
		report, err := eng.Survey(ctx, p)
		if err != nil {
			return err
		}
		report.Findings = append(report.Findings, append(a.staleFinding(ctx, cat, p.Credential), a.exposed(cat, p)...)...)
		doc, out := document(p, report), eng.outlook(ctx, p)
		doc.outlook = out
		all = append(all, doc)
		if !a.json {
			a.showPlan(a.out, p, report)
			out.show(a, a.out)
		}
		if len(report.Problems) > 0 {
			failed = problems(report)
		}
	}
	return a.writePlans(all, file, failed)
}

func (a *app) writePlans(all []planned, file string, failed error) error {
	var doc any = all
	if len(all) == 1 {
		doc = all[0]
	}
	text, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		return err
	}
	text = append(text, '\n')
	if file != "" {
		if err := os.WriteFile(file, text, 0o600); err != nil {
			return usage("the plan cannot be written: %w", err)
		}
		if !a.json {
			a.say("%s saved; exactly this is run by:  %s", a.sign(good), a.pasteable("pawl rotate --plan "+quoted(file)))
		}
	}
	if a.json {
		return a.documentWith(text, failed)
	}
	return failed
}

func document(p pawl.Plan, r engine.Report) planned {
	d := planned{Version: 1, Credential: p.Credential, Digest: p.Digest(), Mode: p.Mode(), Plan: p, OldID: r.Old.ID, OldDead: r.Dead, Findings: r.Findings}
	for _, err := range r.Problems {
		d.Problems = append(d.Problems, err.Error())
	}
	if p.Reason != pawl.Rehearsal && !r.Dead && r.Old.ID != "" {
		d.Cannot = "revoke of " + r.Old.ID
	}
	for i, c := range p.Consumers {
		l := placeLine{ID: c.ID, Where: c.Where, Kind: kindOf(c), Wave: c.Wave, Require: c.Require.String(), Holds: "unreadable"}
		if i < len(r.Places) {
			l.Holds = holdsWord(r.Places[i])
		}
		d.Places = append(d.Places, l)
	}
	return d
}

func kindOf(c pawl.Place) string {
	if c.Human != nil {
		return "human"
	}
	name, _, _ := strings.Cut(c.Op.Name, "@")
	return name
}

func holdsWord(f engine.Found) string {
	switch f.Holds {
	case pawl.HoldsWant:
		return "current"
	case pawl.HoldsOther, pawl.HoldsNothing:
		return string(f.Holds)
	}
	return "unreadable"
}

// problems is the error for a plan that would be refused.
func problems(r engine.Report) error {
	e := &exit{code: exitFailed, err: errors.Join(r.Problems...), safe: "Nothing was changed."}
	for _, p := range r.Problems {
		if k := pawl.KindOf(p); k == pawl.Denied || k == pawl.Operator {
			e.code = exitSignIn
		}
		if h := pawl.HintOf(p); h != "" {
			e.next = append(e.next, h)
		}
	}
	return e
}

// showPlan tells a plan to people.
func (a *app) showPlan(w io.Writer, p pawl.Plan, r engine.Report) {
	fmt.Fprintf(w, "%s (%s)\n", p.Credential, p.Reason)
	fmt.Fprintf(w, "  digest   %s\n", p.Digest())
	fmt.Fprintf(w, "  mode     %s\n", modeWords(p))
	fmt.Fprintf(w, "  create   1 generation by %s through %s%s\n", kindName(p.Issuer.Name), p.Issuer.Connection, byWhom(p.Hand))
	for i, c := range p.Consumers {
		verb := "write"
		if c.Asks() != nil {
			verb = "ask"
		}
		holds := "unreadable"
		if i < len(r.Places) {
			holds = holdsWord(r.Places[i])
		}
		fmt.Fprintf(w, "  %-8s %-12s %s\n", verb, c.ID, c.Where)
		fmt.Fprintf(w, "           %-12s wave %d, holds now: %s, requires: %s%s\n", "", c.Wave, holds, c.Require, proofWords(c))
	}
	switch {
	case p.Reason == pawl.Rehearsal:
		fmt.Fprintf(w, "  back     every copy is restored and proved, and the new generation is revoked\n")
	case r.Dead:
		fmt.Fprintf(w, "  revoke   nothing: the old generation is dead already\n")
	case r.Old.ID != "":
		fmt.Fprintf(w, "  revoke   %s (%s), the step that cannot be undone\n", r.Old.ID, r.Old.Label)
	}
	if p.Soak > 0 || p.Watch > 0 {
		fmt.Fprintf(w, "  wait     %s before the revoke, %s of watching after it\n", p.Soak, p.Watch)
	}
	if p.Approval != nil {
		fmt.Fprintf(w, "  approve  %d of %s, before the revoke\n", p.Approval.Count, p.Approval.From)
	}
	for _, text := range append(slices.Clone(p.Warnings), wording.Together(r.Findings)...) {
		fmt.Fprintf(w, "  %s %s\n", a.sign(warn), text)
	}
}

func kindName(op string) string {
	name, _, _ := strings.Cut(op, "@")
	return name
}

func proofWords(c pawl.Place) string {
	text := ""
	for _, p := range c.Proofs {
		text += ", " + kindName(p.Name)
	}
	if c.Human != nil && !c.Human.Blocks {
		text += " (blocks nothing)"
	}
	return text
}
