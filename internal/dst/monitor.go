package dst

import (
	"fmt"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/rotation"
)

// A monitor sees the truth and judges. What it says of the core never rests on
// what the core says of itself, except for what was journaled.
type monitor struct {
	s         *sim
	lastFault time.Duration
	inFlight  time.Duration // the latest that anything sent so far arrives
	leaps     time.Duration // how far clocks have jumped forward
	unsettled bool          // one did while something was in flight

	ready    bool // the preflight is journaled
	intents  []pawl.Event
	mints    map[string]int           // by label
	soaking  time.Duration            // when the soak was journaled; -1 before
	watching time.Duration            // when the death was; -1 before
	revoke   time.Duration            // when the first revoke of what was revoked last was judged
	revokes  map[string]time.Duration // when each generation was first to be revoked
	ended    time.Duration
	back     bool
	onward   bool // a rollback was given up, since the old generation is dead
	allowed  bool // somebody asked for the revoke
	approved int
	glass    bool            // somebody goes on without
	told     map[string]bool // attempts whose value is sealed

	measured time.Duration // until when the exposure is counted
}

// broken notes that an invariant did not hold.
func (m *monitor) broken(invariant, format string, args ...any) {
	v := Violation{invariant, m.s.now, fmt.Sprintf(format, args...)}
	m.s.tracef("!! %s: %s", v.Invariant, v.Text)
	m.s.res.Broken = append(m.s.res.Broken, v)
}

// journaled is told of every event that is durable, at that moment.
func (m *monitor) journaled(ev pawl.Event, k *worker) {
	if m.s.bug.meet != nil {
		m.s.bug.meet(m.s, ev)
	}
	switch ev.Type {
	case pawl.EvPreflight:
		m.begin(ev)
	case pawl.EvIntended:
		m.intents = append(m.intents, ev)
		if _, again := m.revokes[ev.ID]; ev.Step == pawl.StepRevoke && !again {
			if m.revokes == nil {
				m.revokes = map[string]time.Duration{}
			}
			m.revokes[ev.ID] = m.s.now
		}
		if ev.Side == pawl.New && (ev.Step == pawl.StepSet || ev.Step == pawl.StepNotify) {
			m.s.people.moving()
		}
	case pawl.EvEnded:
		if ev.Step == pawl.StepMint && ev.Result == pawl.Done {
			m.sealed(ev)
		}
	case pawl.EvRollback:
		m.back = m.s.fold().Target == pawl.Old
	case pawl.EvForward:
		m.back = m.s.fold().Target == pawl.Old
		m.onward = !m.back
	case pawl.EvAuthorised:
		m.allowed = true
	case pawl.EvApproved:
		m.approved++
	case pawl.EvGlass:
		m.glass = m.glass || ev.Digest == m.s.plan.Digest()
	case pawl.EvSoaking:
		m.soaking = k.decided
	case pawl.EvWatching:
		m.watching = k.decided
	case pawl.EvClosed:
		m.ended = m.s.now
		m.close(ev)
	}
}

// begin notes what each place held, as far as it could be told.
func (m *monitor) begin(ev pawl.Event) {
	if ev.Result != pawl.Done || m.ready {
		return
	}
	m.ready = true
	for _, p := range m.s.places {
		p.origin = oldOne
		if v, ok := m.s.journal.open(priorName(p.c.ID)); ok {
			p.origin = v
		}
	}
}

// sealed: I2. What is recorded as minted has its value recorded with it.
func (m *monitor) sealed(ev pawl.Event) {
	if m.told == nil {
		m.told = map[string]bool{}
	}
	m.told[ev.ID] = true
	if _, ok := m.s.journal.open(newName(ev.Attempt)); !ok && !m.s.journal.closed {
		m.broken("I2", "%s is recorded as minted, and its value is not", ev.ID)
	}
}

// appended: I5. Only the latest driver changes the journal.
func (m *monitor) appended(k *worker, epoch int64) {
	if k.at.epoch != epoch {
		m.broken("I5", "worker %d of epoch %d wrote into epoch %d", k.n, k.at.epoch, epoch)
	}
}

// called is told of every call as it is made.
func (m *monitor) called(k *worker, a rotation.Action) {
	step, effect := a.Effect()
	if effect {
		m.accountable(k, step, a)
	}
	if a.Do == rotation.DoMint {
		if m.mints == nil {
			m.mints = map[string]int{}
		}
		if m.mints[a.Label]++; m.mints[a.Label] > 1 {
			m.broken("I6", "the mint %s was sent %d times", a.Label, m.mints[a.Label])
		}
	}
	if a.Do == rotation.DoSet && a.Side == pawl.New {
		m.waves(a)
	}
	if m.s.res.Calls > m.budget() {
		m.broken("I14", "%d calls, the budget is %d", m.s.res.Calls, m.budget())
	}
}

// budget is how many calls a rotation may make: so many for each time that it
// is taken up, and so many for each minute, each for every place.
func (m *monitor) budget() int {
	places := len(m.s.places) + 2
	return places * (150 + 60*m.s.res.Drives + 6*int(m.s.now/time.Minute))
}

// accountable: I4. Every effect has its intent in the journal before it.
func (m *monitor) accountable(k *worker, step pawl.Step, a rotation.Action) {
	if !m.ready {
		m.broken("I16", "%s before the preflight has passed", a.Do)
	}
	for _, ev := range m.intents {
		if ev.Step == step && ev.Consumer == a.Consumer && ev.Proof == a.Proof && ev.Side == a.Side && ev.Attempt == a.Attempt && ev.ID == a.ID && ev.Label == a.Label {
			return
		}
	}
	m.broken("I4", "%s %s %s%s has no intent", a.Do, a.Consumer, a.ID, a.Label)
}

// waves: a wave is not written before everything of the earlier ones was on the
// new value.
func (m *monitor) waves(a rotation.Action) {
	this := m.s.place(a.Consumer)
	v := this.s.value(a.Attempt)
	for _, p := range m.s.places {
		if p.c.Wave >= this.c.Wave || p.kind == kindHuman {
			continue
		}
		on := p.ran
		if p.kind == kindStore {
			on = p.ever
		}
		if !has(on, v) {
			m.broken("waves", "%s (wave %d) is written before %s (wave %d) was on %s", this.c.ID, this.c.Wave, p.c.ID, p.c.Wave, v)
		}
	}
}

func has(all []value, v value) bool {
	for _, o := range all {
		if o == v {
			return true
		}
	}
	return false
}

// value is what an attempt brought.
func (s *sim) value(attempt int) value {
	v, _ := s.journal.open(newName(attempt))
	return v
}

func (m *monitor) sent(arrives time.Duration) { m.inFlight = max(m.inFlight, arrives) }

func (m *monitor) leapt(by time.Duration) {
	m.leaps += by
	if m.inFlight > m.s.now {
		m.unsettled = true // the core took it for settled too early; its clock said so
	}
}

// wrote is told of every write as it arrives.
func (m *monitor) wrote(k *worker, a rotation.Action, v value) {
	p := m.s.place(a.Consumer)
	p.ours = true
	if begun, _ := m.s.journal.open("old"); p.kind == kindStore && p.stored >= foreign && p.stored != v && p.stored != begun && m.s.now > p.hand+landing(a.Do) {
		m.broken("I10", "%s is overwritten, where somebody had put %s", a.Consumer, p.stored)
	}
	if g := m.s.vendor.byValue(v); g != nil && a.Side == pawl.Old && g.revoked != never && g.stolen == never {
		m.broken("I1", "%s goes back to %s, which was revoked by us", a.Consumer, g.id)
	}
	if v == nothing {
		m.broken("I2", "%s is written without a value", a.Consumer)
	}
}

// revoked: I1. It is told of every revoke as it arrives, before it is applied.
// The target is what everything was to be on when it was sent.
func (m *monitor) revoked(a rotation.Action, judged time.Duration, target value) {
	g := m.s.vendor.byID(a.ID)
	if g == nil || g.revoked != never {
		return // dead already: nothing is taken from anybody
	}
	if g.id == m.s.colleague() {
		m.broken("I1", "%s revokes somebody else's generation", a.Do)
	}
	m.authority(a, g)
	if a.Do == rotation.DoRevoke {
		m.revoke = m.revokes[a.ID]
	}
	oldest := judged - m.fresh() - staleness - 2*skewed - clockBack - time.Second
	for _, p := range m.s.places {
		if p.required() && p.runsOn() == g.value && (p.since < oldest || p.kind == kindHuman && p.since < judged) {
			m.broken("I1", "%s revokes %s while %s has been on it since %v, long before it was judged at %v", a.Do, g.id, p.c.ID, p.since, judged)
		}
	}
	if a.Do != rotation.DoRevoke {
		return
	}
	m.cutOff(g, judged)
	if t := m.s.vendor.byValue(target); (t == nil || t.dead < oldest-(judged-m.revoke)) && !m.unused() {
		m.broken("I1", "%s is revoked, and %s has been dead since long before", g.id, target)
	}
	for _, p := range m.s.places {
		if !p.required() || m.back && !has(p.ran, m.newest()) || m.s.plan.Reason == pawl.Rehearsal && p.kind == kindHuman {
			continue
		}
		on := p.ran
		if p.kind == kindStore {
			on = p.ever
		}
		if want := p.goal(target); !has(on, want) {
			m.broken("I1", "%s is revoked, and %s was never on %s", g.id, p.c.ID, want)
		}
	}
}

// fresh is how old evidence may be.
func (m *monitor) fresh() time.Duration {
	return rotation.Fresh + time.Duration(len(m.s.places))*rotation.FreshEach
}

// goal is what a place is to end up with.
func (p *place) goal(target value) value {
	if target == oldOne {
		return p.origin
	}
	return target
}

// target is the value that everything is to be on.
func (m *monitor) target() value {
	if m.back {
		return oldOne
	}
	return m.newest()
}

// newest is the value of the latest mint that is recorded.
func (m *monitor) newest() value {
	for i := len(m.s.vendor.gens) - 1; i > 0; i-- {
		if m.told[m.s.vendor.gens[i].id] {
			return m.s.vendor.gens[i].value
		}
	}
	return nothing
}

// authority: I17, and the waits that were asked for.
func (m *monitor) authority(a rotation.Action, g *generation) {
	if a.Do == rotation.DoKill {
		if g.value == oldOne {
			m.broken("I1", "the old generation is revoked as an orphan")
		}
		return
	}
	plan := &m.s.plan
	if m.back {
		if g.value == oldOne {
			m.broken("I1", "the old generation is revoked although everything goes back to it")
		}
		return
	}
	switch {
	case plan.Reason == pawl.Rehearsal && !m.onward:
		m.broken("I17", "a rehearsal revokes %s", g.id)
	case g.value != oldOne:
		m.broken("I1", "%s is revoked going forward", g.id)
	case !m.allowed:
		m.broken("I17", "nobody asked for the revoke of %s", g.id)
	}
	if plan.Reason == pawl.Leak {
		return
	}
	if plan.Approval != nil && m.approved < plan.Approval.Count && !m.glass {
		m.broken("I17", "%d approvals, %d are required", m.approved, plan.Approval.Count)
	}
	if plan.Soak > 0 && (m.soaking < 0 || m.s.now < m.soaking+plan.Soak-m.leaps-2*skewed) {
		m.broken("I17", "revoked %v after the soak of %v began at %v", m.s.now-m.soaking, plan.Soak, m.soaking)
	}
}
