package engine

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
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
	ID    pawl.RotationID
	State *rotation.State
	Phase rotation.Phase
	Waits []rotation.Wait // why it was left, if it is not finished
	Late  bool            // proofs were waited for until the timeout
	Stop  error           // why it was left, if neither finished nor waiting: interrupted, taken over, the journal failed
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
	begun   time.Time // when this process took it up, with the monotonic reading
	since   time.Time // when waiting for proofs began
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
	loaded, err := e.cfg.Journal.Load(ctx, id)
	if err != nil {
		return Result{}, err
	}
	s := rotation.Fold(loaded.Events)
	if s.Outcome != "" {
		return Result{ID: id, State: s, Phase: rotation.Decide(s, e.now()).Phase}, nil
	}
	hands, err := e.cfg.Open(ctx, s.Plan)
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
	r.begun, r.since = time.Now(), time.Now()
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
		d := rotation.Decide(r.state, r.e.now())
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
		if a.Do == rotation.DoRevoke {
			// Once more, right before the call: the append may have taken long.
			if err := r.mayRevoke(); err != nil {
				if err := r.append(ctx, outcome{events: []pawl.Event{r.ended(pawl.StepRevoke, a, err)}}); err != nil {
					return false, err
				}
				continue
			}
		}
		r.fly(ctx, a)
	}
	return len(events) > 0, nil
}

// mayRevoke is the last look before the one effect that cannot be undone. A
// refusal by the guard is passing: the proofs are taken again. A clock that has
// jumped is for a person to look at, since soak and evidence are measured by it.
func (r *run) mayRevoke() error {
	if jump := r.jumped(); jump > clockJump || jump < -clockJump {
		return &pawl.Error{Op: "engine", Kind: pawl.Operator, Err: fmt.Errorf("the wall clock has jumped by %s since this process began", jump.Round(time.Second)),
			Hint: "check the clock (or was the machine asleep?), then resume"}
	}
	if err := r.state.Guard(r.e.now()); err != nil {
		return &pawl.Error{Op: "engine", Kind: pawl.Unavailable, Err: err}
	}
	return nil
}

// clockJump is how far wall clock and monotonic clock may drift apart while a
// process runs. A stepping NTP client stays below.
const clockJump = 2 * time.Minute

// jumped is how much further the wall clock went than the monotonic one.
func (r *run) jumped() time.Duration {
	now := time.Now()
	return now.Round(0).Sub(r.begun.Round(0)) - now.Sub(r.begun)
}

// key names an action while it is under way.
func key(a rotation.Action) string {
	return fmt.Sprint(a.Do, "|", a.Consumer, "|", a.Proof, "|", a.Side, "|", a.Attempt, "|", a.Label, "|", a.ID)
}

func (r *run) intent(step pawl.Step, a rotation.Action) pawl.Event {
	ev := pawl.Event{Type: pawl.EvIntended, Step: step, Consumer: a.Consumer, Proof: a.Proof, Side: a.Side, Attempt: a.Attempt, Label: a.Label, ID: a.ID, Reason: a.Why}
	if step == pawl.StepRevoke {
		ev.Evidence = r.state.Evidence()
	}
	return ev
}

func (r *run) fly(ctx context.Context, a rotation.Action) {
	k := key(a)
	r.flying[k] = true
	if _, effect := a.Effect(); effect {
		ctx = r.effects // an effect that was begun is not cut off by an interrupt
	}
	do := r.prepare(a) // reads the state, so not in the goroutine
	go func() {
		ctx, cancel := context.WithTimeout(ctx, longest)
		defer cancel()
		o := do(ctx)
		o.key = k
		select {
		case r.results <- o:
		case <-r.effects.Done(): // nobody drives any more
		}
	}()
}

// longest bounds one action, whatever the vendor does.
const longest = 2 * time.Minute

// await waits until something came of an action, the time has come to decide
// again, or somebody signalled; and journals what there is.
func (r *run) await(ctx context.Context, d rotation.Decision) error {
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
	rev, err := r.e.cfg.Journal.Revision(ctx, r.id)
	if err != nil || rev == r.at.Revision {
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
		if !slices.ContainsFunc([]rotation.Do{rotation.DoPreflight, rotation.DoFind, rotation.DoCheck, rotation.DoLook, rotation.DoProve},
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

// append journals events that are true whatever else happened meanwhile.
func (r *run) append(ctx context.Context, o outcome) error {
	for tries := 0; ; {
		err := r.commit(ctx, o)
		switch pawl.KindOf(err) {
		case pawl.Conflict:
			if err := r.reload(ctx); err != nil || r.state.Outcome != "" {
				return err
			}
			continue
		case pawl.Unavailable:
			if tries++; tries <= 3 {
				time.Sleep(time.Duration(tries) * 100 * time.Millisecond)
				continue
			}
			r.drop(ctx, o)
		}
		return err
	}
}

// drop gets rid of a generation whose value we hold and cannot write down: it
// can still be revoked now. If that fails its label finds it later.
func (r *run) drop(ctx context.Context, o outcome) {
	for _, ev := range o.events {
		if ev.Type == pawl.EvEnded && ev.Step == pawl.StepMint && ev.ID != "" {
			_ = r.hands.Issuer.Revoke(ctx, ev.ID)
		}
	}
}

// commit journals a batch where the state is, and applies it. What need not
// survive a crash is only applied.
func (r *run) commit(ctx context.Context, o outcome) error {
	now := r.e.now()
	b := journal.Batch{Seal: o.seal}
	next := r.state.Clone()
	var applied []pawl.Event
	for _, ev := range o.events {
		ev = r.values.scrub(ev)
		if ev.At.IsZero() {
			ev.At = now
		}
		if ev.Actor == (pawl.Actor{}) {
			ev.Actor = r.e.cfg.Actor
		}
		keep := next.Noteworthy(ev)
		before := len(next.Kills)
		next.Apply(ev)
		if keep {
			b.Events = append(b.Events, ev)
			b.Audit = append(b.Audit, account(r.id, next, ev)...)
			b.Audit = append(b.Audit, orphans(r.id, next, ev, before)...)
		}
		if ev.Type == pawl.EvClosed {
			b.Close, b.Wipe = ev.Outcome, true
		}
		applied = append(applied, ev)
	}
	if len(b.Events) > 0 || len(b.Seal) > 0 {
		r.chain.link(b.Audit)
		rev, err := r.e.cfg.Journal.Append(ctx, r.id, r.at, b)
		if pawl.KindOf(err) == pawl.Unknown {
			rev, err = r.recover(ctx, b)
		}
		if err != nil {
			return err
		}
		r.at.Revision, r.count = rev, r.count+len(b.Events)
	}
	r.state = next
	for _, ev := range applied {
		if ev.Type == pawl.EvEnded && ev.Result == pawl.Done {
			r.since = time.Now()
		}
		r.tell(ev)
	}
	return nil
}

// recover finds out whether an append whose outcome is unknown happened.
func (r *run) recover(ctx context.Context, b journal.Batch) (int64, error) {
	loaded, err := r.e.cfg.Journal.Load(ctx, r.id)
	if err != nil {
		return 0, err
	}
	if loaded.Epoch == r.at.Epoch && len(loaded.Events) >= r.count+len(b.Events) &&
		sameEvents(loaded.Events[r.count:r.count+len(b.Events)], b.Events) {
		if len(loaded.Events) > r.count+len(b.Events) {
			return 0, r.takenOver() // cannot be: nobody appends over a revision that it has not seen
		}
		return loaded.Revision, nil
	}
	return 0, &pawl.Error{Op: "engine", Kind: pawl.Conflict, Err: errors.New("the append did not happen")}
}

func sameEvents(a, b []pawl.Event) bool {
	for i := range a {
		x, y := a[i], b[i]
		if !x.At.Equal(y.At) || !x.Until.Equal(y.Until) {
			return false
		}
		x.At, x.Until, y.At, y.Until = time.Time{}, time.Time{}, time.Time{}, time.Time{}
		x.Plan, y.Plan, x.Evidence, y.Evidence = nil, nil, nil, nil
		if !reflect.DeepEqual(x, y) {
			return false
		}
	}
	return true
}

// reload takes in what others appended. If somebody else drives now, it stops.
func (r *run) reload(ctx context.Context) error {
	loaded, err := r.e.cfg.Journal.Load(ctx, r.id)
	if err != nil {
		return err
	}
	if loaded.Epoch != r.at.Epoch {
		return r.takenOver()
	}
	for _, ev := range loaded.Events[min(r.count, len(loaded.Events)):] {
		r.state.Apply(ev)
		r.tell(ev)
	}
	r.count, r.at.Revision = len(loaded.Events), loaded.Revision
	return nil
}

func (r *run) takenOver() error {
	return &pawl.Error{Op: "engine", Kind: pawl.Operator, Err: fmt.Errorf("another process drives %v now", r.id)}
}

func (r *run) tell(ev pawl.Event) {
	if r.opt.Watch == nil {
		return
	}
	d := rotation.Decide(r.state, r.e.now())
	r.opt.Watch(Update{ID: r.id, Event: ev, State: r.state, Waits: d.Waits, Phase: d.Phase})
}

// leave says in the journal that nobody drives any more, and why.
func (r *run) leave(d rotation.Decision, stop error) Result {
	if r.state.Outcome == "" && !errors.Is(stop, errKilled) {
		ev := pawl.Event{Type: pawl.EvStopped, Detail: reasons(d.Waits, stop)}
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		_ = r.append(ctx, outcome{events: []pawl.Event{ev}}) // only for people; the journal is true without it
	}
	return r.result(d, stop)
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
	return Result{ID: r.id, State: r.state, Phase: d.Phase, Waits: d.Waits, Stop: stop}
}
