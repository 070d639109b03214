package main

import (
	"context"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/catalog"
	"github.com/pawl-dev/pawl/journal"
	"github.com/pawl-dev/pawl/rotation"
)

// resumeBatch takes up the unfinished rotations of several credentials at once.
func (a *app) resumeBatch(ctx context.Context, args []string, d *driving) error {
	if err := d.check(); err != nil {
		return err
	}
	cat, err := a.loadCatalog()
	if err != nil {
		return err
	}
	for _, name := range args {
		if _, err := cat.Credential(name); err != nil && !a.rotated(ctx, name) {
			return err
		}
	}
	s, err := a.openState(ctx, true)
	if err != nil {
		return err
	}
	defer s.Close()
	open, err := a.unfinishedOf(ctx, s, args)
	if err != nil {
		return err
	}
	if len(open) == 0 {
		if a.json {
			return a.result(map[string]any{"code": exitName(exitDone), "exit": exitDone, "detail": "nothing to do", "rotations": []any{}})
		}
		return nil
	}
	return a.takeUpBatch(ctx, cat, s, open, d)
}

// unfinishedOf finds the rotations to go on with, and says where there is none.
func (a *app) unfinishedOf(ctx context.Context, s *store, names []string) (open []journal.Run, err error) {
	for _, name := range names {
		run, err := s.Latest(ctx, name)
		switch {
		case pawl.KindOf(err) == pawl.NotFound, err == nil && run.Outcome != "":
			if !a.json {
				_ = a.nothingToDo(name, run)
			}
		case err != nil:
			return nil, err
		default:
			open = append(open, run)
		}
	}
	return open, nil
}

func (a *app) takeUpBatch(ctx context.Context, cat *catalog.Catalog, s *store, open []journal.Run, d *driving) error {
	var plans []pawl.Plan
	ids := map[string]pawl.RotationID{}
	for _, run := range open {
		plans = append(plans, rotation.Fold(run.Events).Plan)
		ids[run.ID.Credential] = run.ID
	}
	b, err := a.newBatch(ctx, cat, s, plans, d)
	if err != nil {
		return err
	}
	b.begin(ctx, func(m *member) (pawl.RotationID, error) { return ids[m.plan.Credential], nil })
	b.drive(ctx)
	return b.conclude()
}
