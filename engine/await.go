package engine

import (
	"context"
	"slices"
	"time"

	"github.com/pawl-dev/pawl/rotation"
)

// await waits until something came of an action, the time has come to decide
// again, or somebody signalled; and journals what there is.
func (r *run) await(ctx context.Context, d rotation.Decision) error {
	if ctx.Err() != nil { // before anything else that is there too, so that a seed decides
		return context.Cause(ctx)
	}
	poll := time.NewTimer(signalEvery)
	defer poll.Stop()
	var wake <-chan time.Time
	if !d.Wake.IsZero() {
		t := time.NewTimer(max(0, d.Wake.Sub(r.e.now())))
		defer t.Stop()
		wake = t.C
	}
	select {
	case o := <-r.results:
		return r.collect(ctx, o)
	case <-wake:
		return nil
	case <-poll.C:
		return r.signals(ctx)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// signalEvery is how often a waiting driver looks for signals of others.
const signalEvery = 300 * time.Millisecond

// signals takes in what others appended.
func (r *run) signals(ctx context.Context) error {
	at, err := r.e.cfg.Journal.Position(ctx, r.id)
	if err != nil || at == r.at {
		return nil // not being able to look for a signal is no reason to stop
	}
	return r.reload(ctx)
}

// collect journals an outcome together with all others that are there.
func (r *run) collect(ctx context.Context, o outcome) error {
	all := outcome{}
	for {
		delete(r.flying, o.key)
		all.events, all.seal = append(all.events, o.events...), append(all.seal, o.seal...)
		for name, value := range o.opened {
			r.values.put(name, value)
		}
		select {
		case o = <-r.results:
			continue
		default:
		}
		return r.append(context.WithoutCancel(ctx), all)
	}
}

// land waits for the effects that are under way, for a while: what is known of
// them is worth having. What is not back by then is unknown, as after a crash.
func (r *run) land(ctx context.Context) {
	grace := time.After(landing)
	for r.effecting() {
		select {
		case o := <-r.results:
			if r.collect(ctx, o) != nil {
				return
			}
		case <-grace:
			return
		}
	}
}

const landing = 5 * time.Second

func (r *run) effecting() bool {
	for k := range r.flying {
		if !slices.ContainsFunc([]rotation.Do{rotation.DoPreflight, rotation.DoCensus, rotation.DoFind, rotation.DoCheck, rotation.DoLook, rotation.DoProve},
			func(do rotation.Do) bool { return len(k) > len(do) && k[:len(do)+1] == string(do)+"|" }) {
			return true
		}
	}
	return false
}

// stuck reports whether only somebody else can go on.
func (r *run) stuck(d rotation.Decision) bool {
	if len(d.Do) > 0 || len(d.Append) > 0 {
		return false
	}
	for _, w := range d.Waits {
		switch w.On {
		case rotation.OnProof, rotation.OnEffect, rotation.OnTimer, rotation.OnDeath:
			return false
		}
	}
	return true
}

// parks reports whether there is nothing but a timer, and that far away.
func (r *run) parks(d rotation.Decision) bool {
	if r.opt.Park <= 0 || len(d.Do) > 0 || len(d.Append) > 0 || d.Wake.IsZero() || d.Wake.Sub(r.e.now()) < r.opt.Park {
		return false
	}
	for _, w := range d.Waits {
		switch w.On {
		case rotation.OnProof, rotation.OnEffect, rotation.OnDeath:
			return false
		}
	}
	return true
}

// late reports whether proofs were waited for long enough. The time of a soak
// or a watch does not count.
func (r *run) late(d rotation.Decision) bool {
	for _, w := range d.Waits {
		if w.On == rotation.OnTimer {
			r.since = time.Now()
		}
	}
	return time.Since(r.since) > r.opt.Timeout
}
