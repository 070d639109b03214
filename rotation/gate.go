package rotation

import (
	"fmt"
	"slices"
	"time"

	"github.com/pawl-dev/pawl"
)

// soak: both generations stay valid for a while after the last proof.
func (d *decider) soak() bool {
	if d.s.Plan.Soak <= 0 || d.s.Plan.Reason == pawl.Leak || d.s.rehearsing() {
		return true
	}
	if d.s.SoakUntil.IsZero() {
		d.Append = append(d.Append, pawl.Event{Type: pawl.EvSoaking, Until: d.now.Add(d.s.Plan.Soak)})
		return false
	}
	if !d.due(d.s.SoakUntil) {
		d.wait(Wait{On: OnTimer, Detail: "both keys stay valid", Until: d.s.SoakUntil})
		return false
	}
	return true
}

// rehearsing reports whether everything is to go back in the end. A rehearsal
// during which the old generation died has become a rotation like any other.
func (s *State) rehearsing() bool { return s.Plan.Reason == pawl.Rehearsal && !s.OldDead }

// authorised: somebody asked for the revoke. A rehearsal turns round here.
func (d *decider) authorised() bool {
	if d.s.rehearsing() {
		d.Append = append(d.Append, pawl.Event{Type: pawl.EvRollback, Reason: "rehearsal"})
		return false
	}
	if d.s.Authorised == (pawl.Actor{}) {
		d.wait(Wait{On: OnRevoke, Detail: "every required consumer is proved; the revoke was not asked for yet"})
		return false
	}
	return true
}

// revoke: the one effect that cannot be undone. Proofs are taken again for
// each time that it is sent.
func (d *decider) revoke() bool {
	id := d.s.ID(d.s.Doomed())
	heeded := d.s.heeded()
	if d.s.Revoke.Status == Done && heeded {
		return true
	}
	if id == "" && d.s.Target == pawl.Old { // what is left of attempts that were given up goes in the sweep
		return !d.s.lingers() || d.gate()
	}
	if id == "" { // the old one was dead before this began
		return d.gate()
	}
	if heeded && !d.again(&d.s.Revoke, "") || !d.gate() {
		return false
	}
	d.do(Action{Do: DoRevoke, Side: d.s.Doomed(), ID: id, Attempt: len(d.s.Attempts)})
	return false
}

// heeded reports whether there is no reason to send an accepted revoke again.
// A vendor may take its time; one that has lost it, or that was not the one
// that answered, would accept the old value for ever.
func (s *State) heeded() bool {
	c := s.Checked(s.Doomed())
	return s.Revoke.Status != Done || !c.Works || c.At.Before(s.Revoke.At.Add(Resend<<min(s.Sends-1, 5)))
}

// gate reports whether the guard would let the revoke pass, and takes again
// what is too old.
func (d *decider) gate() bool {
	if d.s.Guard(d.now) == nil {
		return true
	}
	if d.s.Gate.IsZero() || d.stale(d.s.Gate, d.s.fresh()) {
		// Whatever was seen before, it is seen once more: a consumer may have
		// fallen back, or the target been revoked, during a soak.
		d.Append = append(d.Append, pawl.Event{Type: pawl.EvGate})
		return false
	}
	if until := d.s.Last.Add(-time.Second); !d.due(until) {
		d.wait(Wait{On: OnTimer, Detail: "the clock went backwards", Until: until})
		return false
	}
	for i := range d.s.Plan.Consumers {
		if d.s.concerned(i) {
			d.refresh(i)
		}
	}
	c := d.s.Checked(d.s.Target)
	if !c.Works || !d.s.counts(c.At, d.now) {
		d.check(d.s.Target, c.At)
	}
	return false
}

// refresh takes the evidence of a place again if it is from before the gate.
func (d *decider) refresh(i int) {
	c, p := &d.s.Plan.Consumers[i], &d.s.Places[i]
	if c.Human != nil && p.Confirmed != d.s.Target {
		d.waitPerson(i)
	}
	if c.Human == nil && !d.s.believed(i) {
		v := d.s.seen(p)
		if v.Verdict != pawl.Proved {
			d.unproved(c.ID, v)
		}
		if !d.s.counts(v.At, d.now) && v.Verdict != pawl.Refuted {
			d.look(c, p)
		}
	}
	for j, op := range c.Proofs {
		pr := &p.Proofs[j]
		if d.prior(p) && (op.Starts || d.s.counts(pr.At, d.now)) {
			continue
		}
		if d.prior(p) {
			d.prove(DoProve, c, p, j)
		} else if op.Starts && d.stale(pr.At, FreshRun) {
			if d.again(&pr.Start, c.ID) || pr.Start.Status == Done {
				d.prove(DoStart, c, p, j)
			}
		} else if !op.Starts && !d.s.counts(pr.At, d.now) && pr.Verdict != pawl.Refuted {
			d.prove(DoProve, c, p, j)
		}
	}
}

func (d *decider) stale(at time.Time, age time.Duration) bool { return !within(at, d.now, age) }

// within reports whether at is at most age ago, and not from a future that the
// clock has since left.
func within(at, now time.Time, age time.Duration) bool {
	return !at.IsZero() && now.Sub(at) <= age && at.Sub(now) <= time.Second
}

// counts reports whether evidence of that time counts for a revoke now: it was
// taken again for this very send, and not long ago.
func (s *State) counts(at, now time.Time) bool {
	return !s.Gate.IsZero() && !at.Before(s.Gate) && within(at, now, s.fresh())
}

// fresh is how old evidence may be: [Fresh], and a little more for each place,
// since many places cannot be looked at at one moment.
func (s *State) fresh() time.Duration {
	return Fresh + time.Duration(len(s.Places))*FreshEach
}

// concerned reports whether the doomed generation may be revoked only once
// this place is proved on the target. Going back, that is every place that was
// ever asked to use the new one.
func (s *State) concerned(i int) bool {
	if s.Target == pawl.Old {
		return s.Places[i].Touched && s.Plan.Consumers[i].Required()
	}
	c := &s.Plan.Consumers[i]
	return c.Required() && !(c.Human != nil && s.rehearsing()) && !s.Accepted(i) && !s.skips(i)
}

// Guard reports why the doomed generation must not be revoked now, or nil. It
// is evaluated in the transaction that appends the revoke's intent (the append
// is refused if the state has moved since) and again right before the call.
func (s *State) Guard(now time.Time) error {
	refuse := func(format string, args ...any) error {
		return &pawl.Error{Op: "rotation.Guard", Kind: pawl.Conflict, Err: fmt.Errorf(format, args...)}
	}
	doomed, target := s.ID(s.Doomed()), s.ID(s.Target)
	switch {
	case s.Outcome != "" || s.Paused:
		return refuse("the rotation is not under way")
	case !s.Ready:
		return refuse("the preflight has not passed")
	case doomed != "" && doomed == target:
		return refuse("both generations have one id")
	case s.Target == pawl.New && (target == "" || s.Attempt().Status != Done):
		return refuse("there is no new generation")
	case s.Target == pawl.New && s.Authorised == (pawl.Actor{}):
		return refuse("nobody asked for the revoke")
	case s.Target == pawl.New && now.Before(s.SoakUntil):
		return refuse("the soak is not over")
	case s.Target == pawl.New && s.Unapproved(now):
		return refuse("an approval is missing")
	case s.uncounted(now) != "":
		return refuse("%s", s.uncounted(now))
	case now.Before(s.Last.Add(-time.Second)):
		return refuse("the clock went backwards")
	case s.Gate.IsZero():
		return refuse("the proofs were not taken again")
	case s.Old.Refused >= Refusals && s.lost():
	case !s.Checked(s.Target).Works || !s.counts(s.Checked(s.Target).At, now):
		return refuse("the %s generation was not seen working just now", s.Target)
	}
	for i, c := range s.Plan.Consumers {
		if s.concerned(i) {
			if err := s.proved(i, now); err != nil {
				return refuse("%s: %w", c.ID, err)
			}
		}
	}
	return nil
}

// lost reports whether the new generation may go although the old one is seen to
// be dead: nobody was ever asked to use it, or it may be gone already, and
// keeping back what is left of a revoke helps nobody.
func (s *State) lost() bool { return s.Target == pawl.Old && (!s.touched() || s.gone()) }

// proved reports why a place does not count as proved on the target now.
func (s *State) proved(i int, now time.Time) error {
	c, p := &s.Plan.Consumers[i], &s.Places[i]
	if c.Human != nil {
		if p.Confirmed != s.Target {
			return fmt.Errorf("not confirmed")
		}
	} else if !s.believed(i) {
		switch {
		case !s.wrote(p):
			return fmt.Errorf("not written")
		case p.Pending != "":
			return fmt.Errorf("the vendor holds the write back")
		case s.seen(p).Verdict != pawl.Proved || p.Look.Side != s.Target:
			return fmt.Errorf("not proved")
		case !s.counts(p.Look.At, now):
			return fmt.Errorf("not seen again; last seen %s ago", now.Sub(p.Look.At).Round(time.Second))
		}
	}
	if s.prior(p) {
		return s.left(i, func(at time.Time) bool { return s.counts(at, now) })
	}
	for j, op := range c.Proofs {
		pr := &p.Proofs[j]
		counts := s.counts(pr.At, now)
		if op.Starts {
			counts = within(pr.At, now, FreshRun)
		}
		if pr.Verdict != pawl.Proved || pr.Seen.Side != s.Target || !counts {
			return fmt.Errorf("proof %d (%s) not there, or too old", j+1, op.Name)
		}
	}
	if got := s.strength(i); got < c.Require {
		return fmt.Errorf("evidence is %s, required is %s", got, c.Require)
	}
	return nil
}

// Evidence is everything that a revoke now would rest on, in the plan's order.
func (s *State) Evidence() []pawl.Evidence {
	var all []pawl.Evidence
	for i, c := range s.Plan.Consumers {
		p := &s.Places[i]
		if p.Look.Verdict == pawl.Proved {
			all = append(all, pawl.Evidence{Consumer: c.ID, Side: p.Look.Side, Class: p.Look.Class, Source: c.Op.Name, Detail: p.Look.Detail, At: p.Look.At})
		}
		for j, pr := range p.Proofs {
			if s.prior(p) && pr.tells() {
				pr.Verdict, pr.Class = pawl.Proved, pawl.Attested // that it has left the other one
			}
			if pr.Verdict == pawl.Proved {
				all = append(all, pawl.Evidence{Consumer: c.ID, Side: pr.Seen.Side, Class: pr.Class, Source: c.Proofs[j].Name, Detail: pr.Seen.Detail, At: pr.At})
			}
		}
		if p.Confirmed != "" {
			all = append(all, pawl.Evidence{Consumer: c.ID, Side: p.Confirmed, Class: pawl.Claimed, Source: p.By.ID, At: p.ConfirmedAt})
		}
	}
	return slices.Clip(all)
}

// Holds reports whether a place was proved on the target, however long ago.
func (s *State) Holds(i int) bool {
	c, p := &s.Plan.Consumers[i], &s.Places[i]
	if c.Human != nil {
		return p.Confirmed == s.Target
	}
	if (s.seen(p).Verdict != pawl.Proved || !s.wrote(p)) && !s.believed(i) {
		return false
	}
	if s.prior(p) {
		return s.left(i, func(at time.Time) bool { return !at.IsZero() }) == nil
	}
	for _, pr := range p.Proofs {
		if pr.Verdict != pawl.Proved {
			return false
		}
	}
	return s.strength(i) >= c.Require
}

// Strength is the strongest class of evidence that a place has shown.
func (s *State) Strength(i int) pawl.Class { return s.strength(i) }

// Confirmed reports whether a person has confirmed this place for the
// generation that is the target now.
func (s *State) Confirmed(consumer string) bool {
	p := s.place(consumer)
	return p != nil && p.Confirmed == s.Target
}
