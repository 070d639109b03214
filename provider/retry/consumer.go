package retry

import (
	"context"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/provider/wrap"
)

// Consumer returns next with its calls repeated as p says.
func Consumer(next pawl.Consumer, p Policy) pawl.Consumer { return consumer{next, p} }

type consumer struct {
	next pawl.Consumer
	p    Policy
}

func (c consumer) Set(ctx context.Context, w pawl.Write) (pawl.Receipt, error) {
	return try(ctx, c.p, func() (pawl.Receipt, error) { return c.next.Set(ctx, w) })
}

func (c consumer) Observe(ctx context.Context, l pawl.Look) (pawl.Observation, error) {
	return try(ctx, c.p, func() (pawl.Observation, error) { return c.next.Observe(ctx, l) })
}

func (c consumer) Unwrap() any { return c.next }

func (c consumer) Abilities() (all []any) {
	if r, ok := wrap.As[pawl.Reader](c.next); ok {
		all = append(all, reader{r, c.p})
	}
	if s, ok := wrap.As[pawl.Snapshotter](c.next); ok {
		all = append(all, snapshotter{s, c.p})
	}
	return append(all, preflights(c.next, c.p)...)
}

type reader struct {
	next pawl.Reader
	p    Policy
}

func (r reader) Read(ctx context.Context) (pawl.Secret, error) {
	return try(ctx, r.p, func() (pawl.Secret, error) { return r.next.Read(ctx) })
}

type snapshotter struct {
	next pawl.Snapshotter
	p    Policy
}

func (s snapshotter) Snapshot(ctx context.Context) (pawl.Secret, error) {
	return try(ctx, s.p, func() (pawl.Secret, error) { return s.next.Snapshot(ctx) })
}
