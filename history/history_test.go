package history_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/history"
	"github.com/pawl-dev/pawl/journal"
)

var (
	begin = time.Date(2026, 11, 23, 2, 11, 4, 0, time.UTC)
	ana   = pawl.Actor{Type: "user", ID: "ana@laptop"}
)

// A tape is the journal of one rotation, told second by second.
type tape struct {
	run  journal.Run
	plan pawl.Plan
}

func newTape(number int, reason pawl.Reason) *tape {
	p := pawl.Plan{Format: 1, Credential: "heroku-api-key", Reason: reason, Issuer: pawl.Op{Name: "acme/token@1"}, Consumers: []pawl.Place{
		{ID: "store", Store: true, Op: pawl.Op{Name: "acme/store@1"}, Require: pawl.ReadBack},
		{ID: "api", Wave: 1, Op: pawl.Op{Name: "acme/app@1"}, Require: pawl.Attested, Proofs: []pawl.Op{{Name: "http@1"}}},
		{ID: "ops", Wave: 2, Op: pawl.Op{Name: "human@1"}, Require: pawl.Claimed, Human: &pawl.Human{Ask: "Open a new shell.", Blocks: true}},
	}}
	t := &tape{plan: p, run: journal.Run{ID: pawl.RotationID{Credential: "heroku-api-key", Number: number}}}
	t.at(0, pawl.Event{Type: pawl.EvPlanned, Plan: &p, Reason: string(reason)})
	return t
}

func (t *tape) at(second float64, e pawl.Event) {
	e.At, e.Actor = begin.Add(time.Duration(second*float64(time.Second))), ana
	t.run.Events = append(t.run.Events, e)
	if e.Type == pawl.EvClosed {
		t.run.Outcome = e.Outcome
	}
}

// forward is a rotation until everything but the person is proved, 30 s.
func (t *tape) forward() *tape {
	t.at(0, pawl.Event{Type: pawl.EvDriving, Epoch: 1})
	t.at(2, pawl.Event{Type: pawl.EvPreflight, ID: "id-old", Result: pawl.Done})
	t.at(2, pawl.Event{Type: pawl.EvIntended, Step: pawl.StepMint, Attempt: 1, Label: "label"})
	t.at(3, pawl.Event{Type: pawl.EvEnded, Step: pawl.StepMint, Attempt: 1, ID: "id-new", Result: pawl.Done})
	t.at(4, pawl.Event{Type: pawl.EvChecked, Side: pawl.New, Attempt: 1})
	t.set(4, 6, "store", pawl.New)
	t.seen(7, "store", 0, pawl.ReadBack, pawl.New)
	t.set(7, 8, "api", pawl.New)
	t.seen(20, "api", 0, pawl.Running, pawl.New)
	t.seen(30, "api", 1, pawl.Attested, pawl.New)
	return t
}

func (t *tape) set(from, to float64, consumer string, side pawl.Side) {
	t.at(from, pawl.Event{Type: pawl.EvIntended, Step: pawl.StepSet, Consumer: consumer, Side: side, Attempt: 1})
	t.at(to, pawl.Event{Type: pawl.EvEnded, Step: pawl.StepSet, Consumer: consumer, Side: side, Attempt: 1, Result: pawl.Done, Changed: true})
}

func (t *tape) seen(at float64, consumer string, proof int, class pawl.Class, side pawl.Side) {
	t.at(at, pawl.Event{Type: pawl.EvObserved, Consumer: consumer, Proof: proof, Side: side, Attempt: 1, Verdict: pawl.Proved, Class: class, Holds: pawl.HoldsWant})
}

// completed goes on over a night: the person confirms hours later, and somebody
// resumes.
func (t *tape) completed() *tape {
	const morning = 7 * 3600
	t.at(31, pawl.Event{Type: pawl.EvIntended, Step: pawl.StepNotify, Consumer: "ops", Side: pawl.New})
	t.at(31, pawl.Event{Type: pawl.EvEnded, Step: pawl.StepNotify, Consumer: "ops", Side: pawl.New, Result: pawl.Done})
	t.at(32, pawl.Event{Type: pawl.EvStopped})
	t.at(morning-60, pawl.Event{Type: pawl.EvConfirmed, Consumer: "ops", Side: pawl.New, Attempt: 1})
	t.at(morning, pawl.Event{Type: pawl.EvDriving, Epoch: 2})
	t.seen(morning+1, "store", 0, pawl.ReadBack, pawl.New)
	t.seen(morning+1, "api", 0, pawl.Running, pawl.New)
	t.seen(morning+1, "api", 1, pawl.Attested, pawl.New)
	t.at(morning+1, pawl.Event{Type: pawl.EvAuthorised})
	t.at(morning+2, pawl.Event{Type: pawl.EvIntended, Step: pawl.StepRevoke, Side: pawl.Old, ID: "id-old"})
	t.at(morning+3, pawl.Event{Type: pawl.EvEnded, Step: pawl.StepRevoke, Side: pawl.Old, ID: "id-old", Result: pawl.Done})
	for i := range 3 {
		t.at(morning+4.5+float64(i), pawl.Event{Type: pawl.EvChecked, Side: pawl.Old, Attempt: 1, Kind: pawl.Denied.String()})
	}
	t.at(morning+7, pawl.Event{Type: pawl.EvWatching, Side: pawl.Old})
	t.at(morning+9, pawl.Event{Type: pawl.EvClosed, Outcome: pawl.Completed})
	return t
}

// back is the way back of a rotation whose forward way is done.
func (t *tape) back(reason string) *tape {
	t.at(31, pawl.Event{Type: pawl.EvRollback, Reason: reason})
	t.set(31, 33, "store", pawl.Old)
	t.set(31, 33, "api", pawl.Old)
	t.seen(34, "store", 0, pawl.ReadBack, pawl.Old)
	t.seen(40, "api", 0, pawl.Running, pawl.Old)
	t.seen(41, "api", 1, pawl.Attested, pawl.Old)
	t.at(42, pawl.Event{Type: pawl.EvIntended, Step: pawl.StepRevoke, Side: pawl.New, ID: "id-new"})
	t.at(43, pawl.Event{Type: pawl.EvEnded, Step: pawl.StepRevoke, Side: pawl.New, ID: "id-new", Result: pawl.Done})
	for range 3 {
		t.at(44, pawl.Event{Type: pawl.EvChecked, Side: pawl.New, Attempt: 1, Kind: pawl.Denied.String()})
	}
	t.at(45, pawl.Event{Type: pawl.EvWatching, Side: pawl.New})
	t.at(46, pawl.Event{Type: pawl.EvClosed, Outcome: pawl.RolledBack})
	return t
}

func (t *tape) read() history.Run { return history.One(t.run) }

func TestACompletedRotation(t *testing.T) {
	r := newTape(3, pawl.Scheduled).forward().completed().read()
	if r.Method != history.RealRun || r.Outcome != pawl.Completed || r.By != ana || r.OldID != "id-old" || r.NewID != "id-new" {
		t.Errorf("got %+v", r)
	}
	if want := 7*time.Hour + 9*time.Second; r.Wall() != want {
		t.Errorf("wall time %s, want %s", r.Wall(), want)
	}
	if want := 32*time.Second + 9*time.Second; r.Driven != want {
		t.Errorf("driven %s, want %s: the night does not count", r.Driven, want)
	}
	if r.Proved != 3 || r.Required != 3 {
		t.Errorf("%d of %d proved, want 3 of 3", r.Proved, r.Required)
	}
	if want := (map[pawl.Class]int{pawl.ReadBack: 1, pawl.Attested: 1, pawl.Claimed: 1}); !cmp.Equal(r.Classes, want) {
		t.Errorf("classes %v, want %v", r.Classes, want)
	}
	if !r.Revoked || r.ToDeath != 1500*time.Millisecond {
		t.Errorf("from revoke to refused %v %s, want 1.5s", r.Revoked, r.ToDeath)
	}
}

func TestSteps(t *testing.T) {
	got := map[string]time.Duration{}
	for _, s := range newTape(1, pawl.Manual).forward().completed().read().Steps {
		if !s.Done {
			t.Errorf("%s is not done", s.Name)
		}
		got[s.Name] = s.Took
	}
	want := map[string]time.Duration{
		history.StepChecks: 2 * time.Second, history.StepMint: 2 * time.Second, "store": 3 * time.Second,
		"api":              23 * time.Second, // until the last of its proofs
		"ops":              7*time.Hour - 91*time.Second,
		history.StepRevoke: time.Second, history.StepDead: 4 * time.Second, history.StepWatch: 2 * time.Second,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// What of a soak passed while nobody drove is not driven time, so it is not
// taken off it either.
func TestWaits(t *testing.T) {
	run := newTape(1, pawl.Manual).forward()
	run.at(31, pawl.Event{Type: pawl.EvSoaking, Until: begin.Add(time.Hour)})
	run.completed()
	got := run.read()
	if want := 3*time.Second + 2*time.Second; got.Waited != want { // the soak, driven, and the watch
		t.Errorf("waited %s, want %s", got.Waited, want)
	}
	work := history.Of([]journal.Run{run.run}).Work()
	if want := got.Driven - got.Waited; work.N != 1 || work.Median != want {
		t.Errorf("the work took %+v, want %s", work, want)
	}
}

func TestARehearsalValidates(t *testing.T) {
	r := newTape(1, pawl.Rehearsal).forward().back("rehearsal").read()
	if r.Method != history.Rehearsed || r.Proved != 2 || r.Required != 2 {
		t.Errorf("%s, %d of %d: want a rehearsal with both places proved on the new value", r.Method, r.Proved, r.Required)
	}
}

// What did not go all the way shows nothing of the runbook.
func TestWhatDoesNotValidate(t *testing.T) {
	failed := newTape(1, pawl.Scheduled)
	failed.at(0, pawl.Event{Type: pawl.EvDriving, Epoch: 1})
	failed.at(1, pawl.Event{Type: pawl.EvPreflight, Result: pawl.NotDone, Kind: "denied", Detail: "no sign-in"})
	failed.at(1, pawl.Event{Type: pawl.EvClosed, Outcome: pawl.Failed})
	for name, run := range map[string]*tape{
		"a rotation that was rolled back":               newTape(1, pawl.Scheduled).forward().back("asked for by ana"),
		"a rehearsal that somebody ended":               newTape(1, pawl.Rehearsal).forward().back("asked for by ana"),
		"a rotation whose reason of going back is fake": newTape(1, pawl.Scheduled).forward().back("rehearsal"),
		"one that failed":                               failed,
		"one that is open":                              newTape(1, pawl.Scheduled).forward(),
	} {
		if r := run.read(); r.Method != history.ReadOnly {
			t.Errorf("%s counts as %s", name, r.Method)
		}
	}
	if r := failed.read(); r.Failure != "no sign-in" {
		t.Errorf("why it failed: %q", r.Failure)
	}
}

// A process that is killed says nothing; what was done until its last word
// counts, and what somebody signals at night does not.
func TestAKilledProcess(t *testing.T) {
	run := newTape(1, pawl.Manual).forward() // the last word is at 30 s
	run.at(9000, pawl.Event{Type: pawl.EvPaused})
	run.at(9500, pawl.Event{Type: pawl.EvUnpaused})
	run.at(10000, pawl.Event{Type: pawl.EvDriving, Epoch: 2})
	run.at(10005, pawl.Event{Type: pawl.EvStopped})
	if r := run.read(); r.Driven != 35*time.Second {
		t.Errorf("driven %s, want 35s", r.Driven)
	}
}

func TestHistory(t *testing.T) {
	h := history.Of([]journal.Run{
		newTape(9, pawl.Scheduled).forward().run,
		newTape(8, pawl.Rehearsal).forward().back("rehearsal").run,
		newTape(7, pawl.Scheduled).forward().completed().run,
		newTape(6, pawl.Scheduled).forward().back("asked for by ana").run,
	})
	if h.Total != 9 {
		t.Errorf("%d in all, want 9", h.Total)
	}
	if v := h.Validated(); v.Method != history.Rehearsed || v.Run.ID.Number != 8 {
		t.Errorf("validated by %s of %v", v.Method, v.Run.ID)
	}
	if got := h.Step("api"); got != (history.Span{N: 2, Median: 23 * time.Second, P90: 23 * time.Second}) {
		t.Errorf("api usually takes %+v", got)
	}
	if h.Took().N != 1 || h.Rehearsal().N != 1 || h.Death().N != 1 || h.Rotated().ID.Number != 7 || h.Open().ID.Number != 9 {
		t.Errorf("got %+v", h)
	}
	empty := history.Of(nil)
	if v := empty.Validated(); v.Method != history.ReadOnly || v.Age(0, begin) != history.Never || empty.Took().N != 0 {
		t.Errorf("of nothing: %+v", v)
	}
}

func TestValidationExpires(t *testing.T) {
	v := history.Validation{Method: history.RealRun, At: begin}
	for _, tt := range []struct {
		stale, after time.Duration
		want         history.Age
	}{
		{0, 0, history.Fresh}, {0, history.DefaultStale - 1, history.Fresh}, {0, history.DefaultStale, history.Stale},
		{time.Hour, time.Hour - 1, history.Fresh}, {time.Hour, time.Hour, history.Stale}, {time.Hour, -time.Hour, history.Fresh},
	} {
		if got := v.Age(tt.stale, begin.Add(tt.after)); got != tt.want {
			t.Errorf("%s after %s: %s, want %s", tt.stale, tt.after, got, tt.want)
		}
	}
}

// TestDigest: it is that of the plan as it was frozen, whatever the reason: the
// one that the screen, the approval and the audit log name.
func TestDigest(t *testing.T) {
	for _, reason := range []pawl.Reason{pawl.Scheduled, pawl.Leak, pawl.Rehearsal} {
		tape := newTape(1, reason)
		if got := tape.read().Digest; got != tape.plan.Digest() {
			t.Errorf("%s: %s, want %s", reason, got, tape.plan.Digest())
		}
	}
}

// TestTakenUpAgain: a rotation that a process took up, and left as it was, is no
// less far, and what it waits for passes without an event.
func TestTakenUpAgain(t *testing.T) {
	tape := newTape(1, pawl.Manual).forward()
	tape.at(31, pawl.Event{Type: pawl.EvConfirmed, Consumer: "ops", Side: pawl.New, Attempt: 1})
	tape.at(32, pawl.Event{Type: pawl.EvStopped})
	before, _ := tape.read().At(begin.Add(40 * time.Second))
	tape.at(50, pawl.Event{Type: pawl.EvDriving, Epoch: 2})
	tape.at(51, pawl.Event{Type: pawl.EvStopped})
	r := tape.read()
	if after, _ := r.At(begin.Add(time.Minute)); after != before || r.Proved != r.Required {
		t.Errorf("it went from %s to %s, with %d of %d proved", before, after, r.Proved, r.Required)
	}
}

// TestSpans: the median and the 90th percentile lie where they must, whatever
// the order of the runs.
func TestSpans(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		watched := rapid.SliceOfN(rapid.IntRange(0, 100_000), 1, 30).Draw(rt, "seconds")
		var runs []journal.Run
		for i, seconds := range watched {
			tp := newTape(len(watched)-i, pawl.Scheduled).forward().completed()
			last := &tp.run.Events[len(tp.run.Events)-1]
			last.At = last.At.Add(time.Duration(seconds) * time.Second)
			runs = append(runs, tp.run)
		}
		s := history.Of(runs).Took()
		below, atMost := 0, 0
		for _, seconds := range watched {
			d := 41*time.Second + time.Duration(seconds)*time.Second
			if d < s.Median {
				below++
			}
			if d <= s.P90 {
				atMost++
			}
		}
		if s.N != len(watched) || below*2 > s.N || atMost*10 < s.N*9 || s.Median > s.P90 && s.N > 2 {
			rt.Fatalf("%+v of %v", s, watched)
		}
	})
}
