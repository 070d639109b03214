// Package fence carries a question down to where requests leave: may this still
// be sent? A process that slept may have been taken over, and what an effect
// rests on may have aged. Whoever decides puts the question into the context;
// whoever sends asks it, once every queue and every connection is behind.
package fence

import "context"

// A Fence is asked right before something is changed. An error means that
// nothing is to be sent; it is a *pawl.Error, and its Kind says what the caller
// should do. It is asked by any goroutine, as often as there are requests.
type Fence func(context.Context) error

type key struct{}

// With returns a context whose calls are fenced.
func With(ctx context.Context, f Fence) context.Context { return context.WithValue(ctx, key{}, f) }

// Ask asks the fence of ctx, if it has one. Whoever sends a request that changes
// something calls it at the last moment.
func Ask(ctx context.Context) error {
	if f, ok := ctx.Value(key{}).(Fence); ok {
		return f(ctx)
	}
	return nil
}
