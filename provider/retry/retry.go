// Package retry repeats calls of providers whose errors promise that nothing
// was changed, so that neither providers nor the engine do.
//
// Only errors whose Kind is Unchanged are repeated. An outcome that is unknown
// is settled by looking, which is the engine's business, and a revoke is never
// repeated here: it rests on evidence that has to be fresh at every send.
//
// The decorators implement only the interface that they decorate; the optional
// abilities of what is inside, which are retried as well, are found with
// [wrap.As]. They are as safe for concurrent use as what is inside.
package retry

import (
	"context"
	"errors"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/pawl-dev/pawl"
)

// A Policy says how long to keep trying. The zero value is usable.
type Policy struct {
	Tries      uint          // calls in all; 0: 6
	MaxElapsed time.Duration // no wait goes beyond this; 0: 45s
	MaxWait    time.Duration // a vendor that asks for a longer wait is not waited for; 0: 30s
	First      time.Duration // the wait after the first error, about; 0: 500ms
}

func (p Policy) tries() uint               { return orDefault(p.Tries, 6) }
func (p Policy) maxElapsed() time.Duration { return orDefault(p.MaxElapsed, 45*time.Second) }
func (p Policy) maxWait() time.Duration    { return orDefault(p.MaxWait, 30*time.Second) }
func (p Policy) first() time.Duration      { return orDefault(p.First, 500*time.Millisecond) }

func orDefault[T uint | time.Duration](v, def T) T {
	if v <= 0 {
		return def
	}
	return v
}

// try calls do until it succeeds, fails for good, or p gives up. The error is
// always do's last one, also where ctx ended a wait.
func try[T any](ctx context.Context, p Policy, do func() (T, error)) (T, error) {
	var last error
	pace := p.pace()
	got, err := backoff.Retry(ctx, func() (T, error) {
		var got T
		got, last = do()
		pace.after = 0
		if e, ok := errors.AsType[*pawl.Error](last); ok {
			pace.after = e.After
		}
		if !pawl.KindOf(last).Unchanged() || pace.after > p.maxWait() {
			return got, backoff.Permanent(last)
		}
		return got, last
	}, backoff.WithBackOff(pace), backoff.WithMaxTries(p.tries()), backoff.WithMaxElapsedTime(p.maxElapsed()))
	if err != nil {
		return got, last
	}
	return got, nil
}

// run is try for calls that return only an error.
func run(ctx context.Context, p Policy, do func() error) error {
	_, err := try(ctx, p, func() (struct{}, error) { return struct{}{}, do() })
	return err
}

// pace waits for what the vendor asked for and, on top, longer each time and
// never at the same moment as others.
type pace struct {
	*backoff.ExponentialBackOff
	after time.Duration
}

func (p Policy) pace() *pace {
	b := backoff.NewExponentialBackOff()
	b.InitialInterval, b.MaxInterval, b.Multiplier = p.first(), p.maxWait(), 2
	return &pace{b, 0}
}

func (p *pace) NextBackOff() time.Duration { return p.after + p.ExponentialBackOff.NextBackOff() }
