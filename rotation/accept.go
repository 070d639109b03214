package rotation

import "github.com/pawl-dev/pawl"

// accept: after a leak it may be better to break a place than to keep the old
// generation alive for it. That is said for each place by name, by somebody, and
// of a leak only. The store cannot be meant: without it the new value would be
// nowhere on record.
func (s *State) accept(e pawl.Event) {
	p, c := s.place(e.Consumer), s.Plan.Place(e.Consumer)
	if p != nil && !c.Store && s.Plan.Reason == pawl.Leak {
		p.Accepted = e.Actor
	}
}

// Accepted reports whether the revoke does not wait for a place, because
// somebody accepted that it may break. Going back, everything counts again.
func (s *State) Accepted(i int) bool { return s.mayBreak(&s.Places[i]) }

func (s *State) mayBreak(p *Place) bool {
	return s.Target == pawl.New && p.Accepted != (pawl.Actor{})
}

// AsAccepted is the plan, with what was accepted since it was frozen.
func (s *State) AsAccepted() pawl.Plan {
	p := s.Plan
	p.Consumers = append([]pawl.Place(nil), p.Consumers...)
	for i := range p.Consumers {
		p.Consumers[i].Accepted = s.Places[i].Accepted != (pawl.Actor{})
	}
	return p
}

// Before the revoke a place that is accepted is tried once, since every try
// keeps the old generation alive; after it, a few times more.
const (
	triesBefore = 1
	triesAfter  = 3
)

// attempt does for an accepted place what can be done, and reports whether the
// rotation may go on: once it is written, or was tried often enough, and no
// effect on it is under way. What it waits for by itself is waited for by nobody.
func (d *decider) attempt(i int) bool {
	p, waits, wake := &d.s.Places[i], len(d.Waits), d.Wake
	if d.s.Plan.Consumers[i].Hand != nil && !d.s.wrote(p) {
		d.tell(i)
		return true // who is told may still do it; nobody waits for them
	}
	most := triesBefore
	if d.s.Past() {
		most = triesAfter
	}
	enough := d.s.wrote(p) || p.Write.Fails >= most || p.Write.hopeless() || p.Heals > Heals
	if d.s.wrote(p) || !enough {
		d.bring(i)
	}
	d.Waits = d.Waits[:waits]
	busy := p.Write.Status == Intended
	for _, pr := range p.Proofs {
		busy = busy || pr.Start.Status == Intended
	}
	if enough && !busy {
		d.Wake = wake
		return true
	}
	d.wait(Wait{On: OnEffect, Consumer: d.s.Plan.Consumers[i].ID, Detail: "being tried, although it may break"})
	return false
}
