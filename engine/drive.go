package engine

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/journal"
	"github.com/pawl-dev/pawl/rotation"
)

// Options are about one process driving a rotation, not about the rotation.
type Options struct {
	// AutoRevoke asks for the revoke as soon as the gate is reached.
	AutoRevoke bool
	// Timeout is how long proofs are waited for. Zero is [DefaultTimeout].
	Timeout time.Duration
	// Park, if positive, ends the drive as soon as nothing can happen for at
	// least so long but a signal: Result.Wake then says when to take it up again.
	// Whoever looks after thousands that wait keeps none of them in memory.
	Park time.Duration
	// Patience is how much longer a write may take because it waits for the
	// writes of other rotations.
	Patience time.Duration
	// Turns, if not nil, says when this rotation may revoke.
	Turns *Turns
	// Watch, if not nil, is told of every event that was journaled, in order,
	// and what is decided after it. It must not block.
	Watch func(Update)
}

// DefaultTimeout is how long proofs are waited for where nobody says: longer
// than most restarts and workflows take.
const DefaultTimeout = 30 * time.Minute

// An Update is what happened, for screens.
type Update struct {
	ID    pawl.RotationID
	Event pawl.Event      // zero if only the waiting changed
	State *rotation.State // valid during the call only
	Waits []rotation.Wait
	Phase rotation.Phase
}

// A Result is where a rotation was left.
type Result struct {
	ID       pawl.RotationID
	State    *rotation.State
	Phase    rotation.Phase
	Waits    []rotation.Wait // why it was left, if it is not finished
	Late     bool            // proofs were waited for until the timeout
	Revision int64           // of the journal, as far as it was decided upon: another one there is news
	Wake     time.Time       // when something can be done again without anybody's doing; zero: never
	Stop     error           // why it was left, if neither finished nor waiting: interrupted, taken over, the journal failed
}

// A run is one process driving one rotation. One goroutine, the one that calls
// drive, owns the state and appends; the others only do one action each.
type run struct {
	e       *Engine
	id      pawl.RotationID
	hands   *Hands
	opt     Options
	state   *rotation.State
	at      journal.At
	count   int // events in the journal
	values  values
	flying  map[string]bool
	results chan outcome
	begun   time.Time    // when this process took it up, by the monotonic clock
	wall    time.Time    // and by the wall clock
	ahead   atomic.Int64 // the furthest that the wall clock was ahead of the monotonic one since, in nanoseconds
	since   time.Time    // when waiting for proofs began
	phase   rotation.Phase
	chain   chain
	effects context.Context
}

// An outcome is what came of an action.
type outcome struct {
	key    string
	events []pawl.Event
	seal   []journal.Sealed
	opened map[string]pawl.Secret // the values that go with seal
}

// Drive takes a rotation up and goes on until it is finished, or only somebody
// else can go on, or ctx ends. Interrupting it is always safe.
func (e *Engine) Drive(ctx context.Context, id pawl.RotationID, opt Options) (Result, error) {
	if opt.Timeout <= 0 {
		opt.Timeout = DefaultTimeout
	}
	if opt.Turns != nil {
		defer opt.Turns.leave(id)
	}
	loaded, err := e.cfg.Journal.Load(ctx, id)
	if err != nil {
		return Result{}, err
	}
	s := rotation.Fold(loaded.Events)
	if s.Outcome != "" {
		return Result{ID: id, State: s, Phase: rotation.Decide(s, e.now()).Phase}, nil
	}
	hands, err := e.cfg.Open(ctx, s.AsAccepted())
	if err != nil {
		return Result{ID: id, State: s}, err
	}
	claimed, err := e.cfg.Journal.Claim(ctx, id)
	if err != nil {
		return Result{}, err
	}
	r := &run{e: e, id: id, hands: hands, opt: opt, flying: map[string]bool{}, chain: chain{}, results: make(chan outcome)}
	if err := r.load(ctx, claimed); err != nil {
		return Result{}, err
	}
	effects, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	r.effects = effects
	return r.drive(ctx), nil
}

// load takes the rotation up as the journal has it.
func (r *run) load(ctx context.Context, loaded journal.Run) error {
	if loaded.Events == nil {
		full, err := r.e.cfg.Journal.Load(ctx, r.id)
		if err != nil {
			return err
		}
		loaded = full
	}
	r.state, r.count = rotation.Fold(loaded.Events), len(loaded.Events)
	r.at = journal.At{Revision: loaded.Revision, Epoch: loaded.Epoch}
	vs, err := r.e.open(ctx, r.id, r.state)
	r.values = vs
	return err
}

func (r *run) drive(ctx context.Context) Result {
	first := []pawl.Event{{Type: pawl.EvDriving, Epoch: r.at.Epoch}}
	if r.opt.AutoRevoke && (r.state.Authorised == (pawl.Actor{}) || r.state.Once && !r.state.Past()) {
		first = append(first, pawl.Event{Type: pawl.EvAuthorised, Reason: rotation.ForThisRun, Detail: "--auto-revoke"})
	}
	if err := r.append(ctx, outcome{events: first}); err != nil {
		return r.result(rotation.Decision{}, err)
	}
	r.begun, r.wall, r.since = time.Now(), r.e.now(), time.Now()
	for {
		d, err := r.step(ctx)
		if err != nil {
			r.land(ctx)
			return r.leave(d, err)
		}
		if r.state.Outcome != "" {
			return r.result(d, nil)
		}
		if len(r.flying) == 0 && r.stuck(d) {
			return r.leave(d, nil)
		}
		if len(r.flying) == 0 && r.parks(d) {
			return r.result(d, nil) // said nowhere: it goes on by itself
		}
		if r.late(d) {
			r.land(ctx)
			res := r.leave(d, nil)
			res.Late = true
			return res
		}
		if err := r.await(ctx, d); err != nil {
			r.land(ctx)
			return r.leave(d, err)
		}
	}
}

// step decides, appends what is only bookkeeping, and starts what is to be
// done, until nothing new is decided.
func (r *run) step(ctx context.Context) (rotation.Decision, error) {
	for {
		r.ahead.Store(max(r.ahead.Load(), int64(r.jumped())))
		d := r.hold(rotation.Decide(r.state, r.e.now()))
		if d.Phase != r.phase {
			r.phase, r.since = d.Phase, time.Now()
		}
		if len(d.Append) > 0 {
			if err := r.append(ctx, outcome{events: d.Append}); err != nil {
				return d, err
			}
			if r.state.Outcome != "" {
				return rotation.Decide(r.state, r.e.now()), nil
			}
			continue
		}
		begun, err := r.begin(ctx, d.Do)
		if err != nil {
			return d, err
		}
		if !begun {
			return d, nil
		}
	}
}
