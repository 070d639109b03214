package engine_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/engine"
	"github.com/pawl-dev/pawl/rotation"
)

// A pair is two rotations that one process drives at once.
type pair struct {
	a, b  *world
	turns *engine.Turns
	mu    sync.Mutex
	story []string // "revoke a", "dead a", "seen a": once each
}

func newPair(t *testing.T, k keys, sharesA, sharesB string) *pair {
	p := &pair{a: newWorld(t, k), b: newWorld(t, k), turns: &engine.Turns{}}
	p.b.plan.Credential = "deploy-key"
	p.a.start()
	p.b.start()
	p.turns.Join(p.a.id, 0, []string{sharesA})
	p.turns.Join(p.b.id, 1, []string{sharesB})
	return p
}

func (p *pair) watch(name string) func(engine.Update) {
	return func(u engine.Update) {
		switch {
		case u.Event.Type == pawl.EvIntended && u.Event.Step == pawl.StepRevoke:
			p.tell("revoke " + name)
		case u.Event.Type == pawl.EvWatching:
			p.tell("dead " + name)
		case u.Event.Type == pawl.EvObserved && !u.State.Dead.IsZero() && u.Event.Verdict == pawl.Proved:
			for _, place := range u.State.Places {
				if place.Look.Verdict != pawl.Proved || place.Look.At.Before(u.State.Dead) {
					return
				}
			}
			p.tell("seen " + name)
		}
	}
}

func (p *pair) tell(line string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !slices.Contains(p.story, line) {
		p.story = append(p.story, line)
	}
}

func (p *pair) drive(t *testing.T) {
	opt := engine.Options{AutoRevoke: true, Turns: p.turns}
	optA, optB := opt, opt
	optA.Watch, optB.Watch = p.watch("a"), p.watch("b")
	wait := p.b.behind(t.Context(), optB)
	p.a.drive(t.Context(), optA)
	wait()
}

// TestTurns: of two rotations that share a consumer, the second one revokes
// once everybody was seen to have survived the first.
func TestTurns(t *testing.T) {
	k := newKeys(t)
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t, k, "acme-api", "acme-api")
		p.drive(t)
		p.a.check(pawl.Completed)
		p.b.check(pawl.Completed)
		got := strings.Join(p.story, ", ")
		if got != "revoke a, dead a, seen a, revoke b, dead b, seen b" && got != "revoke b, dead b, seen b, revoke a, dead a, seen a" {
			t.Errorf("it went %s; want one after the other", got)
		}
	})
}

// TestTurnsByRank: among those that wait the lowest rank is next, whoever asked
// first.
func TestTurnsByRank(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var turns engine.Turns
		id := func(name string) pawl.RotationID { return pawl.RotationID{Credential: name, Number: 1} }
		for rank, name := range []string{"first", "second", "third"} {
			turns.Join(id(name), rank, []string{"acme-api"})
		}
		got := []bool{turns.Take(id("second")), turns.Take(id("third")), turns.Take(id("first"))}
		turns.Leave(id("second"))
		got = append(got, turns.Take(id("third")), turns.Take(id("first")), turns.Take(id("third")))
		if want := []bool{true, false, false, false, true, false}; !slices.Equal(got, want) {
			t.Errorf("taken: %v, want %v", got, want)
		}
	})
}

// TestTurnsOfOthers: those that share nothing do not wait for each other.
func TestTurnsOfOthers(t *testing.T) {
	k := newKeys(t)
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t, k, "acme-api", "acme-console")
		p.drive(t)
		if a, b := slices.Index(p.story, "dead a"), slices.Index(p.story, "revoke b"); b > a {
			t.Errorf("it went %s; want both revokes before either is dead", strings.Join(p.story, ", "))
		}
	})
}

// TestTurnsAreBounded: a vendor that does not heed a revoke keeps nobody else's
// key alive.
func TestTurnsAreBounded(t *testing.T) {
	k := newKeys(t)
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t, k, "acme-api", "acme-api")
		p.turns.Bound = 30 * time.Second
		p.a.fate = func(call string) fate {
			if strings.HasPrefix(call, "revoke") {
				return dropped
			}
			return well
		}
		opt := engine.Options{AutoRevoke: true, Turns: p.turns, Timeout: 2 * time.Minute}
		optA := opt
		revoking, watch := until(rotation.Revoking)
		optA.Watch = watch
		wait := p.a.behind(t.Context(), optA)
		<-revoking
		begin := time.Now()
		p.b.drive(t.Context(), opt)
		p.b.check(pawl.Completed)
		if took := time.Since(begin); took < 29*time.Second || took > time.Minute {
			t.Errorf("the other one took %s, want its own time and half a minute", took)
		}
		if res := wait(); res.State.Outcome != "" {
			t.Errorf("the first one ended %s, although its vendor does not heed it", res.State.Outcome)
		}
	})
}
