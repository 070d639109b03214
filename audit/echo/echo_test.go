package echo_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/audit"
	"github.com/pawl-dev/pawl/audit/echo"
)

// A wall is what comes back from an echo, in virtual time.
type wall struct {
	*echo.Echo
	t    *testing.T
	mu   sync.Mutex
	log  []audit.Event
	full bool
}

func in(t *testing.T, f func(t *testing.T, w *wall)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &wall{t: t}
		w.Echo = echo.New(w.record, time.Now, slog.New(slog.DiscardHandler))
		f(t, w)
	})
}

func (w *wall) record(_ context.Context, all ...audit.Event) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.full {
		return errors.New("full")
	}
	w.log = append(w.log, all...)
	return nil
}

func refusal(who, target string) audit.Event {
	ev := audit.New(audit.AuthDenied, audit.Failure, time.Now(), pawl.Actor{Type: "user", ID: who})
	ev.Target.Credential, ev.Context.Detail = target, "plan"
	return ev
}

func (w *wall) refuse(who, target string) (first bool) {
	w.t.Helper()
	first, err := w.Tell(w.t.Context(), who, refusal(who, target))
	if err != nil {
		w.t.Fatal(err)
	}
	return first
}

func (w *wall) said() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []string
	for _, ev := range w.log {
		all = append(all, ev.Actor.ID+" "+ev.Target.Credential+" "+ev.Context.Detail)
	}
	w.log = nil
	return all
}

func (w *wall) want(what string, lines ...string) {
	w.t.Helper()
	if said := w.said(); !slices.Equal(said, lines) {
		w.t.Errorf("%s:\n%s\nwant\n%s", what, strings.Join(said, "\n"), strings.Join(lines, "\n"))
	}
}

// TestRepeated: the first at once, the others as one with their number.
func TestRepeated(t *testing.T) {
	in(t, func(t *testing.T, w *wall) {
		if !w.refuse("eva", "key") {
			t.Error("the first is not the first")
		}
		w.want("at once", "eva key plan")
		for range 1000 {
			if w.refuse("eva", "key") {
				t.Fatal("first again")
			}
		}
		w.refuse("eva", "other")
		w.refuse("bo", "key")
		w.want("of others", "eva other plan", "bo key plan")
		time.Sleep(echo.Window - time.Second)
		synctest.Wait()
		w.want("before the window ends")
		time.Sleep(time.Second)
		synctest.Wait()
		w.want("when it ends", "eva key plan (and 1000 more like it since 2000-01-01T00:00:00Z)")
		time.Sleep(echo.Window)
		synctest.Wait()
		w.want("and then nothing")
		w.refuse("eva", "key")
		w.want("in another window", "eva key plan")
	})
}

// TestFlush: who stops leaves nothing uncounted, and nothing that comes later.
func TestFlush(t *testing.T) {
	in(t, func(t *testing.T, w *wall) {
		for range 3 {
			w.refuse("eva", "key")
		}
		w.said()
		w.Flush()
		w.want("at the end", "eva key plan (and 2 more like it since 2000-01-01T00:00:00Z)")
		w.Flush()
		time.Sleep(2 * echo.Window)
		synctest.Wait()
		w.want("after it")
	})
}

// TestOtherNames: who asks for something else each time is written down a few
// times, and counted; others are still heard.
func TestOtherNames(t *testing.T) {
	in(t, func(t *testing.T, w *wall) {
		for i := range 3_000 {
			w.refuse("eva", fmt.Sprint("key-", i))
		}
		if said := w.said(); len(said) != echo.MostOf {
			t.Errorf("%d records", len(said))
		}
		w.refuse("bo", "key")
		w.want("somebody else", "bo key plan")
		time.Sleep(echo.Window)
		synctest.Wait()
		w.want("when the window ends", fmt.Sprintf("eva  %d others since 2000-01-01T00:00:00Z, too many different ones to write down", 3_000-echo.MostOf))
	})
}

// TestManyOfMany: nor do many who each ask for something else.
func TestManyOfMany(t *testing.T) {
	in(t, func(t *testing.T, w *wall) {
		for i := range 2_000 {
			w.refuse(fmt.Sprint("somebody-", i), fmt.Sprint("key-", i))
		}
		if said := w.said(); len(said) != echo.Most {
			t.Errorf("%d records", len(said))
		}
		time.Sleep(echo.Window)
		synctest.Wait()
		w.want("when the window ends", fmt.Sprintf("pawl  %d others since 2000-01-01T00:00:00Z, too many different ones to write down", 2_000-echo.Most))
		w.refuse("eva", "key")
		w.want("there is room again", "eva key plan")
	})
}

// TestFullLog: what could not be written down was not said: the next one is the
// first.
func TestFullLog(t *testing.T) {
	in(t, func(t *testing.T, w *wall) {
		w.full = true
		if _, err := w.Tell(t.Context(), "eva", refusal("eva", "key")); err == nil {
			t.Error("nobody is told that it is not written down")
		}
		w.full = false
		if !w.refuse("eva", "key") {
			t.Error("it counts as said")
		}
		w.want("then", "eva key plan")
	})
}

// TestAtOnce: of many at the same time one is the first.
func TestAtOnce(t *testing.T) {
	in(t, func(t *testing.T, w *wall) {
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() { w.refuse("eva", "key") })
		}
		all.Wait()
		w.want("at once", "eva key plan")
		w.Flush()
		w.want("at the end", "eva key plan (and 49 more like it since 2000-01-01T00:00:00Z)")
	})
}
