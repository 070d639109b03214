// Package once lets several questions be answered by one read. Whoever looks at
// the world as a whole, to judge it by several questions, marks its context;
// within that, a client that is asked for the same thing again gives the answer
// that it has. What was read is forgotten with the context.
package once

import (
	"context"
	"sync"
)

type contextKey struct{}

// reads are the answers of one context.
type reads struct {
	mu sync.Mutex
	of map[any]*read
}

type read struct {
	mu   sync.Mutex // held while it is being asked
	done bool
	got  any
}

// Reads returns a context within which [Do] asks once. It must be used for one
// look only: what it has seen it does not see change.
func Reads(ctx context.Context) context.Context {
	return context.WithValue(ctx, contextKey{}, &reads{of: map[any]*read{}})
}

// Do returns what ask returned the first time that it was called for key within
// ctx; callers at the same time wait for the first. An error is not kept: the
// next caller asks again. Without [Reads] it always asks. Key has to be
// comparable, and all callers with one key have the same T.
func Do[T any](ctx context.Context, key any, ask func() (T, error)) (T, error) {
	all, ok := ctx.Value(contextKey{}).(*reads)
	if !ok {
		return ask()
	}
	r := all.get(key)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.done {
		return r.got.(T), nil
	}
	got, err := ask()
	if err == nil {
		r.done, r.got = true, got
	}
	return got, err
}

func (a *reads) get(key any) *read {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.of[key] == nil {
		a.of[key] = &read{}
	}
	return a.of[key]
}
