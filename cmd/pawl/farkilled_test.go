package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
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

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/api"
	"github.com/pawl-dev/pawl/sim/world"
)

// TestServerKilledAtEveryRequest kills the server of a rotation at a request,
// before and after its effect, while a client follows it. The next server goes
// on, the client too: nothing is lost, and it tells every event once.
func TestServerKilledAtEveryRequest(t *testing.T) {
	t.Parallel()
	var kills, violations count
	t.Cleanup(func() {
		tally(t, "kill -9 of the server at every request of a rotation, with a client following", kills.get(), violations.get())
	})
	total, step := countRequests(t, rotate), amount(192, 24, 1)
	moments := []string{"before", "during", "after"}[3-amount(1, 3, 3):]
	for n := max(1, step/2); n <= total; n += step {
		for _, when := range moments {
			t.Run(fmt.Sprintf("%s%d", when, n), func(t *testing.T) {
				t.Parallel()
				defer turn()()
				defer violations.addIf(t)
				f := newFire(t, world.Options{}, "soak: 0s, watch: 0s")
				h := newHost(f)
				if code := h.rotatedUnder(n, when); code != exitDone {
					t.Fatalf("exit %d, killed %v\n%s", code, h.killed.Load(), f.printed())
				}
				if h.killed.Load() {
					kills.add()
				}
				f.mustEndWell()
				h.mustHaveToldAll()
			})
		}
	}
}

// A host is a machine on which servers come and go.
type host struct {
	*fire
	dir    string
	socket string
	mu     sync.Mutex
	server *exec.Cmd
	gone   chan struct{} // closed when it has ended
	killed atomic.Bool
	told   bytes.Buffer // what the client printed for programs
}

func newHost(f *fire) *host {
	dir, err := os.MkdirTemp("", "s") // a short path: those of sockets are bounded
	f.must(err)
	h := &host{fire: f, dir: dir, socket: filepath.Join(dir, "s")}
	h.serve()
	f.t.(*testing.T).Cleanup(func() {
		h.end(os.Interrupt)
		os.RemoveAll(dir)
	})
	return h
}

// serve starts a server and waits until it says that it serves.
func (h *host) serve() {
	h.mu.Lock()
	defer h.mu.Unlock()
	cmd := h.command(context.Background(), "serve", "--no-schedule", "--socket", h.socket)
	cmd.Stderr = nil
	said, err := cmd.StderrPipe()
	h.must(err)
	h.must(cmd.Start())
	lines := bufio.NewScanner(said)
	for lines.Scan() && !strings.Contains(lines.Text(), " serving ") {
	}
	h.server, h.gone = cmd, make(chan struct{})
	go func() {
		for lines.Scan() {
			fmt.Fprintln(h.fire, lines.Text())
		}
		cmd.Wait()
		close(h.gone)
	}()
}

func (h *host) end(sig os.Signal) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.server.Process.Signal(sig)
	<-h.gone
}

// rotatedUnder rotates through the server, which is killed at the n-th request
// of its vendors, and another one started. A client whose request to begin was
// lost with the server asks the next one to go on, as it was told to.
func (h *host) rotatedUnder(n int, when string) int {
	next := make(chan struct{})
	h.hook(func(i int, at string, r *http.Request) {
		if at != strings.Replace(when, "during", "before", 1) || i != n || h.killed.Swap(true) {
			return
		}
		h.end(os.Kill)
		go func() { h.serve(); close(next) }()
		if when == "before" {
			panic(http.ErrAbortHandler) // it never takes effect
		}
	})
	code := h.client(rotate...)
	if h.killed.Load() {
		<-next
	}
	switch code {
	case exitIncomplete:
		h.told.Reset()
		code = h.client(resume...)
	case exitFailed: // it was not even asked to begin, and says so: if that is not true, this is refused
		h.told.Reset()
		code = h.client(rotate...)
	}
	return code
}

// client is a command line on some machine that has neither catalog nor state.
func (h *host) client(args ...string) int {
	self, err := exec.LookPath("pawl")
	h.must(err)
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, self, append([]string{"--json", "--server", "unix:" + h.socket}, args...)...)
	cmd.Env = []string{"HOME=" + h.t.TempDir(), "PATH=" + os.Getenv("PATH")}
	cmd.Stdout, cmd.Stderr = &h.told, h.fire
	h.must(cmd.Start())
	cmd.Wait()
	return cmd.ProcessState.ExitCode()
}

// mustHaveToldAll compares what the client told with the journal: the end of it,
// event by event, each once and in order.
func (h *host) mustHaveToldAll() {
	h.t.Helper()
	c, err := api.Dial("unix:"+h.socket, pawl.Secret{})
	h.must(err)
	run, err := c.Run(context.Background(), pawl.RotationID{Credential: world.Credential, Number: 1})
	h.must(err)
	var told, journaled []string
	for dec := json.NewDecoder(&h.told); dec.More(); {
		var l struct{ Type, At, Step, Consumer string }
		h.must(dec.Decode(&l))
		if l.At != "" {
			told = append(told, strings.Join([]string{l.Type, l.At, l.Step, l.Consumer}, " "))
		}
	}
	for _, ev := range run.Events[1:] { // that it was planned is known
		if ev.Type != pawl.EvUnpaused {
			journaled = append(journaled, strings.Join([]string{string(ev.Type), ev.At.Format(time.RFC3339Nano), string(ev.Step), ev.Consumer}, " "))
		}
	}
	if n := len(told); n == 0 || n > len(journaled) || !slices.Equal(told, journaled[len(journaled)-n:]) {
		h.t.Errorf("told\n%s\njournaled\n%s", strings.Join(told, "\n"), strings.Join(journaled, "\n"))
	}
}
