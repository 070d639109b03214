package dst

import (
	"strconv"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/rotation"
)

// vendorName is the connection that can be searched for copies.
const vendorName = "vendor"

// A stray is an app that no plan has and that runs on a copy of the value.
type stray struct {
	where    string
	value    value
	since    time.Duration
	accepted time.Duration // when somebody said that it may be cut off; -1 before
}

// strays are the apps outside of the plan, in a world whose vendor can be
// searched for them.
type strays struct {
	searched bool
	all      []*stray
}

// settle draws whether the vendor can be searched, and lets people copy the
// value now and then while the trouble lasts.
func (s *sim) settle() {
	if s.strays.searched = s.chance(0.4); !s.strays.searched {
		return
	}
	s.some(faultCopied, func() {
		v := s.places[0].stored // whoever needs it fetches it from the store
		if s.vendor.byValue(v) == nil {
			return
		}
		x := &stray{where: vendorName + ":stray-" + strconv.Itoa(len(s.strays.all)+1), value: v, since: s.now, accepted: -1}
		s.strays.all = append(s.strays.all, x)
		s.tracef("   %s: somebody runs a copy of %s", x.where, v)
	})
}

// found is what a search shows, of the world as it was some time ago.
func (k *worker) found(ago time.Duration) (all []pawl.Stray) {
	for _, x := range k.s.strays.all {
		if x.since > k.s.now-ago || x.value == nothing {
			continue
		}
		side := pawl.Side("")
		switch x.value {
		case oldOne:
			side = pawl.Old
		case k.side(pawl.New, len(k.state.Attempts)):
			side = pawl.New
		default:
			continue // of a generation that was given up
		}
		all = append(all, pawl.Stray{Where: x.where, How: pawl.ByValue, Side: side})
	}
	return all
}

// census is the event of a search.
func (k *worker) census(ago time.Duration) pawl.Event {
	return pawl.Event{Type: pawl.EvCensus, Searched: []pawl.Searched{{Connection: vendorName, Areas: 3}}, Strays: k.found(ago)}
}

// seeTo does what only a person can do about a copy outside of the plan: stops
// it, or says that it may be cut off.
func (p *people) seeTo(w rotation.Wait) {
	s := p.s
	for _, x := range s.strays.all {
		if x.where != w.Place || x.value == nothing {
			continue
		}
		s.after(s.between(time.Second, 5*time.Minute), func() {
			if s.journal.closed {
				return
			}
			if s.chance(0.5) {
				s.tracef("   %s: stopped by the operator", x.where)
				x.value = nothing
				return
			}
			x.accepted = s.now
			s.signal(pawl.Event{Type: pawl.EvAcknowledged, Consumer: x.where, Reason: "not needed", Actor: operator})
		})
	}
}

// cutOff: I1. A revoke takes nothing from an app outside of the plan that could
// have been found, unless somebody said that it may.
func (m *monitor) cutOff(g *generation, judged time.Duration) {
	st := m.s.fold()
	if !m.s.strays.searched || m.s.plan.Reason == pawl.Leak || m.s.plan.Reason == pawl.Rehearsal || st.Sends > 1 || !m.asked() {
		return
	}
	for _, x := range m.s.strays.all {
		if x.value == g.value && x.accepted < 0 && x.since < judged-rotation.CensusFresh-m.leaps-staleness-2*skewed {
			m.broken("I1", "%s is revoked while %s, which nobody has listed, runs on it since %v", g.id, x.where, x.since)
		}
	}
}

// asked reports whether the copies were asked for at the preflight.
func (m *monitor) asked() bool {
	for _, ev := range m.s.journal.events {
		if ev.Type == pawl.EvCensus {
			return true
		}
	}
	return false
}
