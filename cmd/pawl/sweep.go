package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/audit"
	"github.com/pawl-dev/pawl/catalog"
	"github.com/pawl-dev/pawl/engine"
	"github.com/pawl-dev/pawl/rotation"
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
	eng, _, err := a.engine(ctx, cat, s)
	if err != nil {
		return err
	}
	lines, failed := []strayLine{}, error(nil)
	for _, name := range cat.Names() {
		found, err := a.sweepOne(ctx, cat, eng, s, name, w)
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
		if err := json.NewEncoder(a.out).Encode(map[string]any{"version": 1, "strays": lines}); err != nil {
			return err
		}
	} else {
		a.showStrays(lines, failed)
	}
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

func (a *app) sweepOne(ctx context.Context, cat *catalog.Catalog, eng *engine.Engine, s *store, name string, w sweeping) ([]strayLine, error) {
	p, err := cat.Plan(name, pawl.Manual)
	if err != nil {
		return nil, err
	}
	keep, err := a.inUse(ctx, s, name)
	if err != nil {
		return nil, err
	}
	report, strays, err := eng.Strays(ctx, p, stem(p), keep)
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
			if err := a.confirmed(ctx, w.yes, "Revoke the "+l.Kind+" "+l.ID+" ("+printable(l.Label)+")? This cannot be undone."); err != nil {
				return lines, err
			}
			err = errors.Join(err, a.killStray(ctx, eng, p, &l))
		}
		lines = append(lines, l)
	}
	return lines, err
}

// killStray revokes an orphan: the intent is in the audit log before, the
// outcome after.
func (a *app) killStray(ctx context.Context, eng *engine.Engine, p pawl.Plan, l *strayLine) error {
	t := audit.Target{Credential: p.Credential, Provider: p.Issuer.Name, ProviderID: l.ID}
	if err := eng.Record(ctx, audit.OrphanRevoked, audit.Pending, t, audit.Context{Detail: "sweep: " + l.Label}); err != nil {
		return err
	}
	err := eng.Kill(ctx, p, l.ID)
	outcome, c := audit.Success, audit.Context{Detail: "sweep: " + l.Label}
	if err != nil {
		outcome, c.Kind, l.Error = audit.Failure, pawl.KindOf(err).String(), err.Error()
		if pawl.KindOf(err) == pawl.Unknown {
			outcome = audit.Unknown
		}
	}
	l.Revoked = err == nil
	return errors.Join(err, eng.Record(ctx, audit.OrphanRevoked, outcome, t, c))
}

// inUse tells the generations that a sweep must leave alone: all of an open
// rotation, and the one that the last finished one ended on.
func (a *app) inUse(ctx context.Context, s *store, name string) (func(id, label string) bool, error) {
	run, err := s.Latest(ctx, name)
	if pawl.KindOf(err) == pawl.NotFound {
		return func(string, string) bool { return false }, nil
	}
	if err != nil {
		return nil, err
	}
	state := rotation.Fold(run.Events)
	return func(id, label string) bool {
		if state.Outcome == "" || state.Abandoned != "" { // of an abandoned one, places may be on any generation
			return strings.Contains(label, state.Label+"/") || id == state.OldID
		}
		return state.Outcome == pawl.Completed && id == state.NewID()
	}, nil
}

// stem is the description that the issuer's generations begin with.
func stem(p pawl.Plan) string {
	var c struct{ Description string }
	if json.Unmarshal(p.Issuer.Config, &c) != nil || c.Description == "" {
		return "\x00" // no stem: nothing but our own labels can be told
	}
	return c.Description
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
		a.print("%s\t%s\t%s\t%s", l.Credential, printable(l.ID), printable(l.Label), word)
		if l.Error != "" {
			a.say("  %s %s", a.sign(bad), plainly(l.Error))
		}
	}
	if slices.ContainsFunc(lines, func(l strayLine) bool { return l.Kind == "orphan" && !l.Revoked }) {
		a.say("  Next:\n    pawl sweep --revoke")
	}
}
