package engine

import (
	"context"
	"errors"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/rotation"
)

// leave says in the journal that nobody drives any more, and why.
func (r *run) leave(d rotation.Decision, stop error) Result {
	if stop == nil {
		r.lookAtOld()
	}
	seen := r.at.Revision
	if r.state.Outcome == "" && !errors.Is(stop, errKilled) {
		ev := pawl.Event{Type: pawl.EvStopped, Detail: reasons(d.Waits, stop)}
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		_ = r.append(ctx, outcome{events: []pawl.Event{ev}}) // only for people; the journal is true without it
	}
	res := r.result(d, stop)
	if r.at.Revision > seen+1 {
		res.Revision = seen // somebody said something meanwhile that nothing was decided about
	}
	return res
}

// lookAtOld tries the old value once more before somebody is told that it is
// still valid: it may have died meanwhile by another hand, and who reads that
// stopping is safe goes back to sleep. One refusal may be an outage; several in
// a row are none.
func (r *run) lookAtOld() {
	s := r.state
	if !s.Ready || s.OldDead || s.OldID == "" || s.Past() || s.Outcome != "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for range rotation.Refusals {
		o := r.check(ctx, rotation.Action{Do: rotation.DoCheck, Side: pawl.Old}, r.values.side(pawl.Old, 0))
		if ctx.Err() != nil || r.append(ctx, o) != nil || pawl.KindNamed(o.events[0].Kind) != pawl.Denied {
			return
		}
		time.Sleep(200 * time.Millisecond)
	}
}

// errKilled ends a run in tests as a crash would.
var errKilled = errors.New("killed")

func reasons(waits []rotation.Wait, stop error) string {
	if stop != nil {
		return stop.Error()
	}
	text := ""
	for _, w := range waits {
		if text != "" {
			text += "; "
		}
		if w.Consumer != "" {
			text += w.Consumer + ": "
		}
		text += w.Detail
	}
	return text
}

func (r *run) result(d rotation.Decision, stop error) Result {
	return Result{ID: r.id, State: r.state, Phase: d.Phase, Waits: d.Waits, Stop: stop, Wake: d.Wake, Revision: r.at.Revision}
}
