package dst

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/rotation"
)

// Why a worker stops.
var (
	errKilled      = errors.New("killed")
	errTakenOver   = errors.New("another process drives now")
	errInterrupted = errors.New("interrupted")
	errClock       = errors.New("the clock has jumped")
	errNoValue     = errors.New("a sealed value is not there")
)

// A worker is one process driving the rotation. It mirrors engine.Drive: what
// is journaled when, what is checked when, and what is given up on when. It
// runs as a coroutine that is resumed by the event queue, so only one runs at
// a time, and where it yields is where it can be crashed or frozen.
type worker struct {
	s       *sim
	n       int
	skew    time.Duration
	auto    bool // --auto-revoke
	mutant  *mutant
	next    func() (nap, bool)
	stop    func()
	yield   func(nap) bool
	alive   bool
	waiting bool          // for whatever comes first
	token   int           // of the nap that it is in
	frozen  time.Duration // until when it sleeps, whatever comes

	state   *rotation.State
	at      at
	count   int // events that it has seen
	values  []sealed
	flying  []flight
	inbox   []outcome
	since   time.Duration // when waiting for proofs began
	phase   rotation.Phase
	waits   []rotation.Wait
	jump    time.Duration // what the clock was wrong by when it began
	ahead   time.Duration // the furthest that the clock was ahead since
	asked   time.Duration // when the fence of the last call was asked
	decided time.Duration // when it last decided
	halt    bool          // Ctrl-C
	landing bool          // it leaves

	// Of a real engine.
	cut     context.CancelCauseFunc
	over    chan struct{} // closed when it is killed
	replies map[flight]func(outcome)
}

// A nap is a wait of the worker.
type nap struct {
	until time.Duration
	inbox bool // an outcome or a signal ends it
	brink bool // between the fence and the call
}

// A flight names an action while it is under way.
type flight struct {
	do       rotation.Do
	consumer string
	proof    int
	side     pawl.Side
	attempt  int
	label    string
	id       string
}

func flightOf(a rotation.Action) flight {
	return flight{a.Do, a.Consumer, a.Proof, a.Side, a.Attempt, a.Label, a.ID}
}

// An outcome is what came of an action.
type outcome struct {
	flight flight
	events []pawl.Event
	seal   []sealed
	opened []sealed
}

// launch starts a process that takes the rotation up.
func (s *sim) launch(auto bool) {
	if s.host != nil {
		s.host.launch(auto)
		return
	}
	k := &worker{s: s, n: len(s.workers) + 1, auto: auto, alive: true, mutant: s.bug, skew: s.between(-skewed, skewed)}
	k.next, k.stop = iter.Pull(func(yield func(nap) bool) {
		k.yield = yield
		k.leave(k.main())
	})
	s.workers = append(s.workers, k)
	s.res.Drives++
	s.tracef("worker %d starts", k.n)
	s.resume(k)
}

// resume runs a worker until it yields again.
func (s *sim) resume(k *worker) {
	n, ok := k.next()
	if !ok {
		k.alive = false
		s.people.left(k)
		return
	}
	if s.strikes(faultCrash) {
		s.after(s.between(0, max(n.until-s.now, time.Millisecond)), func() { s.crash(k) })
	}
	if s.strikes(faultFreeze) {
		long := s.skewed(time.Second, 10*time.Minute)
		if n.brink && !s.opt.Beyond {
			long = s.between(0, time.Second)
		}
		k.frozen = s.now + long
		s.tracef("worker %d is frozen for %v", k.n, long)
		if s.chance(0.3) { // it does not answer: somebody starts another one
			s.after(s.between(0, long), s.people.another)
		}
	}
	if !k.landing && s.strikes(faultInterrupt) {
		k.halt = true
	}
	k.waiting = n.inbox
	if k.waiting && (len(k.inbox) > 0 || k.halt) {
		n.until = s.now
	}
	k.wakeAt(n.until)
}

// wakeAt ends the worker's nap then, or when it thaws.
func (k *worker) wakeAt(t time.Duration) {
	k.token++
	token := k.token
	if t == never {
		return
	}
	k.s.q.push(max(t, k.frozen, k.s.now), func() {
		if k.alive && k.token == token {
			k.waiting = false
			k.s.resume(k)
		}
	})
}

func (s *sim) crash(k *worker) {
	if !k.alive {
		return
	}
	s.tracef("worker %d crashes", k.n)
	k.stop()
	k.alive = false
	s.people.left(k)
}

// deliver brings an outcome to the worker, if there still is one.
func (k *worker) deliver(o outcome) {
	if !k.alive {
		return
	}
	if reply, ok := k.replies[o.flight]; ok {
		delete(k.replies, o.flight)
		reply(o)
		return
	}
	k.inbox = append(k.inbox, o)
	if k.waiting {
		k.wakeAt(k.s.now)
	}
}

func (k *worker) sleep(n nap) error {
	if !k.yield(n) {
		return errKilled
	}
	return nil
}

// pass lets a moment go by.
func (k *worker) pass() error {
	return k.sleep(nap{until: k.s.now + k.s.moment()})
}

func (k *worker) clock() time.Time { return k.s.wall(k.skew) }

// main is engine.Drive.
func (k *worker) main() error {
	if err := k.pass(); err != nil {
		return err
	}
	if k.s.journal.closed {
		k.state = k.s.fold()
		return nil
	}
	epoch, err := k.s.journal.claim()
	if err != nil {
		return err
	}
	k.s.tracef("worker %d drives, epoch %d", k.n, epoch)
	if err := k.load(epoch); err != nil {
		return err
	}
	return k.drive()
}

// load takes the rotation up as the journal has it.
func (k *worker) load(epoch int64) error {
	j := &k.s.journal
	k.state, k.count = rotation.Fold(j.events), len(j.events)
	k.at = at{j.revision, epoch}
	k.values = nil
	if !k.state.Ready {
		return nil
	}
	names := []string{"old"}
	for _, a := range k.state.Attempts {
		if a.Status == rotation.Done {
			names = append(names, newName(a.Number))
		}
	}
	for i, p := range k.state.Places {
		if p.Prior != "" {
			names = append(names, priorName(k.state.Plan.Consumers[i].ID))
		}
	}
	for _, name := range names {
		v, ok := j.open(name)
		if !ok {
			return errNoValue
		}
		k.values = append(k.values, sealed{name, v})
	}
	return nil
}

func (k *worker) drive() error {
	first := []pawl.Event{{Type: pawl.EvDriving, Epoch: k.at.epoch}}
	if k.auto && (k.state.Authorised == (pawl.Actor{}) || k.state.Once && !k.state.Past()) {
		first = append(first, pawl.Event{Type: pawl.EvAuthorised, Actor: operator, Reason: rotation.ForThisRun, Detail: "--auto-revoke"})
	}
	if err := k.append(outcome{events: first}); err != nil {
		return err
	}
	k.mutant.resumed(k)
	k.jump = k.s.jump
	k.since = k.s.now
	for {
		d, err := k.step()
		k.waits = d.Waits
		if err != nil {
			k.land()
			return err
		}
		if k.state.Outcome != "" {
			return nil
		}
		if len(k.flying) == 0 && stuck(d) {
			return nil
		}
		if k.late(d) {
			k.land()
			return nil
		}
		if err := k.await(d); err != nil {
			k.land()
			return err
		}
	}
}

// step decides, appends what is only bookkeeping, and starts what is to be
// done, until nothing new is decided.
func (k *worker) step() (rotation.Decision, error) {
	for n := 0; ; n++ {
		if n > turns {
			k.s.mon.broken("I14", "worker %d decides for ever", k.n)
			return rotation.Decision{}, errKilled
		}
		k.ahead = max(k.ahead, k.s.jump-k.jump)
		d := k.mutant.decide(k)
		k.decided = k.s.now
		if d.Phase != k.phase {
			k.phase, k.since = d.Phase, k.s.now
			k.s.tracef("worker %d: %s", k.n, d.Phase)
		}
		if len(d.Append) > 0 {
			if err := k.append(outcome{events: d.Append}); err != nil || k.state.Outcome != "" {
				return d, err
			}
			continue
		}
		again, err := k.begin(d.Do)
		if err != nil || !again {
			return d, err
		}
	}
}

// turns is how often a worker may decide before anything else happens.
const turns = 1000

// begin starts the actions that are not under way. All their intents are
// journaled in one batch before any of them starts.
func (k *worker) begin(actions []rotation.Action) (again bool, err error) {
	var fresh []rotation.Action
	var events []pawl.Event
	for _, a := range actions {
		if k.flies(flightOf(a)) {
			continue
		}
		fresh = append(fresh, a)
		if step, ok := a.Effect(); ok && !k.mutant.noIntent && !(k.mutant.mintFirst && a.Do == rotation.DoMint) {
			events = append(events, k.intent(step, a))
		}
	}
	if len(events) > 0 {
		switch err := k.commit(outcome{events: events}); {
		case err == nil:
		case err == errConflict && k.mutant.deaf:
		case err == errConflict:
			return true, k.reload()
		default:
			return false, err
		}
	}
	for _, a := range fresh {
		if err := k.send(a); err != nil {
			return false, err
		}
	}
	return len(events) > 0, nil
}

// send guards the revoke once more and makes the call, unless its fence says no.
func (k *worker) send(a rotation.Action) error {
	if a.Do == rotation.DoRevoke {
		if kind, err := k.mayRevoke(k.state); err != nil {
			return k.append(outcome{events: []pawl.Event{ended(a, pawl.NotDone, kind)}})
		}
	}
	k.flying = append(k.flying, flightOf(a))
	if _, effect := a.Effect(); effect {
		judged, where := k.state.Clone(), k.at
		if err := k.pass(); err != nil { // a queue, a connection; and here it may sleep for as long as it likes
			return err
		}
		if kind, ok := k.fence(a, where, judged); !ok {
			k.deliver(outcome{flight: flightOf(a), events: []pawl.Event{ended(a, pawl.NotDone, kind)}})
			return nil
		}
		k.asked = k.s.now
		if err := k.sleep(nap{until: k.s.now, brink: true}); err != nil {
			return err
		}
	}
	k.perform(a, k.asked)
	return nil
}

// fence is what a call asks right before it is sent.
func (k *worker) fence(a rotation.Action, where at, judged *rotation.State) (pawl.Kind, bool) {
	j := &k.s.journal
	switch {
	case k.mutant.noFenceAtCall:
		return pawl.Other, true
	case j.epoch != where.epoch:
		k.s.res.Fenced++
		return pawl.Conflict, false
	case a.Do != rotation.DoRevoke:
		return pawl.Other, true
	case j.revision != where.revision:
		k.s.res.Fenced++
		return pawl.Unavailable, false
	}
	kind, err := k.mayRevoke(judged)
	if err != nil {
		k.s.res.Fenced++
	}
	return kind, err == nil
}

// mayRevoke is the last look before the one effect that cannot be undone.
func (k *worker) mayRevoke(s *rotation.State) (pawl.Kind, error) {
	now := k.s.jump - k.jump
	if !k.mutant.noGuard && (now > clockJump || now-k.ahead < -clockBack) {
		return pawl.Operator, errClock
	}
	return pawl.Unavailable, k.mutant.guard(k, s)
}

// How far the clocks may have drifted apart while a worker runs.
const (
	clockJump = 2 * time.Minute
	clockBack = 5 * time.Second
)

func (k *worker) intent(step pawl.Step, a rotation.Action) pawl.Event {
	return pawl.Event{Type: pawl.EvIntended, Step: step, Consumer: a.Consumer, Proof: a.Proof, Side: a.Side, Attempt: a.Attempt, Label: a.Label, ID: a.ID, Reason: a.Why}
}

func (k *worker) flies(f flight) bool {
	for _, o := range k.flying {
		if o == f {
			return true
		}
	}
	return false
}

// await waits until something came of an action, the time has come to decide
// again, or somebody signalled; and journals what there is. The real one
// decides again at every poll; this one only when it asked to be woken, so a
// wake that the core forgets to ask for shows.
func (k *worker) await(d rotation.Decision) error {
	until := k.since + timeout + time.Second
	if !d.Wake.IsZero() {
		until = min(until, k.s.now+max(0, d.Wake.Sub(k.clock())))
	}
	if err := k.sleep(nap{until: until, inbox: true}); err != nil {
		return err
	}
	switch {
	case k.halt:
		return errInterrupted
	case len(k.inbox) > 0:
		return k.collect()
	case k.s.journal.revision != k.at.revision || k.s.journal.epoch != k.at.epoch:
		return k.reload()
	}
	return nil
}

// timeout is how long proofs are waited for, and landing time after a stop.
const (
	timeout = 30 * time.Minute
	grace   = 5 * time.Second
)

// collect journals all outcomes that are there.
func (k *worker) collect() error {
	all := outcome{}
	for _, o := range k.inbox {
		for i, f := range k.flying {
			if f == o.flight {
				k.flying = append(k.flying[:i], k.flying[i+1:]...)
				break
			}
		}
		all.events, all.seal = append(all.events, o.events...), append(all.seal, o.seal...)
		k.values = append(k.values, o.opened...)
	}
	k.inbox = k.inbox[:0]
	return k.append(all)
}

// land waits for the effects that are under way, for a while.
func (k *worker) land() {
	k.halt, k.landing = false, true
	for end := k.s.now + grace; k.effecting() && k.s.now < end; {
		if k.sleep(nap{until: end, inbox: true}) != nil {
			return
		}
		if len(k.inbox) > 0 && k.collect() != nil {
			return
		}
	}
}

func (k *worker) effecting() bool {
	for _, f := range k.flying {
		if _, effect := (rotation.Action{Do: f.do}).Effect(); effect {
			return true
		}
	}
	return false
}

// leave says in the journal that nobody drives any more.
func (k *worker) leave(stop error) {
	k.s.tracef("worker %d stops: %v %+v", k.n, stop, k.waits)
	if stop == errKilled || stop == errConflict || stop == errNoValue || k.state.Outcome != "" {
		return
	}
	_ = k.append(outcome{events: []pawl.Event{{Type: pawl.EvStopped}}})
}

// stuck reports whether only somebody else can go on.
func stuck(d rotation.Decision) bool {
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

func (k *worker) late(d rotation.Decision) bool {
	for _, w := range d.Waits {
		if w.On == rotation.OnTimer {
			k.since = k.s.now
		}
	}
	return k.s.now-k.since > timeout
}
