//go:build unix

package main

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime/pprof"
	"strings"
	"syscall"
	"testing"

	"github.com/pawl-dev/pawl/sim"
	"github.com/pawl-dev/pawl/sim/world"
)

// TestNoLeakVerbosely rotates, goes back, and fails, with the log of requests
// on, and looks through all of it.
func TestNoLeakVerbosely(t *testing.T) {
	t.Parallel()
	f := newFire(t, world.Options{}, "soak: 0s, watch: 1s")
	f.rules.BreakOn(sim.Match{Vendor: "heroku", Method: "PATCH"}, sim.Garble)
	f.rules.BreakOn(sim.Match{Vendor: "infisical", Method: "PATCH"}, sim.Mistype)
	f.want(exitDone, append([]string{"-v"}, rotate...)...)
	f.want(exitDone, append([]string{"-v"}, rehearse...)...)
	f.rules.Add(sim.Rule{Match: sim.Match{Vendor: "github", Method: "PUT"}, Fault: sim.Forbid})
	f.want(exitIncomplete, append([]string{"-v", "--json"}, rotate...)...)
	for _, args := range [][]string{{"status", "--json"}, {"audit", "show", "--json"}, {"audit", "export"}, {"-v", "verify"}, {"-v", "sweep"}} {
		f.pawl(args...)
	}
	if !strings.Contains(f.printed(), "level=DEBUG") {
		t.Error("no request was logged: this shows nothing")
	}
	f.mustNotLeak()
}

// TestNoLeakInTraceback has the runtime print the stack of every goroutine when
// a new key is in memory and nowhere else.
func TestNoLeakInTraceback(t *testing.T) {
	t.Parallel()
	f := newFire(t, world.Options{}, "soak: 0s, watch: 0s")
	f.env = []string{"GOTRACEBACK=all"}
	f.hook(func(_ int, when string, r *http.Request) {
		if when == "before" && r.Method == "PATCH" && strings.HasPrefix(r.URL.Path, "/api/v4/secrets/") {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.process.Signal(syscall.SIGQUIT)
		}
	})
	f.pawl(rotate...)
	f.hook(nil)
	if !strings.Contains(f.printed(), "goroutine ") {
		t.Error("no goroutine was printed: this shows nothing")
	}
	f.env = nil
	f.mustResume(rotate)
}

// TestNoLeakInProfiles takes the profiles of this process, which rotates, when
// it holds a new key.
func TestNoLeakInProfiles(t *testing.T) {
	f := newFire(t, world.Options{}, "soak: 0s, watch: 0s")
	var profiles bytes.Buffer
	f.hook(func(_ int, when string, r *http.Request) {
		if when != "before" || r.Method != "PATCH" {
			return
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		for _, name := range []string{"heap", "allocs", "goroutine"} {
			for _, debug := range []int{0, 1, 2} {
				if err := pprof.Lookup(name).WriteTo(&profiles, debug); err != nil {
					t.Error(err)
				}
			}
		}
	})
	a := env{in: strings.NewReader(""), out: f, err: f, getenv: func(name string) string { return map[string]string{"HOME": f.home}[name] }}
	if code := run(t.Context(), a, append([]string{"--catalog", f.catalog}, rotate...)); code != exitDone {
		t.Errorf("exit %d\n%s", code, f.printed())
	}
	if profiles.Len() == 0 {
		t.Error("no profile was taken: this shows nothing")
	}
	if found := leak(profiles.Bytes()); found != "" {
		t.Errorf("a secret value is in a profile (%s)", found)
	}
	f.mustEndWell()
}

// TestNoLeakToChildren has a program tell the token, and write down how it was
// called.
func TestNoLeakToChildren(t *testing.T) {
	t.Parallel()
	f := newFire(t, world.Options{}, "soak: 0s, watch: 0s")
	told := filepath.Join(f.home, "told")
	dir, err := os.MkdirTemp("", "pawl") // t.TempDir is named so that it looks like a secret
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	program := filepath.Join(dir, "token")
	script := fmt.Sprintf("#!/bin/sh\n{ env; echo \"$0 $*\"; } >>%s\nexec cat %s\n", told, filepath.Join(f.catalog, "secrets", "github"))
	if err := os.WriteFile(program, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(f.catalog, "connections.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.Replace(string(text), `token: "file:secrets/github"`, fmt.Sprintf(`token: {command: [%q, "token"]}`, program), 1)
	if err := os.WriteFile(file, []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
	f.want(exitDone, rotate...)
	if b, err := os.ReadFile(told); err != nil || !strings.Contains(string(b), "token") {
		t.Errorf("the program was not called: %s, %v\n%s", b, err, f.printed())
	}
	f.mustNotLeak()
}
