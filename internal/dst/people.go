package dst

import (
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/rotation"
)

// Who acts in a run.
var (
	operator  = pawl.Actor{Type: "user", ID: "ana@laptop"}
	approvers = []pawl.Actor{{Type: "user", ID: "bo@laptop"}, {Type: "user", ID: "cy@laptop"}}
)

// people are the operator, the approvers, and those who hold a copy
// themselves.
type people struct {
	s      *sim
	auto   bool
	idle   int // resumes in a row, in a kind world, that brought nothing
	agreed int // approvals given
	broken int // how often the glass was broken
	asked  bool
	asks   map[string]pawl.Side // what each person was last asked to move to
	last   []rotation.Wait      // what the latest process that left waited for
	hasty  float64              // how likely a rollback is asked for right after a place was asked to move
	gone   bool                 // nobody resumes any more
}

// begin starts the first process, and draws what people will do on their own.
func (p *people) begin() {
	s := p.s
	p.auto, p.asks = s.plan.Reason != pawl.Rehearsal && s.chance(0.6), map[string]pawl.Side{}
	s.launch(p.auto)
	if s.chance(0.15) {
		s.after(s.skewed(0, s.calm), func() { s.signal(pawl.Event{Type: pawl.EvRollback, Reason: "asked for", Actor: operator}) })
	}
	if s.chance(0.1) {
		p.hasty = 0.3
	}
	if s.chance(0.05) {
		s.after(s.skewed(0, s.calm), func() {
			s.signal(pawl.Event{Type: pawl.EvPaused, Actor: operator})
			s.after(s.between(time.Second, 5*time.Minute), func() { s.signal(pawl.Event{Type: pawl.EvUnpaused, Actor: operator}) })
		})
	}
	p.takeover()
}

// moving is told that a place is asked to move. Some operators have second
// thoughts just then, which is when it matters what may still land.
func (p *people) moving() {
	if s := p.s; p.hasty > 0 && s.chance(p.hasty) {
		p.hasty = 0
		s.after(s.between(0, 2*time.Second), func() { s.signal(pawl.Event{Type: pawl.EvRollback, Reason: "second thoughts", Actor: operator}) })
	}
}

// takeover starts another process now and then although one lives.
func (p *people) takeover() {
	s := p.s
	if s.mood[faultTakeover] == 0 {
		return
	}
	for range s.rng.IntN(5) {
		s.after(s.skewed(0, s.calm), p.another)
	}
}

func (p *people) another() {
	if s := p.s; !s.journal.closed {
		s.fired(faultTakeover)
		s.launch(p.auto)
	}
}

// left is called when a process is gone: somebody looks after the rotation.
func (p *people) left(k *worker) {
	s := p.s
	if s.journal.closed {
		return
	}
	for _, o := range s.workers {
		if o.alive {
			return // another one is at it
		}
	}
	p.last = k.waits
	latest := 2*time.Minute + time.Duration(p.idle)*30*time.Second
	for _, w := range k.waits {
		p.help(w)
		if w.On == rotation.OnVendor { // somebody there has to have read it
			latest = 2 * rotation.Reask
		}
	}
	s.after(s.between(time.Second, latest), p.resume)
}

// resume takes the rotation up again. In a kind world that must bring it to
// its end; if it brings nothing several times, only a person can go on.
func (p *people) resume() {
	s := p.s
	if s.journal.closed {
		return
	}
	for _, o := range s.workers {
		if o.alive {
			return
		}
	}
	if !s.troubled() {
		if p.idle++; p.idle > patience {
			p.gone = true
			return
		}
	}
	s.launch(p.auto)
}

// breakGlass goes on without those who were to agree: at first of a plan that is
// not this one, then of this one.
func (p *people) breakGlass() {
	s := p.s
	p.broken++
	ev := pawl.Event{Type: pawl.EvGlass, Actor: operator, Reason: "nobody is awake", Digest: "sha256:00", Until: s.wall(24 * time.Hour)}
	if p.broken > 1 {
		ev.Digest = s.plan.Digest()
	}
	s.after(s.between(0, time.Minute), func() { s.signal(ev) })
}

// patience is how often a rotation is resumed in a kind world.
const patience = 30

// help does what a worker was waiting for.
func (p *people) help(w rotation.Wait) {
	s := p.s
	switch w.On {
	case rotation.OnRevoke:
		if !p.asked {
			p.asked = true
			s.after(s.between(0, time.Minute), func() { s.signal(pawl.Event{Type: pawl.EvAuthorised, Actor: operator}) })
		}
	case rotation.OnApproval:
		if s.seed%8 == 5 && p.broken < 2 {
			p.breakGlass()
			return
		}
		if p.agreed < len(approvers) {
			who := approvers[p.agreed]
			p.agreed++
			s.after(s.between(0, time.Minute), func() { s.signal(pawl.Event{Type: pawl.EvApproved, Actor: who}) })
		}
	case rotation.OnPerson: // it is on every screen
		if c := s.place(w.Consumer); c.kind != kindHuman {
			p.restart(c)
			return
		}
		p.told(w.Consumer, s.fold().Target)
	case rotation.OnHelp:
		p.seeTo(w)
		if w.Kind == pawl.Conflict && w.Consumer == "store" { // somebody's value is in the store: put back what was there
			if v := p.current(s.fold().Target); v != nothing {
				s.byHand(s.places[0], v, "put back by the operator")
			}
		}
	}
}

// restart: a place cannot show that it has left the new generation. The operator
// restarts it, so that it runs on what it stores, and says so.
func (p *people) restart(c *place) {
	s := p.s
	s.after(s.between(time.Second, 5*time.Minute), func() {
		if s.journal.closed || s.fold().Target != pawl.Old || c.stored != c.origin {
			return
		}
		c.booted = c.version
		c.switchTo(c.stored)
		c.note()
		s.tracef("   %s: restarted by the operator", c.c.ID)
		s.after(s.between(0, 20*time.Second), func() {
			s.signal(pawl.Event{Type: pawl.EvConfirmed, Consumer: c.c.ID, Side: pawl.Old, Actor: operator})
		})
	})
}

// told: a person was asked to move, fetches the value from the store, and says
// so when it is done.
func (p *people) told(id string, side pawl.Side) {
	if p.s.fold().Target != side {
		return // an old message; everybody can see what holds now
	}
	c := p.s.place(id)
	p.asks[id] = side
	p.s.after(p.s.between(10*time.Second, 5*time.Minute), func() { p.move(c, side) })
}

func (p *people) move(c *place, side pawl.Side) {
	s := p.s
	if p.asks[c.c.ID] != side || s.journal.closed {
		return // was told otherwise meanwhile
	}
	want := p.current(side)
	if s.places[0].stored != want || want == nothing {
		s.after(time.Minute, func() { p.move(c, side) }) // not there yet
		return
	}
	c.switchTo(want)
	s.tracef("   %s: moved to %s", c.c.ID, want)
	attempt := len(s.fold().Attempts)
	s.after(s.between(0, 20*time.Second), func() {
		s.signal(pawl.Event{Type: pawl.EvConfirmed, Consumer: c.c.ID, Side: side, Attempt: attempt, Actor: pawl.Actor{Type: "user", ID: c.c.ID}})
	})
}

// current is the value that a person who looks into the journal's screens is
// to use.
func (p *people) current(side pawl.Side) value {
	if side == pawl.Old {
		return oldOne
	}
	st := p.s.fold()
	if st.Target != pawl.New {
		return nothing
	}
	if g := p.s.vendor.byID(st.NewID()); g != nil {
		return g.value
	}
	return nothing
}
