package dst

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/pawl-dev/pawl"
)

// value stands for a secret. Values are told apart, never revealed: 0 is no
// value, 1 the old generation's, the next are the minted ones in their order,
// and from foreign on they are somebody else's.
type value int

const (
	nothing value = 0
	oldOne  value = 1
	foreign value = 1000
)

const never = time.Duration(math.MaxInt64)

// A generation is the vendor's truth.
type generation struct {
	id      string
	label   string
	value   value
	born    time.Duration
	works   time.Duration // refused before: it takes a while until a new one is known everywhere
	revoked time.Duration
	dead    time.Duration // refused from then on
	stolen  time.Duration // when somebody else revoked it
}

func (g *generation) live(t time.Duration) bool { return g.born <= t && t < g.revoked }

func (g *generation) accepted(t time.Duration) bool { return g.works <= t && t < g.dead }

// vendor mints, lists, checks and revokes.
type vendor struct {
	s    *sim
	gens []*generation
	lag  time.Duration // between an accepted revoke and the refusal
	told time.Duration // when a mint was last answered
	slow time.Duration // between a mint and its value working everywhere
	// An outage of the vendor's sign-in refuses every value for a while.
	outFrom, outTo time.Duration
	barren         bool // what it mints never works
}

func (v *vendor) found(s *sim) {
	v.s = s
	v.gens = []*generation{{id: "g1", label: "acme", value: oldOne, revoked: never, dead: never, stolen: never}}
	if s.chance(0.3) {
		v.lag = s.skewed(time.Second, time.Hour)
	}
	if s.chance(0.3) {
		v.slow = s.skewed(0, 3*time.Second)
	}
	if s.chance(0.1) {
		v.outFrom = s.between(0, s.calm)
		v.outTo = min(v.outFrom+s.between(time.Second, 30*time.Second), s.calm)
	}
	v.barren = s.chance(0.01)
	if s.plan.Reason == pawl.Leak && s.chance(0.2) { // whoever found it revoked it
		v.gens[0].revoked, v.gens[0].dead, v.gens[0].stolen = 0, 0, 0
	}
}

func (v *vendor) mint(label string) *generation {
	n := len(v.gens) + 1
	g := &generation{id: "g" + strconv.Itoa(n), label: label, value: value(n), born: v.s.now, works: v.s.now, revoked: never, dead: never, stolen: never}
	if v.slow > 0 {
		g.works += v.s.between(0, v.slow)
	}
	if v.barren {
		g.works = never
	}
	v.gens = append(v.gens, g)
	v.s.tracef("   vendor: %s is born, labelled %s", g.id, label)
	return g
}

func (v *vendor) byID(id string) *generation {
	for _, g := range v.gens {
		if g.id == id {
			return g
		}
	}
	return nil
}

func (v *vendor) valueOf(id string) value { return v.byID(id).value }

func (v *vendor) byValue(val value) *generation {
	if val < 1 || int(val) > len(v.gens) {
		return nil
	}
	return v.gens[val-1]
}

func (v *vendor) revoke(id string) {
	g := v.byID(id)
	if g == nil || g.revoked != never {
		return
	}
	g.revoked, g.dead = v.s.now, v.s.now
	if v.lag > 0 {
		g.dead += v.s.between(v.lag/2, v.lag)
	}
	v.s.tracef("   vendor: %s is revoked, refused from %v on", id, g.dead)
}

// check tries a value at a time.
func (v *vendor) check(val value, t time.Duration) pawl.Kind {
	g := v.byValue(val)
	if g == nil || !g.accepted(t) || v.outFrom <= t && t < v.outTo {
		return pawl.Denied
	}
	return pawl.Other
}

// list is what carries a label, as it was at a time, but with everything that
// was born before the latest answer to a mint.
func (v *vendor) list(label string, t time.Duration) (ids []string) {
	t = max(t, min(v.told, v.s.now))
	for _, g := range v.gens {
		if rest, ok := strings.CutPrefix(g.label, label); ok && (rest == "" || rest[0] == '/') && g.live(t) {
			ids = append(ids, g.id)
		}
	}
	return ids
}
