package desk

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/engine"
	"github.com/pawl-dev/pawl/journal"
	"github.com/pawl-dev/pawl/rotation"
)

// The pool's paces.
const (
	// look is how often the journal is looked at for what others appended.
	look = 2 * time.Second
	// park is how long nothing must be about to happen for a rotation to be put
	// aside.
	park = 2 * time.Minute
	// Driven is how many rotations are driven at one time. What is beyond waits
	// for its turn: both its generations are valid meanwhile.
	Driven = 64
	// again is when a rotation is taken up again that stopped for a reason that
	// may pass: proofs that stayed away, a connection without its secret.
	again = 5 * time.Minute
)

// A Pool drives every open rotation of a journal. One that waits for a person
// or a far timer costs an entry in a map, and no goroutine.
type Pool struct {
	journal journal.Journal
	engine  *engine.Engine
	now     func() time.Time
	log     *slog.Logger
	feed    *Feed
	poke    chan struct{}
	slots   chan struct{}
	drivers sync.WaitGroup
	turns   engine.Turns // of those that share consumers, one revokes at a time
	shares  func(credential string) []string
	meet    func(pawl.Plan) Meeting
	most    time.Duration // how long a write waits for those of others

	mu       sync.Mutex
	aside    map[pawl.RotationID]pause
	driven   map[pawl.RotationID]bool
	left     chan struct{} // closed, and made anew, when one is not driven any more
	taken    int           // how many were taken up so far
	glimpses map[pawl.RotationID]glimpse
}

// A pause is a rotation that is put aside: until when, and at which revision.
// Whatever somebody appends changes the revision.
type pause struct {
	wake     time.Time // zero: until somebody says something
	revision int64
}

func newPool(cfg Config, feed *Feed) *Pool {
	return &Pool{journal: cfg.Journal, engine: cfg.Engine, now: cfg.Now, log: cfg.Log, feed: feed, poke: make(chan struct{}, 1),
		meet: cfg.Meet, most: cfg.Patience, slots: make(chan struct{}, Driven), shares: sharesOf(cfg), aside: map[pawl.RotationID]pause{}, driven: map[pawl.RotationID]bool{}, left: make(chan struct{}), glimpses: map[pawl.RotationID]glimpse{}}
}

// Poke makes the pool look at once.
func (p *Pool) Poke() {
	select {
	case p.poke <- struct{}{}:
	default:
	}
}

// Run drives until ctx ends, and then waits for what is under way to land: it
// is safe to be killed instead, only slower to be sure of.
func (p *Pool) Run(ctx context.Context) error {
	defer p.drivers.Wait()
	timer := time.NewTicker(look)
	defer timer.Stop()
	for {
		if err := p.round(ctx); err != nil && ctx.Err() == nil {
			p.log.Error("looking for open rotations", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		case <-p.poke:
		}
	}
}

// round takes up every open rotation whose time has come.
func (p *Pool) round(ctx context.Context) error {
	runs, err := p.journal.List(ctx, true)
	if err != nil {
		return err
	}
	p.forget(runs)
	for _, run := range runs {
		if !p.due(run) {
			continue
		}
		select {
		case p.slots <- struct{}{}:
		default:
			return nil // the next one that ends pokes
		}
		p.take(ctx, run.ID)
	}
	return nil
}

func (p *Pool) due(run journal.Run) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.driven[run.ID] {
		return false
	}
	rest, aside := p.aside[run.ID]
	return !aside || rest.revision != run.Revision || !rest.wake.IsZero() && !p.now().Before(rest.wake)
}

// forget drops what is not open any more.
func (p *Pool) forget(open []journal.Run) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.aside) <= len(open) && len(p.driven) == 0 {
		return
	}
	alive := make(map[pawl.RotationID]bool, len(open))
	for _, run := range open {
		alive[run.ID] = true
	}
	for id := range p.aside {
		if !alive[id] {
			delete(p.aside, id)
			delete(p.glimpses, id)
		}
	}
}

func (p *Pool) take(ctx context.Context, id pawl.RotationID) {
	p.mu.Lock()
	p.driven[id] = true
	delete(p.aside, id)
	p.taken++
	rank := p.taken
	p.mu.Unlock()
	p.drivers.Go(func() {
		var meeting Meeting = alone{}
		if run, err := p.journal.Load(ctx, id); err == nil { // otherwise driving it will say so
			s := rotation.Fold(run.Events)
			if s.Paused { // to drive it would be to go on with it
				p.put(id, pause{revision: run.Revision})
				return
			}
			meeting = p.meeting(s)
		}
		p.turns.Join(id, rank, p.shares(id.Credential))
		res, err := p.engine.Drive(ctx, id, engine.Options{Park: park, Turns: &p.turns, Patience: p.most, Watch: func(u engine.Update) {
			p.note(u.ID, glimpse{phase: u.Phase, waits: u.Waits})
			meeting.Follow(u.State, u.Waits)
			p.feed.tell(u.ID)
		}})
		meeting.Leave()
		if err == nil {
			p.note(id, glimpse{res.Phase, res.Waits, res.Revision})
		}
		p.put(id, p.rest(ctx, id, res, err))
		p.feed.tell(id)
		p.Poke()
	})
}

// meeting makes a rotation known to the others that are driven.
func (p *Pool) meeting(s *rotation.State) Meeting {
	if p.meet == nil {
		return alone{}
	}
	m := p.meet(s.Plan)
	m.Join(s)
	return m
}

// alone meets nobody.
type alone struct{}

func (alone) Join(*rotation.State)                    {}
func (alone) Follow(*rotation.State, []rotation.Wait) {}
func (alone) Leave()                                  {}

// sharesOf says what a credential has in common with others that use the same, as
// the catalog has it now.
func sharesOf(cfg Config) func(string) []string {
	return func(credential string) []string {
		if c, err := cfg.Catalog().Credential(credential); err == nil {
			return c.Shares()
		}
		return nil
	}
}

func (p *Pool) put(id pawl.RotationID, rest pause) {
	p.mu.Lock()
	delete(p.driven, id)
	p.aside[id] = rest
	close(p.left)
	p.left = make(chan struct{})
	p.mu.Unlock()
	<-p.slots
}

// rest says when a rotation that was left is taken up again.
func (p *Pool) rest(ctx context.Context, id pawl.RotationID, res engine.Result, err error) pause {
	rest := pause{wake: res.Wake, revision: res.Revision}
	if err == nil {
		err = res.Stop
	}
	if err != nil && ctx.Err() == nil {
		p.log.Warn("left", "rotation", id.String(), "err", err)
	}
	if err != nil || res.Late {
		rest.wake = p.now().Add(again)
	}
	if rest.revision == 0 { // it did not even begin
		at, _ := p.journal.Position(context.WithoutCancel(ctx), id)
		rest.revision = at.Revision
	}
	return rest
}

// Driving lists what is driven right now, and how many are put aside.
func (p *Pool) Driving() (driven, aside int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.driven), len(p.aside)
}

// rests waits until a rotation is not driven, and reports whether it came to
// that: one that waits for somebody is driven for a moment whenever anybody says
// something to it.
func (p *Pool) rests(ctx context.Context, id pawl.RotationID, most time.Duration) bool {
	timer := time.NewTimer(most)
	defer timer.Stop()
	for {
		p.mu.Lock()
		driven, left := p.driven[id], p.left
		p.mu.Unlock()
		if !driven {
			return true
		}
		select {
		case <-left:
		case <-timer.C:
			return false
		case <-ctx.Done():
			return false
		}
	}
}
