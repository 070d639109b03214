//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pawl-dev/pawl/sim/world"
)

// A fileCall is one that a rotation makes of the file system, about so often;
// the kernel's manual has what each is for.
type fileCall struct {
	name     string
	most     int
	every    int // which ones are taken
	troubles []string
}

const (
	killed  = "signal=KILL"
	broken  = "error=EIO"
	noSpace = "error=ENOSPC"
	dead    = "error=EIO+" // from this call on
)

// fileCalls are the calls of the file system that -torture takes: each one that
// changes something, each one that syncs, and every so many of those that are
// made all the time.
var fileCalls = []fileCall{
	{"pwrite64", 480, 3, []string{killed}},
	{"pwrite64", 480, 12, []string{broken, noSpace}},
	{"pwrite64", 480, 24, []string{dead}},
	{"fsync", 50, 1, []string{killed, broken, noSpace}},
	{"fsync", 50, 6, []string{dead}},
	{"renameat", 24, 1, []string{killed, broken, noSpace}},
	{"openat", 56, 4, []string{killed, broken, noSpace}},
	{"open", 10, 1, []string{killed, broken, noSpace}},
	{"ftruncate", 6, 1, []string{killed, broken, noSpace}},
	{"mkdirat", 6, 1, []string{killed, broken, noSpace}},
	{"linkat", 2, 1, []string{killed, broken, noSpace}},
	{"unlinkat", 2, 1, []string{killed, broken}},
	{"unlink", 1, 1, []string{killed, broken}},
	{"write", 200, 8, []string{killed, noSpace}}, // also to the terminal and to vendors
	{"pread64", 52, 4, []string{killed, broken}},
	{"fcntl", 450, 24, []string{killed, broken}}, // locks
	{"flock", 1, 1, []string{killed, broken}},
	{"close", 76, 8, []string{killed}},
}

// someFileCalls are those of them that are taken with -some, and one of five of
// these by default.
var someFileCalls = []fileCall{
	{"pwrite64", 160, 120, []string{killed, broken, noSpace, dead}},
	{"fsync", 16, 12, []string{killed, broken}},
	{"renameat", 8, 6, []string{killed, noSpace}},
	{"ftruncate", 4, 2, []string{killed, broken}},
	{"linkat", 2, 2, []string{killed, noSpace}},
}

// TestDiskTrouble kills pawl at its calls of the file system, lets them fail,
// and lets the disk be full, by strace's injection. What it was told is durable
// must be, and the next process must end the rotation well.
func TestDiskTrouble(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace is missing; make setup installs it")
	}
	t.Parallel()
	var n, violations count
	t.Cleanup(func() {
		tally(t, "kill -9, EIO and ENOSPC at calls of the file system", n.get(), violations.get())
		if n.get() == 0 {
			t.Error("no call was met")
		}
	})
	all, row := someFileCalls, -1
	if *torture {
		all = fileCalls
	}
	for _, c := range all {
		for _, trouble := range c.troubles {
			for i := 1; i <= c.most; i += c.every {
				if row++; !taken(row, 5) {
					continue
				}
				t.Run(fmt.Sprintf("%s/%s/%d", c.name, trouble, i), func(t *testing.T) {
					t.Parallel()
					defer turn()()
					defer violations.addIf(t)
					f := newFire(t, world.Options{}, "soak: 0s, watch: 0s")
					if !f.inject(strace, c.name, trouble, i) {
						t.Log("not met: no thread made so many of these calls")
					} else {
						n.add()
						f.mustRecover()
					}
				})
			}
		}
	}
}

// inject runs a rotation in which the n-th call that some thread makes is in
// trouble, and reports whether one was: a test of trouble that did not come
// tests nothing.
func (f *fire) inject(strace, call, trouble string, n int) bool {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	log := filepath.Join(f.t.TempDir(), "strace")
	cmd := f.command(ctx, rotate...)
	trouble, from := strings.CutSuffix(trouble, "+")
	when := fmt.Sprint(n)
	if from {
		when += "+"
	}
	cmd.Args = append([]string{strace, "-f", "-qq", "-o", log, "-e", "trace=" + call, "-e", fmt.Sprintf("inject=%s:%s:when=%s", call, trouble, when), cmd.Path}, cmd.Args[1:]...)
	cmd.Path = strace
	cmd.Env = append(cmd.Env, "GOMAXPROCS=1") // strace counts the calls of each thread: let there be few
	cmd.Run()
	if ctx.Err() != nil {
		f.t.Error("it did not end")
	}
	text, err := os.ReadFile(log)
	if err != nil {
		f.t.Fatal(err)
	}
	killed := cmd.ProcessState.Sys().(syscall.WaitStatus).Signaled() // strace ends as what it traces
	return ctx.Err() == nil && (killed || strings.Contains(string(text), "(INJECTED)"))
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

// TestDiskFull rotates on a file system of its own with less and less room. It
// says so, and goes on once there is room again.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	var full, violations count
	t.Cleanup(func() {
		tally(t, "a full disk, with different room left", full.get(), violations.get())
		if full.get() == 0 {
			t.Error("the disk was never full")
		}
	})
	for kib := 40; kib <= 600; kib += amount(520, 130, 20) {
		t.Run(fmt.Sprint(kib, "KiB"), func(t *testing.T) {
			defer violations.addIf(t)
			f := newFire(t, world.Options{}, "soak: 0s, watch: 0s")
			free, says := f.fillDisk(kib)
			code := f.pawl(rotate...)
			if code != exitDone {
				full.add()
				if code != exitFailed && code != exitIncomplete && code != exitHelp {
					t.Errorf("exit %d", code)
				}
				if !slices.ContainsFunc(says, func(text string) bool { return strings.Contains(f.printed(), text) }) {
					t.Errorf("it does not say why:\n%s", f.printed())
				}
				if code != exitHelp && !f.w.Heroku.Valid(f.old) {
					t.Error("the old key is dead")
				}
			}
			free()
			f.mustRecover()
		})
	}
}

// fillDisk leaves so much room for the state: on 2 MB of memory that are
// mounted for it or, for who may not do that, by a limit to the size of each
// file. It returns what makes room again, and what pawl may say about it.
func (f *fire) fillDisk(kib int) (free func(), says []string) {
	state := filepath.Join(f.home, "small")
	f.must(os.Mkdir(state, 0o700))
	f.env = []string{"PAWL_STATE=" + filepath.Join(state, "pawl")}
	if exec.Command("mount", "-t", "tmpfs", "-o", "size=2m,mode=700", "pawl-test", state).Run() != nil {
		f.under = []string{"sh", "-c", fmt.Sprintf(`trap "" XFSZ; ulimit -f %d; exec "$@"`, 2*kib), "sh"}
		return func() { f.under = nil }, []string{"the disk reports errors", "file too large"}
	}
	f.t.Cleanup(func() { f.must(exec.Command("umount", state).Run()) })
	filler := filepath.Join(state, "filler")
	f.must(os.WriteFile(filler, make([]byte, (2<<20)-kib<<10-(8<<10)), 0o600))
	return func() { f.must(os.Remove(filler)) }, []string{"disk is full", "no space left"} // SQLite's words, and the kernel's
}
