package retry

import (
	"context"

	"github.com/pawl-dev/pawl"
)

// Discoverer returns next with its calls repeated as p says, each by itself: a
// hiccup in one area does not begin the search anew.
func Discoverer(next pawl.Discoverer, p Policy) pawl.Discoverer { return discoverer{next, p} }

type discoverer struct {
	next pawl.Discoverer
	p    Policy
}

func (d discoverer) Areas(ctx context.Context, s pawl.Search) ([]pawl.Area, error) {
	return try(ctx, d.p, func() ([]pawl.Area, error) { return d.next.Areas(ctx, s) })
}

func (d discoverer) Search(ctx context.Context, a pawl.Area, s pawl.Search) ([]pawl.Found, error) {
	return try(ctx, d.p, func() ([]pawl.Found, error) { return d.next.Search(ctx, a, s) })
}

func (d discoverer) Unwrap() any      { return d.next }
func (d discoverer) Abilities() []any { return nil }
