package rotation

import (
	"fmt"
	"time"

	"github.com/pawl-dev/pawl"
)

// A place that held a stranger's value before the rotation gets exactly that
// back in a rollback. Its proofs cannot show that value, which nobody knows to
// work; what they can show, and what the revoke of the new generation needs, is
// that the place has left the new one. What is stored there is not enough: its
// processes may run on for as long as they like.

// prior reports whether what the target means for a place is what it held
// before.
func (s *State) prior(p *Place) bool { return s.Target == pawl.Old && p.Prior != "" }

// seen is the latest look at a place. Where a person says that it has left, it
// need only show what is stored: a release of a value that never worked fails
// for ever.
func (s *State) seen(p *Place) Seen {
	v := p.Look
	if s.prior(p) && p.Confirmed == s.Target && v.Holds == pawl.HoldsWant {
		v.Verdict = pawl.Proved
	}
	return v
}

// tells reports whether a proof names what is in use, and it is not the doomed
// generation. It is the consumer itself that says so.
func (v *Seen) tells() bool {
	switch v.Holds {
	case pawl.HoldsWant, pawl.HoldsOther, pawl.HoldsNothing:
		return true
	}
	return false
}

// left reports why a place that is restored to what it held before does not
// count as having left the doomed generation, or nil: by evidence of the class
// that the plan requires of it, or because a person says so, and with no proof
// saying otherwise. Proofs that have to be started are not: they would run on a
// value that may never have worked.
func (s *State) left(i int, counts func(time.Time) bool) error {
	c, p := &s.Plan.Consumers[i], &s.Places[i]
	best := p.Look.Class
	for j, op := range c.Proofs {
		switch pr := &p.Proofs[j]; {
		case op.Starts:
		case pr.Seen.Side != s.Target || !counts(pr.At):
			return fmt.Errorf("proof %d (%s) was not asked", j+1, op.Name)
		case pr.Holds == pawl.HoldsNot:
			return fmt.Errorf("proof %d (%s): still on the generation that is to be revoked", j+1, op.Name)
		case pr.tells():
			best = max(best, pawl.Attested)
		}
	}
	if best < c.Require && p.Confirmed != s.Target {
		return fmt.Errorf("all that is shown is that it holds what it held before (%s); required is %s", best, c.Require)
	}
	return nil
}

// away reports whether a restored place has left the doomed generation. It asks
// the proofs that can tell, and else a person.
func (d *decider) away(i int, shown bool) bool {
	c, p := &d.s.Plan.Consumers[i], &d.s.Places[i]
	if !shown {
		if p.Look.Verdict == pawl.Refuted && p.Look.Holds == pawl.HoldsWant {
			d.askAway(c, p.Look.Detail)
		}
		return false
	}
	err := d.s.left(i, func(at time.Time) bool { return !at.IsZero() })
	if err == nil {
		return true
	}
	asked := true
	for j, op := range c.Proofs {
		pr := &p.Proofs[j]
		if op.Starts || !pr.At.IsZero() && (pr.tells() || pr.Verdict == pawl.Proved && pr.Holds == pawl.HoldsUnknown) {
			continue // it says so already, or that all is well, and never with what
		}
		asked = asked && !pr.At.IsZero()
		d.unproved(c.ID, pr.Seen)
		if d.lookDue(pr.Seen, p.Write.At) {
			d.prove(DoProve, c, p, j)
		}
	}
	if asked && p.Confirmed != d.s.Target {
		d.askAway(c, err.Error())
	}
	return false
}

func (d *decider) askAway(c *pawl.Place, detail string) {
	d.wait(Wait{On: OnPerson, Consumer: c.ID, Detail: detail,
		Hint: "see to it that nothing there runs on the new value any more (restart it), then: pawl confirm " + d.s.Plan.Credential + " " + c.ID})
}

// Confirmable reports whether a person may say of a place that it is where it
// ought to be: one that is a person, or one that goes back to what it held
// before the rotation.
func (s *State) Confirmable(consumer string) bool {
	c, p := s.Plan.Place(consumer), s.place(consumer)
	return c != nil && p != nil && (c.Human != nil || s.prior(p))
}
