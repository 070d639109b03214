package dst

import "time"

// Exposure is what a rotation costs while all goes as it should: it is
// measured, not judged.
type Exposure struct {
	Orphans []time.Duration // how long each generation lived that nobody could use
	TwoLive time.Duration   // old and new were both accepted by the vendor
	Mixed   time.Duration   // some consumers on the one, some on the other
	Stale   int             // effects sent by a process that had just been taken over: what the fence cannot see
}

// exposure counts what was mixed since it was last called. It is called before
// every change of what a consumer runs on.
func (m *monitor) exposure() {
	since := m.s.now - m.measured
	m.measured = m.s.now
	if m.ended != 0 || since <= 0 {
		return
	}
	var one value
	for _, p := range m.s.places {
		v := p.runsOn()
		if v == nothing || !p.required() || v >= foreign {
			continue
		}
		if one == nothing {
			one = v
		} else if v != one {
			m.s.res.Exposure.Mixed += since
			return
		}
	}
}

// expose counts the rest, when all is over.
func (m *monitor) expose() {
	e := &m.s.res.Exposure
	var first, last time.Duration
	for i, g := range m.s.vendor.gens[1:] {
		until := min(g.revoked, m.s.now)
		if !m.told[g.id] {
			e.Orphans = append(e.Orphans, until-g.born)
		}
		if i == 0 {
			first = g.born
		}
		if g.value != m.finalTarget() {
			last = max(last, until)
		}
	}
	if m.finalTarget() != oldOne {
		last = min(m.s.vendor.gens[0].dead, m.s.now)
	}
	if len(m.s.vendor.gens) > 1 {
		e.TwoLive = max(0, last-first)
	}
}
