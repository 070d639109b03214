package dst

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/rotation"
)

// Options say how a seed is run. The zero value runs the real core within the
// stated assumptions.
type Options struct {
	// Mutant names one of [Mutants], a bug that the worker is given; for
	// [RunEngine] one of [Flaws], of what stands around the engine.
	Mutant string
	// Trace keeps what happened as text, in Result.Events.
	Trace bool
	// Beyond lifts the bound on how late a call may land and how long a process
	// may sleep between its last check and its call.
	Beyond bool
}

// A Violation is an invariant that did not hold.
type Violation struct {
	Invariant string // "I1" … "I18", or "waves"
	At        time.Duration
	Text      string
}

func (v Violation) String() string { return fmt.Sprintf("%s at %v: %s", v.Invariant, v.At, v.Text) }

// A Result is what became of one seed.
type Result struct {
	Seed     uint64
	Outcome  pawl.Outcome  // empty if only a person can go on
	Person   string        // why a person is rightly needed, if one is
	Broken   []Violation   // in the order in which they were seen
	Took     time.Duration // virtual, until the rotation ended
	Drives   int           // how often a process took it up
	Calls    int           // to vendors and consumers
	Faults   int           // that fired
	Fenced   int           // calls that were not sent, since their fence said no
	Steps    int           // of the event queue
	Exposure Exposure
	Fired    [faultKinds + 1]int
	Events   []string // with Options.Trace
	Journal  []pawl.Event
}

// sim is one run.
type sim struct {
	seed uint64
	opt  Options
	bug  *mutant
	rng  *rand.Rand
	now  time.Duration
	q    queue

	mood    mood // which faults this world has, and how often
	calm    time.Duration
	jump    time.Duration // what the wall clocks are wrong by
	plan    pawl.Plan
	journal journalState
	vendor  vendor
	places  []*place
	workers []*worker
	people  people
	strays  strays
	mon     monitor
	host    *host // where the real engine runs; nil: the workers drive

	res Result
}

// A run that does not end by itself is ended.
const (
	limit = 20 * time.Hour
	most  = 100_000 // steps
)

// start is the virtual beginning of all runs.
var start = time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)

// Run runs one seed. It may be called concurrently.
func Run(seed uint64, opt Options) Result {
	s := newSim(seed, opt)
	s.build()
	for s.q.len() > 0 && len(s.res.Broken) == 0 {
		if s.res.Steps++; s.res.Steps > most {
			s.mon.broken("I14", "%d steps and no end", s.res.Steps)
			break
		}
		e := s.q.pop()
		s.now = max(s.now, e.at)
		if s.now > limit {
			break
		}
		e.do()
	}
	for _, k := range s.workers {
		k.stop()
	}
	s.mon.finish()
	s.res.Journal = s.journal.events
	return s.res
}

func newSim(seed uint64, opt Options) *sim {
	s := &sim{seed: seed, opt: opt, bug: mutantNamed(opt.Mutant), rng: rand.New(rand.NewPCG(seed, 0x7061776c))}
	s.res.Seed = seed
	s.people.s = s
	s.mon = monitor{s: s, soaking: -1, watching: -1}
	return s
}

// build makes the world and sets everything going.
func (s *sim) build() {
	s.calm = s.between(30*time.Second, 40*time.Minute)
	s.mood = s.newMood()
	s.plan = s.newPlan()
	s.vendor.found(s)
	for i := range s.plan.Consumers {
		s.places = append(s.places, s.newPlace(i))
	}
	ev := pawl.Event{Type: pawl.EvPlanned, Plan: &s.plan, Label: "pawl/dst/key/1", At: start}
	s.journal.begin(ev)
	s.meddle()
	s.settle()
	s.people.begin()
}

// chance is true with probability p.
func (s *sim) chance(p float64) bool { return p > 0 && s.rng.Float64() < p }

// between is evenly distributed.
func (s *sim) between(a, b time.Duration) time.Duration {
	if b <= a {
		return a
	}
	return a + time.Duration(s.rng.Int64N(int64(b-a)))
}

// moment is how long a little thing takes.
func (s *sim) moment() time.Duration { return s.between(time.Millisecond, 5*time.Millisecond) }

// skewed is between a and b, and mostly near a.
func (s *sim) skewed(a, b time.Duration) time.Duration {
	f := s.rng.Float64()
	return a + time.Duration(float64(b-a)*f*f*f)
}

// tracef notes something that happened. Its arguments are not evaluated into
// text unless somebody wants to read it.
func (s *sim) tracef(format string, args ...any) {
	if s.opt.Trace {
		s.res.Events = append(s.res.Events, fmt.Sprintf("%12.3f  ", s.now.Seconds())+fmt.Sprintf(format, args...))
	}
}

// wall is what a host's clock shows.
func (s *sim) wall(skew time.Duration) time.Time { return start.Add(s.now + s.jump + skew) }

// troubled reports whether faults may still happen.
func (s *sim) troubled() bool { return s.now < s.calm }

// fold is the state as the journal has it, for those who only look.
func (s *sim) fold() *rotation.State { return rotation.Fold(s.journal.events) }
