package rotation

import (
	"time"

	"github.com/pawl-dev/pawl"
)

// Wanted is the attempt that a person is to mint now, or nil.
func (s *State) Wanted() *Attempt {
	a := s.Attempt()
	if s.Plan.Hand == nil || s.Target != pawl.New || s.Outcome != "" || a == nil || a.GivenUp != "" || a.Status != Intended {
		return nil
	}
	return a
}

// TooShort reports whether a generation that ends then is a mistake: it would
// not live until the next rotation.
func (s *State) TooShort(made, expires time.Time) bool {
	return !expires.IsZero() && expires.Before(made.Add(max(s.Plan.Every, shortest)))
}

// mintByHand waits for the person who mints. The intent is in the journal, so
// whatever they make is found by its label, whatever becomes of anybody.
func (d *decider) mintByHand(a *Attempt) {
	detail := d.s.Plan.Hand.Ask
	if n := len(d.s.Attempts); n > 1 {
		detail += " (another one: the one before was given up because " + d.s.Attempts[n-2].GivenUp + ")"
	}
	d.wait(Wait{On: OnPerson, Consumer: pawl.MintStep, Detail: detail, Until: d.deadline(d.s.Plan.Hand, &a.Told)})
	d.notify(Action{Do: DoNotify, Consumer: pawl.MintStep, Side: pawl.New, Attempt: a.Number}, d.s.Plan.Hand, &a.Told, a.Notice.Status == Done)
}

// notify tells a person once, and reminds them when half of their time is over
// and when all of it is. That it fails never holds anything up: what is to be
// done is on every screen as well.
func (d *decider) notify(a Action, h *pawl.Human, t *Told, told bool) {
	f := &t.Notice
	if told {
		a.Reminder = d.reminder(h, t)
		if f = &t.Reminder; a.Reminder == 0 {
			return
		}
	}
	if f.Status == Intended || f.Fails > 2 {
		return
	}
	if f.Fails == 0 || d.due(f.At.Add(backoff(f.Fails))) {
		d.do(a)
	}
}

// reminder is the one that is due and was not sent, or 0. Of two that are due
// only the later one is sent.
func (d *decider) reminder(h *pawl.Human, t *Told) int {
	if h.Within <= 0 || h.Notify == nil || t.Notice.Begun.IsZero() {
		return 0
	}
	last := 0
	for i, at := range []time.Time{t.Notice.Begun.Add(h.Within / 2), t.Notice.Begun.Add(h.Within)} {
		if d.due(at) {
			last = i + 1
		}
	}
	if last <= t.Reminded {
		return 0
	}
	return last
}

// deadline is by when a person ought to be done; zero if they may take as long
// as it takes. The time runs from when they were first told.
func (d *decider) deadline(h *pawl.Human, t *Told) time.Time {
	if h.Within <= 0 || t.Notice.Begun.IsZero() {
		return time.Time{}
	}
	return t.Notice.Begun.Add(h.Within)
}

// telling: somebody is about to be told, or reminded.
func (t *Told) telling(e pawl.Event) {
	if e.Reminder > 0 {
		t.Reminder.begin(e.At)
		return
	}
	t.Notice.begin(e.At)
	t.Reminded = 0
}

func (t *Told) ended(e pawl.Event) {
	if e.Reminder == 0 {
		t.Notice.end(e)
		return
	}
	t.Reminder.end(e)
	if t.Reminder.Status == Done || t.Reminder.Fails > 2 {
		t.Reminded, t.Reminder = max(t.Reminded, e.Reminder), Effect{}
	}
}

func (t *Told) interrupted(at time.Time) {
	interrupt(&t.Notice, at)
	interrupt(&t.Reminder, at)
}

// tell notifies the person of a place, once for each direction.
func (d *decider) tell(i int) {
	c, p := &d.s.Plan.Consumers[i], &d.s.Places[i]
	if p.Confirmed == d.s.Target || d.s.rehearsing() {
		return // has moved already, or is not to move at all
	}
	a := Action{Do: DoNotify, Consumer: c.ID, Side: d.s.Target}
	if c.Hand != nil {
		a.Attempt = len(d.s.Attempts)
	}
	d.notify(a, c.Asks(), &p.Told, p.told(d.s))
}

// told reports whether the person of a place was told of what is wanted now.
func (p *Place) told(s *State) bool {
	return p.Notice.Status == Done && p.Side == s.Target
}

// waitPerson waits for the person of a place, and says why, if they said
// already that it is done.
func (d *decider) waitPerson(i int) {
	c, p := &d.s.Plan.Consumers[i], &d.s.Places[i]
	detail := c.Asks().Ask
	if d.s.Target == pawl.Old && c.Hand != nil {
		detail = "It is rolled back: put back what was there before. (To move, it was: " + detail + ")"
	}
	if p.Doubt != "" {
		detail += " (not done yet, although somebody said so: " + p.Doubt + ")"
	}
	d.wait(Wait{On: OnPerson, Consumer: c.ID, Detail: detail, Until: d.deadline(c.Asks(), &p.Told)})
}

// writeByHand asks a person to write what only they can. Whether it is done
// already is looked at once after they were asked, and once by each process: who
// did it before the crash is not asked again.
func (d *decider) writeByHand(i int) {
	c, p := &d.s.Plan.Consumers[i], &d.s.Places[i]
	d.tell(i)
	d.waitPerson(i)
	if p.told(d.s) && p.Look.At.IsZero() {
		d.do(Action{Do: DoLook, Consumer: c.ID, Side: d.s.Target, Attempt: len(d.s.Attempts), Prior: d.prior(p), Since: p.Notice.Begun})
	}
}

// believed reports whether a person's word is all that the plan asks of a
// place, there is one, and no look speaks against it.
func (s *State) believed(i int) bool {
	c, p := &s.Plan.Consumers[i], &s.Places[i]
	return c.Hand != nil && c.Require <= pawl.Claimed && s.wrote(p) && p.Confirmed == s.Target && !p.Look.At.IsZero() && p.Look.Kind == pawl.Other
}

// claimed: a person says that they have done what is wanted of a place.
func (s *State) claimed(p *Place, c *pawl.Place, e pawl.Event) {
	p.Confirmed, p.By, p.ConfirmedAt, p.Doubt = s.Target, e.Actor, e.At, ""
	p.Touched = p.Touched || s.Target == pawl.New
	for j := range p.Proofs {
		if p.Proofs[j].Verdict == pawl.Refuted { // of an earlier claim
			p.Proofs[j] = Proof{}
		}
	}
	if c.Hand != nil {
		s.writtenByHand(p, e.At)
	}
}

// writtenByHand: from here on the place counts as written. What it shows is
// compared with when its person was asked: what is older shows nothing.
func (s *State) writtenByHand(p *Place, at time.Time) {
	begun := p.Notice.Begun
	if begun.IsZero() || p.Side != s.Target { // they did it before they were asked
		begun = at
	}
	p.Write = Effect{Status: Done, Begun: begun, At: at}
	p.Side, p.Mark, p.Pending = s.Target, "", ""
	if s.Target == pawl.New {
		p.Attempt = len(s.Attempts)
	}
	p.Look = Seen{}
}

// doubted: a machine contradicts what a person said. They are asked again.
func (p *Place) doubted(why string) {
	if why == "" {
		why = "it does not show it"
	}
	if p.Confirmed != "" {
		p.Confirmed, p.Doubt = "", why
	}
}

func (s *State) handedOver(e pawl.Event) {
	s.Holder, s.HandedBy, s.HandedAt, s.Note = e.To, e.Actor, e.At, e.Reason
}
