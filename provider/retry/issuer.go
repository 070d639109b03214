package retry

import (
	"context"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/provider/wrap"
)

// Issuer returns next with its calls repeated as p says. Revoke is not.
func Issuer(next pawl.Issuer, p Policy) pawl.Issuer { return issuer{next, p} }

type issuer struct {
	next pawl.Issuer
	p    Policy
}

func (i issuer) Mint(ctx context.Context, label string) (pawl.Generation, error) {
	return try(ctx, i.p, func() (pawl.Generation, error) { return i.next.Mint(ctx, label) })
}

func (i issuer) Check(ctx context.Context, value pawl.Secret) error {
	return run(ctx, i.p, func() error { return i.next.Check(ctx, value) })
}

// Revoke calls once: whoever authorised it looks at the evidence again before
// it is sent again.
func (i issuer) Revoke(ctx context.Context, id string) error { return i.next.Revoke(ctx, id) }

func (i issuer) Unwrap() any { return i.next }

func (i issuer) Abilities() (all []any) {
	if l, ok := wrap.As[pawl.Lister](i.next); ok {
		all = append(all, lister{l, i.p})
	}
	if d, ok := wrap.As[pawl.Identifier](i.next); ok {
		all = append(all, identifier{d, i.p})
	}
	return append(all, preflights(i.next, i.p)...)
}

type lister struct {
	next pawl.Lister
	p    Policy
}

func (l lister) List(ctx context.Context) ([]pawl.Generation, error) {
	return try(ctx, l.p, func() ([]pawl.Generation, error) { return l.next.List(ctx) })
}

type identifier struct {
	next pawl.Identifier
	p    Policy
}

func (d identifier) Identify(ctx context.Context, value pawl.Secret) (pawl.Generation, error) {
	return try(ctx, d.p, func() (pawl.Generation, error) { return d.next.Identify(ctx, value) })
}

type preflighter struct {
	next pawl.Preflighter
	p    Policy
}

func preflights(next any, p Policy) []any {
	if f, ok := wrap.As[pawl.Preflighter](next); ok {
		return []any{preflighter{f, p}}
	}
	return nil
}

func (f preflighter) Preflight(ctx context.Context) ([]string, error) {
	return try(ctx, f.p, func() ([]string, error) { return f.next.Preflight(ctx) })
}
