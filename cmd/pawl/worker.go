package main

import (
	"context"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/audit"
	"github.com/pawl-dev/pawl/catalog"
	"github.com/pawl-dev/pawl/connect"
	"github.com/pawl-dev/pawl/engine"
	"github.com/pawl-dev/pawl/rotation"
	"github.com/pawl-dev/pawl/seal"
)

// A worker does what commands ask for. Its methods are those of
// [engine.Engine], and what they promise is written there.
type worker interface {
	CanOpen(context.Context, pawl.Plan) error
	Survey(context.Context, pawl.Plan) (engine.Report, error)
	outlook(context.Context, pawl.Plan) outlook // of a plan that was surveyed
	Verify(context.Context, pawl.Plan, engine.Written) (engine.Report, []engine.Seen, error)
	Discover(ctx context.Context, plan pawl.Plan, open pawl.RotationID) (engine.Discovery, error)
	Sweep(context.Context, pawl.Plan) (engine.Report, []engine.Stray, error)
	KillStray(ctx context.Context, plan pawl.Plan, id, label string) (killed bool, err error)

	Start(ctx context.Context, plan pawl.Plan, autoRevoke bool) (pawl.RotationID, error)
	Load(context.Context, pawl.RotationID) (*rotation.State, error)
	Signal(context.Context, pawl.RotationID, pawl.Event) error
	Drive(context.Context, pawl.RotationID, engine.Options) (engine.Result, error)

	Confirm(ctx context.Context, id pawl.RotationID, step string) (engine.Checked, error)
	ConfirmLate(ctx context.Context, id pawl.RotationID, step string) error // after the end: it blocked nothing
	Take(ctx context.Context, id pawl.RotationID, plan pawl.Plan, given pawl.Secret, tell func(received string)) (pawl.Generation, error)
	Unwanted(context.Context, pawl.RotationID) error // why no value is taken now
	Ways(ctx context.Context, id pawl.RotationID, s *rotation.State, step string) ([]pawl.Instruction, error)
	OldWorks(context.Context, pawl.RotationID) error
	Remainder(context.Context, pawl.RotationID) (engine.Remainder, error)
	Abandon(ctx context.Context, id pawl.RotationID, why string, left engine.Remainder) error
}

// near is the engine of this process.
type near struct {
	*engine.Engine
	a      *app
	opener *connect.Opener
	traces *outgoing // nil: nothing is sent
}

// worker opens all that a rotation needs.
func (a *app) worker(ctx context.Context, cat *catalog.Catalog, s *store) (worker, error) {
	if a.far != nil {
		return a.far, nil
	}
	eng, _, err := a.engine(ctx, cat, s)
	if err != nil {
		return nil, err
	}
	s.traces = a.tracesOf(s)
	return near{eng, a, a.opener(cat), s.traces}, nil
}

// looker opens what is needed to look, which takes no journal. With a box it
// tells values apart by their digests.
func (a *app) looker(cat *catalog.Catalog, box *seal.Box) worker {
	if a.far != nil {
		return a.far
	}
	o := a.opener(cat)
	cfg := engine.Config{Actor: a.actor(), Open: o.Open, Log: a.log()}
	if box != nil {
		cfg.Box = box
	}
	return near{engine.New(cfg), a, o, nil}
}

// pen opens what is needed to say something to a rotation, and no vendor.
func (a *app) pen(s *store) worker {
	if a.far != nil {
		return a.far
	}
	return near{engine.New(engine.Config{Journal: s, Actor: a.actor()}), a, nil, nil}
}

// Start opens a rotation. That it revokes by itself is asked for by who drives
// it, which is this process.
func (n near) Start(ctx context.Context, plan pawl.Plan, _ bool) (pawl.RotationID, error) {
	return n.Engine.Start(ctx, plan)
}

func (n near) outlook(ctx context.Context, p pawl.Plan) outlook {
	return n.a.outlook(ctx, n.opener, p)
}

func (n near) ConfirmLate(ctx context.Context, id pawl.RotationID, step string) error {
	return n.Record(ctx, audit.RotateConfirmed, audit.Success, audit.Target{Credential: id.Credential, Consumer: step}, audit.Context{Rotation: id})
}

func (n near) Unwanted(ctx context.Context, id pawl.RotationID) error {
	_, err := n.Supply(ctx, id, engine.Pasted{})
	return err
}

func (n near) Ways(ctx context.Context, _ pawl.RotationID, s *rotation.State, step string) ([]pawl.Instruction, error) {
	return n.Instruct(ctx, s, step)
}
