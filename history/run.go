package history

import (
	"slices"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/journal"
	"github.com/pawl-dev/pawl/rotation"
)

// A Run is what one rotation shows.
type Run struct {
	ID       pawl.RotationID
	Reason   pawl.Reason
	Outcome  pawl.Outcome // empty while it is open
	By       pawl.Actor   // who began it
	Started  time.Time
	Ended    time.Time     // zero while it is open
	Driven   time.Duration // while a process drove it: without the nights between
	Waited   time.Duration // of that, for the soak and the watch of its plan
	Steps    []Step        // in the order in which they were begun
	Method   Method        // what it shows of the runbook; ReadOnly if it did not get far enough
	Proved   int           // required places that were proved when it mattered
	Required int
	Classes  map[pawl.Class]int // of the proved places: the strongest evidence of each
	Revoked  bool               // a revoke was sent and heeded, so ToDeath means something
	ToDeath  time.Duration      // from the revoke to the first of the refusals
	OldID    string
	NewID    string
	Failure  string // why it failed, for people
	Digest   string // of its plan, as the journal, the audit log and the screen have it

	state *rotation.State // as whoever looks on sees it
}

// At is where it is at a time, and what it waits for: a soak is over without an
// event.
func (r Run) At(now time.Time) (rotation.Phase, []rotation.Wait) {
	d := rotation.Decide(r.state, now)
	return d.Phase, d.Waits
}

// Wall is the time from its beginning to its end, nights included; 0 while it
// is open.
func (r Run) Wall() time.Duration {
	if r.Ended.IsZero() {
		return 0
	}
	return max(0, r.Ended.Sub(r.Started))
}

// One reads a rotation, which has to have its events.
func One(j journal.Run) Run {
	t := &tally{run: Run{ID: j.ID, Outcome: j.Outcome, Method: ReadOnly}, state: new(rotation.State)}
	for _, e := range j.Events {
		t.add(e)
	}
	return t.finish()
}

// A tally is a Run in the making.
type tally struct {
	run   Run
	state *rotation.State
	clock clock
	open  map[string]int // steps by name, as index into run.Steps
	snap  *rotation.State
}

func (t *tally) add(e pawl.Event) {
	at := t.clock.tick(e)
	if e.Type == pawl.EvPlanned {
		t.run.By, t.run.Started, t.run.Reason = e.Actor, e.At, e.Plan.Reason
	}
	if e.Type == pawl.EvRollback && t.snap == nil {
		t.snap = t.state.Clone() // how far it had come before it went back
	}
	if e.Type == pawl.EvClosed {
		t.run.Ended = e.At
	}
	before := t.state.Target
	t.state.Follow(e) // nobody here drives: what was proved stays proved when somebody takes it up
	t.step(e, at, before)
}

func (t *tally) finish() Run {
	s, r := t.state, t.run
	r.Driven, r.OldID, r.NewID = t.clock.driven, s.OldID, s.NewID()
	r.Waited = r.waited()
	if s.Outcome == pawl.Failed {
		r.Failure = s.Failure.Detail
	}
	r.Method = method(s)
	shown := s
	if t.snap != nil && r.Method == Rehearsed {
		shown = t.snap
	}
	r.count(shown, r.Method == Rehearsed)
	doomed := s.Checked(s.Doomed())
	if r.Revoked = s.Revoke.Status == rotation.Done && !s.Dead.IsZero() && !doomed.First.IsZero(); r.Revoked {
		r.ToDeath = max(0, doomed.First.Sub(s.Revoke.At))
	}
	r.Digest, r.state = s.Plan.Digest(), s
	return r
}

// waited is the driven time in the soak and in the watch. A soak is over when the
// revoke begins; what of it passed while nobody drove is not driven time.
func (r Run) waited() (total time.Duration) {
	end := r.Driven
	for _, s := range slices.Backward(r.Steps) {
		switch s.Name {
		case StepRevoke:
			end = s.since
		case StepSoak:
			total += max(0, min(s.Took, end-s.since))
		case StepWatch:
			total += s.Took
		}
	}
	return total
}

// count counts what was proved. A rehearsal asks no person.
func (r *Run) count(s *rotation.State, rehearsal bool) {
	r.Classes = map[pawl.Class]int{}
	for i, c := range s.Plan.Consumers {
		if !c.Required() || rehearsal && c.Human != nil {
			continue
		}
		r.Required++
		if s.Holds(i) {
			r.Proved++
			r.Classes[s.Strength(i)]++
		}
	}
}
