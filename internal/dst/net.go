package dst

import (
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/rotation"
)

// A fault is a way in which something goes wrong.
type fault int

const (
	faultRefused     fault = iota // unavailable or throttled: nothing was changed
	faultForbidden                // our own sign-in is refused, or may not do this
	faultLostBefore               // no answer, and nothing arrived
	faultLostAfter                // no answer, and it arrived
	faultLate                     // no answer, and it arrives later
	faultTwice                    // arrives a second time, later
	faultSlow                     // the answer takes long
	faultStale                    // the answer is about the past
	faultCrash                    // kill -9
	faultFreeze                   // SIGSTOP, longer than anybody waits
	faultTakeover                 // another process takes over from a living one
	faultInterrupt                // Ctrl-C
	faultJournalDown              // nothing was written
	faultJournalLost              // no answer to the commit, and nothing was written
	faultJournalDone              // no answer to the commit, and all of it was written
	faultRedeployed               // a consumer goes back to a value it had before
	faultEdited                   // somebody puts another value there
	faultStolen                   // a generation is revoked by somebody else
	faultReleases                 // releases fail for a while
	faultCopied                   // somebody runs a copy that is not in the plan
	faultClock                    // a host's clock jumps
	faultKinds

	faultMisanswered = faultKinds // a mint is answered with what it has not made: only with a real engine
)

var faultText = [faultKinds + 1]string{"refused", "forbidden", "lost before", "lost after", "late", "twice", "slow", "stale", "crash", "freeze",
	"take-over", "interrupt", "journal down", "journal lost", "journal done", "redeployed", "edited", "stolen", "releases fail", "copied", "clock jump", "misanswered"}

// FaultName names an index of [Result.Fired].
func FaultName(i int) string { return faultText[i] }

// mood is how often each fault happens in a world. Half of them never do: a
// world with everything in it hides what a world with one thing shows.
type mood [faultKinds]float64

// often is the highest rate of each fault: for calls and appends a probability
// each time, for what others do the expected number.
var often = mood{
	faultRefused: 0.3, faultForbidden: 0.05, faultLostBefore: 0.3, faultLostAfter: 0.3, faultLate: 0.3, faultTwice: 0.2, faultSlow: 0.2, faultStale: 0.3,
	faultCrash: 0.05, faultFreeze: 0.05, faultTakeover: 0.03, faultInterrupt: 0.01,
	faultJournalDown: 0.1, faultJournalLost: 0.1, faultJournalDone: 0.1,
	faultRedeployed: 4, faultEdited: 1.5, faultStolen: 1, faultReleases: 2, faultCopied: 3, faultClock: 3,
}

func (s *sim) newMood() (m mood) {
	for f := range m {
		if s.chance(0.4) {
			m[f] = often[f] * s.rng.Float64()
		}
	}
	return m
}

// strikes rolls the dice for one fault.
func (s *sim) strikes(f fault) bool {
	if !s.troubled() || !s.chance(s.mood[f]) {
		return false
	}
	s.fired(f)
	return true
}

func (s *sim) fired(f fault) {
	s.res.Fired[f]++
	s.res.Faults++
	s.mon.lastFault = s.now
}

// How late things may be. They are what the core assumes, less what clocks
// differ by.
const (
	skewed    = 200 * time.Millisecond
	staleness = 2 * time.Second
	wire      = 40 * time.Millisecond
)

// A fate is what becomes of one call.
type fate struct {
	arrives []time.Duration // from now; empty: never
	answer  time.Duration   // when the caller hears, or gives up
	lost    bool            // the caller does not hear what came of it
	refusal pawl.Kind       // not Other: refused, nothing arrived
}

// fate draws what becomes of a call that changes something. Whatever arrives
// arrives within landing of the moment in which its fence was asked.
func (s *sim) fate(do rotation.Do, asked time.Duration) fate {
	latest := max(landing(do)-skewed*2-(s.now-asked), wire)
	if s.opt.Beyond {
		latest = max(latest, 2*time.Minute)
	}
	there := s.between(time.Millisecond, wire)
	f := fate{arrives: []time.Duration{there}, answer: there + s.between(time.Millisecond, wire)}
	switch {
	case s.strikes(faultRefused):
		return fate{answer: f.answer, refusal: s.pick(pawl.Throttled, pawl.Unavailable)}
	case s.strikes(faultForbidden):
		return fate{answer: f.answer, refusal: s.pick(pawl.Denied, pawl.Forbidden, pawl.Operator)}
	case s.strikes(faultLostBefore):
		return fate{answer: s.between(time.Millisecond, 5*time.Second), lost: true}
	case s.strikes(faultLostAfter):
		f.lost, f.answer = true, there+s.between(time.Millisecond, 5*time.Second)
	case s.strikes(faultLate):
		f.arrives[0] = s.between(wire, latest)
		f.lost, f.answer = true, s.between(time.Millisecond, latest)
	case s.strikes(faultSlow):
		f.answer = there + s.skewed(time.Second, 100*time.Second)
	}
	if s.strikes(faultTwice) {
		until := latest
		if (do == rotation.DoMint || do == rotation.DoSet) && !f.lost && !s.opt.Beyond {
			until = min(until, f.answer) // what repeats a call does so while it has no answer
		}
		f.arrives = append(f.arrives, s.between(f.arrives[0], until))
	}
	return f
}

func (s *sim) pick(kinds ...pawl.Kind) pawl.Kind { return kinds[s.rng.IntN(len(kinds))] }

// A sight is what becomes of one call that only looks.
type sight struct {
	asked  time.Duration // when it is answered from the truth, from now
	answer time.Duration
	ago    time.Duration // how old that truth is
	kind   pawl.Kind     // not Other: it failed
}

func (s *sim) sight() sight {
	there := s.between(time.Millisecond, wire)
	g := sight{asked: there, answer: there + s.between(time.Millisecond, wire)}
	switch {
	case s.strikes(faultRefused):
		g.kind = s.pick(pawl.Throttled, pawl.Unavailable)
	case s.strikes(faultForbidden):
		g.kind = s.pick(pawl.Forbidden, pawl.Operator)
	case s.strikes(faultLostAfter):
		g.kind, g.answer = pawl.Unknown, s.between(time.Millisecond, 5*time.Second)
	case s.strikes(faultSlow):
		g.answer = there + s.skewed(time.Second, 100*time.Second)
		if s.chance(0.5) {
			g.asked = g.answer - time.Millisecond
		}
	}
	if s.strikes(faultStale) {
		g.ago = s.between(0, staleness)
	}
	return g
}

// landing is how late a call of this kind may arrive.
func landing(do rotation.Do) time.Duration {
	if do == rotation.DoMint {
		return rotation.Linger - staleness
	}
	return rotation.Settle
}
