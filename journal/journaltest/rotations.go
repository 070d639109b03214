package journaltest

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/audit"
	"github.com/pawl-dev/pawl/journal"
)

func testBegin(t *testing.T, s *suite) {
	var told pawl.RotationID
	run, err := s.j.Begin(t.Context(), "heroku-api-key", func(id pawl.RotationID) (journal.Batch, error) {
		told = id
		return Batch("first"), nil
	})
	s.ok(err)
	want := journal.Run{ID: pawl.RotationID{Credential: "heroku-api-key", Number: 1}, Revision: 1, Created: Now(), Updated: Now()}
	for _, got := range []journal.Run{run, s.load(run.ID)} {
		s.equal("events", len(got.Events), 1)
		got.Events = nil
		s.equal("run", got, want)
	}
	s.equal("id that first was told", told, run.ID)
	s.equal("audit", s.audited(), []string{"first"})
	if s.j.Install() == "" {
		t.Error("no installation id")
	}
}

func testBeginRefused(t *testing.T, s *suite) {
	cause := errors.New("no plan")
	_, err := s.j.Begin(t.Context(), "a", func(pawl.RotationID) (journal.Batch, error) { return journal.Batch{}, cause })
	if !errors.Is(err, cause) {
		t.Fatalf("got %v, want the error of first", err)
	}
	for _, name := range []string{"", "a/b"} {
		_, err := s.j.Begin(t.Context(), name, with(Batch("x")))
		s.want(pawl.Invalid, err)
	}
	runs, err := s.j.List(t.Context(), false)
	s.ok(err)
	s.equal("rotations", len(runs), 0)
	s.equal("audit", len(s.audited()), 0)
}

func testOneOpen(t *testing.T, s *suite) {
	run := s.begin("a")
	_, err := s.j.Begin(t.Context(), "a", with(Batch("second")))
	s.want(pawl.Conflict, err)
	open, ok := errors.AsType[*journal.OpenError](err)
	if !ok {
		t.Fatalf("got %v, want an OpenError", err)
	}
	s.equal("open", open.ID, run.ID)
	s.equal("audit", s.audited(), []string{"begin"})
	s.begin("b") // another credential is free
}

func testNumbers(t *testing.T, s *suite) {
	for n := 1; n <= 3; n++ {
		run := s.begin("a")
		s.equal("number", run.ID.Number, n)
		s.append(run, journal.At{Revision: 1}, journal.Batch{Close: pawl.RolledBack})
	}
	s.equal("number of another", s.begin("b").ID.Number, 1)
}

func testAppend(t *testing.T, s *suite) {
	run := s.begin("a")
	b := Batch("two")
	b.Events = append(b.Events, pawl.Event{Type: pawl.EvStopped, At: Now(), Detail: "three"})
	s.equal("revision", s.append(run, journal.At{Revision: 1}, b), 2)
	s.equal("revision", s.append(run, journal.At{Revision: 2}, journal.Batch{}), 3)
	s.equal("revision", s.append(run, journal.At{Revision: 3}, Batch("four")), 4)
	s.equal("events", s.details(run.ID), []string{"begin", "two", "three", "four"})
	s.equal("audit", s.audited(), []string{"begin", "two", "four"})
	at, err := s.j.Position(t.Context(), run.ID)
	s.ok(err)
	s.equal("Position", at, journal.At{Revision: 4})
}

func testCompareAndSwap(t *testing.T, s *suite) {
	run := s.begin("a")
	s.append(run, journal.At{Revision: 1}, Batch("one"))
	for _, at := range []journal.At{{Revision: 1}, {Revision: 0}, {Revision: 3}, {Revision: -1}} {
		b := Batch("late")
		b.Seal = []journal.Sealed{{Name: "new/1", Ciphertext: []byte("sealed")}}
		_, err := s.j.Append(t.Context(), run.ID, at, b)
		s.want(pawl.Conflict, err)
	}
	s.equal("events", s.details(run.ID), []string{"begin", "one"})
	s.equal("audit", s.audited(), []string{"begin", "one"})
	_, err := s.j.Sealed(t.Context(), run.ID, "new/1")
	s.want(pawl.NotFound, err)
}

func testEpochs(t *testing.T, s *suite) {
	run := s.begin("a")
	first, err := s.j.Claim(t.Context(), run.ID)
	s.ok(err)
	second, err := s.j.Claim(t.Context(), run.ID)
	s.ok(err)
	s.equal("epochs", []int64{run.Epoch, first.Epoch, second.Epoch}, []int64{0, 1, 2})
	s.equal("revision", second.Revision, 1)
	s.equal("events", len(second.Events), 1)

	_, err = s.j.Append(t.Context(), run.ID, journal.At{Revision: 1, Epoch: 1}, Batch("from a driver that was paused"))
	s.want(pawl.Conflict, err)
	_, err = s.j.Append(t.Context(), run.ID, journal.At{Revision: 1, Epoch: 3}, Batch("from the future"))
	s.want(pawl.Conflict, err)
	s.append(run, journal.At{Revision: 1, Epoch: 2}, Batch("driver"))
	s.equal("audit", s.audited(), []string{"begin", "driver"})
	at, err := s.j.Position(t.Context(), run.ID)
	s.ok(err)
	s.equal("position", at, journal.At{Revision: 2, Epoch: 2})
}

func testSignals(t *testing.T, s *suite) {
	run := s.begin("a")
	claimed, err := s.j.Claim(t.Context(), run.ID)
	s.ok(err)
	s.append(run, journal.At{Revision: 1}, Batch("approved"))
	_, err = s.j.Append(t.Context(), run.ID, journal.At{Revision: 1, Epoch: claimed.Epoch}, Batch("driver"))
	s.want(pawl.Conflict, err) // the driver has to see the signal first
	s.append(run, journal.At{Revision: 2, Epoch: claimed.Epoch}, Batch("driver"))
	_, err = s.j.Append(t.Context(), run.ID, journal.At{Revision: 2}, Batch("late signal"))
	s.want(pawl.Conflict, err)
	s.equal("events", s.details(run.ID), []string{"begin", "approved", "driver"})
}

func testClosed(t *testing.T, s *suite) {
	run := s.begin("a")
	b := Batch("end")
	b.Close = pawl.Completed
	s.append(run, journal.At{Revision: 1}, b)
	s.equal("outcome", s.load(run.ID).Outcome, pawl.Completed)
	_, err := s.j.Append(t.Context(), run.ID, journal.At{Revision: 2}, Batch("more"))
	s.want(pawl.Conflict, err)
	_, err = s.j.Claim(t.Context(), run.ID)
	s.want(pawl.Conflict, err)
	s.equal("audit", s.audited(), []string{"begin", "end"})
}

func testList(t *testing.T, s *suite) {
	b, a := s.begin("b"), s.begin("a")
	s.append(b, journal.At{Revision: 1}, journal.Batch{Close: pawl.Failed})
	b2 := s.begin("b")
	ids := func(open bool) (out []string) {
		runs, err := s.j.List(t.Context(), open)
		s.ok(err)
		for _, r := range runs {
			if r.Events != nil {
				t.Errorf("%v has events in a list", r.ID)
			}
			out = append(out, r.ID.String()+" "+string(r.Outcome))
		}
		return out
	}
	s.equal("all", ids(false), []string{"b/1 failed", "a/1 ", "b/2 "})
	s.equal("open", ids(true), []string{"a/1 ", "b/2 "})
	latest, err := s.j.Latest(t.Context(), "b")
	s.ok(err)
	s.equal("latest", latest.ID, b2.ID)
	s.equal("events of latest", len(latest.Events), 1)
	s.equal("latest of a", s.load(a.ID).ID, a.ID)
}

func testRecent(t *testing.T, s *suite) {
	recent := func(credential string, most int) (out []string) {
		runs, err := s.j.Recent(t.Context(), credential, most)
		s.ok(err)
		for _, r := range runs {
			s.equal("run", r, s.load(r.ID))
			out = append(out, r.ID.String()+" "+string(r.Outcome))
		}
		return out
	}
	for _, name := range []string{"a", "b", "a", "a"} { // of different ages, with others between
		run := s.begin(name)
		s.append(run, journal.At{Revision: 1}, journal.Batch{Events: Batch("end").Events, Close: pawl.Completed})
	}
	s.begin("a")
	s.equal("all", recent("a", 10), []string{"a/4 ", "a/3 done", "a/2 done", "a/1 done"})
	s.equal("two", recent("a", 2), []string{"a/4 ", "a/3 done"})
	s.equal("of another", recent("b", 1), []string{"b/1 done"})
	s.equal("none asked for", len(recent("a", 0))+len(recent("a", -1)), 0)
	s.equal("none there", len(recent("c", 9)), 0)
}

// testEventsComeBack puts an event with every field set.
func testEventsComeBack(t *testing.T, s *suite) {
	evidence := []pawl.Evidence{{Consumer: "api", Side: pawl.New, Class: pawl.Exercised, Source: "http", At: Now()}}
	want := pawl.Event{
		Type: pawl.EvEnded, At: Now().Add(time.Microsecond), Actor: pawl.Actor{Type: "system", ID: "pawl"}, Step: pawl.StepSet, Consumer: "api",
		Proof: 2, Side: pawl.New, Attempt: 3, Label: "label", ID: "id", IDs: []string{"x", "y"}, Result: pawl.Unsure, Kind: "outcome unknown",
		Verdict: pawl.Proved, Class: pawl.Running, Holds: pawl.HoldsOther, Mark: "v412", Ticket: "run 7", Detail: "“quoted”\nand \x00 control", Hint: "hint",
		Reason: "because", Until: Now(), Outcome: pawl.Failed, Changed: true, Pending: true, Findings: []string{"remark"}, Evidence: evidence,
		Plan:  &pawl.Plan{Format: 1, Credential: "a", Issuer: pawl.Op{Name: "heroku/authorization@1", Config: json.RawMessage(`{"a":1}`)}, Soak: time.Minute},
		Epoch: 4,
	}
	run := s.begin("a")
	s.append(run, journal.At{Revision: 1}, journal.Batch{Events: []pawl.Event{want}})
	text := func(e pawl.Event) string {
		out, err := json.Marshal(e)
		s.ok(err)
		return string(out)
	}
	got := s.load(run.ID).Events[1]
	s.equal("event", text(got), text(want))
	if !got.At.Equal(want.At) {
		t.Errorf("time: got %v, want %v", got.At, want.At)
	}
}

func testNotFound(t *testing.T, s *suite) {
	run := s.begin("a")
	for _, id := range []pawl.RotationID{{Credential: "a", Number: run.ID.Number + 1}, {Credential: "b", Number: 1}, {}} {
		_, err := s.j.Load(t.Context(), id)
		s.want(pawl.NotFound, err)
		_, err = s.j.Position(t.Context(), id)
		s.want(pawl.NotFound, err)
		_, err = s.j.Claim(t.Context(), id)
		s.want(pawl.NotFound, err)
		_, err = s.j.Append(t.Context(), id, journal.At{}, Batch("x"))
		s.want(pawl.NotFound, err)
		_, err = s.j.Sealed(t.Context(), id, "old")
		s.want(pawl.NotFound, err)
	}
	_, err := s.j.Latest(t.Context(), "b")
	s.want(pawl.NotFound, err)
}

func testCancelledBefore(t *testing.T, s *suite) {
	run := s.begin("a")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.j.Append(ctx, run.ID, journal.At{Revision: 1}, Batch("x"))
	s.want(pawl.Unavailable, err)
	s.want(pawl.Unavailable, s.j.Record(ctx, Record("x")))
	s.equal("audit", s.audited(), []string{"begin"})
}

func testAfterClose(t *testing.T, s *suite) {
	run := s.begin("a")
	s.ok(s.j.Close())
	_, err := s.j.Append(t.Context(), run.ID, journal.At{Revision: 1}, Batch("x"))
	s.want(pawl.Conflict, err)
	s.want(pawl.Conflict, s.j.Record(t.Context(), audit.Event{}))
}
