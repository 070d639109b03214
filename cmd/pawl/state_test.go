//go:build unix

package main

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/pawl-dev/pawl/sim/world"
)

// dir is where the state is.
func (f *fire) dir() string { return filepath.Join(f.home, ".local", "state", "pawl") }

// sql runs statements on the journal behind pawl's back.
func (f *fire) sql(text string) {
	f.t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(f.dir(), "pawl.db"))
	if err != nil {
		f.t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(text); err != nil {
		f.t.Fatal(err)
	}
}

// TestDowngrade opens, with this pawl, the journal of a newer one in the middle
// of a rotation: everything is refused and says why, and nothing is changed.
func TestDowngrade(t *testing.T) {
	t.Parallel()
	f := newFire(t, world.Options{}, "soak: 0s, watch: 0s")
	if code := f.pawl("rotate", world.Credential, "--yes", "--no-input"); code != exitWaits {
		t.Fatalf("exit %d, want it to wait for the word to revoke\n%s", code, f.printed())
	}
	f.sql("CREATE TABLE of_the_future (x); PRAGMA user_version = 99")
	before := f.files("pawl.db")
	for _, args := range [][]string{rotate, resume, {"status"}, {"sweep"}, {"rollback", world.Credential, "--yes"}, {"revoke", world.Credential, "--yes"}, {"audit", "verify"}} {
		seen := len(f.printed())
		if code := f.pawl(args...); code != exitFailed || !strings.Contains(f.printed()[seen:], "written by a newer pawl (format 99") {
			t.Errorf("%v: exit %d\n%s", args, code, f.printed()[seen:])
		}
	}
	if after := f.files("pawl.db"); !slices.Equal(before, after) {
		t.Error("the journal was changed")
	}
	f.sql("DROP TABLE of_the_future; PRAGMA user_version = 1")
	f.mustResume(rotate)
}

// files returns the content of some files of the state.
func (f *fire) files(names ...string) (all []string) {
	for _, name := range names {
		b, err := os.ReadFile(filepath.Join(f.dir(), name))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			f.t.Fatal(err)
		}
		all = append(all, string(b))
	}
	return all
}

// TestJournalKeptBusy has another process write to the journal without an end
// (30 seconds, until pawl has given up), from some request on: what cannot be
// recorded is not done, and what was done meanwhile is found again.
func TestJournalKeptBusy(t *testing.T) {
	t.Parallel()
	for i, at := range []string{"POST /oauth/authorizations", "PATCH /apps/acme-api-prod/config-vars", "DELETE /oauth/authorizations/"} {
		if !taken(i, 3) {
			continue
		}
		t.Run(strings.ReplaceAll(at, "/", "_"), func(t *testing.T) {
			t.Parallel()
			defer turn()()
			f := newFire(t, world.Options{}, "soak: 0s, watch: 0s")
			var once sync.Once
			release := func() {}
			f.hook(func(_ int, when string, r *http.Request) {
				if when == "after" && strings.HasPrefix(r.Method+" "+r.URL.Path, at) {
					once.Do(func() { release = f.keepBusy() })
				}
			})
			code := f.pawl(rotate...)
			if code != exitFailed && code != exitIncomplete && code != exitHelp {
				t.Errorf("exit %d", code)
			}
			if !strings.Contains(f.printed(), "busy") && !strings.Contains(f.printed(), "locked") {
				t.Errorf("it does not say why\n%s", f.printed())
			}
			f.hook(nil)
			release()
			f.mustResume(rotate)
		})
	}
}

// keepBusy begins to write to the journal, and ends when it is told.
func (f *fire) keepBusy() (release func()) {
	db, err := sql.Open("sqlite", "file:"+filepath.Join(f.dir(), "pawl.db")+"?_pragma=busy_timeout(5000)&_txlock=immediate")
	if err != nil {
		f.t.Error(err)
		return func() {}
	}
	tx, err := db.Begin()
	if err != nil {
		f.t.Error(err)
	}
	return func() {
		if tx != nil {
			tx.Rollback()
		}
		db.Close()
	}
}

// TestManyDrivers starts two and three processes at once. One rotates, the
// others are told, and it is as if there had been one.
func TestManyDrivers(t *testing.T) {
	t.Parallel()
	for _, n := range []int{2, 3} {
		t.Run(map[int]string{2: "Two", 3: "Three"}[n], func(t *testing.T) {
			t.Parallel()
			defer turn()()
			f := newFire(t, world.Options{}, "soak: 0s, watch: 0s")
			var mints atomic.Int32
			f.hook(func(_ int, when string, r *http.Request) {
				if when == "after" && r.Method == "POST" && r.URL.Path == "/oauth/authorizations" {
					mints.Add(1)
				}
			})
			codes := make([]int, n)
			var all sync.WaitGroup
			for i := range codes {
				all.Go(func() { codes[i] = f.pawl(rotate...) })
			}
			all.Wait()
			f.hook(nil)
			done := 0
			for _, code := range codes {
				if code == exitDone {
					done++
				} else if code != exitFailed && code != exitIncomplete && code != exitWaits {
					t.Errorf("exits %v", codes)
				}
			}
			// One that comes when the first has ended rotates once more.
			if done == 0 || int(mints.Load()) != done {
				t.Errorf("exits %v, %d keys minted", codes, mints.Load())
			}
			f.mustEndWell()
			f.mustRotateAgain()
		})
	}
}

// TestStoppedAndContinued stops a process (SIGSTOP) at a request, for longer
// than a request may take and a proof is good for; another one finishes the
// rotation meanwhile, or is told that somebody is at it. Then the first one
// goes on, and can begin nothing.
func TestStoppedAndContinued(t *testing.T) {
	t.Parallel()
	for i, at := range []string{"POST /oauth/authorizations", "PATCH /apps/acme-console-prod/config-vars", "DELETE /oauth/authorizations/"} {
		for j, takenOver := range []bool{false, true} {
			if !taken(2*i+j, 3) {
				continue
			}
			t.Run(strings.ReplaceAll(at, "/", "_")+map[bool]string{true: "/TakenOver"}[takenOver], func(t *testing.T) {
				t.Parallel()
				defer turn()()
				stopped(t, at, takenOver)
			})
		}
	}
}

func stopped(t *testing.T, at string, takenOver bool) {
	t.Helper()
	f := newFire(t, world.Options{}, "soak: 0s, watch: 0s")
	ctx, cancel := context.WithTimeout(context.Background(), 4*time.Minute)
	defer cancel()
	cmd := f.command(ctx, rotate...)
	asleep := make(chan struct{})
	var once sync.Once
	f.hook(func(_ int, when string, r *http.Request) {
		if when == "after" && strings.HasPrefix(r.Method+" "+r.URL.Path, at) {
			once.Do(func() {
				cmd.Process.Signal(syscall.SIGSTOP)
				close(asleep)
			})
		}
	})
	f.start(cmd)
	<-asleep
	switch {
	case takenOver: // its lock is of a file that is gone, as on a file system that forgot it
		if err := os.Remove(filepath.Join(f.dir(), "driver.lock")); err != nil {
			t.Error(err)
		}
		code := -1
		for tries := 0; tries < 4 && code != exitDone; tries++ {
			code = f.pawl(resume...)
		}
		// One that was stopped in the middle of a commit keeps its place: nobody
		// can take over before it is killed, or goes on.
		if takenOver = !strings.Contains(f.printed(), "keeps the journal busy"); takenOver {
			if code != exitDone {
				t.Errorf("taking over: exit %d", code)
			}
			f.mustEndWell()
		}
	default:
		if code := f.pawl(resume...); code != exitIncomplete && code != exitFailed {
			t.Errorf("somebody is at it: exit %d", code)
		}
	}
	if *torture {
		<-time.After(75 * time.Second) // longer than a request, and than evidence is good for
	}
	cmd.Process.Signal(syscall.SIGCONT)
	cmd.Wait()
	f.hook(nil)
	code := cmd.ProcessState.ExitCode()
	t.Logf("exit %d after it was continued", code)
	if takenOver {
		f.mustEndWell()
	}
	f.mustRecoverAnywhere()
}

// mustRecoverAnywhere resumes what there is and rotates.
func (f *fire) mustRecoverAnywhere() {
	f.t.Helper()
	for range 3 {
		if f.pawl(resume...) == exitDone {
			break
		}
	}
	f.mustRotateAgain()
	if code := f.pawl("audit", "verify"); code != exitDone {
		f.t.Errorf("audit verify: exit %d", code)
	}
}

// TestPublicKeyIsWhole: what a full disk or a power loss left of audit.pub is
// written again; a whole one, whoever's it is, is left alone.
func TestPublicKeyIsWhole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.pub")
	const text = "acme+0123+key\n"
	for before, after := range map[string]string{"": text, "acme+01": text, "\x00\x00\x00": text, "acme\x00\x00": text, text: text, "other+key\n": "other+key\n"} {
		if err := os.WriteFile(path, []byte(before), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := publish(path, text); err != nil {
			t.Error(err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != after {
			t.Errorf("%q became %q, %v; want %q", before, got, err, after)
		}
	}
}

// TestBackupRestored puts back an older copy of the state: taken before the
// revoke of a rotation after which another one was made.
func TestBackupRestored(t *testing.T) {
	t.Parallel()
	for name, files := range map[string][]string{
		"Journal": {"pawl.db", "pawl.db-wal"},
		"Folder":  {"pawl.db", "pawl.db-wal", "audit.checkpoint"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			defer turn()()
			f := newFire(t, world.Options{}, "soak: 0s, watch: 0s")
			if code := f.pawl("rotate", world.Credential, "--yes", "--no-input"); code != exitWaits {
				t.Fatalf("exit %d", code)
			}
			backup := f.files(files...)
			f.mustResume(rotate) // which rotates twice in the end
			inUse, _, _ := f.w.Infisical.Get("prod", "/", world.Key)
			for i, file := range files {
				if err := os.WriteFile(filepath.Join(f.dir(), file), []byte(backup[i]), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			os.Remove(filepath.Join(f.dir(), "pawl.db-shm"))
			seen := len(f.printed())
			for _, args := range [][]string{resume, rotate, {"rollback", world.Credential, "--yes", "--no-input"}, resume} {
				if code := f.pawl(args...); code == exitDone {
					t.Errorf("%v: exit 0 on a state that was set back\n%s", args, f.printed()[seen:])
				}
			}
			if now, _, _ := f.w.Infisical.Get("prod", "/", world.Key); now != inUse || !f.w.Heroku.Valid(inUse) {
				t.Error("the key in use is not what it was, or is dead")
			}
			f.mustEndWell()
			if name == "Journal" && !strings.Contains(f.printed()[seen:], "restored from an older copy") {
				t.Errorf("it does not say why\n%s", f.printed()[seen:])
			}
			// A fresh folder needs nothing of the old one.
			f.env = []string{"PAWL_STATE=" + filepath.Join(f.home, "fresh")}
			f.mustRotateAgain()
		})
	}
}

// TestSealingKeyLost takes the key away that opens the values of an unfinished
// rotation. A person is needed then, nothing is made up and nothing revoked; with
// the key back it ends well.
func TestSealingKeyLost(t *testing.T) {
	t.Parallel()
	defer turn()()
	f := newFire(t, world.Options{}, "soak: 0s, watch: 0s")
	f.killOn("PATCH /apps/", "after", rotate...)
	keys, err := filepath.Glob(filepath.Join(f.home, ".config", "pawl", "keys", "*.key"))
	if err != nil || len(keys) != 1 {
		t.Fatalf("keys %v, %v", keys, err)
	}
	f.must(os.Rename(keys[0], keys[0]+".lost"))
	live := len(f.w.Heroku.Authorizations())
	f.want(exitHelp, resume...)
	if !f.w.Heroku.Valid(f.old) || len(f.w.Heroku.Authorizations()) != live {
		t.Error("something was made or revoked without the key")
	}
	f.must(os.Rename(keys[0]+".lost", keys[0]))
	f.mustResume(rotate)
}
