package providertest

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/provider/wrap"
	"github.com/pawl-dev/pawl/sim"
)

// Options tell [Consumer] about the place that open made.
type Options struct {
	Old, New pawl.Secret // the value it holds, and one that it can hold
	Third    pawl.Secret // one that is neither

	// WriteOnly places cannot show which value they hold: they neither skip a
	// write nor refuse one over a value that was not expected.
	WriteOnly bool

	// SignsIn places sign in again by themselves where a session is refused.
	SignsIn bool

	Writing sim.Match        // the requests that write to the place; zero: any but GET and HEAD
	Settle  func()           // lets time pass until the place uses what was written; nil: it does at once
	Now     func() time.Time // the place's clock; nil: time.Now
}

// Consumer exercises a consumer. Each subtest gets a fresh one, that holds
// Options.Old, from open. For mark see [Issuer].
func Consumer(t *testing.T, mark string, open func(t *testing.T) (pawl.Consumer, *sim.Server, Options)) {
	s := consumerSuite{checker{mark}, open}
	t.Run("Lifecycle", s.lifecycle)
	t.Run("Conflict", s.conflict)
	t.Run("Snapshot", s.snapshot)
	t.Run("Set", s.set)
	t.Run("Observe", s.observe)
	t.Run("Read", s.read)
	t.Run("Cancelled", s.cancelled)
	t.Run("Concurrent", s.concurrent)
}

type consumerSuite struct {
	checker
	make func(t *testing.T) (pawl.Consumer, *sim.Server, Options)
}

// place is a consumer under test.
type place struct {
	pawl.Consumer
	*sim.Server
	o Options
}

func (s consumerSuite) open(t *testing.T) place {
	t.Helper()
	c, srv, o := s.make(t)
	if o.Writing == (sim.Match{}) {
		o.Writing = writes
	}
	if o.Settle == nil {
		o.Settle = func() {}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return place{c, srv, o}
}

func value(s pawl.Secret) pawl.Content { return pawl.Content{Secret: s} }

// forward is the write of a rotation, back that of its rollback.
func (p place) forward() pawl.Write {
	return pawl.Write{To: value(p.o.New), Over: []pawl.Content{value(p.o.Old)}}
}

func (p place) back() pawl.Write {
	return pawl.Write{To: value(p.o.Old), Over: []pawl.Content{value(p.o.New)}}
}

func (s consumerSuite) mustSet(t *testing.T, p place, w pawl.Write) pawl.Receipt {
	t.Helper()
	r, err := p.Set(t.Context(), w)
	s.failed(t, "Set", err)
	if r.Pending != "" {
		t.Fatalf("Set waits for a person: %s", r.Pending)
	}
	s.clean(t, r)
	return r
}

// mustHold checks that the place says it holds want, which is Old or New.
func (s consumerSuite) mustHold(t *testing.T, p place, want pawl.Secret) {
	t.Helper()
	if p.o.WriteOnly {
		return
	}
	other := p.o.New
	if want.Equal(p.o.New) {
		other = p.o.Old
	}
	for side, l := range map[pawl.Holds]pawl.Look{
		pawl.HoldsWant: {Want: value(want), Not: other},
		pawl.HoldsNot:  {Want: value(other), Not: want},
	} {
		o, err := p.Observe(t.Context(), l)
		s.failed(t, "Observe", err)
		s.clean(t, o)
		if o.Holds != side {
			t.Fatalf("Observe says it holds %q, want %q (%s)", o.Holds, side, o.Detail)
		}
		if side == pawl.HoldsNot && o.Verdict == pawl.Proved {
			t.Fatalf("Observe proves a value that is not there (%s)", o.Detail)
		}
	}
}

func (s consumerSuite) lifecycle(t *testing.T) {
	p := s.open(t)
	s.mustHold(t, p, p.o.Old)
	since := p.o.Now()
	r := s.mustSet(t, p, p.forward())
	if !r.Changed {
		t.Fatal("Set(new) changed nothing")
	}
	p.o.Settle()
	s.mustHold(t, p, p.o.New)
	o, err := p.Observe(t.Context(), pawl.Look{Want: value(p.o.New), Not: p.o.Old, Mark: r.Mark, Since: since})
	s.failed(t, "Observe", err)
	if o.Verdict != pawl.Proved || o.Class == pawl.NoEvidence {
		t.Fatalf("Observe = %q of class %v (%s), want proved", o.Verdict, o.Class, o.Detail)
	}
	if again := s.mustSet(t, p, p.forward()); again.Changed && !p.o.WriteOnly {
		t.Fatal("the second Set changed something")
	}
	s.mustSet(t, p, p.back())
	p.o.Settle()
	s.mustHold(t, p, p.o.Old)
	if f, ok := wrap.As[pawl.Preflighter](p.Consumer); ok {
		findings, err := f.Preflight(t.Context())
		s.failed(t, "Preflight", err)
		s.clean(t, findings)
	}
}

func (s consumerSuite) conflict(t *testing.T) {
	p := s.open(t)
	if p.o.WriteOnly {
		t.Skip("cannot tell what is there")
	}
	s.mustSet(t, p, pawl.Write{To: value(p.o.Third)}) // somebody else
	p.o.Settle()
	_, err := p.Set(t.Context(), p.forward())
	s.failed(t, "Set over a third value", err, pawl.Conflict)
	o, err := p.Observe(t.Context(), pawl.Look{Want: value(p.o.New), Not: p.o.Old})
	s.failed(t, "Observe", err)
	if o.Holds != pawl.HoldsOther || o.Verdict == pawl.Proved {
		t.Fatalf("Observe = %q, holds %q; want the third value untouched", o.Verdict, o.Holds)
	}
}

func (s consumerSuite) snapshot(t *testing.T) {
	p := s.open(t)
	snapper, ok := wrap.As[pawl.Snapshotter](p.Consumer)
	if !ok {
		t.Skip("not a Snapshotter")
	}
	snap, err := snapper.Snapshot(t.Context())
	s.failed(t, "Snapshot", err)
	s.clean(t, snap)
	before := pawl.Content{Secret: snap, Snapshot: true}
	s.mustSet(t, p, pawl.Write{To: value(p.o.New), Over: []pawl.Content{before}})
	p.o.Settle()
	s.mustHold(t, p, p.o.New)
	for i := range 2 {
		r := s.mustSet(t, p, pawl.Write{To: before, Over: []pawl.Content{value(p.o.New)}})
		if r.Changed != (i == 0) && !p.o.WriteOnly {
			t.Fatalf("restoring, time %d: changed = %v", i+1, r.Changed)
		}
		p.o.Settle()
		s.mustHold(t, p, p.o.Old)
	}
}

func (s consumerSuite) set(t *testing.T) {
	for _, h := range harms() {
		t.Run(string(h.fault), func(t *testing.T) {
			p := s.open(t)
			if h.fault == sim.Deny && p.o.SignsIn {
				h.kinds, h.applied = []pawl.Kind{noError}, 1
			}
			p.BreakOn(p.o.Writing, h.fault)
			_, err := p.Set(t.Context(), p.forward())
			fired(t, p.Server, h.fault)
			s.failed(t, "Set", err, h.kinds...)
			p.Server.Settle()
			p.o.Settle()
			if h.applied == 0 {
				s.mustHold(t, p, p.o.Old)
			} else {
				s.mustHold(t, p, p.o.New)
			}
			if r := s.mustSet(t, p, p.forward()); !p.o.WriteOnly && r.Changed != (h.applied == 0) {
				t.Errorf("Set again: changed = %v", r.Changed)
			}
			p.o.Settle()
			s.mustHold(t, p, p.o.New)
		})
	}
}

// observe looks for faults that pass for evidence.
func (s consumerSuite) observe(t *testing.T) {
	for _, l := range lies() {
		t.Run(string(l.fault), func(t *testing.T) {
			p := s.open(t)
			since := p.o.Now()
			r := s.mustSet(t, p, p.forward())
			p.o.Settle()
			p.Break(l.fault)
			o, err := p.Observe(t.Context(), pawl.Look{Want: value(p.o.New), Not: p.o.Old, Mark: r.Mark, Since: since})
			fired(t, p.Server, l.fault)
			s.clean(t, o)
			if err == nil && o.Verdict == pawl.Waiting {
				return
			}
			s.misled(t, "Observe", err, l)
		})
	}
}

// read looks for faults that pass for a value, or for its absence.
func (s consumerSuite) read(t *testing.T) {
	p := s.open(t)
	r, ok := wrap.As[pawl.Reader](p.Consumer)
	if !ok {
		t.Skip("not a Reader")
	}
	if got, err := r.Read(t.Context()); err != nil || !got.Equal(p.o.Old) {
		t.Fatalf("Read = another value, %v", err)
	}
	for _, l := range lies() {
		t.Run(string(l.fault), func(t *testing.T) {
			p := s.open(t)
			r, _ := wrap.As[pawl.Reader](p.Consumer)
			p.Break(l.fault)
			_, err := r.Read(t.Context())
			fired(t, p.Server, l.fault)
			s.misled(t, "Read", err, l)
			if pawl.KindOf(err) == pawl.NotFound {
				t.Fatalf("Read = %v: the value is there", err)
			}
		})
	}
}

func (s consumerSuite) cancelled(t *testing.T) {
	t.Run("Before", func(t *testing.T) {
		p := s.open(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := p.Set(ctx, p.forward())
		s.failed(t, "Set", err, pawl.Unknown, pawl.Unavailable)
		s.mustHold(t, p, p.o.Old)
	})
	t.Run("During", func(t *testing.T) {
		p := s.open(t)
		ctx, cancel := context.WithCancel(t.Context())
		// Lost, and not only slow: an answer without a body would be whole before
		// anybody notices that it is not wanted any more.
		p.Add(sim.Rule{Match: p.o.Writing, Fault: sim.Lose, Times: 1, Fires: cancel})
		_, err := p.Set(ctx, p.forward())
		fired(t, p.Server, sim.Lose)
		s.failed(t, "Set", err, pawl.Unknown)
	})
}

func (s consumerSuite) concurrent(t *testing.T) {
	p := s.open(t)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			// Some places can tell that another write got between.
			if _, err := p.Set(t.Context(), pawl.Write{To: value(p.o.New)}); err != nil && pawl.KindOf(err) != pawl.Unknown {
				t.Errorf("Set = %v", err)
			}
			if _, err := p.Observe(t.Context(), pawl.Look{Want: value(p.o.New), Not: p.o.Old}); err != nil {
				t.Errorf("Observe = %v", err)
			}
		})
	}
	wg.Wait()
	s.mustSet(t, p, p.forward())
	p.o.Settle()
	s.mustHold(t, p, p.o.New)
}
