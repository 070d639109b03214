package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pawl-dev/pawl/sim"
	"github.com/pawl-dev/pawl/sim/world"
)

// A fire is one simulated company, one pawl installation, and everything that
// pawl has printed.
type fire struct {
	t         testing.TB
	w         *world.World
	rules     *sim.Rules
	home      string
	catalog   string
	env       []string // of pawl, besides HOME and PATH
	under     []string // a command that starts pawl; nil: nothing does
	mu        sync.Mutex
	onRequest func(n int, when string, r *http.Request)
	output    bytes.Buffer
	process   *os.Process // that runs now, or did last
	strayed   []string    // where a secret was seen on its way
	old       string      // the key in use at the beginning
}

func newFire(t testing.TB, o world.Options, finish string) *fire {
	return newFireAt(t, o, finish, func(ctx context.Context, w *world.World) (map[string]string, func(), error) { return w.Serve(ctx, 0) })
}

// newFireAt has its vendors served by somebody.
func newFireAt(t testing.TB, o world.Options, finish string, serve func(context.Context, *world.World) (urls map[string]string, wait func(), err error)) *fire {
	f := &fire{t: t, rules: &sim.Rules{}, home: t.TempDir()}
	o.Front = func(vendor string, h http.Handler) http.Handler {
		return f.overhear(vendor, sim.Front(vendor, h, f.rules))
	}
	f.rules.OnRequest = func(n int, when string, r *http.Request) {
		f.mu.Lock()
		h := f.onRequest
		f.mu.Unlock()
		if h != nil {
			h(n, when, r)
		}
	}
	f.w = world.New(o)
	f.old, _, _ = f.w.Infisical.Get("prod", "/", world.Key)
	ctx, stop := context.WithCancel(context.Background())
	urls, wait, err := serve(ctx, f.w)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(); wait() })
	f.catalog = filepath.Join(t.TempDir(), "catalog")
	if err := f.w.WriteCatalog(f.catalog, urls); err != nil {
		t.Fatal(err)
	}
	f.edit("soak: 1s, watch: 1s", finish)
	return f
}

// edit replaces text in the credential's file.
func (f *fire) edit(from, to string) {
	file := filepath.Join(f.catalog, "credentials", "heroku-api-key.yaml")
	text, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(text), from) {
		f.t.Fatalf("no %q in %s (%v)", from, file, err)
	}
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(string(text), from, to)), 0o600); err != nil {
		f.t.Fatal(err)
	}
}

// command is a real process of pawl with an environment of hardly more than HOME.
func (f *fire) command(ctx context.Context, args ...string) *exec.Cmd {
	self, err := exec.LookPath("pawl") // put there by testscript.Main
	if err != nil {
		f.t.Fatal(err)
	}
	all := slices.Concat(f.under, []string{self, "--catalog", f.catalog}, args)
	cmd := exec.CommandContext(ctx, all[0], all[1:]...)
	cmd.Env = slices.Concat([]string{"HOME=" + f.home, "PATH=" + os.Getenv("PATH")}, oneProcessor(), f.env)
	cmd.Stdout, cmd.Stderr = f, f
	return cmd
}

func (f *fire) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

// Write collects what pawl prints.
func (f *fire) Write(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.output.Write(p)
}

func (f *fire) printed() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.output.String()
}

// pawl runs a command and returns its exit code.
func (f *fire) pawl(args ...string) int {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	cmd := f.command(ctx, args...)
	f.start(cmd)
	cmd.Wait()
	return cmd.ProcessState.ExitCode()
}

func (f *fire) start(cmd *exec.Cmd) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := cmd.Start(); err != nil {
		f.t.Fatal(err)
	}
	f.process = cmd.Process
}

// mustEndWell fails the test unless the company is as it ought to be and no
// byte that pawl has written anywhere gives a value away.
func (f *fire) mustEndWell() {
	f.t.Helper()
	if wrong := f.w.Check(); len(wrong) > 0 {
		f.t.Errorf("%s\n%s", strings.Join(wrong, "\n"), f.printed())
	}
	f.mustNotLeak()
}

func (f *fire) mustNotLeak() {
	f.t.Helper()
	if found := leak([]byte(f.printed())); found != "" {
		f.t.Errorf("a secret value is in what pawl printed (%s)", found)
	}
	for _, wrong := range append(leaks(f.home), f.overheard()...) {
		f.t.Error(wrong)
	}
}

// hook is called for every request from now on.
func (f *fire) hook(h func(n int, when string, r *http.Request)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.onRequest = h
}

// killAt starts pawl and kills it with SIGKILL when the n-th request has come
// in and never takes effect ("before"), takes effect although nobody waits any
// more ("during"), or has had its effect ("after"). It reports whether it came
// to that.
func (f *fire) killAt(n int, when string, args ...string) bool {
	return f.killIf(when, func(i int, _ *http.Request) bool { return i == n }, args...)
}

// killIf is killAt for the first request that is meant.
func (f *fire) killIf(when string, meant func(n int, r *http.Request) bool, args ...string) bool {
	var killed atomic.Bool
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	cmd := f.command(ctx, args...)
	dead := make(chan struct{})
	f.hook(func(i int, at string, r *http.Request) {
		if at != strings.Replace(when, "during", "before", 1) || !meant(i, r) || killed.Swap(true) {
			return
		}
		cmd.Process.Kill()
		<-dead
		if when == "before" {
			panic(http.ErrAbortHandler) // it never takes effect
		}
	})
	f.start(cmd)
	cmd.Wait()
	close(dead)
	f.hook(nil)
	return killed.Load()
}

// turns bounds how many companies burn at one time. Most of their time they
// wait.
var turns = make(chan struct{}, 16)

func turn() (done func()) {
	turns <- struct{}{}
	return func() { <-turns }
}

var (
	rotate   = []string{"rotate", world.Credential, "--yes", "--auto-revoke", "--no-input"}
	resume   = []string{"resume", world.Credential, "--yes", "--auto-revoke", "--no-input"}
	rehearse = []string{"rehearse", world.Credential, "--yes", "--no-input"}
)

// TestKilledAtEveryRequest kills pawl at a request, before and after its
// effect, and while it has it, resumes it, and wants the rotation to end as if
// nothing had happened. How many is up to -some and -torture.
func TestKilledAtEveryRequest(t *testing.T) { killedAt(t, "a rotation", rotate, 16) }

// TestRehearsalKilledAtEveryRequest is the same for the way back.
func TestRehearsalKilledAtEveryRequest(t *testing.T) { killedAt(t, "a rehearsal", rehearse, 24) }

// killedAt takes one request by default, and with -some one of so many.
func killedAt(t *testing.T, what string, args []string, oneOf int) {
	t.Parallel()
	var kills, violations count
	t.Cleanup(func() {
		tally(t, "kill -9 at every request of "+what+", then resume", kills.get(), violations.get())
	})
	total := countRequests(t, args)
	for n := amount(total/2, 1, 1); n <= total; n += amount(total, oneOf, 1) {
		for _, when := range []string{"before", "during", "after"} {
			t.Run(fmt.Sprintf("%s%d", when, n), func(t *testing.T) {
				t.Parallel()
				defer turn()()
				f := newFire(t, world.Options{}, "soak: 0s, watch: 0s")
				if !f.killAt(n, when, args...) { // looks are paced by the clock, it took fewer requests this time
					return
				}
				kills.add()
				defer violations.addIf(t)
				f.mustResume(args)
			})
		}
	}
}

// TestKilledAgainAndAgain kills each process of a rotation after a few
// requests: the one that begins it, and those that resume it. In between the
// vendors are as the last one left them. After so many deaths it is left alone,
// and has to end well.
func TestKilledAgainAndAgain(t *testing.T) {
	companies := amount(1, 16, 64)
	const deaths = 20
	t.Parallel()
	var kills, violations count
	t.Cleanup(func() {
		tally(t, "kill -9 of one process after the other, 20 in one rotation", kills.get(), violations.get())
		if kills.get() < companies*deaths*9/10 {
			t.Errorf("only %d kills", kills.get())
		}
	})
	for seed := range companies {
		t.Run(fmt.Sprint("seed", seed), func(t *testing.T) {
			t.Parallel()
			defer turn()()
			defer violations.addIf(t)
			dice := rand.New(rand.NewPCG(uint64(seed), 9))
			f := newFire(t, world.Options{}, "soak: 0s, watch: 0s")
			args := rotate
			for range deaths {
				n := len(f.rules.Log()) + 1 + dice.IntN(40)
				if f.killAt(n, []string{"before", "during", "after"}[dice.IntN(3)], args...) {
					kills.add()
					args = resume
				} else { // it has ended
					args = rotate
				}
			}
			f.mustResume(rotate)
		})
	}
}

// TestAnswerLostAtEveryRequest resets the connection of one request, before or
// after it has its effect, and wants the rotation to end well, at once or after
// resuming.
func TestAnswerLostAtEveryRequest(t *testing.T) {
	step := amount(120, 24, 1)
	t.Parallel()
	var lost, violations count
	t.Cleanup(func() {
		tally(t, "connection reset at every request, before or after its effect", lost.get(), violations.get())
	})
	total := countRequests(t, rotate)
	for n := 1; n <= total; n += step {
		for _, when := range []string{"before", "after"} {
			t.Run(fmt.Sprintf("%s%d", when, n), func(t *testing.T) {
				t.Parallel()
				defer turn()()
				defer violations.addIf(t)
				f := newFire(t, world.Options{}, "soak: 0s, watch: 0s")
				f.hook(func(i int, at string, _ *http.Request) {
					if i == n && at == when {
						lost.add()
						panic(http.ErrAbortHandler)
					}
				})
				if codes := f.untilDone(); codes[len(codes)-1] != exitDone {
					t.Errorf("exits %v", codes)
				}
				f.mustRotateAgain()
			})
		}
	}
}

// mustResume resumes what was killed, rotates once more to show that nothing is
// left in the way, and looks at everything.
func (f *fire) mustResume(args []string) {
	f.t.Helper()
	again := resume
	if args[0] == "rehearse" {
		again = append([]string{"resume", world.Credential}, rehearse[2:]...)
	}
	code := -1
	for tries := 0; tries < 4 && code != exitDone; tries++ {
		code = f.pawl(again...)
	}
	if code != exitDone {
		f.t.Errorf("resume: exit %d", code)
	}
	f.mustEndWell()
	f.mustRotateAgain()
	if code := f.pawl("audit", "verify"); code != exitDone {
		f.t.Errorf("audit verify: exit %d", code)
	}
}

// countRequests is how many requests a run takes that nothing happens to.
func countRequests(t *testing.T, args []string) int {
	t.Helper()
	f := newFire(t, world.Options{}, "soak: 0s, watch: 0s")
	if code := f.pawl(args...); code != exitDone {
		t.Fatalf("exit %d\n%s", code, f.printed())
	}
	f.mustEndWell()
	return len(f.rules.Log())
}
