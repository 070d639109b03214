package connect

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/provider/fence"
)

// An appOf is an app that writes down which credentials were written by one
// call, and answers as it is told.
type appOf struct {
	mu    sync.Mutex
	calls []string
	takes time.Duration
	fails map[string]error // by credential
}

func (a *appOf) written() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return strings.Join(a.calls, " | ")
}

// A door is the consumer of one credential at an app.
type door struct {
	app        *appOf
	credential string
}

func (d *door) Observe(context.Context, pawl.Look) (pawl.Observation, error) {
	return pawl.Observation{}, nil
}

func (d *door) Set(ctx context.Context, w pawl.Write) (pawl.Receipt, error) {
	got := d.SetJointly(ctx, []pawl.Joint{{Consumer: d, Write: w}})[0]
	return got.Receipt, got.Err
}

func (d *door) SetJointly(ctx context.Context, all []pawl.Joint) (out []pawl.Joined) {
	time.Sleep(d.app.takes)                // of the bubble
	if err := fence.Ask(ctx); err != nil { // as the wire does
		for range all {
			out = append(out, pawl.Joined{Err: err})
		}
		return out
	}
	d.app.mu.Lock()
	defer d.app.mu.Unlock()
	var who []string
	for _, j := range all {
		name := j.Consumer.(*door).credential
		who = append(who, name)
		out = append(out, pawl.Joined{Receipt: pawl.Receipt{Changed: true, Mark: fmt.Sprint(len(d.app.calls) + 1)}, Err: d.app.fails[name]})
	}
	slices.Sort(who)
	d.app.calls = append(d.app.calls, strings.Join(who, "+"))
	return out
}

// A hall is a rendezvous and its apps.
type hall struct {
	v    *Rendezvous
	apps map[string]*appOf
	wg   sync.WaitGroup
	mu   sync.Mutex
	errs map[string]error // by "credential app"
}

func newHall(v *Rendezvous, apps ...string) *hall {
	h := &hall{v: v, apps: map[string]*appOf{}, errs: map[string]error{}}
	for _, a := range apps {
		h.apps[a] = &appOf{fails: map[string]error{}}
	}
	return h
}

// join makes a rotation known that writes to apps, each as "app" or "app:wave".
func (h *hall) join(credential string, apps ...string) { h.v.Join(credential, coming(apps...), false) }

func coming(apps ...string) map[string]int {
	m := map[string]int{}
	for _, a := range apps {
		name, wave, _ := strings.Cut(a, ":")
		m[name] = len(wave)
	}
	return m
}

// write lets a rotation write to an app, in the background.
func (h *hall) write(ctx context.Context, credential, app string) {
	h.wg.Go(func() {
		d := &door{h.apps[app], credential}
		_, err := met{d, h.v, credential, app}.Set(ctx, pawl.Write{})
		h.mu.Lock()
		h.errs[credential+" "+app] = err
		h.mu.Unlock()
	})
}

func (h *hall) err(credential, app string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.errs[credential+" "+app]
}

// in plays in a bubble in which time is virtual.
func in(t *testing.T, play func(t *testing.T)) { t.Helper(); synctest.Test(t, play) }

func (h *hall) want(t *testing.T, app, calls string) {
	t.Helper()
	synctest.Wait()
	if got := h.apps[app].written(); got != calls {
		t.Errorf("%s was written by calls %q, want %q", app, got, calls)
	}
}

func TestOneCallForAll(t *testing.T) {
	in(t, func(t *testing.T) {
		h := newHall(&Rendezvous{}, "api", "console")
		for _, c := range []string{"a", "b", "c"} {
			h.join(c, "api", "console")
		}
		h.write(t.Context(), "a", "api")
		h.write(t.Context(), "b", "api")
		h.want(t, "api", "")
		h.write(t.Context(), "c", "api")
		h.want(t, "api", "a+b+c")
		h.wg.Wait()
		if err := errors.Join(h.err("a", "api"), h.err("b", "api"), h.err("c", "api")); err != nil {
			t.Error(err)
		}
	})
}

// TestFencedOff: who may not write any more is not in the call of the others;
// and if that turns out at the last moment, none is sent.
func TestFencedOff(t *testing.T) {
	for after, want := range map[int]string{0: "b", 1: ""} {
		in(t, func(t *testing.T) {
			h := newHall(&Rendezvous{}, "api")
			h.join("a", "api")
			h.join("b", "api")
			asked := 0
			h.write(fence.With(t.Context(), func(context.Context) error {
				if asked++; asked > after {
					return &pawl.Error{Op: "engine", Kind: pawl.Conflict, Err: errors.New("taken over")}
				}
				return nil
			}), "a", "api")
			h.write(t.Context(), "b", "api")
			h.want(t, "api", want)
			h.wg.Wait()
			if got := pawl.KindOf(h.err("a", "api")); want == "b" && got != pawl.Conflict || want == "" && got != pawl.Unavailable {
				t.Errorf("a is told %v", h.err("a", "api"))
			}
			if err := h.err("b", "api"); want == "b" && err != nil || want == "" && pawl.KindOf(err) != pawl.Unavailable {
				t.Errorf("b is told %v", err)
			}
		})
	}
}

// TestWhoIsNotComing: a rotation that has left, has no more to write there, or
// never had, holds nobody up.
func TestWhoIsNotComing(t *testing.T) {
	for name, play := range map[string]func(h *hall){
		"left":      func(h *hall) { h.v.Leave("b"); h.v.Leave("b") },
		"follows":   func(h *hall) { h.v.Follow("b", coming("console"), false) },
		"elsewhere": func(h *hall) { h.join("b", "console") },
	} {
		t.Run(name, func(t *testing.T) {
			in(t, func(t *testing.T) {
				h := newHall(&Rendezvous{}, "api", "console")
				h.join("a", "api")
				h.join("b", "api", "console")
				h.write(t.Context(), "a", "api")
				h.want(t, "api", "")
				play(h)
				h.want(t, "api", "a")
				h.wg.Wait()
			})
		})
	}
}

// TestPatience: one that does not come holds the others up for so long, once.
func TestPatience(t *testing.T) {
	in(t, func(t *testing.T) {
		begin := time.Now()
		h := newHall(&Rendezvous{Patience: time.Minute}, "api", "console", "worker")
		for _, c := range []string{"a", "b", "slow"} {
			h.join(c, "api", "console", "worker")
		}
		h.write(t.Context(), "a", "api")
		h.write(t.Context(), "b", "api")
		h.wg.Wait()
		h.want(t, "api", "a+b")
		if waited := time.Since(begin); waited != time.Minute {
			t.Errorf("waited %s, want a minute", waited)
		}
		h.write(t.Context(), "a", "console")
		h.write(t.Context(), "b", "console")
		h.wg.Wait()
		h.want(t, "console", "a+b")
		if waited := time.Since(begin); waited != time.Minute {
			t.Errorf("waited %s in all, want a minute", waited)
		}

		// It shows up after all: from now on it is waited for again.
		for _, c := range []string{"a", "b"} {
			h.v.Follow(c, coming("worker"), false)
		}
		h.write(t.Context(), "slow", "api")
		h.want(t, "api", "a+b | slow")
		h.write(t.Context(), "a", "worker")
		h.write(t.Context(), "b", "worker")
		h.want(t, "worker", "")
		h.write(t.Context(), "slow", "worker")
		h.want(t, "worker", "a+b+slow")
		h.wg.Wait()
	})
}

// TestEachHasItsOwnOutcome: one that is refused keeps none of the others.
func TestEachHasItsOwnOutcome(t *testing.T) {
	in(t, func(t *testing.T) {
		h := newHall(&Rendezvous{}, "api")
		h.join("a", "api")
		h.join("b", "api")
		h.apps["api"].fails["b"] = &pawl.Error{Kind: pawl.Conflict}
		h.write(t.Context(), "a", "api")
		h.write(t.Context(), "b", "api")
		h.wg.Wait()
		if h.err("a", "api") != nil || pawl.KindOf(h.err("b", "api")) != pawl.Conflict {
			t.Errorf("a: %v, b: %v; want nil and a conflict", h.err("a", "api"), h.err("b", "api"))
		}
	})
}

// TestWritesAgain: what is refused comes again, and going back is a write like
// any other; both meet again.
func TestWritesAgain(t *testing.T) {
	in(t, func(t *testing.T) {
		h := newHall(&Rendezvous{}, "api")
		h.join("a", "api")
		h.join("b", "api")
		for range 2 {
			h.write(t.Context(), "a", "api")
			synctest.Wait()
			h.write(t.Context(), "b", "api")
			h.wg.Wait()
		}
		h.want(t, "api", "a+b | a+b")
	})
}

// TestInterrupted: what was not sent is not, and is known not to be.
func TestInterrupted(t *testing.T) {
	in(t, func(t *testing.T) {
		h := newHall(&Rendezvous{}, "api")
		h.join("a", "api")
		h.join("b", "api")
		h.write(t.Context(), "a", "api")
		synctest.Wait()
		h.v.Close()
		h.write(t.Context(), "b", "api")
		h.wg.Wait()
		h.want(t, "api", "")
		for _, c := range []string{"a", "b"} {
			if k := pawl.KindOf(h.err(c, "api")); k != pawl.Operator {
				t.Errorf("%s: %v, want what only a person goes on with", c, h.err(c, "api"))
			}
		}
	})
}

// TestContextEnds: before the call, nothing is sent for it; during the call,
// what came of it is unknown.
func TestContextEnds(t *testing.T) {
	in(t, func(t *testing.T) {
		h := newHall(&Rendezvous{}, "api")
		h.join("a", "api")
		h.join("b", "api")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		h.write(ctx, "a", "api")
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if k := pawl.KindOf(h.err("a", "api")); k != pawl.Unavailable {
			t.Errorf("a: %v, want Unavailable: nothing was sent", h.err("a", "api"))
		}
		h.v.Leave("a")
		h.apps["api"].takes = 5 * time.Second
		during, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		h.write(during, "b", "api")
		h.wg.Wait()
		if k := pawl.KindOf(h.err("b", "api")); k != pawl.Unknown {
			t.Errorf("b: %v, want Unknown", h.err("b", "api"))
		}
		time.Sleep(10 * time.Second)
		h.want(t, "api", "b") // it was sent, and ends with nobody's context
	})
}

// TestRing: rotations whose waves make them wait for each other do not.
func TestRing(t *testing.T) {
	in(t, func(t *testing.T) {
		begin := time.Now()
		h := newHall(&Rendezvous{}, "api", "console", "worker")
		h.join("a", "api:1", "console:11")
		h.join("b", "console:1", "worker:11")
		h.join("c", "worker:1", "api:11")
		h.write(t.Context(), "a", "api")
		h.want(t, "api", "")
		h.write(t.Context(), "b", "console")
		h.want(t, "console", "")
		h.write(t.Context(), "c", "worker")
		h.want(t, "api", "a")
		h.v.Follow("a", coming("console:11"), false)
		h.want(t, "console", "")
		h.write(t.Context(), "a", "console")
		h.want(t, "console", "a+b")
		h.v.Follow("b", coming("worker:11"), false)
		h.write(t.Context(), "b", "worker")
		h.want(t, "worker", "b+c")
		h.wg.Wait()
		if waited := time.Since(begin); waited != 0 {
			t.Errorf("waited %s", waited)
		}
	})
}

// TestOneWaveIsNoRing: places of one wave arrive one after the other, however
// quickly; that is nothing that has to be broken.
func TestOneWaveIsNoRing(t *testing.T) {
	in(t, func(t *testing.T) {
		h := newHall(&Rendezvous{}, "api", "console")
		h.join("a", "api:1", "console:1")
		h.join("b", "api:1", "console:1")
		h.write(t.Context(), "a", "api")
		h.write(t.Context(), "b", "console")
		h.want(t, "api", "")
		h.want(t, "console", "")
		h.write(t.Context(), "b", "api")
		h.write(t.Context(), "a", "console")
		h.want(t, "api", "a+b")
		h.want(t, "console", "a+b")
		h.wg.Wait()
	})
}

// TestStranger: one that nobody said is there writes at once, and alone.
func TestStranger(t *testing.T) {
	in(t, func(t *testing.T) {
		h := newHall(&Rendezvous{}, "api")
		h.write(t.Context(), "a", "api")
		h.wg.Wait()
		h.want(t, "api", "a")
	})
}

// TestBack: who goes back meets others who do, and is no company for those who
// still go forward.
func TestBack(t *testing.T) {
	in(t, func(t *testing.T) {
		h := newHall(&Rendezvous{}, "api")
		both := map[string]int{"api": 1, Back("api"): 2}
		h.v.Join("a", both, false)
		h.v.Join("b", both, false)
		h.v.Join("c", map[string]int{"api": 1}, false)
		for _, c := range []string{"a", "b"} {
			h.v.Follow(c, map[string]int{Back("api"): 2}, true)
		}
		h.write(t.Context(), "a", "api")
		h.want(t, "api", "")
		h.write(t.Context(), "c", "api")
		h.want(t, "api", "c")
		h.write(t.Context(), "b", "api")
		h.want(t, "api", "c | a+b")
		h.wg.Wait()
	})
}
