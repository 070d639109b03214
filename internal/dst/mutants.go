package dst

import (
	"slices"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/rotation"
)

func bug(name, breaks string, caught ...string) Mutant { return Mutant{name, breaks, caught} }

// mutants are all of them, in no order that matters.
func mutants() []mutant {
	return slices.Concat(protocolBugs(), evidenceBugs(), effectBugs(), demandBugs(), endBugs())
}

// protocolBugs are in how the journal is used.
func protocolBugs() []mutant {
	return []mutant{
		{Mutant: bug("no-intent", "effects are tried without an intent", "I4"), noIntent: true},
		{Mutant: bug("mint-first", "a mint is tried without its intent being durable", "I4"), mintFirst: true},
		{Mutant: bug("mint-assumed", "a mint without an answer is taken for done", "I2"), hear: func(_ *worker, ev *pawl.Event) {
			if ev.Type == pawl.EvEnded && ev.Step == pawl.StepMint && ev.Result == pawl.Unsure {
				ev.Result, ev.Kind, ev.ID = pawl.Done, "", "g"
			}
		}},
		{Mutant: bug("mint-for-ever", "how often was minted is not counted", "I14"), see: func(_ *worker, s *rotation.State) { s.Minted = 0 }},
		{Mutant: bug("no-wake", "nobody asks to be woken", "I7"), want: func(_ *worker, d *rotation.Decision) { d.Wake = time.Time{} }},
		{Mutant: bug("no-fence", "a worker whose epoch is over may append", "I5"), noFence: true},
		{Mutant: bug("no-fence-at-call", "nobody asks right before a call whether it still may be sent", "I1", "I2", "I9", "I10", "I13"), noFenceAtCall: true},
		{Mutant: bug("conflict-ignored", "an append that was refused is taken for done", "I4"), deaf: true},
		{Mutant: bug("commit-assumed", "a commit without an answer is taken for done", "I4"), trusting: true},
		{Mutant: bug("seal-lost", "the new value is not sealed with the outcome of its mint", "I2"), loseSeal: true},
		{Mutant: bug("blind-mint", "a mint without an answer is simply sent again", "I6"), blindMint: true},
		{Mutant: bug("take-over-forgets", "a take-over does not make open intents unknown", "I7"), hear: func(_ *worker, ev *pawl.Event) {
			if ev.Type == pawl.EvDriving {
				ev.Type = pawl.EvStopped
			}
		}},
		{Mutant: bug("no-preflight", "effects before the preflight has passed", "I16"), see: func(_ *worker, s *rotation.State) {
			s.Ready, s.OldID = true, "g1"
		}},
	}
}

// evidenceBugs are in what counts as proved.
func evidenceBugs() []mutant {
	return []mutant{
		{Mutant: bug("no-guard", "the revoke is not guarded again right before the call", "I1"), noGuard: true},
		{Mutant: bug("stale", "how old evidence is does not matter", "I1"), see: fresh},
		{Mutant: bug("fresh-by-resume", "a take-over makes what was seen before it fresh", "I1"), wake: func(k *worker) { fresh(k, k.state) }},
		{Mutant: bug("answer-time", "evidence is as old as its journaling, not as the question; the gate is off too", "I1"), answerTime: true, see: ungated},
		{Mutant: bug("any-class", "any class of evidence is enough", "I1"), see: func(_ *worker, s *rotation.State) {
			places(s, func(c *pawl.Place) { c.Require = pawl.NoEvidence })
		}},
		{Mutant: bug("first-look", "a place counts as proved once its write was accepted", "I1"), see: func(k *worker, s *rotation.State) {
			for i := range s.Places {
				if p := &s.Places[i]; p.Write.Status == rotation.Done && p.Look.Verdict == pawl.Waiting {
					p.Look = rotation.Seen{Side: s.Target, At: k.clock(), Verdict: pawl.Proved, Class: pawl.Running}
				}
			}
		}},
		{Mutant: bug("no-proofs", "proofs are not asked for; the place's own look is enough, of any class", "I1"), see: func(_ *worker, s *rotation.State) {
			places(s, func(c *pawl.Place) { c.Proofs, c.Require = nil, pawl.NoEvidence })
		}},
		{Mutant: bug("new-unchecked", "the new value is not seen working before the revoke", "I1", "I9"), see: func(k *worker, s *rotation.State) {
			if a := s.Attempt(); a != nil && a.Status == rotation.Done {
				s.New.Works, s.New.At = true, k.clock()
			}
		}},
		{Mutant: bug("no-census", "the copies outside of the plan are those that were there at the start", "I1"), see: func(_ *worker, s *rotation.State) {
			s.Census = rotation.Census{}
		}},
		{Mutant: bug("clock-unnoticed", "a clock that goes back is not noticed: its world has one during a short soak; gate, guard and jump check are off too", "I1"), noGuard: true,
			hear: func(k *worker, ev *pawl.Event) {
				if ev.At.Before(k.state.Last) {
					ev.At = k.state.Last
				}
			},
			see:  func(k *worker, s *rotation.State) { s.Gate, s.Last = k.clock().Add(-rotation.Fresh), s.Started },
			meet: clockBackWhileSoaking},
		{Mutant: bug("people-assumed", "people are taken to have moved once they were told", "I1"), see: func(_ *worker, s *rotation.State) {
			for i, c := range s.Plan.Consumers {
				if c.Human != nil && s.Places[i].Notice.Status == rotation.Done {
					s.Places[i].Confirmed = s.Target
				}
			}
		}},
	}
}

// clockBackWhileSoaking sets the clocks back by ten minutes when the soak begins,
// and puts every consumer back meanwhile.
func clockBackWhileSoaking(s *sim, ev pawl.Event) {
	if ev.Type != pawl.EvSoaking {
		return
	}
	s.after(time.Second, func() { s.setClock(s.jump - 10*time.Minute) })
	for _, p := range s.places {
		if p.kind == kindApp || p.kind == kindBlind {
			s.after(time.Minute, func() { s.byHand(p, oldOne, "redeployed by somebody") })
		}
	}
}

// ungated lets evidence count that was taken before the gate.
func ungated(k *worker, s *rotation.State) { s.Gate = k.clock().Add(-rotation.Fresh / 2) }

// fresh makes all evidence look as if it had just been taken.
func fresh(k *worker, s *rotation.State) {
	now := k.clock()
	for _, c := range []*rotation.Check{&s.Old, &s.New} {
		if c.Works {
			c.At = now
		}
	}
	for i := range s.Places {
		p := &s.Places[i]
		if p.Look.Verdict == pawl.Proved {
			p.Look.At = now
		}
		for j := range p.Proofs {
			if p.Proofs[j].Verdict == pawl.Proved {
				p.Proofs[j].At = now
			}
		}
	}
}

// places changes the plan that the core is shown.
func places(s *rotation.State, change func(*pawl.Place)) {
	s.Plan.Consumers = slices.Clone(s.Plan.Consumers)
	for i := range s.Plan.Consumers {
		change(&s.Plan.Consumers[i])
	}
}

// effectBugs are in what becomes of effects.
func effectBugs() []mutant {
	return []mutant{
		{Mutant: bug("unknown-is-failed", "an effect without an answer is taken for not done", "I1", "I2", "I8", "I9", "I10", "I13"), hear: func(_ *worker, ev *pawl.Event) {
			if ev.Type == pawl.EvEnded && ev.Result == pawl.Unsure {
				ev.Result, ev.Kind = pawl.NotDone, pawl.Unavailable.String()
			}
		}},
		{Mutant: bug("lost-revoke-is-none", "a revoke without an answer is taken for not sent: the way back stays open", "I1", "I8", "I9"), hear: func(_ *worker, ev *pawl.Event) {
			if ev.Type == pawl.EvEnded && ev.Step == pawl.StepRevoke && ev.Result == pawl.Unsure {
				ev.Result, ev.Kind = pawl.NotDone, pawl.Unavailable.String()
			}
		}},
		{Mutant: bug("lost-revoke-is-done", "a revoke without an answer is taken for done", "I7"), hear: func(_ *worker, ev *pawl.Event) {
			if ev.Type == pawl.EvEnded && ev.Step == pawl.StepRevoke {
				ev.Result = pawl.Done
			}
		}},
		{Mutant: bug("no-settle", "a write does not wait until one that contradicts it can no longer land; the looks after the death are off too", "I1", "I10", "I13"), see: func(_ *worker, s *rotation.State) {
			for i := range s.Places {
				s.Places[i].Unsure = nil
			}
			s.Unsettled = s.Started
			unwatched(s)
		}},
		{Mutant: bug("no-compare", "the store is written over whatever is there", "I10"), want: func(_ *worker, d *rotation.Decision) {
			for i := range d.Do {
				d.Do[i].Over = false
			}
		}},
		{Mutant: bug("dead-kept", "a new generation that its vendor refuses is waited for", "I7"), see: func(_ *worker, s *rotation.State) {
			if a := s.Attempt(); a != nil && a.GivenUp == "the vendor refuses the new value" {
				s.Attempts[len(s.Attempts)-1].GivenUp, s.Kills = "", nil
			}
		}},
		{Mutant: bug("wrong-side", "the target is revoked, not the doomed one", "I1"), want: func(k *worker, d *rotation.Decision) {
			for i := range d.Do {
				if d.Do[i].Do == rotation.DoRevoke {
					d.Do[i].ID = k.state.ID(k.state.Target)
				}
			}
		}},
		{Mutant: bug("kill-in-use", "a generation that was given up is revoked while places are on it", "I1"), want: func(k *worker, d *rotation.Decision) {
			for i := range k.state.Kills {
				if kill := &k.state.Kills[i]; kill.Status == rotation.Untried && k.state.Target == pawl.New {
					d.Do = append(d.Do, rotation.Action{Do: rotation.DoKill, ID: kill.ID})
				}
			}
		}},
		{Mutant: bug("back-in-haste", "a rollback revokes the new one before anything is restored; the guard is off too", "I1"), noGuard: true, want: func(k *worker, d *rotation.Decision) {
			if id := k.state.NewID(); k.state.Target == pawl.Old && id != "" && k.state.Revoke.Status == rotation.Untried {
				d.Do = append(d.Do, rotation.Action{Do: rotation.DoRevoke, Side: pawl.New, ID: id, Attempt: len(k.state.Attempts)})
			}
		}},
		{Mutant: bug("restored-is-left", "a place that is restored to what it held before counts as off the new generation", "I1"), see: func(_ *worker, s *rotation.State) {
			if s.Target != pawl.Old {
				return
			}
			s.Plan.Consumers = slices.Clone(s.Plan.Consumers)
			for i := range s.Plan.Consumers {
				if c := &s.Plan.Consumers[i]; s.Places[i].Prior != "" {
					c.Proofs, c.Require = nil, pawl.NoEvidence
				}
			}
		}},
		{Mutant: bug("no-heal", "a place that fell back is not written again", "I7", "I10", "I13"), hear: func(_ *worker, ev *pawl.Event) {
			if ev.Type == pawl.EvObserved && ev.Holds != pawl.HoldsWant {
				ev.Holds = pawl.HoldsUnknown
			}
		}},
		{Mutant: bug("rejected-for-ever", "a change that was rejected at the vendor is waited for and never asked for again", "I7"), see: func(k *worker, s *rotation.State) {
			for i := range s.Places {
				if p := &s.Places[i]; p.Pending != "" {
					p.Write.At = k.clock()
				}
			}
		}},
		{Mutant: bug("no-pace", "what is waited for is asked for without a pause", "I14"), see: func(_ *worker, s *rotation.State) {
			for i := range s.Places {
				if p := &s.Places[i]; p.Look.Verdict == pawl.Waiting {
					p.Look = rotation.Seen{}
				}
			}
			s.Old.At, s.New.At, s.Old.Tries, s.New.Tries = s.Started, s.Started, 0, 0
		}},
	}
}

// demandBugs are in what the plan demands.
func demandBugs() []mutant {
	return []mutant{
		{Mutant: bug("no-waves", "all waves at once", "waves"), see: func(_ *worker, s *rotation.State) {
			places(s, func(c *pawl.Place) { c.Wave = min(c.Wave, 1) })
		}},
		{Mutant: bug("store-later", "consumers are not kept waiting for the store", "waves"), see: func(_ *worker, s *rotation.State) {
			places(s, func(c *pawl.Place) { c.Wave = max(c.Wave, 1) })
		}},
		{Mutant: bug("no-soak", "the soak is skipped", "I17"), see: func(_ *worker, s *rotation.State) {
			s.Plan.Soak, s.SoakUntil = 0, s.Started
		}},
		{Mutant: bug("no-approval", "the approval is not waited for", "I17"), see: func(_ *worker, s *rotation.State) { s.Plan.Approval = nil }},
		{Mutant: bug("one-approval", "one approval is enough where two are asked for", "I17"), see: func(_ *worker, s *rotation.State) {
			if s.Plan.Approval != nil {
				s.Plan.Approval = &pawl.Approval{From: "security", Count: 1}
			}
		}},
		{Mutant: bug("any-glass", "a glass that was broken for another plan counts", "I17"), see: func(k *worker, s *rotation.State) {
			if k.s.people.broken > 0 {
				s.Glass = rotation.Glass{By: operator, Why: "for another plan", Until: s.Last.Add(24 * time.Hour)}
			}
		}},
		{Mutant: bug("unasked", "the revoke needs nobody to ask for it", "I17"), see: func(_ *worker, s *rotation.State) { s.Authorised = operator }},
		{Mutant: bug("rehearsal-in-earnest", "a rehearsal goes through with it", "I17"), see: func(_ *worker, s *rotation.State) {
			if s.Plan.Reason == pawl.Rehearsal {
				s.Plan.Reason, s.Authorised = pawl.Manual, operator
			}
		}},
	}
}

// endBugs are in how a rotation ends.
func endBugs() []mutant {
	return []mutant{
		{Mutant: bug("revoke-trusted", "the vendor's answer to the revoke is taken for death", "I8"), see: func(k *worker, s *rotation.State) {
			if c := s.Checked(s.Doomed()); s.Revoke.Status == rotation.Done && s.Dead.IsZero() {
				c.Refused, c.First = rotation.Refusals, k.clock()
			}
		}},
		{Mutant: bug("no-look-after", "places are not looked at again after the death", "I10", "I13"), see: func(_ *worker, s *rotation.State) {
			unwatched(s)
		}},
		{Mutant: bug("no-watch", "the watch is cut short", "I13"), see: func(_ *worker, s *rotation.State) { s.WatchUntil = s.Dead }},
		{Mutant: bug("new-dead-at-end", "the new value is not tried again at the end of the watch", "I9"), see: func(_ *worker, s *rotation.State) {
			if !s.Dead.IsZero() && s.Attempt() != nil && s.Attempt().GivenUp == "" {
				s.New.Works, s.New.At = true, s.WatchUntil
			}
		}},
		{Mutant: bug("orphans-forgotten", "what must go is forgotten", "I2"), see: func(_ *worker, s *rotation.State) { s.Kills = nil }},
		{Mutant: bug("no-sweep", "no last listing by label", "I2"), see: func(k *worker, s *rotation.State) {
			if !s.Dead.IsZero() {
				s.Swept = k.clock().AddDate(1, 0, 0)
			}
		}},
		{Mutant: bug("early-sweep", "the last listing does not wait for what may still be born", "I2"), see: func(_ *worker, s *rotation.State) { s.Unsettled = s.Started }},
		{Mutant: bug("untouched", "a rollback leaves the places as they are; the guard has nothing to ask", "I10", "I13"), see: func(_ *worker, s *rotation.State) {
			for i := range s.Places {
				s.Places[i].Touched = false
			}
		}},
		{Mutant: bug("store-left", "a rollback leaves the store as it is", "I10"), see: func(_ *worker, s *rotation.State) { s.Places[0].Touched = false }},
		{Mutant: bug("people-left", "a rollback forgets the people who were only told", "I1"), see: func(_ *worker, s *rotation.State) {
			for i, c := range s.Plan.Consumers {
				if c.Human != nil && s.Places[i].Confirmed == "" {
					s.Places[i].Touched = false
				}
			}
		}},
	}
}

// unwatched makes every place look as if it had been seen after the watch.
func unwatched(s *rotation.State) {
	for i := range s.Places {
		p := &s.Places[i]
		since(&p.Look, s)
		for j := range p.Proofs {
			since(&p.Proofs[j].Seen, s)
		}
	}
}

// since makes a look that proved the target one that was taken after the watch.
func since(v *rotation.Seen, s *rotation.State) {
	if v.Verdict == pawl.Proved && !s.Dead.IsZero() && v.At.Before(s.WatchUntil) {
		v.At = s.WatchUntil
	}
}
