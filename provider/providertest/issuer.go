package providertest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/provider/wrap"
	"github.com/pawl-dev/pawl/sim"
)

// Issuer exercises an issuer. Each subtest gets a fresh one, at a fresh
// simulator with nothing on it, from open. Requests that change something at
// the simulator are any but GET and HEAD, or those of the Match that is given.
//
// mark is a text that is in every secret of the simulator and in nothing else,
// so that a leak can be seen.
func Issuer(t *testing.T, mark string, open func(t *testing.T) (pawl.Issuer, *sim.Server), writing ...sim.Match) {
	s := issuerSuite{checker{mark}, open, writes}
	if len(writing) > 0 {
		s.writes = writing[0]
	}
	t.Run("Lifecycle", s.lifecycle)
	t.Run("Abilities", s.abilities)
	t.Run("Mint", s.mint)
	t.Run("Revoke", s.revoke)
	t.Run("Check", s.check)
	t.Run("List", s.list)
	t.Run("Cancelled", s.cancelled)
	t.Run("Concurrent", s.concurrent)
}

type issuerSuite struct {
	checker
	open   func(t *testing.T) (pawl.Issuer, *sim.Server)
	writes sim.Match
}

func (s issuerSuite) mustMint(t *testing.T, i pawl.Issuer, label string) pawl.Generation {
	t.Helper()
	g, err := i.Mint(t.Context(), label)
	if err != nil {
		t.Fatalf("Mint = %v", err)
	}
	if g.ID == "" || !strings.Contains(string(g.Value.Reveal()), s.mark) {
		t.Fatalf("Mint = id %q and a value without the mark, want both", g.ID)
	}
	s.clean(t, g)
	return g
}

func (s issuerSuite) lifecycle(t *testing.T) {
	i, _ := s.open(t)
	g := s.mustMint(t, i, "pawl-a1")
	h := s.mustMint(t, i, "pawl-a2")
	if g.ID == h.ID || g.Value.Equal(h.Value) {
		t.Fatal("two mints gave one generation")
	}
	s.failed(t, "Check(new)", i.Check(t.Context(), g.Value))
	for range 2 { // the second time is after a crash
		s.failed(t, "Revoke", i.Revoke(t.Context(), g.ID))
	}
	s.failed(t, "Check(revoked)", i.Check(t.Context(), g.Value), pawl.Denied)
	s.failed(t, "Check(other)", i.Check(t.Context(), h.Value))
}

func (s issuerSuite) abilities(t *testing.T) {
	i, _ := s.open(t)
	g := s.mustMint(t, i, "pawl-a1")
	if _, ok := wrap.As[pawl.Lister](i); ok {
		s.left(t, i, "pawl-a1", 1)
	}
	if d, ok := wrap.As[pawl.Identifier](i); ok {
		if got, err := d.Identify(t.Context(), g.Value); err != nil || got.ID != g.ID {
			t.Errorf("Identify = %q, %v; want %q", got.ID, err, g.ID)
		}
		_, err := d.Identify(t.Context(), pawl.NewSecret([]byte(s.mark+"-of-nobody")))
		s.failed(t, "Identify(unknown)", err, pawl.NotFound, pawl.Denied)
	}
	if c, ok := wrap.As[pawl.CallerChecker](i); ok && c.CallsWith(g.Value) {
		t.Error("CallsWith(new) = true")
	}
	if p, ok := wrap.As[pawl.Preflighter](i); ok {
		findings, err := p.Preflight(t.Context())
		s.failed(t, "Preflight", err)
		s.clean(t, findings)
	}
	s.failed(t, "Revoke", i.Revoke(t.Context(), g.ID))
	s.left(t, i, "pawl-a1", 0)
}

// left checks how many generations with this label are listed.
func (s issuerSuite) left(t *testing.T, i pawl.Issuer, label string, want int) {
	t.Helper()
	l, ok := wrap.As[pawl.Lister](i)
	if !ok {
		return
	}
	all, err := l.List(t.Context())
	s.failed(t, "List", err)
	s.clean(t, all)
	n := 0
	for _, g := range all {
		if strings.Contains(g.Label, label) {
			n++
		}
		if !g.Value.IsZero() {
			t.Error("List gives values")
		}
	}
	if n != want {
		t.Fatalf("%d generations are labelled %s, want %d", n, label, want)
	}
}

func (s issuerSuite) mint(t *testing.T) {
	for _, h := range harms() {
		t.Run(string(h.fault), func(t *testing.T) {
			i, srv := s.open(t)
			srv.BreakOn(s.writes, h.fault)
			g, err := i.Mint(t.Context(), "pawl-a1")
			fired(t, srv, h.fault)
			s.failed(t, "Mint", err, h.kinds...)
			if err != nil && !g.Value.IsZero() {
				t.Error("Mint gives a value beside its error")
			}
			srv.Settle()
			s.left(t, i, "pawl-a1", h.applied)
		})
	}
}

func (s issuerSuite) revoke(t *testing.T) {
	for _, h := range harms() {
		t.Run(string(h.fault), func(t *testing.T) {
			i, srv := s.open(t)
			g := s.mustMint(t, i, "pawl-a1")
			srv.BreakOn(s.writes, h.fault)
			err := i.Revoke(t.Context(), g.ID)
			fired(t, srv, h.fault)
			s.failed(t, "Revoke", err, h.kinds...)
			srv.Settle()
			s.left(t, i, "pawl-a1", max(1-h.applied, 0))
			s.failed(t, "Revoke again", i.Revoke(t.Context(), g.ID))
			s.failed(t, "Check(revoked)", i.Check(t.Context(), g.Value), pawl.Denied)
		})
	}
}

// check looks for faults that pass for a verdict: a token must be neither
// trusted nor given up because of a bad line.
func (s issuerSuite) check(t *testing.T) {
	for _, l := range lies() {
		t.Run(string(l.fault), func(t *testing.T) {
			i, srv := s.open(t)
			g := s.mustMint(t, i, "pawl-a1")
			srv.Break(l.fault)
			err := i.Check(t.Context(), g.Value)
			fired(t, srv, l.fault)
			s.misled(t, "Check", err, l)
			if pawl.KindOf(err) == pawl.Denied {
				t.Fatalf("Check = %v: the value was not refused", err)
			}
			s.failed(t, "Check again", i.Check(t.Context(), g.Value))
		})
	}
}

// list looks for faults that pass for a list without orphans.
func (s issuerSuite) list(t *testing.T) {
	for _, l := range lies() {
		t.Run(string(l.fault), func(t *testing.T) {
			i, srv := s.open(t)
			lister, ok := wrap.As[pawl.Lister](i)
			if !ok {
				t.Skip("not a Lister")
			}
			srv.Break(l.fault)
			_, err := lister.List(t.Context())
			fired(t, srv, l.fault)
			s.misled(t, "List", err, l)
		})
	}
}

func (s issuerSuite) cancelled(t *testing.T) {
	t.Run("Before", func(t *testing.T) {
		i, _ := s.open(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := i.Mint(ctx, "pawl-a1")
		s.failed(t, "Mint", err, pawl.Unknown, pawl.Unavailable)
		s.left(t, i, "pawl-a1", 0)
	})
	t.Run("During", func(t *testing.T) {
		i, srv := s.open(t)
		ctx, cancel := context.WithCancel(t.Context())
		srv.Add(sim.Rule{Match: s.writes, Fault: sim.Slow, Times: 1, Fires: cancel})
		_, err := i.Mint(ctx, "pawl-a1") // without the cancel it would take minutes
		fired(t, srv, sim.Slow)
		s.failed(t, "Mint", err, pawl.Unknown)
	})
}

func (s issuerSuite) concurrent(t *testing.T) {
	i, _ := s.open(t)
	var wg sync.WaitGroup
	for n := range 4 {
		wg.Go(func() {
			g, err := i.Mint(t.Context(), fmt.Sprint("pawl-c", n))
			if err != nil {
				t.Errorf("Mint = %v", err)
				return
			}
			if err := i.Check(t.Context(), g.Value); err != nil {
				t.Errorf("Check = %v", err)
			}
			if err := i.Revoke(t.Context(), g.ID); err != nil {
				t.Errorf("Revoke = %v", err)
			}
		})
	}
	wg.Wait()
	s.left(t, i, "pawl-c", 0)
}
