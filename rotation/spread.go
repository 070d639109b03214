package rotation

import (
	"fmt"
	"slices"
	"time"

	"github.com/pawl-dev/pawl"
)

// store: the system of record first, written and read back before any
// consumer.
func (d *decider) store() bool { return d.wave(0) }

// waves: the consumers, wave by wave. A wave that is not proved halts the next.
func (d *decider) waves() bool {
	last := 0
	for _, c := range d.s.Plan.Consumers {
		last = max(last, c.Wave)
	}
	for w := 1; w <= last; w++ {
		if !d.wave(w) {
			if d.written(w) {
				d.Phase = Proving
				d.recheck()
			}
			return false
		}
	}
	return true
}

// recheck tries the new value now and then while proofs are waited for: they
// never come if somebody has revoked it.
func (d *decider) recheck() {
	if d.due(d.s.New.At.Add(Recheck)) {
		d.do(Action{Do: DoCheck, Side: pawl.New, Attempt: len(d.s.Attempts)})
	}
}

// wave brings every machine of one wave onto the target, all at once, and
// reports whether all are proved. People are told when their wave comes; they
// are waited for in their own stage.
func (d *decider) wave(w int) bool {
	ready := true
	for i, c := range d.s.Plan.Consumers {
		if c.Wave != w {
			continue
		}
		if c.Human != nil {
			d.tell(i)
			continue
		}
		if d.s.skips(i) {
			continue
		}
		bring := d.bring
		if d.s.Accepted(i) {
			bring = d.attempt
		}
		if !bring(i) {
			ready = false
		}
	}
	return ready
}

// skips reports whether a place is left as it is: no person is asked to move
// onto a value that goes again.
func (s *State) skips(i int) bool { return s.Plan.Consumers[i].Hand != nil && s.rehearsing() }

// written reports whether every machine of a wave was written.
func (d *decider) written(w int) bool {
	for i, c := range d.s.Plan.Consumers {
		if c.Wave == w && c.Human == nil && !d.s.skips(i) && !d.s.wrote(&d.s.Places[i]) {
			return false
		}
	}
	return true
}

// bring reports whether a place is proved on the target, and otherwise does
// what is missing: the write, then the look, then the proofs.
func (d *decider) bring(i int) bool {
	c, p := &d.s.Plan.Consumers[i], &d.s.Places[i]
	if !d.s.wrote(p) {
		d.write(i)
		return false
	}
	if p.Pending != "" {
		d.pending(c, p)
		return false
	}
	shown := d.s.believed(i) || d.shown(c, p)
	if d.prior(p) {
		return d.away(i, shown)
	}
	if !d.proofs(c, p, shown) || !shown {
		if shown {
			d.lookAgain(c, p)
		}
		return false
	}
	if got := d.s.strength(i); got < c.Require {
		d.wait(Wait{On: OnHelp, Consumer: c.ID, Detail: "all that can be shown is " + got.String() + "; required is " + c.Require.String()})
		return false
	}
	return true
}

// write asks for the place to be written, unless an earlier write of the other
// side may still land, or only a person can help.
func (d *decider) write(i int) {
	c, p := &d.s.Plan.Consumers[i], &d.s.Places[i]
	if c.Hand != nil {
		d.writeByHand(i)
		return
	}
	if p.Heals > Heals {
		d.help(c.ID, pawl.Conflict, "something keeps putting another value there: "+p.Look.Detail,
			"find what writes it (a sync, a deploy with an old configuration), stop it, then resume")
		return
	}
	if until := p.Unsure[d.s.Target.Other()]; !d.due(until) {
		d.wait(Wait{On: OnEffect, Consumer: c.ID, Detail: "an earlier write may still land"})
		return
	}
	if p.Side == d.s.Target && (p.Side == pawl.Old || p.Attempt == len(d.s.Attempts)) && !d.again(&p.Write, c.ID) {
		return
	}
	if p.Write.Status == Intended {
		d.wait(Wait{On: OnEffect, Consumer: c.ID, Detail: "writing"})
		return
	}
	d.set(c, p)
}

// pending waits for a person at the vendor. One who rejects the change does not
// say so here: after a while it is asked for again, whenever somebody takes the
// rotation up, and not for ever.
func (d *decider) pending(c *pawl.Place, p *Place) {
	switch {
	case p.Look.At.IsZero():
		d.look(c, p)
	case p.Asked > Asks:
		d.help(c.ID, pawl.Operator, fmt.Sprintf("asked for %d times, and never agreed to: %s", p.Asked, p.Pending),
			"have it agreed to, or go back: pawl rollback "+d.s.Plan.Credential)
		return
	case !d.now.Before(p.Write.At.Add(Reask)):
		d.set(c, p)
		return
	}
	d.wait(Wait{On: OnVendor, Consumer: c.ID, Detail: p.Pending,
		Hint: "if it was rejected: from " + p.Write.At.Add(Reask).UTC().Format("15:04 MST") + " on, pawl resume asks for it again"})
}

func (d *decider) set(c *pawl.Place, p *Place) {
	d.do(Action{Do: DoSet, Consumer: c.ID, Side: d.s.Target, Attempt: len(d.s.Attempts), Prior: d.prior(p), Over: c.Store})
}

func (d *decider) prior(p *Place) bool { return d.s.prior(p) }

// shown reports whether the place itself shows the target, and looks again if
// it is time to.
func (d *decider) shown(c *pawl.Place, p *Place) bool {
	v := d.s.seen(p)
	if v.Verdict == pawl.Proved && !v.At.IsZero() { // zero: it was seen before a process took this up
		return true
	}
	d.unproved(c.ID, v)
	if v.Verdict != pawl.Refuted && d.lookDue(v, p.Write.At) {
		d.look(c, p)
	}
	return false
}

func (d *decider) look(c *pawl.Place, p *Place) {
	d.do(Action{Do: DoLook, Consumer: c.ID, Side: d.s.Target, Attempt: len(d.s.Attempts), Prior: d.prior(p), Mark: p.Mark, Since: p.Write.Begun})
}

// lookAgain looks at a place whose proofs stay away: it may have fallen back
// since it was seen. After a refutation it does so at once.
func (d *decider) lookAgain(c *pawl.Place, p *Place) {
	for _, pr := range p.Proofs {
		if pr.Verdict == pawl.Refuted && !p.Look.At.After(pr.At) && !d.now.Before(pr.At) {
			d.look(c, p)
			return
		}
	}
	if d.due(p.Look.At.Add(Fresh)) {
		d.look(c, p)
	}
}

func (d *decider) lookDue(v Seen, since time.Time) bool {
	if v.At.IsZero() {
		return true
	}
	wait := pace(v.At.Sub(since))
	if v.Kind != pawl.Other {
		wait = max(wait, time.Second)
	}
	return d.due(v.At.Add(wait))
}

func (d *decider) unproved(consumer string, v Seen) {
	w := Wait{On: OnProof, Consumer: consumer, Kind: v.Kind, Detail: v.Detail, Hint: v.Hint}
	switch {
	case v.At.IsZero():
		w.Detail = "not looked at yet"
	case v.Verdict == pawl.Refuted, v.Kind == pawl.Denied, v.Kind == pawl.Operator:
		w.On = OnHelp
	}
	d.wait(w)
}

// proofs reports whether every proof of the place is there. A proof that has
// to be started does not wait for the place to show the write; the others do,
// since before that they can show nothing.
func (d *decider) proofs(c *pawl.Place, p *Place, shown bool) bool {
	all := true
	for j, op := range c.Proofs {
		if !shown && !op.Starts {
			all = false
			continue
		}
		if !d.proof(c, p, j) {
			all = false
		}
	}
	return all
}

func (d *decider) proof(c *pawl.Place, p *Place, j int) bool {
	pr := &p.Proofs[j]
	if pr.Verdict == pawl.Proved {
		return true
	}
	if c.Proofs[j].Starts && pr.Start.Status != Done {
		if d.again(&pr.Start, c.ID) {
			d.prove(DoStart, c, p, j)
		}
		return false
	}
	d.unproved(c.ID, pr.Seen)
	since := p.Write.At
	if pr.Start.Status == Done {
		since = pr.Start.At
	}
	if pr.Verdict == pawl.Waiting && d.lookDue(pr.Seen, since) {
		d.prove(DoProve, c, p, j)
	}
	return false
}

func (d *decider) prove(do Do, c *pawl.Place, p *Place, j int) {
	d.do(Action{Do: do, Consumer: c.ID, Proof: j + 1, Side: d.s.Target, Attempt: len(d.s.Attempts), Prior: d.prior(p),
		Ticket: p.Proofs[j].Ticket, Mark: p.Mark, Since: p.Write.Begun})
}

// strength is the strongest class that the place or one of its proofs shows.
func (s *State) strength(i int) pawl.Class {
	p, best := &s.Places[i], pawl.NoEvidence
	if p.Look.Verdict == pawl.Proved && p.Look.Side == s.Target {
		best = p.Look.Class
	}
	for _, pr := range p.Proofs {
		if pr.Verdict == pawl.Proved && pr.Seen.Side == s.Target {
			best = max(best, pr.Class)
		}
	}
	if p.Confirmed == s.Target {
		best = max(best, pawl.Claimed)
	}
	return best
}

// ground: there is something to go back to. The old value is tried before any
// copy of it is put back; if it is dead, there is only forward. That holds for
// a rotation that went back because it could not succeed as well, once somebody
// has taken it up again: it mints anew.
func (d *decider) ground() bool {
	if d.s.gone() || !d.s.touched() {
		return true
	}
	switch c := &d.s.Old; {
	case !d.due(d.s.BackAt):
		d.wait(Wait{On: OnTimer, Detail: "the clock went backwards", Until: d.s.BackAt})
	case c.Refused >= Refusals && d.s.Aborted && d.s.Minted > 0:
		d.help("", pawl.Denied, "the old generation is dead, and the new one cannot be used: "+d.s.Back,
			"once the vendor mints as it should, pawl resume "+d.s.Plan.Credential+" mints anew; pawl abandon "+d.s.Plan.Credential+" ends it as it is")
	case c.Refused >= Refusals:
		d.Append = append(d.Append, pawl.Event{Type: pawl.EvForward, Reason: "the old generation is dead, so there is nothing to go back to"})
	case c.Works && !c.At.Before(d.s.BackAt):
		return true
	default:
		d.check(pawl.Old, d.s.BackAt)
	}
	return false
}

// touched reports whether any place was ever asked to use a new generation.
func (s *State) touched() bool {
	return slices.ContainsFunc(s.Places, func(p Place) bool { return p.Touched })
}

// restore: every copy that was touched goes back, the store last.
func (d *decider) restore() bool {
	ready := true
	for i, c := range d.s.Plan.Consumers {
		if c.Store || !d.s.Places[i].Touched {
			continue
		}
		if c.Human != nil {
			d.tell(i)
		} else if !d.bring(i) {
			ready = false
		}
	}
	if !ready {
		return false
	}
	for i, c := range d.s.Plan.Consumers {
		if c.Store && d.s.Places[i].Touched && !d.bring(i) {
			ready = false
		}
	}
	return ready
}

// people: those whose confirmation the revoke waits for.
func (d *decider) people() bool {
	if d.s.rehearsing() {
		return true // nobody is asked to move onto a value that goes again
	}
	ready := true
	for i, c := range d.s.Plan.Consumers {
		if c.Human == nil || !c.Human.Blocks || d.s.Accepted(i) {
			continue
		}
		p := &d.s.Places[i]
		if p.Confirmed != d.s.Target {
			ready = false
			d.waitPerson(i)
			continue
		}
		if !d.proofs(&c, p, true) {
			ready = false
		}
	}
	return ready
}
