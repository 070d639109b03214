package connect

import (
	"slices"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/rotation"
)

// A Meeting is the part that one rotation has in a [Rendezvous]: it tells the
// others where it will still write. Its methods are not safe for concurrent use
// with each other.
type Meeting struct {
	at     *Rendezvous
	plan   pawl.Plan
	groups map[string]string // by place
}

// Meeting returns the part of a rotation with this plan. Without a rendezvous it
// meets nobody.
func (o *Opener) Meeting(plan pawl.Plan) *Meeting {
	return &Meeting{o.Together, plan, o.Groups(plan)}
}

// Join makes the rotation known, before it is driven.
func (m *Meeting) Join(s *rotation.State) {
	if m.at != nil {
		m.at.Join(m.plan.Credential, m.coming(s), s.Target == pawl.Old)
	}
}

// Follow says where the rotation is now, and what it waits for.
func (m *Meeting) Follow(s *rotation.State, waits []rotation.Wait) {
	if m.at == nil {
		return
	}
	coming := m.coming(s)
	if needsSomebody(waits) {
		coming = nil
	}
	m.at.Follow(m.plan.Credential, coming, s.Target == pawl.Old)
}

// Leave says that the rotation is not driven any more. It may be called twice.
func (m *Meeting) Leave() {
	if m.at != nil {
		m.at.Leave(m.plan.Credential)
	}
}

// needsSomebody reports whether a rotation goes no further without a person, so
// that nobody waits for what it would write after that.
func needsSomebody(waits []rotation.Wait) bool {
	return slices.ContainsFunc(waits, func(w rotation.Wait) bool {
		return slices.Contains([]rotation.On{rotation.OnHelp, rotation.OnVendor, rotation.OnPerson, rotation.OnApproval, rotation.OnPause}, w.On)
	})
}

// coming are the groups that the rotation will still write to, with the wave in
// which it does. A rehearsal comes back to each of them; going back there are no
// waves.
func (m *Meeting) coming(s *rotation.State) map[string]int {
	waves, back := map[string]int{}, s.Target == pawl.Old
	for _, id := range s.ToWrite() {
		switch g := m.groups[id]; {
		case g == "":
		case back:
			waves[Back(g)] = 0
		default:
			waves[g] = m.plan.Place(id).Wave
		}
	}
	if m.plan.Reason == pawl.Rehearsal && !back && !s.OldDead {
		for _, g := range m.groups {
			waves[Back(g)] = len(m.plan.Consumers) + 1 // after every wave
		}
	}
	return waves
}
