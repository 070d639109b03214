package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/catalog"
	"github.com/pawl-dev/pawl/engine"
	"github.com/pawl-dev/pawl/rotation"
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func newVerifyCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "verify [NAME]", Short: "Look at every consumer now and change nothing: who holds what, and is it proved",
		Long: `Compares every place with the value in the store, and takes every proof that has no effect.

A place that cannot tell which value it holds, and that pawl has not written, is shown and counts for nothing.

Exit status: 0 no drift · 2 usage or catalog · 4 sign-in needed · 6 drift, or not provable`,
		Args: names(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.runVerify(cmd.Context(), args) },
	}
}

type verifyDoc struct {
	Credential string       `json:"credential"`
	ID         string       `json:"id,omitempty"`
	OK         bool         `json:"ok"`
	Consumers  []verifyLine `json:"consumers"`
	Problems   []string     `json:"problems,omitempty"`
}

type verifyLine struct {
	ID     string `json:"id"`
	Where  string `json:"where"`
	Proved bool   `json:"proved"`
	Holds  string `json:"holds"`
	Class  string `json:"class,omitempty"`
	Detail string `json:"detail,omitempty"`
	Human  bool   `json:"human,omitempty"`
	Silent bool   `json:"silent,omitempty"` // it cannot tell, and pawl did not write it
}

func (a *app) runVerify(ctx context.Context, args []string) error {
	cat, err := a.loadCatalog()
	if err != nil {
		return err
	}
	if len(args) == 0 {
		args = cat.Names()
	}
	eng := engine.New(engine.Config{Actor: a.actor(), Open: a.opener(cat).Open, Log: a.log()})
	docs, ok := []verifyDoc{}, true
	for _, name := range args {
		d, err := verifyOne(ctx, cat, eng, name, a.lastWritten(ctx, name))
		if err != nil {
			return err
		}
		ok = ok && d.OK
		docs = append(docs, d)
		if !a.json {
			a.showVerify(d)
		}
	}
	if a.json {
		if err := json.NewEncoder(a.out).Encode(map[string]any{"version": 1, "ok": ok, "credentials": docs}); err != nil {
			return err
		}
	}
	if !ok {
		return &exit{code: exitIncomplete}
	}
	return nil
}

// lastWritten is what the journal knows of the marks of the last writes.
func (a *app) lastWritten(ctx context.Context, name string) (w engine.Written) {
	j, err := a.readState(ctx)
	if err != nil || j == nil {
		return w // without a journal there is only less to compare with
	}
	defer j.Close()
	run, err := j.Latest(ctx, name)
	if err != nil {
		return w
	}
	s := rotation.Fold(run.Events)
	w = engine.Written{ID: s.ID(s.Target), Marks: map[string]string{}}
	for i, c := range s.Plan.Consumers {
		if p := s.Places[i]; p.Write.Status == rotation.Done && p.Side == s.Target {
			w.Marks[c.ID] = p.Mark
		}
	}
	return w
}

func verifyOne(ctx context.Context, cat *catalog.Catalog, eng *engine.Engine, name string, last engine.Written) (verifyDoc, error) {
	p, err := cat.Plan(name, pawl.Manual)
	if err != nil {
		return verifyDoc{}, err
	}
	report, seen, err := eng.Verify(ctx, p, last)
	if err != nil {
		return verifyDoc{}, err
	}
	d := verifyDoc{Credential: name, ID: report.Old.ID, OK: len(report.Problems) == 0, Consumers: []verifyLine{}}
	for _, err := range report.Problems {
		d.Problems = append(d.Problems, err.Error())
	}
	for i, s := range seen {
		l := verifyLine{ID: s.ID, Where: s.Where, Proved: s.Proved, Holds: holdsWord(engine.Found{Holds: s.Holds}), Class: s.Class.String(), Detail: s.Detail, Human: p.Consumers[i].Human != nil}
		if s.Err != nil {
			l.Detail = s.Err.Error()
		}
		l.Silent = s.Silent
		d.OK = d.OK && (s.Proved || l.Human || l.Silent)
		d.Consumers = append(d.Consumers, l)
	}
	return d, nil
}

func (a *app) showVerify(d verifyDoc) {
	a.print("%s  %s", d.Credential, d.ID)
	for _, p := range d.Problems {
		a.print("  %s %s", a.sign(bad), p)
	}
	for _, l := range d.Consumers {
		switch {
		case l.Human || l.Silent:
			a.print("  %s %-14s %s", a.sign(idle), l.ID, l.Detail)
		case l.Proved:
			a.print("  %s %-14s %s: %s", a.sign(good), l.ID, l.Class, l.Detail)
		default:
			a.print("  %s %-14s holds %s: %s", a.sign(bad), l.ID, l.Holds, l.Detail)
		}
	}
}

func newSweepCommand(a *app) *cobra.Command {
	w := sweeping{}
	cmd := &cobra.Command{
		Use: "sweep", Short: "Find orphans and unknown generations at the vendors (--revoke: revoke the orphans)",
		Long: `An orphan was minted by this pawl and is used by nobody. --revoke takes only orphans; an unknown
generation is for a person to look at, and goes with --revoke --id ID. What is in use, and what a
connection may sign in with (caller), is never revoked here.

Exit status: 0 done · 1 a revoke failed · 2 usage or catalog · 4 sign-in needed`,
		Args: names(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runSweep(cmd.Context(), w) },
	}
	cmd.Flags().BoolVar(&w.revoke, "revoke", false, "revoke the orphans")
	cmd.Flags().StringVar(&w.id, "id", "", "with --revoke: only this one, orphan or unknown")
	cmd.Flags().BoolVarP(&w.yes, "yes", "y", false, "do not ask")
	return cmd
}

type strayLine struct {
	Credential string `json:"credential"`
	ID         string `json:"id"`
	Label      string `json:"label"`
	Kind       string `json:"kind"` // orphan, unknown, caller
	Revoked    bool   `json:"revoked"`
	Error      string `json:"error,omitempty"`
}

func (a *app) confirmed(ctx context.Context, yes bool, question string) error {
	if yes {
		return nil
	}
	if !a.asks() {
		return usage("nobody can be asked here: add --yes")
	}
	ok, err := a.confirm(ctx, question)
	if err == nil && !ok {
		err = &exit{code: exitDeclined, err: fmt.Errorf("declined; nothing was changed")}
	}
	return err
}
