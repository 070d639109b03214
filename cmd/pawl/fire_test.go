package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
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
	mu        sync.Mutex
	onRequest func(n int, when string, r *http.Request)
	output    bytes.Buffer
}

func newFire(t testing.TB, o world.Options, finish string) *fire {
	f := &fire{t: t, rules: &sim.Rules{}, home: t.TempDir()}
	o.Front = func(vendor string, h http.Handler) http.Handler { return sim.Front(vendor, h, f.rules) }
	f.rules.OnRequest = func(n int, when string, r *http.Request) {
		f.mu.Lock()
		h := f.onRequest
		f.mu.Unlock()
		if h != nil {
			h(n, when, r)
		}
	}
	f.w = world.New(o)
	ctx, stop := context.WithCancel(context.Background())
	urls, wait, err := f.w.Serve(ctx, 0)
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

// command is a real process of pawl with an empty environment but for HOME.
func (f *fire) command(ctx context.Context, args ...string) *exec.Cmd {
	self, err := exec.LookPath("pawl") // put there by testscript.Main
	if err != nil {
		f.t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, self, append([]string{"--catalog", f.catalog}, args...)...)
	cmd.Env = []string{"HOME=" + f.home, "PATH=" + os.Getenv("PATH")}
	cmd.Stdout, cmd.Stderr = f, f
	return cmd
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
	cmd.Run()
	return cmd.ProcessState.ExitCode()
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
	look := func(what string, b []byte) {
		for _, c := range canaries {
			if bytes.Contains(b, []byte(c)) {
				f.t.Errorf("a secret value is in %s", what)
				return
			}
		}
	}
	look("what pawl printed", []byte(f.printed()))
	err := filepath.WalkDir(f.home, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		look(path, b)
		return err
	})
	if err != nil {
		f.t.Error(err)
	}
}

// canaries is the mark that is in every simulated secret, as it may come out.
var canaries = func() []string {
	const mark = "CANARY"
	all := []string{mark, hex.EncodeToString([]byte(mark)), strings.ToUpper(hex.EncodeToString([]byte(mark)))}
	for shift := range 3 { // base64 depends on where the mark begins
		enc := base64.RawStdEncoding.EncodeToString(append(bytes.Repeat([]byte{'x'}, shift), mark...))
		all = append(all, enc[(shift*8+5)/6:len(enc)-1])
	}
	return all
}()

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
func (f *fire) killAt(n int, when string, args ...string) (_ bool) {
	var killed atomic.Bool
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	cmd := f.command(ctx, args...)
	dead := make(chan struct{})
	f.hook(func(i int, at string, _ *http.Request) {
		if i != n || at != strings.Replace(when, "during", "before", 1) {
			return
		}
		killed.Store(true)
		cmd.Process.Kill()
		<-dead
		if when == "before" {
			panic(http.ErrAbortHandler) // it never takes effect
		}
	})
	f.mu.Lock() // Start sets cmd.Process, which the hook reads
	err := cmd.Start()
	f.mu.Unlock()
	if err != nil {
		f.t.Fatal(err)
	}
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

var rotate = []string{"rotate", world.Credential, "--yes", "--auto-revoke", "--no-input"}

// TestKilledAtEveryRequest kills pawl at a request, before and after its
// effect, and while it has it, resumes it, and wants the rotation to end as if
// nothing had happened. By default some requests are taken; -torture takes all.
func TestKilledAtEveryRequest(t *testing.T) { killed(t, rotate, 16) }

// TestRehearsalKilledAtEveryRequest is the same for the way back.
func TestRehearsalKilledAtEveryRequest(t *testing.T) { killed(t, rehearse, 24) }

var rehearse = []string{"rehearse", world.Credential, "--yes", "--no-input"}

func killed(t *testing.T, args []string, step int) {
	if *torture {
		step = 1
	}
	t.Parallel()
	total := countRequests(t, args)
	for n := 1; n <= total; n += step {
		for _, when := range []string{"before", "during", "after"} {
			t.Run(fmt.Sprintf("%s%d", when, n), func(t *testing.T) {
				t.Parallel()
				defer turn()()
				f := newFire(t, world.Options{}, "soak: 0s, watch: 0s")
				if f.killAt(n, when, args...) { // if not: looks are paced by the clock, it took fewer requests this time
					f.mustResume(args)
				}
			})
		}
	}
}

// mustResume resumes what was killed, rotates once more to show that nothing is
// left in the way, and looks at everything.
func (f *fire) mustResume(args []string) {
	f.t.Helper()
	flags := rotate[2:]
	if args[0] == "rehearse" {
		flags = rehearse[2:]
	}
	code := -1
	for tries := 0; tries < 4 && code != exitDone; tries++ {
		code = f.pawl(append([]string{"resume", world.Credential}, flags...)...)
	}
	if code != exitDone {
		f.t.Errorf("resume: exit %d", code)
	}
	f.mustEndWell()
	if code := f.pawl(rotate...); code != exitDone {
		f.t.Errorf("rotating again: exit %d", code)
	}
	f.mustEndWell()
	if code := f.pawl("audit", "verify"); code != exitDone {
		f.t.Errorf("audit verify: exit %d", code)
	}
	if f.t.Failed() {
		f.t.Log(f.printed())
	}
}

// countRequests is how many requests a run takes that nothing happens to.
func countRequests(t *testing.T, args []string) int {
	f := newFire(t, world.Options{}, "soak: 0s, watch: 0s")
	if code := f.pawl(args...); code != exitDone {
		t.Fatalf("exit %d\n%s", code, f.printed())
	}
	f.mustEndWell()
	return len(f.rules.Log())
}
