package rotation_test

import (
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/rotation"
)

// TestWriteLandsAfterTheKill: what a process had sent when it was killed is
// carried out a while later. Whoever goes back at once waits for it.
func TestWriteLandsAfterTheKill(t *testing.T) {
	w := newWorld(t, somePlan())
	var lands time.Time
	land := func() {
		if !lands.IsZero() && !w.now.Before(lands) {
			w.holds["a"], lands = "id-1", time.Time{}
		}
	}
	killed := false
	w.fate = func(a rotation.Action) fate {
		if killed || a.Do != rotation.DoSet || a.Consumer != "a" {
			return fine
		}
		killed = true
		lands = w.now.Add(12 * time.Second)
		return fate{crash: true}
	}
	back := false
	w.signal = func() {
		land()
		if killed && !back {
			back = true
			w.append(pawl.Event{Type: pawl.EvRollback, Reason: "asked for", Actor: ana})
		}
	}
	w.run()
	w.now = w.now.Add(time.Hour)
	land()
	if !killed || w.state.Outcome != pawl.RolledBack || w.holds["a"] != "id-old" {
		t.Errorf("%q, and a holds %s", w.state.Outcome, w.holds["a"])
	}
	for _, wrong := range w.check() {
		t.Error(wrong)
	}
}

// TestEarlierWriteMayLandLast: that a second write was soon lost says nothing of
// the first, which had not answered for half a minute; and a clock that goes
// backwards makes nobody wait until it has caught up.
func TestEarlierWriteMayLandLast(t *testing.T) {
	at, _ := time.Parse(time.RFC3339, start)
	plan := somePlan()
	set := pawl.Event{Type: pawl.EvIntended, Step: pawl.StepSet, Consumer: "a", Side: pawl.New, Attempt: 1}
	lost := set
	lost.Type, lost.Result = pawl.EvEnded, pawl.Unsure
	for name, tt := range map[string]struct {
		writes []time.Duration // begun, ended, begun, …
		want   time.Duration
	}{
		"one, soon lost":              {[]time.Duration{0, time.Second}, 15 * time.Second},
		"one, not answered":           {[]time.Duration{0, 30 * time.Second}, time.Minute},
		"another, soon lost":          {[]time.Duration{0, 30 * time.Second, 31 * time.Second, 32 * time.Second}, time.Minute},
		"the clock went back before":  {[]time.Duration{time.Hour, 10 * time.Second}, 25 * time.Second},
		"the clock went back between": {[]time.Duration{time.Hour, time.Hour + 30*time.Second, 10 * time.Second, 11 * time.Second}, 131 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			events := []pawl.Event{{Type: pawl.EvPlanned, At: at, Plan: &plan}, {Type: pawl.EvDriving, At: at, Epoch: 1}}
			for i, when := range tt.writes {
				ev := set
				if i%2 == 1 {
					ev = lost
				}
				ev.At = at.Add(when)
				events = append(events, ev)
			}
			if got := rotation.Fold(events).Places[2].Unsure[pawl.New].Sub(at); got != tt.want {
				t.Errorf("nothing contradicts it for %s, want %s", got, tt.want)
			}
		})
	}
}

// TestSlowWriteLands: a write that did not answer for half a minute is carried
// out a while later. Whoever goes back meanwhile waits for it before the new
// generation is revoked, or a place would be left on a dead value.
func TestSlowWriteLands(t *testing.T) {
	w := newWorld(t, somePlan())
	var lands time.Time
	land := func() {
		if !lands.IsZero() && !w.now.Before(lands) {
			w.holds["a"], lands = "id-1", time.Time{}
		}
	}
	slow := true
	w.write = func(a rotation.Action, ev *pawl.Event) bool {
		if a.Consumer != "a" || a.Side != pawl.New || !slow {
			return false
		}
		slow = false
		w.now = w.now.Add(30 * time.Second)
		lands = w.now.Add(18 * time.Second)
		ev.Result, ev.Kind = pawl.Unsure, pawl.Unknown.String()
		w.append(pawl.Event{Type: pawl.EvRollback, Reason: "asked for", Actor: ana})
		return true
	}
	w.signal = land
	w.run()
	w.now = w.now.Add(time.Hour)
	land()
	if slow || w.state.Outcome != pawl.RolledBack || w.holds["a"] != "id-old" {
		t.Errorf("%q, and a holds %s", w.state.Outcome, w.holds["a"])
	}
	for _, wrong := range w.check() {
		t.Error(wrong)
	}
}
