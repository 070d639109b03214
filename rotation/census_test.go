package rotation_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/rotation"
)

// A searching world answers a census: by what there is to search, and what is
// found there.
type searching struct {
	*world
	first  []pawl.Searched
	now    func() []pawl.Searched // nil: complete
	strays func() []pawl.Stray
	count  int // how often it was searched
}

func complete() []pawl.Searched { return []pawl.Searched{{Connection: "acme", Areas: 3}} }

// newSearching is a world whose one connection can be searched.
func newSearching(t *testing.T, plan pawl.Plan, strays ...pawl.Stray) *searching {
	w := newWorld(t, plan)
	s := &searching{world: w, first: complete(), strays: func() []pawl.Stray { return strays }}
	w.census = func(early bool) pawl.Event {
		if !early {
			s.count++
		}
		ev := pawl.Event{Type: pawl.EvCensus, Strays: s.strays(), Searched: s.first}
		if !early {
			ev.Searched = complete()
			if s.now != nil {
				ev.Searched = s.now()
			}
		}
		return ev
	}
	return s
}

func (s *searching) revoke() rotation.Decision {
	s.append(pawl.Event{Type: pawl.EvAuthorised, Actor: ana})
	return s.run()
}

func (s *searching) accept(place string) {
	s.append(pawl.Event{Type: pawl.EvAcknowledged, Consumer: place, Reason: "it is going away", Actor: ana})
}

func billing() pawl.Stray {
	return pawl.Stray{Where: "acme:billing/KEY", How: pawl.ByValue, Side: pawl.Old}
}

func (s *searching) mustHoldFor(t *testing.T, d rotation.Decision, place string) {
	t.Helper()
	if _, live := s.live["id-old"]; !live || s.state.Outcome != "" {
		t.Fatalf("outcome %q, old live %v: want it held", s.state.Outcome, live)
	}
	if len(d.Waits) != 1 || d.Waits[0].On != rotation.OnHelp || d.Waits[0].Place != place || !strings.Contains(d.Waits[0].Hint, "--accept '"+place+"'") {
		t.Fatalf("waits for %+v, want for somebody to say what becomes of %s", d.Waits, place)
	}
}

func (s *searching) mustFinish(t *testing.T, want pawl.Outcome) {
	t.Helper()
	if s.state.Outcome != want || len(s.check()) > 0 {
		t.Fatalf("outcome %q, %v, want %q", s.state.Outcome, s.check(), want)
	}
}

func TestAStrayHoldsTheRevoke(t *testing.T) {
	s := newSearching(t, somePlan(), billing())
	s.mustHoldFor(t, s.run(), "acme:billing/KEY") // before anybody asks for the revoke
	s.mustHoldFor(t, s.revoke(), "acme:billing/KEY")
	s.accept("acme:other/KEY")
	s.mustHoldFor(t, s.run(), "acme:billing/KEY")
	s.accept("acme:billing/KEY")
	s.run()
	s.mustFinish(t, pawl.Completed)
	if a := s.state.Census.Accepted; len(a) != 2 || a[1].By != ana || a[1].Why == "" {
		t.Errorf("acknowledged %+v, want who and why", a)
	}
}

func TestARemovedStrayIsLookedForAgain(t *testing.T) {
	gone := false
	s := newSearching(t, somePlan())
	s.strays = func() []pawl.Stray {
		if gone {
			return nil
		}
		return []pawl.Stray{billing()}
	}
	s.mustHoldFor(t, s.revoke(), "acme:billing/KEY")
	gone = true
	s.drive()
	s.run()
	s.mustFinish(t, pawl.Completed)
}

func TestAStrayMayAppearWhileItRuns(t *testing.T) {
	s := newSearching(t, somePlan())
	s.strays = func() []pawl.Stray {
		if s.count == 0 { // at the preflight there was none
			return nil
		}
		return []pawl.Stray{billing()}
	}
	s.mustHoldFor(t, s.revoke(), "acme:billing/KEY")
}

func TestACensusGetsOld(t *testing.T) {
	s := newSearching(t, somePlan())
	s.run()
	before := s.count
	s.world.now = s.world.now.Add(rotation.CensusFresh + time.Second)
	if d := rotation.Decide(s.state, s.world.now); len(d.Do) > 0 || len(d.Waits) != 1 || d.Waits[0].On != rotation.OnRevoke {
		t.Fatalf("%+v: while nobody asks for the revoke it is not searched again and again", d)
	}
	s.revoke()
	if s.mustFinish(t, pawl.Completed); s.count != before+1 {
		t.Errorf("searched %d times since, want once", s.count-before)
	}
	s = newSearching(t, somePlan())
	if s.revoke(); s.count != 1 {
		t.Errorf("searched %d times, want once: not again for each send", s.count)
	}
}

func TestTheGuardWantsACensus(t *testing.T) {
	s := newSearching(t, somePlan())
	guarded := false
	s.world.signal = func() {
		d := rotation.Decide(s.state, s.world.now)
		for _, a := range d.Do {
			if a.Do != rotation.DoRevoke {
				continue
			}
			guarded = true
			blind := *s.state
			blind.Census.At = time.Time{}
			if blind.Guard(s.world.now) == nil {
				t.Error("the guard lets a revoke pass without a census")
			}
			blind = *s.state
			blind.Census.Strays = []pawl.Stray{billing()}
			if blind.Guard(s.world.now) == nil {
				t.Error("the guard lets a revoke pass that cuts a copy off")
			}
		}
	}
	s.revoke()
	if s.mustFinish(t, pawl.Completed); !guarded {
		t.Error("no revoke was seen")
	}
}

func TestWhatCannotBeSearchedIsNotWaitedFor(t *testing.T) {
	for _, kind := range []pawl.Kind{pawl.Forbidden, pawl.NotFound, pawl.Invalid} {
		s := newSearching(t, somePlan())
		s.first = []pawl.Searched{{Connection: "acme", Kind: kind.String()}}
		if s.revoke(); s.count != 0 {
			t.Errorf("%v: searched %d times", kind, s.count)
		}
		s.mustFinish(t, pawl.Completed)
	}
}

func TestWhatCouldBeSearchedHasToBe(t *testing.T) {
	for name, is := range map[string]pawl.Searched{
		"fails":     {Connection: "acme", Kind: pawl.Unavailable.String(), Detail: "503"},
		"forbidden": {Connection: "acme", Kind: pawl.Forbidden.String(), Detail: "403"},
		"blinder":   {Connection: "acme", Areas: 2, Blind: 1},
		"missing":   {Connection: "another"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSearching(t, somePlan())
			s.now = func() []pawl.Searched { return []pawl.Searched{is} }
			s.mustHoldFor(t, s.revoke(), "acme")
			if s.count < 3 || s.count > rotation.Tries+1 {
				t.Errorf("tried %d times before a person was asked", s.count)
			}
			s.accept("acme")
			s.run()
			s.mustFinish(t, pawl.Completed)
		})
	}
}

// A search that failed at the preflight has not told what may not be looked at:
// that is no more to be waited for than if it had. What is hidden since the first
// one that was complete is.
func TestAFailedFirstSearchIsNoMeasure(t *testing.T) {
	blind := func(n int) []pawl.Searched { return []pawl.Searched{{Connection: "acme", Areas: 2, Blind: n}} }
	for name, kind := range map[string]pawl.Kind{"failed": pawl.Unavailable, "refused in words that are not known": pawl.Conflict} {
		t.Run(name, func(t *testing.T) {
			s := newSearching(t, somePlan())
			s.first = []pawl.Searched{{Connection: "acme", Kind: kind.String()}}
			s.now = func() []pawl.Searched { return blind(1) }
			s.revoke()
			s.mustFinish(t, pawl.Completed)
		})
	}

	s := newSearching(t, somePlan(), billing())
	s.first = []pawl.Searched{{Connection: "acme", Kind: pawl.Unavailable.String()}}
	s.now = func() []pawl.Searched { return blind(1) }
	s.mustHoldFor(t, s.revoke(), "acme:billing/KEY")
	s.strays = func() []pawl.Stray { return nil }
	s.now = func() []pawl.Searched { return blind(2) }
	s.drive()
	s.mustHoldFor(t, s.run(), "acme")
}

func TestASearchThatFailsOnceIsRepeated(t *testing.T) {
	s := newSearching(t, somePlan())
	s.now = func() []pawl.Searched {
		if s.count < 3 {
			return []pawl.Searched{{Connection: "acme", Kind: pawl.Throttled.String()}}
		}
		return complete()
	}
	s.revoke()
	s.mustFinish(t, pawl.Completed)
}

func TestNamesThatCannotBeRead(t *testing.T) {
	made, _ := time.Parse(time.RFC3339, "2026-08-20T09:00:00Z")
	named := pawl.Stray{Where: "acme:web/KEY", How: pawl.ByName}
	older, newer := named, named
	older.Changed, newer.Changed = made.Add(-time.Hour), made.Add(time.Hour)
	for _, tt := range []struct {
		name      string
		stray     pawl.Stray
		elsewhere string
		held      bool
	}{
		{"unknown age", named, "", true},
		{"written since the old one was made", newer, "", true},
		{"older than the old one", older, "", false},
		{"acknowledged in the catalog", newer, "acme:web/KEY", false},
		{"by a pattern", newer, "acme:*/KEY", false},
		{"by a pattern, seen to hold it", billing(), "acme:*/KEY", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			plan := somePlan()
			if tt.elsewhere != "" {
				plan.Elsewhere = []pawl.Acknowledgement{{Where: tt.elsewhere, Why: "its own key"}}
			}
			s := newSearching(t, plan, tt.stray)
			s.made = made
			if d := s.revoke(); tt.held {
				s.mustHoldFor(t, d, tt.stray.Where)
				return
			}
			s.mustFinish(t, pawl.Completed)
		})
	}
}

// TestCopiesOfTheNewOneHoldARollback: what is doomed then is the new one.
func TestCopiesOfTheNewOneHoldARollback(t *testing.T) {
	copied := billing()
	copied.Side = pawl.New
	s := newSearching(t, somePlan(), copied)
	s.run()
	if s.state.Strays() != nil {
		t.Fatal("a copy of the new one is no stray going forward")
	}
	s.append(pawl.Event{Type: pawl.EvRollback, Reason: "test"})
	d := s.run()
	if _, live := s.live["id-1"]; !live || len(d.Waits) != 1 || d.Waits[0].Place != copied.Where {
		t.Fatalf("waits for %+v, new live %v", d.Waits, live)
	}
	s.accept(copied.Where)
	s.run()
	s.mustFinish(t, pawl.RolledBack)
}

// TestANameDoesNotHoldARollback: it holds the way forward only.
func TestANameDoesNotHoldARollback(t *testing.T) {
	s := newSearching(t, somePlan(), pawl.Stray{Where: "acme:web/KEY", How: pawl.ByName})
	s.mustHoldFor(t, s.run(), "acme:web/KEY")
	s.append(pawl.Event{Type: pawl.EvRollback, Reason: "test"})
	s.run()
	s.mustFinish(t, pawl.RolledBack)
}

func TestLeaksAndRehearsalsAreNotHeld(t *testing.T) {
	for reason, want := range map[pawl.Reason]pawl.Outcome{pawl.Leak: pawl.Completed, pawl.Rehearsal: pawl.RolledBack} {
		plan := somePlan()
		plan.Reason = reason
		copied := billing()
		copied.Side = pawl.New
		s := newSearching(t, plan, billing(), copied)
		if s.revoke(); s.count != 0 {
			t.Errorf("%s: searched %d times; it decides nothing", reason, s.count)
		}
		s.mustFinish(t, want)
	}
}
