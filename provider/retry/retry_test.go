package retry_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/provider/retry"
	"github.com/pawl-dev/pawl/provider/wrap"
)

// vendor fails every call with the next of its errors, and then works.
type vendor struct {
	errs  []error
	calls int
}

func (v *vendor) next(context.Context) error {
	v.calls++
	if len(v.errs) == 0 {
		return nil
	}
	err := v.errs[0]
	v.errs = v.errs[1:]
	return err
}

func fail(k pawl.Kind, after time.Duration) error {
	return &pawl.Error{Op: "acme.Op", Kind: k, After: after}
}

func times(n int, err error) (all []error) {
	for range n {
		all = append(all, err)
	}
	return all
}

type issuer struct{ *vendor }

func (i issuer) Mint(ctx context.Context, label string) (pawl.Generation, error) {
	return pawl.Generation{ID: label}, i.next(ctx)
}
func (i issuer) Check(ctx context.Context, _ pawl.Secret) error  { return i.next(ctx) }
func (i issuer) Revoke(ctx context.Context, _ string) error      { return i.next(ctx) }
func (i issuer) CallsWith(pawl.Secret) bool                      { return true }
func (i issuer) Preflight(ctx context.Context) ([]string, error) { return nil, i.next(ctx) }

type listing struct{ issuer }

func (l listing) List(ctx context.Context) ([]pawl.Generation, error) {
	return []pawl.Generation{{ID: "g"}}, l.next(ctx)
}
func (l listing) Identify(ctx context.Context, _ pawl.Secret) (pawl.Generation, error) {
	return pawl.Generation{ID: "g"}, l.next(ctx)
}

type consumer struct{ *vendor }

func (c consumer) Set(ctx context.Context, _ pawl.Write) (pawl.Receipt, error) {
	return pawl.Receipt{Changed: true}, c.next(ctx)
}
func (c consumer) Observe(ctx context.Context, _ pawl.Look) (pawl.Observation, error) {
	return pawl.Observation{}, c.next(ctx)
}

type readable struct{ consumer }

func (r readable) Read(ctx context.Context) (pawl.Secret, error) { return pawl.Secret{}, r.next(ctx) }
func (r readable) Snapshot(ctx context.Context) (pawl.Secret, error) {
	return pawl.Secret{}, r.next(ctx)
}

type prover struct{ *vendor }

func (p prover) Prove(ctx context.Context, _ pawl.Look) (pawl.Observation, error) {
	return pawl.Observation{}, p.next(ctx)
}

type starter struct{ prover }

func (s starter) Start(ctx context.Context, _ pawl.Look) (string, error) { return "t", s.next(ctx) }

type notifier struct{ *vendor }

func (n notifier) Notify(ctx context.Context, _ string, _ pawl.Message) error { return n.next(ctx) }

type discoverer struct{ *vendor }

func (d discoverer) Areas(ctx context.Context, _ pawl.Search) ([]pawl.Area, error) {
	return nil, d.next(ctx)
}
func (d discoverer) Search(ctx context.Context, _ pawl.Area, _ pawl.Search) ([]pawl.Found, error) {
	return nil, d.next(ctx)
}

func TestOnlyTheUnchangedIsRepeated(t *testing.T) {
	for k := pawl.Other; k <= pawl.Operator; k++ {
		synctest.Test(t, func(t *testing.T) {
			v := &vendor{errs: times(2, fail(k, 0))}
			g, err := retry.Issuer(issuer{v}, retry.Policy{}).Mint(t.Context(), "a1")
			again := k == pawl.Throttled || k == pawl.Unavailable
			if again && (err != nil || v.calls != 3 || g.ID != "a1") {
				t.Errorf("%v: %d calls, %v", k, v.calls, err)
			}
			if !again && (pawl.KindOf(err) != k || v.calls != 1) {
				t.Errorf("%v: %d calls, %v", k, v.calls, err)
			}
		})
	}
	v := &vendor{errs: times(9, errors.New("foreign"))}
	if err := retry.Issuer(issuer{v}, retry.Policy{}).Check(t.Context(), pawl.Secret{}); err == nil || v.calls != 1 {
		t.Errorf("a foreign error: %d calls, %v", v.calls, err)
	}
}

func TestRevokeIsNotRepeated(t *testing.T) {
	v := &vendor{errs: times(1, fail(pawl.Unavailable, 0))}
	err := retry.Issuer(issuer{v}, retry.Policy{}).Revoke(t.Context(), "g")
	if pawl.KindOf(err) != pawl.Unavailable || v.calls != 1 {
		t.Errorf("%d calls, %v", v.calls, err)
	}
}

func TestBounds(t *testing.T) {
	for _, tt := range []struct {
		name     string
		p        retry.Policy
		err      error
		calls    int
		min, max time.Duration
	}{
		{"tries", retry.Policy{Tries: 3}, fail(pawl.Unavailable, 0), 3, 750 * time.Millisecond, 2250 * time.Millisecond},
		{"elapsed", retry.Policy{MaxElapsed: 4500 * time.Millisecond, Tries: 100}, fail(pawl.Throttled, 2*time.Second), 2, 2250 * time.Millisecond, 2750 * time.Millisecond},
		{"absurd", retry.Policy{MaxElapsed: 9 * time.Hour}, fail(pawl.Throttled, time.Hour), 1, 0, 0},
		{"asked", retry.Policy{Tries: 2}, fail(pawl.Throttled, 20*time.Second), 2, 20250 * time.Millisecond, 20750 * time.Millisecond},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				v := &vendor{errs: times(1000, tt.err)}
				start := time.Now()
				_, err := retry.Consumer(consumer{v}, tt.p).Set(t.Context(), pawl.Write{})
				took := time.Since(start)
				if err != tt.err || v.calls != tt.calls || took < tt.min || took > tt.max {
					t.Errorf("%d calls in %v, %v; want %d in %v to %v", v.calls, took, err, tt.calls, tt.min, tt.max)
				}
			})
		})
	}
}

func TestContextEndsTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		v := &vendor{errs: times(9, fail(pawl.Throttled, 10*time.Second))}
		start := time.Now()
		err := retry.Notifier(notifier{v}, retry.Policy{}).Notify(ctx, "ops", pawl.Message{})
		if pawl.KindOf(err) != pawl.Throttled || v.calls != 1 || time.Since(start) != time.Second {
			t.Errorf("%d calls in %v, %v", v.calls, time.Since(start), err)
		}
	})
}

// TestAbilities checks that a decorated value has just the abilities of what is
// inside, and that they are retried.
func TestAbilities(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := retry.Policy{}
		v := &vendor{}
		twice := func(name string, do func() error) {
			t.Helper()
			v.errs, v.calls = times(1, fail(pawl.Unavailable, 0)), 0
			if err := do(); err != nil || v.calls != 2 {
				t.Errorf("%s: %d calls, %v", name, v.calls, err)
			}
		}
		i := retry.Issuer(retry.Issuer(listing{issuer{v}}, retry.Policy{Tries: 1}), p) // decorated twice
		twice("List", func() error { _, err := must[pawl.Lister](t, i).List(t.Context()); return err })
		twice("Identify", func() error {
			_, err := must[pawl.Identifier](t, i).Identify(t.Context(), pawl.Secret{})
			return err
		})
		twice("Preflight", func() error { _, err := must[pawl.Preflighter](t, i).Preflight(t.Context()); return err })
		if !must[pawl.CallerChecker](t, i).CallsWith(pawl.Secret{}) {
			t.Error("CallsWith is lost")
		}
		c := retry.Consumer(readable{consumer{v}}, p)
		twice("Read", func() error { _, err := must[pawl.Reader](t, c).Read(t.Context()); return err })
		twice("Snapshot", func() error { _, err := must[pawl.Snapshotter](t, c).Snapshot(t.Context()); return err })
		twice("Observe", func() error { _, err := c.Observe(t.Context(), pawl.Look{}); return err })
		s := retry.Prover(starter{prover{v}}, p)
		d := retry.Discoverer(discoverer{v}, p)
		twice("Areas", func() error { _, err := d.Areas(t.Context(), pawl.Search{}); return err })
		twice("Search", func() error { _, err := d.Search(t.Context(), pawl.Area{}, pawl.Search{}); return err })
		twice("Start", func() error { _, err := must[pawl.Starter](t, s).Start(t.Context(), pawl.Look{}); return err })
		twice("Prove", func() error { _, err := s.Prove(t.Context(), pawl.Look{}); return err })
	})
}

func must[T any](t *testing.T, x any) T {
	t.Helper()
	v, ok := wrap.As[T](x)
	if !ok {
		t.Fatalf("%T is no %T", x, new(T))
	}
	return v
}

func TestNoAbilityIsMadeUp(t *testing.T) {
	v := &vendor{}
	i, c, p := retry.Issuer(issuer{v}, retry.Policy{}), retry.Consumer(consumer{v}, retry.Policy{}), retry.Prover(prover{v}, retry.Policy{})
	_, lists := wrap.As[pawl.Lister](i)
	_, identifies := wrap.As[pawl.Identifier](i)
	_, reads := wrap.As[pawl.Reader](c)
	_, snaps := wrap.As[pawl.Snapshotter](c)
	_, preflights := wrap.As[pawl.Preflighter](c)
	_, starts := wrap.As[pawl.Starter](p)
	_, nothing := wrap.As[pawl.Lister](nil)
	if lists || identifies || reads || snaps || preflights || starts || nothing {
		t.Error("an ability that what is inside does not have")
	}
}
