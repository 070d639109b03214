package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/catalog"
	"github.com/pawl-dev/pawl/wording"
)

// sweeping are the flags of pawl sweep.
type sweeping struct {
	revoke, yes bool
	id          string // the one that a person has named; empty: all orphans
}

func (w sweeping) check() error {
	if w.id != "" && !w.revoke {
		return usage("--id belongs to --revoke")
	}
	return nil
}

// takes reports whether a stray is to be revoked: an orphan, or the one that a
// person has named. One that a connection may sign in with is neither.
func (w sweeping) takes(l strayLine) bool {
	if !w.revoke || l.Kind == "caller" {
		return false
	}
	if w.id != "" {
		return l.ID == w.id
	}
	return l.Kind == "orphan"
}

func (a *app) runSweep(ctx context.Context, w sweeping) error {
	if err := w.check(); err != nil {
		return err
	}
	cat, err := a.loadCatalog()
	if err != nil {
		return err
	}
	s, err := a.openState(ctx, w.revoke)
	if err != nil {
		return err
	}
	defer s.Close()
	eng, err := a.worker(ctx, cat, s)
	if err != nil {
		return err
	}
	lines, failed := []strayLine{}, error(nil)
	for _, name := range cat.Names() {
		found, err := a.sweepOne(ctx, cat, eng, name, w)
		if _, ok := errors.AsType[*exit](err); ok {
			return err
		}
		failed = errors.Join(failed, err)
		lines = append(lines, found...)
	}
	if w.id != "" && failed == nil && !slices.ContainsFunc(lines, func(l strayLine) bool { return l.Revoked }) {
		failed = notAStray(w.id, lines)
	}
	if a.json {
		text, err := json.Marshal(map[string]any{"version": 1, "strays": lines})
		if err != nil {
			return err
		}
		return a.documentWith(text, failed)
	}
	a.showStrays(lines, failed)
	return failed
}

// notAStray says why what a person has named is not revoked.
func notAStray(id string, lines []strayLine) error {
	if slices.ContainsFunc(lines, func(l strayLine) bool { return l.ID == id && l.Kind == "caller" }) {
		return &exit{code: exitUsage, err: fmt.Errorf("%s is what a connection may sign in with", word(id)), safe: "Nothing was revoked.", next: []string{"sign in otherwise first"}}
	}
	return &exit{code: exitUsage, err: fmt.Errorf("%s is not among those that nobody ought to be using: it is in use, of another description, or gone", word(id)),
		safe: "Nothing was revoked.", next: []string{"pawl sweep"}}
}

func (a *app) sweepOne(ctx context.Context, cat *catalog.Catalog, eng worker, name string, w sweeping) ([]strayLine, error) {
	p, err := cat.Plan(name, pawl.Manual)
	if err != nil {
		return nil, err
	}
	report, strays, err := eng.Sweep(ctx, p)
	if err == nil && len(report.Problems) > 0 {
		err = errors.Join(report.Problems...) // without knowing which one is in use, none can be judged
	}
	if err != nil {
		return nil, err
	}
	var lines []strayLine
	for _, st := range strays {
		l := strayLine{Credential: name, ID: st.Generation.ID, Label: st.Generation.Label, Kind: "unknown"}
		switch {
		case st.Caller:
			l.Kind = "caller"
		case st.Ours:
			l.Kind = "orphan"
		}
		if w.takes(l) {
			if err := a.confirmed(ctx, w.yes, "Revoke the "+l.Kind+" "+l.ID+" ("+wording.Printable(l.Label)+")? This cannot be undone."); err != nil {
				return lines, err
			}
			killed, failed := eng.KillStray(ctx, p, l.ID, l.Label)
			if l.Revoked = killed; failed != nil {
				l.Error = failed.Error()
			}
			err = errors.Join(err, failed)
		}
		lines = append(lines, l)
	}
	return lines, err
}

func (a *app) showStrays(lines []strayLine, failed error) {
	switch {
	case failed != nil && len(lines) == 0:
		a.say("%s could not look everywhere: whether there are orphans is not known", a.sign(bad))
	case failed != nil:
		a.say("%s could not look everywhere: there may be more than these", a.sign(warn))
	case len(lines) == 0:
		a.say("%s no orphans, nothing unknown", a.sign(good))
	}
	for _, l := range lines {
		word := l.Kind
		if l.Revoked {
			word += ", revoked"
		}
		a.print("%s\t%s\t%s\t%s", l.Credential, wording.Printable(l.ID), wording.Printable(l.Label), word)
		if l.Error != "" {
			a.say("  %s %s", a.sign(bad), wording.Plainly(l.Error))
		}
	}
	if slices.ContainsFunc(lines, func(l strayLine) bool { return l.Kind == "orphan" && !l.Revoked }) {
		a.say("  Next:\n    pawl sweep --revoke")
	}
}
