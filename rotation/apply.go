package rotation

import (
	"slices"
	"time"

	"github.com/pawl-dev/pawl"
)

// Fold returns the state after these events.
func Fold(events []pawl.Event) *State {
	s := new(State)
	for _, e := range events {
		s.Apply(e)
	}
	return s
}

// Apply changes the state by one event. It accepts every event, late and
// duplicate ones too: what happened, happened.
func (s *State) Apply(e pawl.Event) {
	switch {
	case e.At.After(s.Last):
		s.Last = e.At
	case stamped(e.Type) && e.At.Before(s.Last.Add(-time.Second)):
		s.forget()
	}
	switch e.Type {
	case pawl.EvPlanned:
		s.plan(e)
	case pawl.EvDriving:
		s.driving(e)
	case pawl.EvPreflight:
		s.preflight(e)
	case pawl.EvPrior:
		if p := s.place(e.Consumer); p != nil {
			p.Prior = e.Holds
		}
	case pawl.EvIntended:
		s.intended(e)
	case pawl.EvEnded:
		s.ended(e)
	case pawl.EvChecked:
		s.checked(e)
	case pawl.EvListed:
		s.listed(e)
	case pawl.EvObserved:
		s.observed(e)
	case pawl.EvConfirmed:
		if p := s.place(e.Consumer); p != nil && s.meant(e) {
			s.claimed(p, s.Plan.Place(e.Consumer), e)
		}
	case pawl.EvCensus:
		s.Census.taken(e, s.Ready)
	case pawl.EvAcknowledged:
		s.Census.accept(e)
	case pawl.EvAuthorised:
		s.Authorised, s.Once = e.Actor, e.Reason == ForThisRun
	case pawl.EvApproved:
		s.approved(e)
	case pawl.EvGlass:
		s.glass(e)
	case pawl.EvOwed:
		s.Owed = true
	case pawl.EvAccepted:
		s.accept(e)
	case pawl.EvSoaking:
		s.SoakUntil = e.Until
	case pawl.EvGate:
		s.Gate = e.At
	case pawl.EvForward:
		s.forward(e)
	case pawl.EvRollback:
		s.rollback(e)
	case pawl.EvPaused:
		s.Paused = true
	case pawl.EvUnpaused:
		s.Paused = false
	case pawl.EvHandover:
		s.handedOver(e)
	case pawl.EvWatching:
		s.Dead, s.WatchUntil = e.At, e.Until
	case pawl.EvAbandoned:
		s.Abandoned, s.Failure = e.Reason, pawl.Event{Type: e.Type, Detail: "abandoned: " + e.Reason}
	case pawl.EvClosed:
		s.Outcome = e.Outcome
	}
}

// meant reports whether a confirmation is of the generation that is wanted now,
// not of one that its person was asked to move to before.
func (s *State) meant(e pawl.Event) bool {
	return (e.Side == "" || e.Side == s.Target) && (e.Attempt == 0 || s.Target == pawl.Old || e.Attempt == len(s.Attempts))
}

// stamped reports whether the time of such an event is that of its writing.
// Evidence may be older than what was written before it: as old as its question.
func stamped(t pawl.EventType) bool {
	switch t {
	case pawl.EvDriving, pawl.EvIntended, pawl.EvEnded, pawl.EvGate, pawl.EvWatching:
		return true
	}
	return false
}

// forget: the clock went backwards. What was seen before would look fresh again
// once it has caught up, so all of it is to be seen anew.
func (s *State) forget() {
	s.Old.At, s.New.At, s.Census.At = time.Time{}, time.Time{}, time.Time{}
	for i := range s.Places {
		p := &s.Places[i]
		p.Look.At = time.Time{}
		for j := range p.Proofs {
			if !s.Plan.Consumers[i].Proofs[j].Starts {
				p.Proofs[j].At = time.Time{}
			}
		}
	}
}

// plan begins the rotation. A journal that has lost its plan has nothing to do.
func (s *State) plan(e pawl.Event) {
	if e.Plan == nil {
		return
	}
	s.Plan, s.Label, s.Started, s.By, s.Target = *e.Plan, e.Label, e.At, e.Actor, pawl.New
	s.Places = make([]Place, len(s.Plan.Consumers))
	for i, c := range s.Plan.Consumers {
		s.Places[i].Proofs = make([]Proof, len(c.Proofs))
	}
}

func (s *State) place(id string) *Place {
	for i := range s.Plan.Consumers {
		if s.Plan.Consumers[i].ID == id {
			return &s.Places[i]
		}
	}
	return nil
}

// driving: a process took the rotation up. Whatever another one was in the
// middle of has an unknown outcome now, and may still land for a while. What
// was given up on is tried again: a person asked for it.
func (s *State) driving(e pawl.Event) {
	s.Epoch, s.Paused, s.Minted, s.Gate = e.Epoch, false, 0, time.Time{}
	s.Old.Tries, s.New.Tries, s.FindFails = 0, 0, 0
	s.Old.Refused, s.New.Refused = 0, 0 // what was refused then is asked again
	s.recount()
	if s.Once && !s.Past() {
		s.Authorised = pawl.Actor{} // it was asked for the process that is gone, not for this one
	}
	for i := range s.Attempts {
		s.Attempts[i].Told.interrupted(e.At)
		if s.Plan.Hand != nil {
			continue // no process is in the middle of it: it is a person's
		}
		if s.Attempts[i].Status == Intended {
			s.unsettle(e.At.Add(Linger))
		}
		interrupt(&s.Attempts[i].Effect, e.At)
	}
	for i := range s.Kills {
		interrupt(&s.Kills[i].Effect, e.At)
	}
	s.Sent = s.Sent || s.Revoke.Status == Intended
	interrupt(&s.Revoke, e.At)
	for i := range s.Places {
		p := &s.Places[i]
		if p.Write.Status == Intended {
			p.mayLand(p.Side, e.At, e.At.Add(Settle))
			s.unsettle(e.At.Add(Settle))
		}
		interrupt(&p.Write, e.At)
		p.Told.interrupted(e.At)
		p.Heals = 0
		p.Look.retry()
		for j := range p.Proofs {
			pr := &p.Proofs[j]
			interrupt(&pr.Start, e.At)
			if pr.Verdict == pawl.Refuted {
				pr.Start, pr.Ticket = Effect{}, ""
			}
			if pr.Verdict != pawl.Proved || !s.Plan.Consumers[i].Proofs[j].Starts {
				pr.retry() // a run that has passed stays passed; how long it counts is the gate's business
			}
		}
	}
}

func interrupt(f *Effect, at time.Time) {
	f.Fails = 0
	switch f.Status {
	case Intended:
		f.Status, f.At = Unsure, at
	case NotDone:
		f.Status = Untried
	}
}

// unsettle puts the end off: an effect of ours may still land until then.
func (s *State) unsettle(until time.Time) {
	if until.After(s.Unsettled) {
		s.Unsettled = until
	}
}

func (v *Seen) retry() {
	if v.Verdict == pawl.Refuted {
		v.Verdict = pawl.Waiting
	}
	v.At = time.Time{}
}

func (s *State) preflight(e pawl.Event) {
	if e.Result != pawl.Done {
		s.Failure = e
		return
	}
	s.Ready, s.OldID, s.OldMade = true, e.ID, e.Made
	s.OldDead = e.ID == ""
}

func (s *State) rollback(e pawl.Event) {
	if s.Target == pawl.Old || s.Past() {
		return // the way back is closed
	}
	s.turn(pawl.Old)
	s.Back, s.BackAt = e.Reason, e.At
	if a := s.Attempt(); s.Plan.Hand != nil && a != nil && a.Status == Intended {
		// Whoever was asked may have made one and not said so yet: from here on it
		// is an orphan, found by its label.
		a.Status, a.At = Unsure, e.At
	}
	if e.Kind != "" {
		s.Aborted, s.Failure = true, e
	}
}

// forward: the rollback is given up, since there is nothing to go back to. What
// was restored already is brought onto the new generation again.
func (s *State) forward(e pawl.Event) {
	if s.Target == pawl.New || s.gone() {
		return
	}
	s.turn(pawl.New)
	s.Revoke, s.Sends = Effect{}, 0
	s.Back, s.OldDead = "", true
	if s.Aborted && s.Attempt() != nil && s.Attempt().GivenUp == "" {
		s.giveUp("the rotation could not succeed with it")
	}
	s.Aborted, s.Failure = false, pawl.Event{}
}

// turn changes the direction. What was seen of the other one shows nothing.
func (s *State) turn(to pawl.Side) {
	s.Target, s.Gate, s.Census.At = to, time.Time{}, time.Time{}
	for i := range s.Places {
		p := &s.Places[i]
		p.Look = Seen{}
		p.Heals, p.Doubt = 0, ""
		for j := range p.Proofs {
			p.Proofs[j] = Proof{}
		}
	}
}

func (s *State) intended(e pawl.Event) {
	switch e.Step {
	case pawl.StepMint:
		s.Attempts = append(s.Attempts, Attempt{Number: e.Attempt, Label: e.Label, Effect: Effect{Status: Intended, Begun: e.At, At: e.At}})
		s.New, s.Found, s.Swept = Check{}, time.Time{}, time.Time{}
		s.Minted++
		for i := range s.Places { // who moved to an earlier attempt has to move again
			s.Places[i].Confirmed, s.Places[i].Doubt, s.Places[i].Told = "", "", Told{}
		}
	case pawl.StepKill:
		s.kill(e.ID, e.Reason).begin(e.At)
	case pawl.StepSet:
		s.setIntended(e)
	case pawl.StepStart:
		if pr := s.proof(e); pr != nil {
			pr.Start.begin(e.At)
			pr.Ticket, pr.Seen = "", Seen{}
		}
	case pawl.StepNotify:
		s.notifyIntended(e)
	case pawl.StepRevoke:
		s.Revoke.begin(e.At)
		s.Sends++
	}
}

// told finds whom a notice is for.
func (s *State) told(e pawl.Event) *Told {
	if e.Consumer == pawl.MintStep && s.Plan.Hand != nil {
		for i := range s.Attempts {
			if s.Attempts[i].Number == e.Attempt {
				return &s.Attempts[i].Told
			}
		}
		return nil
	}
	if p := s.place(e.Consumer); p != nil {
		return &p.Told
	}
	return nil
}

func (s *State) notifyIntended(e pawl.Event) {
	t := s.told(e)
	if t == nil {
		return
	}
	t.telling(e)
	p := s.place(e.Consumer)
	if p == nil || e.Reminder > 0 {
		return
	}
	p.Touched = p.Touched || e.Side == pawl.New // from here on it may be in use
	if p.Confirmed != e.Side {
		p.Confirmed = "" // who is asked to move may do so before saying it
	}
	if p.Side = e.Side; s.Plan.Place(e.Consumer).Hand != nil {
		p.Attempt, p.Write, p.Look = e.Attempt, Effect{}, Seen{}
	}
}

func (f *Effect) begin(at time.Time) { f.Status, f.Begun, f.At = Intended, at, at }

func (s *State) setIntended(e pawl.Event) {
	p := s.place(e.Consumer)
	if p == nil {
		return
	}
	if p.Side != e.Side || p.Attempt != e.Attempt {
		p.Write.Fails = 0
	}
	p.Write.begin(e.At)
	if !s.mayBreak(p) {
		s.Gate = time.Time{}
	}
	p.Side, p.Attempt, p.Mark, p.Pending = e.Side, e.Attempt, "", ""
	p.Touched = p.Touched || e.Side == pawl.New
	p.Look = Seen{}
	if c := s.Plan.Place(e.Consumer); c != nil && c.Asks() == nil {
		p.Confirmed = "" // what was said of it was of an earlier write
	}
	for i := range p.Proofs {
		p.Proofs[i] = Proof{}
	}
}

func (s *State) proof(e pawl.Event) *Proof {
	p := s.place(e.Consumer)
	if p == nil || e.Proof < 1 || e.Proof > len(p.Proofs) {
		return nil
	}
	return &p.Proofs[e.Proof-1]
}

func (s *State) ended(e pawl.Event) {
	switch e.Step {
	case pawl.StepMint:
		s.mintEnded(e)
	case pawl.StepKill:
		s.kill(e.ID, "").end(e)
	case pawl.StepSet:
		s.setEnded(e)
	case pawl.StepStart:
		if pr := s.proof(e); pr != nil {
			pr.Start.end(e)
			pr.Ticket = e.Ticket
		}
	case pawl.StepNotify:
		if t := s.told(e); t != nil {
			t.ended(e)
		}
	case pawl.StepRevoke:
		s.Revoke.end(e)
		s.Gate = time.Time{} // for every send anew
		s.Sent = s.Sent || s.Revoke.Status != NotDone
		if e.Result == pawl.Done { // refusals count from here
			*s.Checked(s.Doomed()) = Check{}
		}
	}
}

func (f *Effect) end(e pawl.Event) {
	f.At, f.Kind, f.Detail, f.Hint = e.At, pawl.KindNamed(e.Kind), e.Detail, e.Hint
	switch e.Result {
	case pawl.Done:
		f.Status, f.Fails = Done, 0
	case pawl.NotDone:
		f.Status = NotDone
		f.Fails++
	default:
		f.Status = Unsure
		f.Fails++
	}
}

func (s *State) mintEnded(e pawl.Event) {
	i := slices.IndexFunc(s.Attempts, func(a Attempt) bool { return a.Number == e.Attempt })
	if i < 0 {
		return
	}
	a := &s.Attempts[i]
	a.end(e)
	if a.Status == Unsure {
		s.unsettle(e.At.Add(settles(a.Effect, Linger)))
	}
	a.ID, a.Expires = e.ID, e.Until
	if e.Result == pawl.NotDone {
		a.GivenUp = "the vendor made nothing"
	}
}

func (s *State) setEnded(e pawl.Event) {
	p := s.place(e.Consumer)
	if p == nil || p.Side != e.Side || p.Attempt != e.Attempt {
		return // of an earlier write, which a later one has replaced
	}
	p.Write.end(e)
	p.Mark, p.Pending = e.Mark, ""
	if e.Pending {
		p.Pending = e.Detail
		p.Asked++
	}
	if e.Result == pawl.Unsure {
		until := e.At.Add(settles(p.Write, Settle))
		p.mayLand(e.Side, e.At, until)
		s.unsettle(until)
	}
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// settles is how long an effect whose outcome is unknown may still land: as long
// again as it was waited for, and not less than least.
func settles(f Effect, least time.Duration) time.Duration {
	return max(least, min(f.At.Sub(f.Begun), Slowest))
}

// mayLand: a write of that side whose outcome is unknown may land until then, and
// in any case for [Linger] after its intent: who sent it may have been killed a
// moment later, and what it has sent is on its way all the same. An earlier one that
// may land later still does. A clock that went backwards since lengthens neither.
func (p *Place) mayLand(side pawl.Side, now, until time.Time) {
	if least := p.Write.Begun.Add(Linger); least.After(until) {
		until = earlier(least, now.Add(Linger))
	}
	if before := earlier(p.Unsure[side], now.Add(Slowest)); before.After(until) {
		until = before
	}
	unsure := map[pawl.Side]time.Time{side: until}
	if t, ok := p.Unsure[side.Other()]; ok {
		unsure[side.Other()] = t
	}
	p.Unsure = unsure
}

// kill returns the entry for a generation that must go, making it if need be.
func (s *State) kill(id, why string) *Effect {
	for i := range s.Kills {
		if s.Kills[i].ID == id {
			return &s.Kills[i].Effect
		}
	}
	s.Kills = append(s.Kills, Kill{ID: id, Why: why})
	return &s.Kills[len(s.Kills)-1].Effect
}

func (s *State) checked(e pawl.Event) {
	c := s.Checked(e.Side)
	if e.Side == pawl.New && (e.Attempt != len(s.Attempts) || e.Attempt == 0) {
		return // of a value that is not in use any more, or never was
	}
	if e.Side == s.Target && e.Kind != "" {
		s.Gate = time.Time{}
	}
	c.At, c.Works, c.Kind, c.Detail = e.At, e.Kind == "", pawl.KindNamed(e.Kind), e.Detail
	c.Tries++
	switch {
	case e.Kind == "":
		c.Refused, c.First, c.Tries = 0, time.Time{}, 0
		if a := s.Attempt(); e.Side == pawl.New && a.Works.IsZero() {
			a.Works = e.At
		}
	case c.Kind == pawl.Denied:
		if c.Refused == 0 {
			c.First = e.At
		}
		c.Refused++
	default:
		c.Refused, c.First = 0, time.Time{} // unknown counts as no, in both directions
	}
	if e.Side == pawl.New && s.Target == pawl.New && c.Refused >= Refusals {
		s.giveUp("the vendor refuses the new value")
	}
}

// giveUp abandons the attempt in use: it will be revoked and another minted.
func (s *State) giveUp(why string) {
	a := s.Attempt()
	a.GivenUp = why
	if a.ID != "" {
		s.kill(a.ID, why)
	}
	s.New = Check{}
}

// listed: what is live at the vendor with one of our labels. Everything that
// is not the generation in use is an orphan.
func (s *State) listed(e pawl.Event) {
	s.Found = e.At
	if e.Kind != "" {
		s.FindFails++
		s.FindKind, s.FindDetail = pawl.KindNamed(e.Kind), e.Detail
		return
	}
	s.FindFails = 0
	for _, id := range e.IDs {
		if id != s.NewID() && id != s.OldID {
			s.kill(id, "an orphan of this rotation")
		}
	}
	if e.Label == s.Label {
		s.Swept = e.At
		return
	}
	a := s.Attempt()
	if a == nil || a.Label != e.Label || a.Status != Unsure {
		return
	}
	if len(e.IDs) > 0 {
		a.GivenUp = "its answer was lost"
	} else if !e.At.Before(a.At.Add(Settle)) {
		a.GivenUp = nothingMade
	}
}

func (s *State) observed(e pawl.Event) {
	p := s.place(e.Consumer)
	if p == nil || e.Side != s.Target || e.Side == pawl.New && e.Attempt != len(s.Attempts) {
		return // asked before the direction or the value changed
	}
	seen := Seen{e.Side, e.At, e.Verdict, e.Class, e.Holds, pawl.KindNamed(e.Kind), e.Mark, e.Detail, e.Hint}
	c := s.Plan.Place(e.Consumer)
	if pr := s.proof(e); pr != nil {
		pr.Seen = seen
		if c.Asks() != nil && e.Verdict == pawl.Refuted {
			p.doubted(e.Detail)
		}
		if s.prior(p) && seen.Holds == pawl.HoldsNot {
			s.Gate = time.Time{}
		}
		return
	}
	if c.Hand != nil && !s.wrote(p) && e.Verdict == pawl.Proved && e.Holds == pawl.HoldsWant {
		s.writtenByHand(p, e.At) // it was done, and nobody had to say so
	}
	p.Look = seen
	if s.seen(p).Verdict != pawl.Proved && !s.mayBreak(p) {
		s.Gate = time.Time{}
	}
	if e.Verdict == pawl.Proved {
		p.Pending, p.Asked = "", 0
	}
	if s.wrote(p) && p.Pending == "" && (e.Holds == pawl.HoldsNot || e.Holds == pawl.HoldsOther || e.Holds == pawl.HoldsNothing) {
		// Somebody put something else there after our write: write again.
		p.Write.Status = Untried
		p.Heals++
		p.doubted(e.Detail)
	}
}

// Noteworthy reports whether an event changes anything that must survive a
// crash. A look that shows what the look before it showed does not: whoever
// resumes looks again anyway.
func (s *State) Noteworthy(e pawl.Event) bool {
	switch e.Type {
	case pawl.EvGate:
		return false // whoever resumes takes the evidence again anyway
	case pawl.EvObserved:
		p := s.place(e.Consumer)
		if p == nil {
			return false
		}
		last := p.Look
		if pr := s.proof(e); pr != nil {
			last = pr.Seen
		}
		return e.Verdict != last.Verdict || e.Class != last.Class || e.Holds != last.Holds
	case pawl.EvListed:
		return e.Kind == ""
	case pawl.EvChecked:
		c := s.Checked(e.Side)
		switch pawl.KindNamed(e.Kind) {
		case pawl.Denied:
			return c.Refused < Refusals
		default:
			return (e.Kind == "") != c.Works || e.Kind != "" && pawl.KindNamed(e.Kind) != c.Kind
		}
	}
	return true
}
