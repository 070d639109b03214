package engine

import (
	"context"
	"fmt"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/provider/fence"
	"github.com/pawl-dev/pawl/rotation"
)

// begin starts the actions that are not under way. The intents of all effects
// among them are durable, in one transaction, before any of them starts.
func (r *run) begin(ctx context.Context, actions []rotation.Action) (intents bool, err error) {
	var start []rotation.Action
	var events []pawl.Event
	for _, a := range actions {
		if r.flying[key(a)] {
			continue
		}
		start = append(start, a)
		if step, ok := a.Effect(); ok {
			events = append(events, r.intent(step, a))
		}
	}
	if len(events) > 0 {
		switch err := r.commit(ctx, outcome{events: events}); pawl.KindOf(err) {
		case pawl.Conflict: // somebody signalled meanwhile: nothing was written or done, decide again
			return true, r.reload(ctx)
		default:
			if err != nil {
				return false, err
			}
		}
	}
	for _, a := range start {
		if step, ok := a.Effect(); ok {
			if err := r.may(a); err != nil {
				if err := r.append(ctx, outcome{events: []pawl.Event{r.ended(step, a, err)}}); err != nil {
					return false, err
				}
				continue
			}
		}
		r.fly(ctx, a)
	}
	return len(events) > 0, nil
}

// may is what can be said against an effect once its intent is durable, right
// before the call: the append may have taken long.
func (r *run) may(a rotation.Action) error {
	if err := sane(r.state, r.values, a); err != nil {
		return err
	}
	if a.Do == rotation.DoRevoke {
		return r.mayRevoke(r.state)
	}
	return nil
}

// key names an action while it is under way.
func key(a rotation.Action) string {
	return fmt.Sprint(a.Do, "|", a.Consumer, "|", a.Proof, "|", a.Side, "|", a.Attempt, "|", a.Label, "|", a.ID, "|", a.Reminder)
}

func (r *run) intent(step pawl.Step, a rotation.Action) pawl.Event {
	ev := pawl.Event{Type: pawl.EvIntended, Step: step, Consumer: a.Consumer, Proof: a.Proof, Side: a.Side, Attempt: a.Attempt, Label: a.Label, ID: a.ID, Reason: a.Why, Reminder: a.Reminder}
	if step == pawl.StepRevoke {
		ev.Evidence = r.state.Evidence()
	}
	return ev
}

func (r *run) fly(ctx context.Context, a rotation.Action) {
	k := key(a)
	r.flying[k] = true
	do := r.prepare(a) // reads the state, so not in the goroutine
	if step, effect := a.Effect(); effect {
		// An effect that was begun is not cut off by an interrupt.
		ctx, do = fence.With(r.effects, r.fence(a)), r.fenced(step, a, do)
	}
	go func() {
		limit := longest
		if a.Do == rotation.DoCensus {
			limit = census
		}
		if a.Do == rotation.DoPreflight { // so that it can still say what it has seen
			limit = min(limit, r.opt.Timeout*9/10)
		}
		if a.Do == rotation.DoSet {
			limit += r.opt.Patience
		}
		ctx, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		o := do(ctx)
		o.key = k
		select {
		case r.results <- o:
		case <-r.effects.Done(): // nobody drives any more
		}
	}()
}

// longest bounds one action, whatever the vendor does; a census is many calls.
const (
	longest = 2 * time.Minute
	census  = 5 * time.Minute
)
