package github_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/provider/github/githubsim"
)

// asked returns what f asked GitHub for.
func (w *world) asked(f func()) []string {
	before := len(w.sim.Requests())
	f()
	return w.sim.Requests()[before:]
}

// within is a context that fails a call which waits for ever.
func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// go-github never closes the body of an error.
func TestManyAnswersThatAreErrors(t *testing.T) {
	w := newWorld(t, githubsim.Options{})
	c, ctx := w.consumer(repoSecret), within(t) // two at a time
	for i := range 50 {
		if o, err := c.Observe(ctx, pawl.Look{Want: content(newValue)}); err != nil || o.Holds != pawl.HoldsNothing {
			t.Fatalf("look %d: %+v, %v", i+1, o, err)
		}
	}
}

func TestManyEnvironmentsWithoutTheSecret(t *testing.T) {
	w := newWorld(t, githubsim.Options{})
	for i := range 20 {
		w.sim.AddEnvironment("acme/api", fmt.Sprintf("review-%d", i))
	}
	c, ctx := w.consumer(repoSecret), within(t)
	look := pawl.Look{Want: content(newValue), Mark: w.set(c, newValue).Mark}
	for range 3 {
		if o, err := c.Observe(ctx, look); err != nil || o.Verdict != pawl.Proved {
			t.Fatalf("observation = %+v, %v, want proved", o, err)
		}
	}
}

func TestWaitingForRunsAsksLittle(t *testing.T) {
	w := newWorld(t, githubsim.Options{})
	for i := range 5 {
		w.sim.AddEnvironment("acme/api", fmt.Sprintf("review-%d", i))
	}
	c := w.consumer(repoSecret)
	var ids []int64
	for range 3 {
		ids = append(ids, w.sim.AddRun("acme/api", "in_progress", w.now.Add(-time.Hour)))
	}
	look := pawl.Look{Want: content(newValue), Mark: w.set(c, newValue).Mark}
	first := w.asked(func() { w.observe(c, look) })
	if len(first) != 1+1+5+5 {
		t.Errorf("the first look asked %d times: %q", len(first), first)
	}
	for range 7 {
		w.now = w.now.Add(15 * time.Second)
		again := w.asked(func() {
			if o := w.observe(c, look); o.Verdict != pawl.Waiting || strings.Count(o.Detail, "/runs/") != 3 {
				t.Errorf("observation = %+v, want three runs", o)
			}
		})
		if len(again) > 2 {
			t.Errorf("a look that only waits asked %q", again)
		}
	}
	for _, id := range ids {
		w.sim.Finish(id, "success")
	}
	w.asked(func() {
		if o := w.observe(c, look); o.Verdict != pawl.Proved {
			t.Errorf("all over: %+v, want proved", o)
		}
	})
	last := w.asked(func() { w.observe(c, look) })
	if slices.ContainsFunc(last, func(r string) bool { return strings.Contains(r, "/actions/runs") }) {
		t.Errorf("asked for runs that cannot be there: %q", last)
	}
	if len(last) != 1+1+5 {
		t.Errorf("that nothing wins has to be seen every time; asked %q", last)
	}
}

// Each of the runs is noticed, whichever ends first.
func TestRunsEndInAnyOrder(t *testing.T) {
	w := newWorld(t, githubsim.Options{})
	c := w.consumer(repoSecret)
	var ids []int64
	for range 4 {
		ids = append(ids, w.sim.AddRun("acme/api", "queued", w.now.Add(-time.Hour)))
	}
	look := pawl.Look{Want: content(newValue), Mark: w.set(c, newValue).Mark}
	for _, id := range []int64{ids[2], ids[0], ids[3], ids[1]} {
		if o := w.observe(c, look); o.Verdict != pawl.Waiting {
			t.Fatalf("observation = %+v, want waiting", o)
		}
		w.sim.Finish(id, "success")
	}
	if o := w.observe(c, look); o.Verdict != pawl.Proved {
		t.Errorf("observation = %+v, want proved", o)
	}
}

// While one run goes on, the others are not named for longer than it takes to
// ask about them in turn.
func TestEveryRunHasItsTurn(t *testing.T) {
	w := newWorld(t, githubsim.Options{})
	c := w.consumer(repoSecret)
	w.sim.AddRun("acme/api", "in_progress", w.now.Add(-time.Hour)) // goes on
	other := w.sim.AddRun("acme/api", "in_progress", w.now.Add(-time.Hour))
	look := pawl.Look{Want: content(newValue), Mark: w.set(c, newValue).Mark}
	w.observe(c, look)
	w.sim.Finish(other, "success")
	w.observe(c, look)
	if o := w.observe(c, look); o.Verdict != pawl.Waiting || strings.Contains(o.Detail, "#2 ") || !strings.Contains(o.Detail, "#1 ") {
		t.Errorf("observation = %+v, want it to name the first run only", o)
	}
}

func TestPolledRuns(t *testing.T) {
	for name, tt := range map[string]struct {
		answer http.HandlerFunc
		kind   pawl.Kind // Other: no error
		want   pawl.Verdict
	}{
		"forbidden": {status(403), pawl.Forbidden, pawl.Waiting},
		"down":      {status(503), pawl.Unavailable, pawl.Waiting},
		"{}":        {func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(`{}`)) }, pawl.Unavailable, pawl.Waiting},
		"another":   {func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(`{"id":1,"status":"completed"}`)) }, pawl.Unavailable, pawl.Waiting},
		"not found": {status(404), pawl.Other, pawl.Waiting}, // the list still has it
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, githubsim.Options{})
			c := w.consumer(repoSecret)
			id := w.sim.AddRun("acme/api", "in_progress", w.now.Add(-time.Hour))
			look := pawl.Look{Want: content(newValue), Mark: w.set(c, newValue).Mark}
			w.observe(c, look)
			w.meddle = fault("GET", fmt.Sprint("/runs/", id), tt.answer)
			o, err := c.Observe(t.Context(), look)
			if o.Verdict != tt.want || pawl.KindOf(err) != tt.kind {
				t.Errorf("observation = %+v, %v", o, err)
			}
			if tt.kind == pawl.Forbidden && pawl.HintOf(err) == "" {
				t.Error("no hint which permission is missing")
			}
			w.meddle = nil
			w.sim.Finish(id, "success")
			if o := w.observe(c, look); o.Verdict != pawl.Proved {
				t.Errorf("over: %+v, want proved", o)
			}
		})
	}
}

// GitHub's lists lag: one that shows nothing right after the write does not
// settle it.
func TestRunThatIsListedLate(t *testing.T) {
	w := newWorld(t, githubsim.Options{ListingLag: 5 * time.Second})
	c := w.consumer(repoSecret)
	id := w.sim.AddRun("acme/api", "in_progress", w.now)
	look := pawl.Look{Want: content(newValue), Mark: w.set(c, newValue).Mark}
	w.observe(c, look)
	w.now = w.now.Add(9 * time.Second)
	if o := w.observe(c, look); o.Verdict != pawl.Waiting {
		t.Errorf("observation = %+v, want waiting", o)
	}
	w.sim.Finish(id, "success")
	if o := w.observe(c, look); o.Verdict != pawl.Proved {
		t.Errorf("over: %+v, want proved", o)
	}
}

func TestShadowIsSearchedAgainAtTheEnd(t *testing.T) {
	w := newWorld(t, githubsim.Options{})
	w.sim.AddEnvironment("acme/api", "prod")
	w.sim.AddEnvironment("acme/api", "staging")
	c := w.consumer(repoSecret)
	id := w.sim.AddRun("acme/api", "in_progress", w.now.Add(-time.Hour))
	look := pawl.Look{Want: content(newValue), Mark: w.set(c, newValue).Mark}
	w.observe(c, look)
	w.sim.SetSecret("acme/api", "staging", "HEROKU_API_KEY", oldValue)
	w.sim.Finish(id, "success")
	const want = "environment staging has its own HEROKU_API_KEY, which wins"
	if o := w.observe(c, look); o.Verdict != pawl.Waiting || o.Detail != want {
		t.Errorf("observation = %+v, want %s", o, want)
	}
	again := w.asked(func() { w.observe(c, look) })
	if len(again) > 2 {
		t.Errorf("a look that only waits for it to go asked %q", again)
	}
	w.sim.SetSecret("acme/api", "prod", "HEROKU_API_KEY", oldValue)
	w.meddle = fault("GET", "/environments/staging/secrets/HEROKU_API_KEY", status(404))
	if o := w.observe(c, look); o.Verdict != pawl.Waiting || !strings.Contains(o.Detail, "environment prod") {
		t.Errorf("another one: %+v", o)
	}
}

// What is remembered is of one write: the next one has runs before it again,
// even in the same second.
func TestNextWriteIsLookedAtAnew(t *testing.T) {
	w := newWorld(t, githubsim.Options{})
	c := w.consumer(repoSecret)
	look := pawl.Look{Want: content(newValue), Mark: w.set(c, newValue).Mark}
	w.observe(c, look)
	w.now = w.now.Add(time.Minute)
	w.observe(c, look) // settled
	w.now = w.now.Add(-time.Minute)
	w.sim.AddRun("acme/api", "queued", w.now)
	look.Mark = w.set(c, oldValue).Mark
	if o := w.observe(c, look); o.Verdict != pawl.Waiting {
		t.Errorf("observation = %+v, want waiting", o)
	}
}

// A write of another process is noticed by its mark.
func TestWriteOfAnotherProcess(t *testing.T) {
	w := newWorld(t, githubsim.Options{})
	c := w.consumer(repoSecret)
	look := pawl.Look{Want: content(newValue), Mark: w.set(c, newValue).Mark}
	w.observe(c, look)
	w.now = w.now.Add(time.Minute)
	w.observe(c, look) // settled
	w.sim.AddRun("acme/api", "queued", w.now)
	w.now = w.now.Add(time.Second)
	look.Mark = w.set(w.consumer(repoSecret), oldValue).Mark
	if o := w.observe(c, look); o.Verdict != pawl.Waiting || !strings.Contains(o.Detail, "not over") {
		t.Errorf("observation = %+v, want waiting", o)
	}
}

// Our own proof runs in the second of the write, and is not from before it.
func TestOurOwnRunIsNotFromBefore(t *testing.T) {
	for _, o := range []githubsim.Options{{}, {MuteDispatch: true}} {
		o.QueueDelay = time.Hour
		w := newWorld(t, o)
		client := w.client(githubsim.Token)
		c, p := w.consumerOver(client, repoSecret), w.proverOver(client, deployID)
		mark := w.set(c, newValue).Mark
		w.start(p)
		if o := w.observe(c, pawl.Look{Want: content(newValue), Mark: mark}); o.Verdict != pawl.Proved {
			t.Errorf("observation = %+v, want proved", o)
		}
	}
}

// What may have been queued before the write counts, whoever queued it.
func TestRunsOfTheSecondThatCount(t *testing.T) {
	for name, queue := range map[string]func(w *world, client any, c pawl.Consumer){
		"our own, before the write": func(w *world, client any, c pawl.Consumer) {
			w.start(w.proverOver(client, deployID))
			w.set(c, newValue)
		},
		"our own, before the second of two writes": func(w *world, client any, c pawl.Consumer) {
			w.set(c, oldValue)
			w.start(w.proverOver(client, deployID))
			w.set(c, newValue)
		},
		"our own, after another place's write": func(w *world, client any, c pawl.Consumer) {
			w.set(w.consumerOver(client, `{"repo":"acme/api","secret":"OTHER"}`), newValue)
			w.start(w.proverOver(client, deployID))
			w.set(c, newValue)
		},
		"our own, after a write that failed": func(w *world, client any, c pawl.Consumer) {
			w.set(c, oldValue)
			w.meddle = fault("PUT", "HEROKU_API_KEY", status(503))
			if _, err := c.Set(w.t.Context(), pawl.Write{To: content(newValue)}); err == nil {
				w.t.Error("the write did not fail")
			}
			w.meddle = nil
			w.start(w.proverOver(client, deployID))
			w.sim.SetSecret("acme/api", "", "HEROKU_API_KEY", newValue) // it lands late
		},
		"another connection's": func(w *world, _ any, c pawl.Consumer) {
			w.set(c, newValue)
			w.start(w.prover(deployID))
		},
		"somebody's push": func(w *world, _ any, c pawl.Consumer) {
			w.set(c, newValue)
			w.sim.AddRun("acme/api", "queued", w.now)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, githubsim.Options{QueueDelay: time.Hour})
			client := w.client(githubsim.Token)
			c := w.consumerOver(client, repoSecret)
			queue(w, client, c)
			look := pawl.Look{Want: content(newValue), Mark: w.now.Format(time.RFC3339)}
			if o := w.observe(c, look); o.Verdict != pawl.Waiting || !strings.Contains(o.Detail, "not over") {
				t.Errorf("observation = %+v, want waiting", o)
			}
		})
	}
}

// While a write is under way it may have landed, and nothing is known to come
// after it.
func TestLooksDuringAWrite(t *testing.T) {
	for name, between := range map[string]func(*testing.T, pawl.Consumer){
		"one write":  func(*testing.T, pawl.Consumer) {},
		"two writes": func(t *testing.T, c pawl.Consumer) { c.Set(t.Context(), pawl.Write{To: content(oldValue)}) },
	} {
		w := newWorld(t, githubsim.Options{QueueDelay: time.Hour})
		client := w.client(githubsim.Token)
		c, p := w.consumerOver(client, repoSecret), w.proverOver(client, deployID)
		look := pawl.Look{Want: content(newValue), Mark: w.set(c, oldValue).Mark}
		var seen pawl.Observation
		w.meddle = fault("PUT", "HEROKU_API_KEY", func(rw http.ResponseWriter, r *http.Request) {
			w.meddle = nil
			between(t, c)
			p.(pawl.Starter).Start(t.Context(), look)
			w.sim.ServeHTTP(rw, r) // landed, but not answered yet
			seen, _ = c.Observe(t.Context(), look)
		})
		w.set(c, newValue)
		if seen.Verdict != pawl.Waiting || !strings.Contains(seen.Detail, "not over") {
			t.Errorf("%s: observation = %+v, want waiting", name, seen)
		}
	}
}

// A look that a write overtakes does not leave what it saw.
func TestWriteDuringALook(t *testing.T) {
	w := newWorld(t, githubsim.Options{})
	c := w.consumer(repoSecret)
	look := pawl.Look{Want: content(newValue), Mark: w.set(c, newValue).Mark}
	w.observe(c, look)
	w.now = w.now.Add(time.Minute)
	w.meddle = fault("GET", "/environments", func(rw http.ResponseWriter, r *http.Request) { // the runs are settled
		w.meddle = nil
		w.now = w.now.Add(-time.Minute) // in the second of the first write
		w.sim.AddRun("acme/api", "queued", w.now)
		c.Set(t.Context(), pawl.Write{To: content(oldValue)})
		w.sim.ServeHTTP(rw, r)
	})
	w.observe(c, look)
	if o := w.observe(c, look); o.Verdict != pawl.Waiting {
		t.Errorf("observation = %+v, want waiting", o)
	}
}
