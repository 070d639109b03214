package dst

import (
	"time"

	"github.com/pawl-dev/pawl"
)

// meddle lets everybody else do what they will do, while the trouble lasts.
func (s *sim) meddle() {
	s.some(faultRedeployed, func() {
		if p := s.anyPlace(); p.kind != kindStore && p.kind != kindHuman {
			s.byHand(p, p.ever[s.rng.IntN(len(p.ever))], "redeployed by somebody")
		}
	})
	s.some(faultEdited, func() {
		if p := s.anyPlace(); p.kind != kindHuman {
			s.byHand(p, foreign+value(100+s.rng.IntN(100)), "edited by somebody")
		}
	})
	s.some(faultStolen, s.steal)
	s.some(faultReleases, func() {
		p := s.anyPlace()
		p.broken = min(s.now+s.between(time.Second, 10*time.Minute), s.calm)
		s.tracef("   %s: releases fail until %v", p.c.ID, p.broken)
	})
	s.some(faultClock, func() {
		most := []time.Duration{time.Hour, 3 * time.Minute, 20 * time.Second}[s.rng.IntN(3)]
		s.setClock(s.jump + s.between(-most, most))
	})
	s.after(s.calm, func() { // from here on the world is kind
		s.tracef("-- the trouble is over")
		s.setClock(0)
	})
}

// some lets something happen a few times while the trouble lasts.
func (s *sim) some(f fault, do func()) {
	for n := s.mood[f]; n > 0; n-- {
		if s.chance(min(n, 1)) {
			s.after(s.between(0, s.calm), func() { s.fired(f); do() })
		}
	}
}

func (s *sim) anyPlace() *place { return s.places[s.rng.IntN(len(s.places))] }

func (s *sim) byHand(p *place, v value, why string) {
	p.put(v, why)
	p.hand = s.now
}

// steal revokes one of the generations behind everybody's back.
func (s *sim) steal() {
	g := s.vendor.gens[s.rng.IntN(len(s.vendor.gens))]
	if g.revoked == never {
		g.revoked, g.dead, g.stolen = s.now, s.now, s.now
		s.tracef("   vendor: somebody revokes %s", g.id)
	}
}

// setClock makes all hosts' clocks wrong by d. A jump forward shortens every
// wait, so what is still in flight then may be taken for settled.
func (s *sim) setClock(d time.Duration) {
	if d == s.jump {
		return
	}
	if d > s.jump {
		s.mon.leapt(d - s.jump)
	}
	s.tracef("   the clocks are now wrong by %v", d)
	s.jump = d
	s.poke()
}

// poke makes every waiting worker look at the time and the journal, as its
// poll does.
func (s *sim) poke() {
	for _, k := range s.workers {
		if k.alive && k.waiting {
			k.wakeAt(s.now + s.between(0, 300*time.Millisecond))
		}
	}
}

// signal appends an event of somebody who does not drive.
func (s *sim) signal(ev pawl.Event) {
	if s.journal.closed {
		return
	}
	ev.At = s.wall(0)
	if _, err := s.journal.append(at{revision: s.journal.revision}, []pawl.Event{ev}, nil, true); err != nil {
		panic("dst: a signal at the newest revision was refused")
	}
	s.tracef("somebody signals %s %s", ev.Type, ev.Consumer)
	s.mon.journaled(ev, nil)
	s.poke()
}
