package dst

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/engine"
	"github.com/pawl-dev/pawl/rotation"
)

// RunEngine runs one seed like [Run], but with the real engine in the place of
// the workers: engine.Drive with its goroutines, its fence, its confirmation of
// a mint and its preflight, behind the interfaces of journal and providers.
//
// It is to be called in a bubble of testing/synctest; settle is synctest.Wait.
// What the goroutines of all processes ask for is taken up only once all of
// them are blocked, and in an order of its own, so that the scheduler decides
// nothing.
func RunEngine(seed uint64, opt Options, settle func()) Result {
	flaw := opt.Mutant
	opt.Mutant = ""
	s := newSim(seed, opt)
	s.host = &host{s: s, flaw: flaw, began: time.Now(), kick: make(chan struct{}, 1), rng: rand.New(rand.NewPCG(seed, 0x6c696573))}
	s.host.locked(s.host.build)
	s.host.loop(settle)
	s.host.close()
	s.mon.finish()
	return s.res
}

// host is the machine that the processes run on, and the clock of the world.
type host struct {
	s     *sim
	began time.Time
	kick  chan struct{} // something was posted

	flaw      string
	rng       *rand.Rand // of what only a real engine is put to, so that the worlds stay the same
	lies      float64    // how often a mint is answered with what it has not made
	colleague string     // the id of somebody else's generation

	mu     sync.Mutex // held while the world moves
	posted []*request
	wg     sync.WaitGroup
}

// A request is what a process asks of the world.
type request struct {
	k     *worker
	key   string // the order among those of one moment
	late  bool   // its fence was asked: what sleeps now sleeps for a second at most
	serve func()
}

// build makes the world of the seed, and what only a real engine is put to.
func (h *host) build() {
	if h.rng.Float64() < 0.3 {
		h.lies = h.rng.Float64()
	}
	h.s.build()
	h.colleague = h.s.vendor.mint("of a colleague").id
}

// loop moves the world, one thing at a time, until nothing moves any more.
func (h *host) loop(settle func()) {
	s := h.s
	for len(s.res.Broken) == 0 {
		settle()
		if s.now = time.Since(h.began); s.now > limit {
			return
		}
		if s.res.Steps++; s.res.Steps > most {
			h.locked(func() { s.mon.broken("I14", "%d steps and no end", s.res.Steps) })
			return
		}
		if h.take() {
			continue
		}
		next := never
		if s.q.len() > 0 {
			next = s.q.all[0].at
		}
		if next <= s.now {
			e := s.q.pop()
			h.locked(e.do)
			continue
		}
		if next == never && !s.living() {
			return
		}
		t := time.NewTimer(min(next, limit+time.Second) - s.now)
		select {
		case <-t.C:
		case <-h.kick:
		}
		t.Stop()
	}
}

func (h *host) locked(do func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	do()
}

func (s *sim) living() bool {
	return slices.ContainsFunc(s.workers, func(k *worker) bool { return k.alive })
}

// take lets everything that was posted begin, and reports whether there was
// anything.
func (h *host) take() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := h.posted
	h.posted = nil
	slices.SortStableFunc(all, func(a, b *request) int {
		return cmp.Or(cmp.Compare(a.k.n, b.k.n), cmp.Compare(a.key, b.key))
	})
	for _, r := range all {
		h.begin(r)
	}
	return len(all) > 0
}

// begin is where a process may be killed, stopped or interrupted.
func (h *host) begin(r *request) {
	s, k := h.s, r.k
	if !k.alive {
		return
	}
	if s.strikes(faultCrash) {
		soon := 5 * time.Millisecond
		if s.chance(0.5) {
			soon = time.Second
		}
		s.after(s.between(0, soon), func() { s.crash(k) })
	}
	if s.strikes(faultFreeze) {
		long := s.skewed(time.Second, 10*time.Minute)
		k.frozen = s.now + long
		s.tracef("worker %d is frozen for %v", k.n, long)
		if s.chance(0.3) { // it does not answer: somebody starts another one
			s.after(s.between(0, long), s.people.another)
		}
	}
	if s.strikes(faultInterrupt) {
		s.tracef("worker %d is interrupted", k.n)
		k.cut(errInterrupted)
	}
	wait := max(0, k.frozen-s.now)
	if r.late && !s.opt.Beyond {
		wait = min(wait, s.between(0, time.Second))
	}
	s.after(wait, func() {
		if k.alive {
			r.serve()
		}
	})
}

// post asks the world for something and waits for its answer. A process that
// was killed gets none: it only ends.
func post[T any](ctx context.Context, k *worker, key string, late bool, serve func(answer func(T, error))) (T, error) {
	type result struct {
		v   T
		err error
	}
	var none T
	h, got := k.s.host, make(chan result, 1)
	h.enqueue(&request{k: k, key: key, late: late, serve: func() { serve(func(v T, err error) { got <- result{v, err} }) }})
	select {
	case a := <-got:
		return a.v, a.err
	case <-k.over:
		return none, &pawl.Error{Op: "dst", Kind: pawl.Operator, Err: errKilled}
	case <-ctx.Done():
	}
	// Several may give up in one moment; the world tells them one by one.
	gone := make(chan struct{})
	h.enqueue(&request{k: k, key: key + " is given up", serve: func() { close(gone) }})
	select {
	case <-gone:
	case <-k.over:
	}
	return none, &pawl.Error{Op: "dst", Kind: pawl.Unknown, Err: context.Cause(ctx)}
}

func (h *host) enqueue(r *request) {
	h.locked(func() { h.posted = append(h.posted, r) })
	select {
	case h.kick <- struct{}{}:
	default:
	}
}

// launch starts a process that takes the rotation up.
func (h *host) launch(auto bool) {
	s := h.s
	ctx, cut := context.WithCancelCause(context.Background())
	k := &worker{s: s, n: len(s.workers) + 1, auto: auto, alive: true, mutant: s.bug, skew: s.between(-skewed, skewed),
		cut: cut, over: make(chan struct{}), replies: map[flight]func(outcome){}}
	k.stop = sync.OnceFunc(func() { cut(errKilled); close(k.over) })
	s.workers = append(s.workers, k)
	s.res.Drives++
	s.tracef("worker %d starts", k.n)
	e := engine.New(engine.Config{Journal: ledger{k: k}, Box: box{h}, Actor: operator, Open: k.open, Now: k.real})
	h.wg.Go(func() {
		res, err := e.Drive(ctx, rotationID, engine.Options{AutoRevoke: auto})
		_, _ = post(ctx, k, "leaves", false, func(func(struct{}, error)) {
			s.tracef("worker %d leaves: %v %v %+v", k.n, err, res.Stop, res.Waits)
			k.alive, k.waits = false, res.Waits
			k.stop() // what it has not finished ends with it
			s.people.left(k)
		})
	})
}

// rotationID is the one rotation of a world.
var rotationID = pawl.RotationID{Credential: "key", Number: 1}

// close ends all processes.
func (h *host) close() {
	h.locked(func() {
		for _, k := range h.s.workers {
			k.alive = false
			k.stop()
		}
	})
	h.wg.Wait()
}

// real is a process's wall clock.
func (k *worker) real() time.Time {
	h := k.s.host
	h.mu.Lock()
	defer h.mu.Unlock()
	return start.Add(time.Since(h.began) + h.s.jump + k.skew)
}

// secretOf is a value as the engine sees it.
func (h *host) secretOf(v value) pawl.Secret {
	return pawl.NewSecret([]byte("CANARY-dst-" + strconv.Itoa(int(v))))
}

// A snapshot of a place is the value that it held, written another way.
func (h *host) snapshotOf(v value) pawl.Secret {
	return pawl.NewSecret([]byte("CANARY-dst-held-" + strconv.Itoa(int(v))))
}

// valueOf finds out which value a secret is, of those that there are.
func (h *host) valueOf(x pawl.Secret) value {
	for _, v := range h.all() {
		if x.Equal(h.secretOf(v)) || x.Equal(h.snapshotOf(v)) {
			return v
		}
	}
	return nothing
}

// all lists the values that exist somewhere.
func (h *host) all() (all []value) {
	for i := range h.s.vendor.gens {
		all = append(all, value(i+1))
	}
	for _, p := range h.s.places {
		all = append(all, p.ever...)
	}
	return append(all, nothing)
}

var errNoSuchValue = errors.New("dst: no such value")

// flightFor finds the intent that a call belongs to: the latest that fits.
func (m *monitor) flightFor(fits func(pawl.Event) bool) (a rotation.Action, ok bool) {
	for _, ev := range slices.Backward(m.intents) {
		if fits(ev) {
			do := rotation.Do(ev.Step)
			return rotation.Action{Do: do, Consumer: ev.Consumer, Proof: ev.Proof, Side: ev.Side, Attempt: ev.Attempt, Label: ev.Label, ID: ev.ID}, true
		}
	}
	return a, false
}

// colleague is the id of somebody else's generation, if there is one.
func (s *sim) colleague() string {
	if s.host == nil {
		return ""
	}
	return s.host.colleague
}
