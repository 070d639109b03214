package main

import (
	"context"
	"fmt"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/catalog"
	"github.com/pawl-dev/pawl/history"
	"github.com/pawl-dev/pawl/journal"
	"github.com/pawl-dev/pawl/wording"
)

// A validation expires. What was last shown to work half a year ago may rest on
// a workflow that is gone or an app that was renamed, so nobody's revoke is
// automatic then: everything up to it is done, which shows it anew, and a
// person looks before the one step that cannot be undone. What was never shown
// is not held back: somebody has to be able to begin.

// expired says in words that the last validation counts no more, or "".
func expired(ctx context.Context, cat *catalog.Catalog, j journal.Journal, name string) (string, error) {
	cred, err := cat.Credential(name)
	if err != nil || j == nil {
		return "", nil // a rotation whose credential is no longer in the catalog is finished as it was begun
	}
	v, err := lastValidated(ctx, j, name)
	now := time.Now()
	if err != nil || v.Age(cred.StaleAfter, now) != history.Stale {
		return "", err
	}
	return fmt.Sprintf("last shown to work %s ago (%v, %s), which counts for %s", wording.Ago(now.Sub(v.At)), v.Run.ID, v.Method,
		catalog.FormatDuration(v.Expires(cred.StaleAfter).Sub(v.At))), nil
}

// lastValidated looks back as far as it has to.
func lastValidated(ctx context.Context, j journal.Journal, name string) (history.Validation, error) {
	for most := history.Enough; ; most *= 4 {
		runs, err := j.Recent(ctx, name, most)
		if err != nil {
			return history.Validation{}, err
		}
		if v := history.Of(runs).Validated(); v.Method != history.ReadOnly || len(runs) < most {
			return v, nil
		}
	}
}

// holdStale takes the automatic revoke from the rotations whose validation has
// expired, unless somebody is there to be asked, or has said that it is
// accepted. A leak does not wait.
func (a *app) holdStale(ctx context.Context, cat *catalog.Catalog, s *store, plans []pawl.Plan, d *driving) error {
	if !d.autoRevoke || d.acceptStale || a.asks() {
		return nil
	}
	for _, p := range plans {
		if p.Reason == pawl.Leak || p.Reason == pawl.Rehearsal {
			continue
		}
		why, err := expired(ctx, cat, s, p.Credential)
		if err != nil {
			return err
		}
		if why == "" {
			continue
		}
		if d.held == nil {
			d.held = map[string]bool{}
		}
		d.held[p.Credential] = true
		a.say("%s %s: %s: it stops before the revoke", a.sign(warn), p.Credential, why)
		a.say("    pawl rehearse %s shows it again; --accept-stale revokes all the same", p.Credential)
	}
	return nil
}

// revokes reports whether a rotation revokes by itself.
func (d *driving) revokes(name string) bool { return d.autoRevoke && !d.held[name] }

// staleFinding is the remark of a plan. Where nothing was rotated yet, or the
// journal cannot be read, there is none: a plan needs no journal.
func (a *app) staleFinding(ctx context.Context, cat *catalog.Catalog, name string) []string {
	j, err := a.readState(ctx)
	if err != nil || j == nil {
		return nil
	}
	defer j.Close()
	why, err := expired(ctx, cat, j, name)
	if err != nil || why == "" {
		return nil
	}
	return []string{why + "; unattended it stops before the revoke (pawl rehearse " + name + " shows it again)"}
}
