package retry

import (
	"context"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/provider/wrap"
)

// Prover returns next with its calls repeated as p says.
func Prover(next pawl.Prover, p Policy) pawl.Prover { return prover{next, p} }

type prover struct {
	next pawl.Prover
	p    Policy
}

func (v prover) Prove(ctx context.Context, l pawl.Look) (pawl.Observation, error) {
	return try(ctx, v.p, func() (pawl.Observation, error) { return v.next.Prove(ctx, l) })
}

func (v prover) Unwrap() any { return v.next }

func (v prover) Abilities() (all []any) {
	if s, ok := wrap.As[pawl.Starter](v.next); ok {
		all = append(all, starter{s, v.p})
	}
	return append(all, preflights(v.next, v.p)...)
}

type starter struct {
	next pawl.Starter
	p    Policy
}

func (s starter) Start(ctx context.Context, l pawl.Look) (string, error) {
	return try(ctx, s.p, func() (string, error) { return s.next.Start(ctx, l) })
}

// Notifier returns next with its calls repeated as p says.
func Notifier(next pawl.Notifier, p Policy) pawl.Notifier { return notifier{next, p} }

type notifier struct {
	next pawl.Notifier
	p    Policy
}

func (n notifier) Notify(ctx context.Context, to string, m pawl.Message) error {
	return run(ctx, n.p, func() error { return n.next.Notify(ctx, to, m) })
}

func (n notifier) Unwrap() any      { return n.next }
func (n notifier) Abilities() []any { return nil }
