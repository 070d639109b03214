package dst

import (
	"strings"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/rotation"
)

// close is told that the rotation ended.
func (m *monitor) close(ev pawl.Event) {
	m.s.res.Outcome, m.s.res.Took = ev.Outcome, m.s.now
	m.s.tracef("== %s", ev.Outcome)
	if ev.Outcome == pawl.Completed && m.s.plan.Reason != pawl.Leak && m.s.now < m.watching+m.s.plan.Watch-m.leaps-2*skewed {
		m.broken("I13", "closed %v after the death, the watch was to be %v", m.s.now-m.watching, m.s.plan.Watch)
	}
	m.outcome(ev.Outcome)
	m.end()
}

// outcome: a rotation ends the way that it went.
func (m *monitor) outcome(o pawl.Outcome) {
	if m.s.plan.Reason == pawl.Rehearsal && o == pawl.Completed && !m.onward {
		m.broken("I17", "a rehearsal is completed")
	}
	if (o == pawl.Completed) == m.back && !(o == pawl.Failed && len(m.intents) == 0) {
		m.broken("I10", "ends as %s, rolled back: %v", o, m.back)
	}
}

// finish judges a run when nothing happens any more.
func (m *monitor) finish() {
	if len(m.s.res.Broken) > 0 {
		return
	}
	if m.s.res.Outcome != "" {
		m.end() // what landed after the end must have changed nothing
		m.expose()
		return
	}
	if m.s.res.Person = m.reason(); m.s.res.Person == "" {
		m.broken("I7", "not at an end, %v after the trouble was over, and nobody would know why", m.s.now-m.s.calm)
	}
}

// reason is why only a person can go on, if that is so.
func (m *monitor) reason() string {
	st := m.s.fold()
	helpless := false
	for _, w := range m.s.people.last {
		helpless = helpless || w.On == rotation.OnHelp
	}
	switch {
	case !helpless:
		return "" // waits for nothing that anybody would see
	case unprovable(st):
		return "the plan requires more than its places can show"
	case st.Places[0].Asked > rotation.Asks:
		return "the change of the store was never agreed to"
	}
	return ""
}

// end judges the world after the end of the rotation.
func (m *monitor) end() {
	target := m.finalTarget()
	for _, g := range m.s.vendor.gens {
		ours := strings.HasPrefix(g.label, "pawl/")
		switch {
		case g.value == target:
			if g.dead <= m.s.now && !m.excused(g.stolen) && len(m.intents) > 0 && !m.unused() {
				m.broken("I9", "ended on %s, which is dead since %v", g.id, g.dead)
			}
		case g.value == oldOne:
			if g.accepted(m.s.now) && g.revoked == never {
				m.broken("I8", "the old generation is alive at the end")
			} else if g.accepted(m.s.now) && !m.doubted() {
				m.broken("I8", "the old generation is accepted until %v", g.dead)
			}
		case ours && g.revoked == never && !m.beyond():
			m.broken("I2", "%s, labelled %s, is an orphan", g.id, g.label)
		}
	}
	for _, p := range m.s.places {
		m.endPlace(p, target)
	}
}

// unused reports whether everything goes back, and nobody was ever asked to move.
func (m *monitor) unused() bool {
	for _, ev := range m.intents {
		if ev.Side == pawl.New && (ev.Step == pawl.StepSet || ev.Step == pawl.StepNotify) {
			return false
		}
	}
	return m.back
}

func (m *monitor) finalTarget() value {
	if m.s.res.Outcome == pawl.Completed {
		return m.newest()
	}
	return oldOne
}

// endPlace: I10 and I13. Every place that was asked to move is where it ought
// to be, unless somebody changed it after the last look that was promised.
func (m *monitor) endPlace(p *place, target value) {
	want := p.goal(target)
	if p.kind == kindHuman {
		if p.required() && p.run != want && target == oldOne != has(p.ran, want) {
			m.broken("I1", "%s is on %s at the end, not on %s", p.c.ID, p.run, want)
		}
		return
	}
	if target == oldOne && !p.ours || m.excused(p.hand) || m.beyond() {
		return // was never touched
	}
	invariant := "I13"
	if p.kind == kindStore {
		invariant = "I10"
	}
	if p.stored != want {
		m.broken(invariant, "%s stores %s at the end, not %s", p.c.ID, p.stored, want)
	} else if p.kind != kindStore && p.run != want && m.s.now-p.at > p.lag && m.s.now > p.broken+p.lag {
		m.broken(invariant, "%s runs on %s at the end, not on %s", p.c.ID, p.run, want)
	}
}

// excused reports whether something happened so late that no look was promised
// after it.
func (m *monitor) excused(at time.Duration) bool {
	if at < 0 || at == never {
		return false
	}
	last := m.watching
	if m.back { // what happens to the old one once the new one is revoked is beyond help
		last = m.revoke - m.fresh()
	}
	if m.s.res.Outcome == pawl.Completed && m.s.plan.Reason != pawl.Leak {
		last += m.s.plan.Watch - m.leaps
	}
	return m.watching < 0 || at > last-staleness-2*skewed
}

// doubted: the vendor refused everything for a while; nobody could have told.
func (m *monitor) doubted() bool {
	v := &m.s.vendor
	return v.outTo > 0 && v.outFrom < m.s.now && v.outTo > v.gens[0].revoked
}

// beyond reports whether the world left what the core assumes: a clock that
// jumped forward while a call was in flight.
func (m *monitor) beyond() bool { return m.unsettled }
