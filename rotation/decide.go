package rotation

import (
	"time"

	"github.com/pawl-dev/pawl"
)

// Phase is where a rotation is, in the words of the runbook.
type Phase string

const (
	Planned        Phase = "PLANNED"
	Preflight      Phase = "PREFLIGHT"
	Minting        Phase = "MINTING"
	Verifying      Phase = "VERIFYING"
	Storing        Phase = "STORING"
	Propagating    Phase = "PROPAGATING"
	Proving        Phase = "PROVING"
	Soaking        Phase = "SOAKING"
	Approval       Phase = "APPROVAL"
	Revoking       Phase = "REVOKING"
	ConfirmingDead Phase = "CONFIRMING_DEAD"
	Watching       Phase = "WATCHING"
	Finished       Phase = "DONE"
	RollingBack    Phase = "ROLLING_BACK"
	RolledBack     Phase = "ROLLED_BACK"
	Failed         Phase = "FAILED"
)

// Do says what kind of action is asked for.
type Do string

const (
	DoPreflight Do = "preflight" // every check without an effect; ends in EvPreflight
	DoMint      Do = "mint"      // effect: Attempt, Label
	DoFind      Do = "find"      // list what is live with Label
	DoKill      Do = "kill"      // effect: ID
	DoCensus    Do = "census"    // search every connection for copies that the plan does not have; ends in EvCensus
	DoCheck     Do = "check"     // try the value of Side at its vendor
	DoSet       Do = "set"       // effect: Consumer, Side
	DoLook      Do = "look"      // observe Consumer
	DoStart     Do = "start"     // effect: Consumer, Proof
	DoProve     Do = "prove"     // Consumer, Proof
	DoNotify    Do = "notify"    // effect: Consumer
	DoRevoke    Do = "revoke"    // effect, guarded: Side, ID
)

// An Action is something to do now. The effects among them need an EvIntended
// in the journal first; each ends in one event.
type Action struct {
	Do       Do
	Consumer string
	Proof    int // 1-based
	Side     pawl.Side
	Attempt  int
	Label    string
	ID       string
	Ticket   string
	Mark     string
	Since    time.Time
	Prior    bool   // what Side means for this place is what it held before
	Over     bool   // of a set: only over what is known (the store)
	Why      string // of a kill
	Reminder int    // of a notice: which one
}

// Effect reports whether the action changes the outside world, and the step
// that its intent names.
func (a Action) Effect() (pawl.Step, bool) {
	switch a.Do {
	case DoMint:
		return pawl.StepMint, true
	case DoKill:
		return pawl.StepKill, true
	case DoSet:
		return pawl.StepSet, true
	case DoStart:
		return pawl.StepStart, true
	case DoNotify:
		return pawl.StepNotify, true
	case DoRevoke:
		return pawl.StepRevoke, true
	}
	return "", false
}

// On says what is waited for.
type On string

const (
	OnProof    On = "proof"    // a consumer that is not proved yet
	OnEffect   On = "effect"   // an effect in flight or tried again soon
	OnTimer    On = "timer"    // soak, watch
	OnPerson   On = "person"   // a confirmation
	OnApproval On = "approval" // a second person
	OnRevoke   On = "revoke"   // somebody to ask for the revoke
	OnVendor   On = "vendor"   // a person at the vendor: a change request
	OnDeath    On = "death"    // the vendor still accepts the doomed value
	OnHelp     On = "help"     // only a person can go on; Kind says which way
	OnPause    On = "pause"
)

// A Wait is something that keeps the rotation from going on, in words.
type Wait struct {
	On       On
	Consumer string
	Place    string // outside of the plan: what can be acknowledged to go on
	Kind     pawl.Kind
	Detail   string // what was seen instead
	Hint     string
	Until    time.Time // of a person: by when it ought to be done
}

// Overdue reports whether a person has had more time than they were given.
func (w Wait) Overdue(now time.Time) bool {
	return w.On == OnPerson && !w.Until.IsZero() && now.After(w.Until)
}

// A Decision is everything that can be done now.
type Decision struct {
	Phase  Phase
	Append []pawl.Event // to be journaled first, then decide again
	Do     []Action     // may be done concurrently
	Wake   time.Time    // decide again then at the latest; zero: nothing will change by waiting
	Waits  []Wait
}

// decider is a Decision in the making.
type decider struct {
	Decision
	s   *State
	now time.Time
}

// A stage does what is missing and reports whether nothing is.
type stage struct {
	phase Phase
	pass  func(*decider) bool
}

// The ways through a rotation. Each stage is entered only when the ones before
// it are passed, at every decision anew: a consumer that falls back during the
// soak takes the rotation back to propagating by itself.
var (
	forward = []stage{
		{Preflight, (*decider).preflight},
		{Minting, (*decider).mint},
		{Verifying, (*decider).verify},
		{Storing, (*decider).store},
		{Propagating, (*decider).waves},
		{Proving, (*decider).people},
		{Soaking, (*decider).soak},
		{Approval, (*decider).approval},
		{Approval, (*decider).counted},
		{Approval, (*decider).authorised},
		{Approval, (*decider).recounted},
		{Revoking, (*decider).revoke},
		{ConfirmingDead, (*decider).dead},
		{Watching, (*decider).watch},
		{Watching, (*decider).sweep},
	}
	backward = []stage{
		{RollingBack, (*decider).settleMint},
		{RollingBack, (*decider).ground},
		{RollingBack, (*decider).restore},
		{RollingBack, (*decider).recounted},
		{RollingBack, (*decider).revoke},
		{RollingBack, (*decider).dead},
		{RollingBack, (*decider).watch},
		{RollingBack, (*decider).sweep},
	}
)

// Decide says what to do now. It is a pure function of the state and the time.
func Decide(s *State, now time.Time) Decision {
	d := &decider{s: s, now: now}
	if s.Plan.Credential == "" {
		d.Phase = Planned
		return d.Decision
	}
	if s.Outcome != "" {
		d.Phase = closedPhase[s.Outcome]
		return d.Decision
	}
	if s.Paused {
		d.Phase = d.phase()
		d.wait(Wait{On: OnPause, Detail: "paused"})
		return d.Decision
	}
	for _, st := range s.way() {
		d.Phase = st.phase
		if !st.pass(d) {
			return d.Decision
		}
	}
	d.Append = append(d.Append, pawl.Event{Type: pawl.EvClosed, Outcome: s.end(), Reason: s.Back})
	return d.Decision
}

var closedPhase = map[pawl.Outcome]Phase{pawl.Completed: Finished, pawl.RolledBack: RolledBack, pawl.Failed: Failed}

func (s *State) way() []stage {
	if s.Target == pawl.Old {
		return backward
	}
	return forward
}

// phase finds where a paused rotation is, by asking without doing.
func (d *decider) phase() Phase {
	c := *d.s
	c.Paused = false
	return Decide(&c, d.now).Phase
}

// end is how a rotation that has passed every stage of its way ends.
func (s *State) end() pawl.Outcome {
	switch {
	case s.Target == pawl.New:
		return pawl.Completed
	case s.Aborted:
		return pawl.Failed
	}
	return pawl.RolledBack
}

func (d *decider) do(a Action) { d.Do = append(d.Do, a) }

func (d *decider) wait(w Wait) { d.Waits = append(d.Waits, w) }

// wake asks to decide again at t.
func (d *decider) wake(t time.Time) {
	if d.Wake.IsZero() || t.Before(d.Wake) {
		d.Wake = t
	}
}

// due reports whether t has come, and asks to be woken then if not.
func (d *decider) due(t time.Time) bool {
	if d.now.Before(t) {
		d.wake(t)
		return false
	}
	return true
}

// again reports whether an effect that did not happen may be tried now. What
// only a person can mend, or what failed too often, is waited for.
func (d *decider) again(f *Effect, consumer string) bool {
	switch f.Status {
	case Untried, Unsure:
		if f.Fails > Tries {
			d.help(consumer, f.Kind, "outcome still unknown after several tries: "+f.Detail, f.Hint)
			return false
		}
		return f.Fails == 0 || d.soon(f, consumer)
	case NotDone:
		if !f.Kind.Unchanged() && f.Kind != pawl.Other || f.Fails > Tries {
			d.help(consumer, f.Kind, f.Detail, f.Hint)
			return false
		}
		return d.soon(f, consumer)
	case Intended:
		d.wait(Wait{On: OnEffect, Consumer: consumer, Detail: "under way"})
	}
	return false
}

// soon reports whether it is time to try an effect again. If not, that is what
// is waited for: a decision without a wait would read as one for a person.
func (d *decider) soon(f *Effect, consumer string) bool {
	if d.due(f.At.Add(backoff(f.Fails))) {
		return true
	}
	d.wait(Wait{On: OnEffect, Consumer: consumer, Kind: f.Kind, Detail: f.Detail, Hint: f.Hint})
	return false
}

func (d *decider) help(consumer string, kind pawl.Kind, detail, hint string) {
	d.wait(Wait{On: OnHelp, Consumer: consumer, Kind: kind, Detail: detail, Hint: hint})
}
