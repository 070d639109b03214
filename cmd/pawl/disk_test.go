//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pawl-dev/pawl/sim/world"
)

// TestDiskTrouble kills pawl at its calls of the file system, lets them fail,
// and lets the disk be full, by strace's injection. What it was told is durable
// must be, and the next process must end the rotation well. By default some
// calls are taken; -torture takes all.
func TestDiskTrouble(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace is missing; make setup installs it")
	}
	t.Parallel()
	for _, c := range []struct {
		call  string
		most  int // calls of a rotation, about
		every int // of those, by default
	}{{"pwrite64", 480, 160}, {"fsync", 50, 20}, {"renameat", 24, 12}, {"openat", 55, 27}, {"ftruncate", 6, 4}} {
		if *torture {
			c.every = 1
		}
		for _, trouble := range []string{"signal=KILL", "error=EIO", "error=ENOSPC"} {
			for n := 1; n <= c.most; n += c.every {
				t.Run(fmt.Sprintf("%s/%s/%d", c.call, trouble, n), func(t *testing.T) {
					t.Parallel()
					defer turn()()
					f := newFire(t, world.Options{}, "soak: 0s, watch: 0s")
					if f.inject(strace, c.call, trouble, n) { // if not: it took fewer calls this time
						f.mustRecover()
					}
				})
			}
		}
	}
}

// inject runs a rotation whose n-th call is in trouble, and reports whether it
// was: a test of trouble that did not come tests nothing.
func (f *fire) inject(strace, call, trouble string, n int) bool {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	log := filepath.Join(f.t.TempDir(), "strace")
	cmd := f.command(ctx, rotate...)
	cmd.Args = append([]string{strace, "-f", "-qq", "-o", log, "-e", "trace=" + call, "-e", fmt.Sprintf("inject=%s:%s:when=%d", call, trouble, n), cmd.Path}, cmd.Args[1:]...)
	cmd.Path = strace
	cmd.Run()
	text, err := os.ReadFile(log)
	if err != nil {
		f.t.Fatal(err)
	}
	return strings.Contains(string(text), "(INJECTED)") || strings.Contains(string(text), "killed by SIGKILL")
}

// mustRecover goes on after a process has died or given up, whether or not it
// had begun a rotation.
func (f *fire) mustRecover() {
	f.t.Helper()
	code := -1
	for tries := 0; tries < 4 && code != exitDone; tries++ {
		code = f.pawl(resume...)
	}
	if code != exitDone {
		f.t.Errorf("resume: exit %d", code)
	}
	f.mustRotateAgain()
	if code := f.pawl("audit", "verify"); code != exitDone {
		f.t.Errorf("audit verify: exit %d", code)
	}
}
