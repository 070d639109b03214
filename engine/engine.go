// Package engine drives rotations: it does what package rotation decides,
// through the providers, and journals what came of it. It holds no opinion of
// its own about what comes next.
//
// For every effect the order is: the intent is durable, then the call, then
// the outcome is durable. A crash before the intent changed nothing; a crash
// after it leaves an intent without an outcome, which the next process that
// takes the rotation up treats as unknown and settles by looking. Resuming is
// therefore nothing special: load, fold, decide.
package engine

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/audit"
	"github.com/pawl-dev/pawl/journal"
	"github.com/pawl-dev/pawl/rotation"
	"github.com/pawl-dev/pawl/seal"
)

// Config is what an engine works with. All fields but Log, Now and Method are
// required.
type Config struct {
	Journal journal.Journal
	Box     Sealer
	Actor   pawl.Actor
	// Open opens the providers of a plan. It does no I/O with the vendors.
	Open func(ctx context.Context, plan pawl.Plan) (*Hands, error)
	Log  *slog.Logger     // nil: nothing is logged
	Now  func() time.Time // nil: time.Now
}

// A Sealer encrypts values for the journal; [*seal.Box] is one.
type Sealer interface {
	Seal(pawl.Secret, seal.Context) ([]byte, error)
	Open([]byte, seal.Context) (pawl.Secret, error)
}

// Hands are the opened providers of one plan, in the plan's order. Retrying
// and rate limits are already around them.
type Hands struct {
	Issuer    pawl.Issuer
	Consumers []pawl.Consumer // nil for a person
	Proofs    [][]pawl.Prover
	Notifiers []pawl.Notifier // nil where nobody is to be told
	Minter    pawl.Notifier   // tells the person who mints; nil if nobody is to be told

	Searches []Searching // the connections of the plan that can be searched, by name
	Names    []string    // what copies of the credential are usually called
}

// A Searching is a connection that can be searched for copies of a value.
type Searching struct {
	Connection string
	Discoverer pawl.Discoverer
	Listed     []pawl.Op // the places of the plan at its vendor
}

// An Engine is safe for concurrent use. Different rotations may be driven at
// the same time; who may drive one is decided by the journal's epoch.
type Engine struct{ cfg Config }

// New returns an engine. It does no I/O.
func New(cfg Config) *Engine {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Engine{cfg}
}

// As returns the engine in the name of somebody else. Whatever that one signals
// and starts is theirs in the journal and in the audit log.
func (e *Engine) As(by pawl.Actor) *Engine {
	cfg := e.cfg
	cfg.Actor = by
	return &Engine{cfg}
}

// now is the wall clock in UTC, without a monotonic reading, as it is after a
// crash too.
func (e *Engine) now() time.Time { return e.cfg.Now().UTC().Round(0) }

// Start opens a rotation. While another one of the credential is unfinished
// the error is a [*journal.OpenError] and nothing is written.
func (e *Engine) Start(ctx context.Context, plan pawl.Plan) (pawl.RotationID, error) {
	return e.StartWith(ctx, plan, "")
}

// StartWith is Start with what else was asked for by the same request, and a
// digest of it. All of that is written, or nothing: a process that is killed
// leaves no rotation that was asked for by half.
func (e *Engine) StartWith(ctx context.Context, plan pawl.Plan, request string, said ...pawl.Event) (pawl.RotationID, error) {
	run, err := e.cfg.Journal.Begin(ctx, plan.Credential, func(id pawl.RotationID) (journal.Batch, error) {
		ev := pawl.Event{Type: pawl.EvPlanned, At: e.now(), Actor: e.cfg.Actor, Plan: &plan, Reason: string(plan.Reason),
			Label: Label(e.cfg.Journal.Install()) + id.String(), Request: request}
		s := rotation.Fold([]pawl.Event{ev})
		rest := journal.Batch{Events: slices.Clone(said)}
		first := account(id, s, ev)
		e.sign(id, s, &rest)
		return journal.Batch{Events: append([]pawl.Event{ev}, rest.Events...), Audit: append(first, rest.Audit...)}, nil
	})
	return run.ID, err
}

// Label is what the labels of everything that an installation mints begin
// with: in a vendor's list it tells ours from those of others.
func Label(install string) string { return "pawl/" + install[:min(12, len(install))] + "/" }

// Signal appends an event from somebody who does not drive the rotation: a
// confirmation, a pause. Whoever drives it notices within a second.
func (e *Engine) Signal(ctx context.Context, id pawl.RotationID, ev pawl.Event) error {
	return e.SignalIf(ctx, id, func(journal.Run) (pawl.Event, error) { return ev, nil })
}

// SignalIf is Signal of what say makes of the rotation as it is when the event
// is written: nothing comes between what it has looked at and the event. If the
// rotation moves meanwhile say is asked again. Its error is returned as it is, and
// of an event without a type nothing is written.
func (e *Engine) SignalIf(ctx context.Context, id pawl.RotationID, say func(journal.Run) (pawl.Event, error)) error {
	errSilent := errors.New("nothing to say")
	err := e.append(ctx, id, func(run journal.Run, _ *rotation.State) (journal.Batch, error) {
		ev, err := say(run)
		if err == nil && ev.Type == "" {
			err = errSilent
		}
		return journal.Batch{Events: []pawl.Event{ev}}, err
	})
	if err == errSilent {
		return nil
	}
	return err
}

// Digest is a short keyed digest of a value, by which people can tell values
// apart; "" if the box makes none.
func (e *Engine) Digest(v pawl.Secret) string {
	if d, ok := e.cfg.Box.(interface{ Digest(pawl.Secret) string }); ok {
		return strings.TrimPrefix(d.Digest(v), "hmac:")
	}
	return ""
}

// Load returns a rotation's state.
func (e *Engine) Load(ctx context.Context, id pawl.RotationID) (*rotation.State, error) {
	run, err := e.cfg.Journal.Load(ctx, id)
	if err != nil {
		return nil, err
	}
	return rotation.Fold(run.Events), nil
}

// Record writes to the audit log what belongs to no rotation.
func (e *Engine) Record(ctx context.Context, action audit.Action, outcome audit.Outcome, t audit.Target, c audit.Context) error {
	ev := audit.New(action, outcome, e.now(), e.cfg.Actor)
	ev.Target, ev.Context = t, c
	return e.cfg.Journal.Record(ctx, ev)
}

// CanOpen reports what keeps the providers of a plan from being opened: a
// secret that is not there, an operation that this binary does not know. It
// does no I/O with the vendors.
func (e *Engine) CanOpen(ctx context.Context, plan pawl.Plan) error {
	_, err := e.cfg.Open(ctx, plan)
	return err
}
