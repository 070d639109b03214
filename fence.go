package pawl

import "context"

// A Fence is asked at the last moment before something is changed, once every
// queue and every connection is behind, whether it still may be: a process that
// slept may have been taken over, and what an effect rests on may have aged. An
// error means that nothing is to be sent; it is an [*Error], and its Kind says
// what the caller should do.
type Fence func(context.Context) error

type fenceKey struct{}

// WithFence returns a context whose calls are fenced.
func WithFence(ctx context.Context, f Fence) context.Context {
	return context.WithValue(ctx, fenceKey{}, f)
}

// Fenced asks the fence of ctx, if it has one. Whoever sends a request that
// changes something calls it right before.
func Fenced(ctx context.Context) error {
	if f, ok := ctx.Value(fenceKey{}).(Fence); ok {
		return f(ctx)
	}
	return nil
}
