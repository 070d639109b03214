package relay_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/audit"
	"github.com/pawl-dev/pawl/journal"
	"github.com/pawl-dev/pawl/trace"
	"github.com/pawl-dev/pawl/trace/relay"
)

// A collector takes spans, or does not.
type collector struct {
	got   []string // the names of the spans, in the order in which they came
	ids   map[[8]byte]bool
	calls int
	told  []error

	mu   sync.Mutex
	away error
}

func (c *collector) is(away error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.away = away
}

func (c *collector) send(_ context.Context, spans []trace.Span) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.calls++; c.away != nil {
		return c.away
	}
	for _, s := range spans {
		c.got = append(c.got, s.Name)
		c.ids[s.ID] = true
	}
	return nil
}

func newRelay(j journal.Journal) (*collector, *relay.Relay) {
	c := &collector{ids: map[[8]byte]bool{}}
	return c, relay.New(relay.Config{Journal: j, Send: c.send, Tell: func(err error) { c.told = append(c.told, err) }})
}

func newJournal(t *testing.T) *journal.Memory {
	t.Helper()
	key, err := audit.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	signer, err := audit.ParseSigner(key)
	if err != nil {
		t.Fatal(err)
	}
	return journal.NewMemory(signer, time.Now)
}

// A counting journal counts how often a rotation is read.
type counting struct {
	journal.Journal
	loads int
}

func (j *counting) Load(ctx context.Context, id pawl.RotationID) (journal.Run, error) {
	j.loads++
	return j.Journal.Load(ctx, id)
}

// begin opens a rotation, and add writes what happened to it.
func begin(t *testing.T, j journal.Journal, credential string) pawl.RotationID {
	t.Helper()
	run, err := j.Begin(t.Context(), credential, func(pawl.RotationID) (journal.Batch, error) {
		return journal.Batch{Events: []pawl.Event{{Type: pawl.EvPlanned, At: time.Now(), Plan: &pawl.Plan{Credential: credential}}}}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return run.ID
}

func add(t *testing.T, j journal.Journal, id pawl.RotationID, events ...pawl.Event) {
	t.Helper()
	at, err := j.Position(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	b := journal.Batch{}
	for _, e := range events {
		e.At = time.Now()
		b.Events, b.Close = append(b.Events, e), e.Outcome
	}
	if _, err := j.Append(t.Context(), id, at, b); err != nil {
		t.Fatal(err)
	}
}

func mint(n int) []pawl.Event {
	e := pawl.Event{Type: pawl.EvIntended, Step: pawl.StepMint, Attempt: n}
	return []pawl.Event{e, {Type: pawl.EvEnded, Step: pawl.StepMint, Attempt: n, Result: pawl.Done}}
}

var closed = pawl.Event{Type: pawl.EvClosed, Outcome: pawl.Completed}

func want(t *testing.T, c *collector, names ...string) {
	t.Helper()
	if fmt.Sprint(c.got) != fmt.Sprint(names) {
		t.Errorf("%v arrived, want %v", c.got, names)
	}
}

// rest lets time pass, and everybody come to rest.
func rest(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// TestRun: what ends is sent a little later, once.
func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &counting{Journal: newJournal(t)}
		c, r := newRelay(j)
		ctx, stop := context.WithCancel(t.Context())
		ran := make(chan struct{})
		go func() { r.Run(ctx); close(ran) }()
		id := begin(t, j, "key")
		add(t, j, id, mint(1)...)
		r.Changed(id, id)
		rest(time.Minute)
		want(t, c, "mint")
		for range 10 {
			r.Changed(id) // as whoever looks at it says, whether it did or not
			rest(10 * time.Second)
		}
		add(t, j, id, mint(2)...)
		add(t, j, id, closed)
		r.Changed(id)
		rest(time.Minute)
		r.Changed(id)
		rest(time.Minute)
		want(t, c, "mint", "mint", "rotation")
		stop()
		<-ran
		if c.calls != 2 || c.told != nil || j.loads != 2 {
			t.Errorf("%d requests, read %d times; told %v", c.calls, j.loads, c.told)
		}
	})
}

// TestOutage: a collector that is away gets everything once it is back, is not
// asked often meanwhile, and somebody is told once of each.
func TestOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := newJournal(t)
		c, r := newRelay(j)
		ctx, stop := context.WithCancel(t.Context())
		ran := make(chan struct{})
		go func() { r.Run(ctx); close(ran) }()
		c.is(&pawl.Error{Kind: pawl.Unavailable, Err: errors.New("away")})
		a, b := begin(t, j, "a"), begin(t, j, "b")
		add(t, j, a, append(mint(1), closed)...)
		r.Changed(a)
		rest(time.Hour)
		add(t, j, b, mint(1)...)
		r.Changed(b)
		rest(5 * time.Hour)
		if c.calls > 120 || c.calls < 40 || len(c.told) != 1 {
			t.Errorf("%d requests in six hours; told %v", c.calls, c.told)
		}
		c.is(nil)
		rest(10 * time.Minute)
		want(t, c, "mint", "rotation", "mint")
		if len(c.told) != 2 || c.told[1] != nil {
			t.Errorf("told %v", c.told)
		}
		stop()
		<-ran
	})
}

// TestHiccup: what passes by itself is not told.
func TestHiccup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := newJournal(t)
		c, r := newRelay(j)
		id := begin(t, j, "key")
		add(t, j, id, mint(1)...)
		r.Changed(id)
		c.is(&pawl.Error{Kind: pawl.Unavailable, Err: errors.New("busy")})
		time.AfterFunc(700*time.Millisecond, func() { c.is(nil) })
		if err := r.Flush(t.Context()); err != nil || c.calls < 2 || c.told != nil {
			t.Errorf("%v after %d requests; told %v", err, c.calls, c.told)
		}
		want(t, c, "mint")
	})
}

// TestAsLateAsAsked: a collector that asks for time has it.
func TestAsLateAsAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := newJournal(t)
		c, r := newRelay(j)
		id := begin(t, j, "key")
		add(t, j, id, mint(1)...)
		r.Changed(id)
		c.is(&pawl.Error{Kind: pawl.Throttled, After: 50 * time.Minute})
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		began := time.Now()
		if err := r.Flush(ctx); pawl.KindOf(err) != pawl.Throttled || time.Since(began) > time.Second { // there is no sense in waiting for it
			t.Errorf("%v after %v", err, time.Since(began))
		}
		ctx, cancel = context.WithTimeout(t.Context(), 3*time.Hour)
		defer cancel()
		_ = r.Flush(ctx)
		if c.calls != 1+4 {
			t.Errorf("%d requests in three hours", c.calls-1)
		}
	})
}

// TestUnwanted: what a collector does not want is not sent again, and nothing
// waits behind it.
func TestUnwanted(t *testing.T) {
	j := newJournal(t)
	c, r := newRelay(j)
	id := begin(t, j, "key")
	add(t, j, id, mint(1)...)
	r.Changed(id)
	c.is(&pawl.Error{Kind: pawl.Invalid, Err: errors.New("refused")})
	if err := r.Flush(t.Context()); err != nil || c.calls != 1 || len(c.told) != 1 {
		t.Errorf("%v after %d requests; told %v", err, c.calls, c.told)
	}
	c.is(nil)
	add(t, j, id, mint(2)...)
	r.Changed(id)
	if err := r.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	want(t, c, "mint")
}

// A torn journal cannot read one of its rotations.
type torn struct {
	journal.Journal
	id pawl.RotationID
	by error
}

func (j *torn) Load(ctx context.Context, id pawl.RotationID) (journal.Run, error) {
	if id == j.id && j.by != nil {
		return journal.Run{}, j.by
	}
	return j.Journal.Load(ctx, id)
}

// TestUnreadable: a rotation that cannot be read is told of, and holds none of the
// others up.
func TestUnreadable(t *testing.T) {
	j := &torn{Journal: newJournal(t), by: &pawl.Error{Kind: pawl.Other, Err: errors.New("torn")}}
	c, r := newRelay(j)
	a, b := begin(t, j, "a"), begin(t, j, "b")
	j.id = a
	add(t, j, a, mint(1)...)
	add(t, j, b, append(mint(1), closed)...)
	r.Changed(a, b)
	if err := r.Flush(t.Context()); err != nil || !slices.Equal(c.told, []error{j.by, nil}) {
		t.Errorf("%v; told %v", err, c.told)
	}
	want(t, c, "mint", "rotation")
	j.by = nil
	r.Changed(a)
	if err := r.Flush(t.Context()); err != nil || len(c.got) != 3 {
		t.Errorf("%v; %v arrived", err, c.got)
	}
}

// TestCutOff: what was being read when the process was told to end is sent at its
// end.
func TestCutOff(t *testing.T) {
	j := &torn{Journal: newJournal(t)}
	c, r := newRelay(j)
	j.id, j.by = begin(t, j, "a"), &pawl.Error{Kind: pawl.Other, Err: context.Canceled}
	add(t, j, j.id, mint(1)...)
	r.Changed(j.id)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.Flush(ctx); err == nil || c.told != nil {
		t.Errorf("%v; told %v", err, c.told)
	}
	j.by = nil
	if err := r.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	want(t, c, "mint")
}

// TestCutOffLater: who is cut off at a later try says why the ones before it did
// not get through, which is more than that there was no time.
func TestCutOffLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := newJournal(t)
		away, calls := &pawl.Error{Op: "sending traces", Kind: pawl.Unavailable, Err: errors.New("connection refused")}, 0
		r := relay.New(relay.Config{Journal: j, Tell: func(error) {}, Send: func(ctx context.Context, _ []trace.Span) error {
			if calls++; calls == 1 {
				return away
			}
			<-ctx.Done()
			return &pawl.Error{Op: "sending traces", Kind: pawl.Unavailable, Err: ctx.Err()}
		}})
		id := begin(t, j, "key")
		add(t, j, id, mint(1)...)
		r.Changed(id)
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		if err := r.Flush(ctx); err != error(away) || calls != 2 {
			t.Errorf("after %d tries: %v", calls, err)
		}
	})
}

// TestTwoProcesses: one is killed with a mint under way; the next one sends the
// same trace, with what the first one may have sent or not as the same spans.
func TestTwoProcesses(t *testing.T) {
	j := newJournal(t)
	first, r := newRelay(j)
	id := begin(t, j, "key")
	add(t, j, id, append(mint(1), mint(2)[0])...)
	r.Changed(id)
	if err := r.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	want(t, first, "mint")
	add(t, j, id, pawl.Event{Type: pawl.EvDriving, Epoch: 2}, closed)
	second, r := newRelay(j)
	if err := r.Since(t.Context(), time.Now().Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	if err := r.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	want(t, second, "mint", "mint", "checks", "rotation")
	for s := range first.ids {
		if !second.ids[s] {
			t.Error("a span has another id when it comes from another process")
		}
	}

	third, r := newRelay(j)
	if err := r.Since(t.Context(), time.Now().Add(time.Hour)); err != nil { // nothing happened since then
		t.Fatal(err)
	}
	if err := r.Flush(t.Context()); err != nil || third.calls != 0 {
		t.Errorf("%v, %d requests", err, third.calls)
	}
}

// TestSince: of a credential that was rotated more than once in that time, all of
// it is made up for, and nothing of before.
func TestSince(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := newJournal(t)
		for range 5 {
			add(t, j, begin(t, j, "key"), closed)
			time.Sleep(20 * time.Minute)
		}
		begin(t, j, "other")
		c, r := newRelay(j)
		if err := r.Since(t.Context(), time.Now().Add(-70*time.Minute)); err != nil {
			t.Fatal(err)
		}
		if err := r.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		want(t, c, "rotation", "rotation", "rotation")
	})
}

// TestLarge: a rotation with thousands of steps goes in several requests, and
// goes on where one failed.
func TestLarge(t *testing.T) {
	j := newJournal(t)
	c, r := newRelay(j)
	id := begin(t, j, "key")
	var all []pawl.Event
	for n := range 1300 {
		all = append(all, mint(n+1)...)
	}
	add(t, j, id, all...)
	r.Changed(id)
	if err := r.Flush(t.Context()); err != nil || len(c.got) != 1300 || len(c.ids) != 1300 || c.calls != 3 {
		t.Errorf("%v: %d spans in %d requests", err, len(c.got), c.calls)
	}
}
