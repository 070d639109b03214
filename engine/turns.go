package engine

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/rotation"
)

// Turns lets rotations of one process that share consumers revoke one after
// the other, so that what breaks is known to be broken by one of them. A turn
// begins before the proofs for the revoke are taken, and ends when the revoked
// generation is dead and every consumer was seen well since then; or after
// Bound, since a vendor may take hours until it heeds a revoke.
//
// The zero value is ready. All methods may be called concurrently.
type Turns struct {
	Bound time.Duration // 0: 1 minute

	mu  sync.Mutex
	all map[pawl.RotationID]*turn
}

type turn struct {
	rank   int
	shares []string
	asked  time.Time // it waits, as long as it keeps asking
	taken  time.Time // it has the turn; zero: it has not
}

func (t *Turns) bound() time.Duration { return cmp.Or(t.Bound, time.Minute) }

// Join makes a rotation known before it is driven. Those that share something
// take turns; among those that wait, the lowest rank is next.
func (t *Turns) Join(id pawl.RotationID, rank int, shares []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.all == nil {
		t.all = map[pawl.RotationID]*turn{}
	}
	t.all[id] = &turn{rank: rank, shares: slices.Clone(shares)}
}

// leave says that a rotation is not driven any more.
func (t *Turns) leave(id pawl.RotationID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.all, id)
}

// askEvery is how often a rotation asks whether it is its turn.
const askEvery = 100 * time.Millisecond

// take reports whether it is a rotation's turn, and takes it.
func (t *Turns) take(id pawl.RotationID) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	me, now := t.all[id], time.Now()
	if me == nil || t.holds(me, now) {
		return true
	}
	me.asked = now
	for _, other := range t.all {
		waits := other.rank < me.rank && other.taken.IsZero() && now.Sub(other.asked) < 5*askEvery
		if other != me && other.overlaps(me) && (t.holds(other, now) || waits) {
			return false
		}
	}
	me.taken = now
	return true
}

func (t *Turns) holds(x *turn, now time.Time) bool {
	return !x.taken.IsZero() && now.Sub(x.taken) < t.bound()
}

func (x *turn) overlaps(y *turn) bool {
	return slices.ContainsFunc(x.shares, func(s string) bool { return slices.Contains(y.shares, s) })
}

// saw ends the turn of a rotation whose consumers have survived its revoke.
func (t *Turns) saw(id pawl.RotationID, s *rotation.State) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if me := t.all[id]; me != nil && survived(s) {
		me.taken, me.asked = time.Time{}, time.Time{}
	}
}

// survived reports whether every consumer was seen well since the doomed
// generation was proved dead.
func survived(s *rotation.State) bool {
	if s.Dead.IsZero() {
		return false
	}
	for i, c := range s.Plan.Consumers {
		look := s.Places[i].Look
		if c.Human == nil && !s.Accepted(i) && (s.Target == pawl.New || s.Places[i].Touched) && (look.Verdict != pawl.Proved || look.At.Before(s.Dead)) {
			return false
		}
	}
	return true
}

// hold keeps a decision that leads to the revoke back until it is the
// rotation's turn. The proofs for it are taken after that, so that they are
// fresh then.
func (r *run) hold(d rotation.Decision) rotation.Decision {
	if r.opt.Turns == nil {
		return d
	}
	r.opt.Turns.saw(r.id, r.state)
	revokes := slices.ContainsFunc(d.Append, func(ev pawl.Event) bool { return ev.Type == pawl.EvGate }) ||
		slices.ContainsFunc(d.Do, func(a rotation.Action) bool { return a.Do == rotation.DoRevoke })
	if !revokes || r.state.ID(r.state.Doomed()) == "" || r.opt.Turns.take(r.id) {
		return d
	}
	return rotation.Decision{Phase: d.Phase, Wake: r.e.now().Add(askEvery),
		Waits: []rotation.Wait{{On: rotation.OnTimer, Detail: "another rotation of this run is revoking; this one is next"}}}
}
