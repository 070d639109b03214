package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/catalog"
)

// rotateBatch rotates several credentials at once.
func (a *app) rotateBatch(ctx context.Context, cat *catalog.Catalog, s *store, plans []pawl.Plan, d *driving) error {
	b, err := a.newBatch(ctx, cat, s, plans, d)
	if err != nil {
		return err
	}
	for _, m := range b.all {
		m.err = b.unfinished(ctx, m)
	}
	if !d.yes {
		if err := b.askToBegin(ctx); err != nil {
			return err
		}
	}
	b.begin(ctx, b.fresh(ctx))
	b.drive(ctx)
	return b.conclude()
}

// runRotateDue rotates what is due by its schedule, among the named credentials
// or all. What is due outside of its window waits for it; that is no error, so
// that a nightly job need not know the windows.
func (a *app) runRotateDue(ctx context.Context, args []string, p *planning, d *driving) error {
	if err := d.check(); err != nil {
		return err
	}
	a.onward = true
	cat, err := a.loadCatalog()
	if err != nil {
		return err
	}
	if !d.yes && !a.asks() {
		return usage("nobody can be asked here: add --yes to begin without a question")
	}
	s, err := a.openState(ctx, true)
	if err != nil {
		return err
	}
	defer s.Close()
	last, err := lastCompleted(ctx, s)
	if err != nil {
		return err
	}
	due, closed, err := dueNow(cat, args, last, time.Now())
	if err != nil {
		return err
	}
	for _, c := range closed {
		a.say("%s %s", a.sign(idle), c)
	}
	if len(due) == 0 {
		return a.nothingDue(closed)
	}
	plans, err := p.plans(cat, due)
	if err != nil {
		return err
	}
	if err := a.holdStale(ctx, cat, s, plans, d); err != nil {
		return err
	}
	return a.rotateBatch(ctx, cat, s, plans, d)
}

func (a *app) nothingDue(closed []string) error {
	if !a.json {
		a.say("%s nothing to do: nothing is due now", a.sign(good))
		return nil
	}
	return a.result(map[string]any{"code": exitName(exitDone), "exit": exitDone, "detail": "nothing to do",
		"rotations": []any{}, "outside_window": append([]string{}, closed...)})
}

// dueNow are the credentials whose schedule asks for a rotation at a time, the
// longest overdue first, and in words those that are frozen, or whose window is
// closed. One that
// was never rotated here is due: nobody knows how old it is. One that would be
// overdue before its window opens again is due now.
func dueNow(cat *catalog.Catalog, names []string, last map[string]time.Time, now time.Time) (due, closed []string, err error) {
	if len(names) == 0 {
		names = cat.Names()
	}
	for _, name := range slices.Compact(slices.Sorted(slices.Values(names))) {
		c, err := cat.Credential(name)
		if err != nil {
			return nil, nil, err
		}
		switch sched := c.Schedule; {
		case sched.Every == 0, !last[name].IsZero() && !isDue(sched, last[name], now):
		case cat.Frozen(name, now) != nil:
			closed = append(closed, fmt.Sprintf("%s is due, but %s", name, cat.Frozen(name, now)))
		case !sched.Window.Contains(now):
			closed = append(closed, fmt.Sprintf("%s is due, but its window (%s) is closed; it opens %s", name, sched.Window, opens(sched.Window, now)))
		default:
			due = append(due, name)
		}
	}
	slices.SortStableFunc(due, func(x, y string) int { return last[x].Compare(last[y]) })
	return due, closed, nil
}

// isDue reports whether a rotation is to begin now, if it may: its time has
// come, or will have come before its window opens again.
func isDue(s catalog.Schedule, last, now time.Time) bool {
	due := s.Due(last)
	if !now.Before(due) || s.Window.String() == "" || !s.Window.Contains(now) {
		return !now.Before(due)
	}
	closes := s.Window.Closes(now)
	return !closes.IsZero() && s.Window.Next(closes).After(due)
}

func opens(w catalog.Window, now time.Time) string {
	next := w.Next(now)
	if next.IsZero() {
		return "in more than two weeks"
	}
	return strings.TrimSpace(next.Format("Mon 2006-01-02 15:04 MST"))
}

// lastCompleted is when each credential was last rotated to the end.
func lastCompleted(ctx context.Context, s *store) (map[string]time.Time, error) {
	runs, err := s.List(ctx, false)
	if err != nil {
		return nil, err
	}
	last := map[string]time.Time{}
	for _, r := range runs {
		if n := r.ID.Credential; r.Outcome == pawl.Completed && r.Updated.After(last[n]) {
			last[n] = r.Updated
		}
	}
	return last, nil
}
