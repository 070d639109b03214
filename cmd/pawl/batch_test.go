package main

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pawl-dev/pawl/sim"
	"github.com/pawl-dev/pawl/sim/world"
)

// checkFurther says what is wrong with a credential after its rotation.
func (f *fire) checkFurther(c further) {
	f.t.Helper()
	value, _, _ := f.w.Infisical.Get("prod", "/", c.key)
	if !f.w.Heroku.Valid(value) {
		f.t.Errorf("%s: the store's value is not valid", c.name)
	}
	for _, app := range world.Apps {
		if f.w.Heroku.Config(app)[c.key] != value {
			f.t.Errorf("%s: %s holds another value than the store", c.name, app)
		}
		for _, v := range f.w.Heroku.InUse(app, c.key) {
			if v != value {
				f.t.Errorf("%s: a process of %s runs on another value than the store's", c.name, app)
			}
		}
	}
	live := 0
	for _, a := range f.w.Heroku.Authorizations() {
		if strings.HasPrefix(a.Description, c.stem+" ") {
			live++
		}
	}
	if live != 1 {
		f.t.Errorf("%s: %d authorizations are live, want 1", c.name, live)
	}
}

// requests counts the requests of a method whose path ends so.
func (f *fire) requests(method, suffix string) int {
	n := 0
	for _, e := range f.rules.Log() {
		if e.Method == method && strings.HasSuffix(e.Path, suffix) {
			n++
		}
	}
	return n
}

var batchOf3 = []string{"rotate", world.Credential, "deploy-key", "metrics-key", "--yes", "--auto-revoke"}

// TestBatchWritesEachAppOnce: three credentials in four apps are four PATCHes,
// four releases, four restarts.
func TestBatchWritesEachAppOnce(t *testing.T) {
	t.Parallel()
	f := newFire(t, world.Options{}, "soak: 0s, watch: 0s")
	more := f.furthers("deploy-key", "metrics-key")
	before := map[string]int{}
	for _, app := range world.Apps {
		before[app] = len(f.w.Heroku.Releases(app))
	}
	if code := f.pawl(batchOf3...); code != exitDone {
		t.Fatalf("exit %d\n%s", code, f.printed())
	}
	if n := f.requests("PATCH", "/config-vars"); n != len(world.Apps) {
		t.Errorf("%d PATCHes of config vars, want %d", n, len(world.Apps))
	}
	for _, app := range world.Apps {
		if n := len(f.w.Heroku.Releases(app)) - before[app]; n != 1 {
			t.Errorf("%s: %d releases, want 1, with its one restart", app, n)
		}
	}
	for _, c := range more {
		f.checkFurther(c)
	}
	f.mustEndWell()
	for _, want := range []string{"✓ heroku-api-key  done", "✓ deploy-key      done", "3 of 3 done"} {
		if !strings.Contains(f.printed(), want) {
			t.Errorf("no %q in what was printed:\n%s", want, f.printed())
		}
	}
}

// TestBatchRehearsesTogether: going back is written together as well.
func TestBatchRehearsesTogether(t *testing.T) {
	t.Parallel()
	f := newFire(t, world.Options{}, "soak: 0s, watch: 0s")
	more := f.furthers("deploy-key", "metrics-key")
	if code := f.pawl("rotate", world.Credential, "deploy-key", "metrics-key", "--yes", "--reason", "rehearsal"); code != exitDone {
		t.Fatalf("exit %d\n%s", code, f.printed())
	}
	if n := f.requests("PATCH", "/config-vars"); n != 2*len(world.Apps) {
		t.Errorf("%d PATCHes of config vars, want %d: there and back", n, 2*len(world.Apps))
	}
	for _, c := range more {
		f.checkFurther(c)
	}
	f.mustEndWell()
}

// TestBatchTakesTurns: no two revokes are under way at one time. Between two of
// them every app was looked at.
func TestBatchTakesTurns(t *testing.T) {
	t.Parallel()
	f := newFire(t, world.Options{RevokeDelay: 300 * time.Millisecond}, "soak: 0s, watch: 0s")
	f.furthers("deploy-key", "metrics-key")
	if code := f.pawl(batchOf3...); code != exitDone {
		t.Fatalf("exit %d\n%s", code, f.printed())
	}
	looked := map[string]bool{}
	revokes := 0
	for _, e := range f.rules.Log() {
		switch {
		case e.Method == "DELETE":
			if revokes++; revokes > 1 && len(looked) != len(world.Apps) {
				t.Errorf("before revoke %d only %d of %d apps were looked at", revokes, len(looked), len(world.Apps))
			}
			clear(looked)
		case strings.HasSuffix(e.Path, "/dynos"):
			looked[e.Path] = true
		}
	}
	if revokes != 3 {
		t.Errorf("%d revokes, want 3", revokes)
	}
}

// TestBatchOneFails: the vendor refuses to mint for one of them. It ends
// failed, the others are done, and the exit code is the failed one's.
func TestBatchOneFails(t *testing.T) {
	t.Parallel()
	f := newFire(t, world.Options{}, "soak: 0s, watch: 0s")
	more := f.furthers("deploy-key", "metrics-key")
	// Somebody put another value into one app: the store of deploy-key differs,
	// which only its own write notices.
	f.w.Infisical.Put("prod", "/", more[0].key, "HRKU-CANARY-foreign")
	if code := f.pawl(append(batchOf3, "--json")...); code != exitSignIn {
		t.Fatalf("exit %d, want %d\n%s", code, exitSignIn, f.printed())
	}
	var last struct {
		Type      string
		Exit      int
		Rotations []struct {
			Credential, Rotation, Code string
			Exit                       int
		}
	}
	lines := strings.Split(strings.TrimSpace(f.printed()), "\n")
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil || last.Type != "result" || last.Exit != exitSignIn || len(last.Rotations) != 3 {
		t.Fatalf("the last line is %s (%v)", lines[len(lines)-1], err)
	}
	for _, r := range last.Rotations {
		if want := map[bool]int{true: exitSignIn, false: exitDone}[r.Credential == "deploy-key"]; r.Exit != want {
			t.Errorf("%s: exit %d (%s), want %d", r.Credential, r.Exit, r.Code, want)
		}
	}
	if n := f.requests("PATCH", "/config-vars"); n != len(world.Apps) {
		t.Errorf("%d PATCHes of config vars, want %d: who has failed is not waited for", n, len(world.Apps))
	}
	f.checkFurther(more[1])
	f.mustEndWell()
}

// TestBatchConflict: what somebody changed under one of the keys holds only its
// own rotation up.
func TestBatchConflict(t *testing.T) {
	t.Parallel()
	f := newFire(t, world.Options{}, "soak: 0s, watch: 0s")
	more := f.furthers("deploy-key", "metrics-key")
	f.rules.Add(sim.Rule{Match: sim.Match{Vendor: "heroku", Method: "POST", Path: "/oauth/authorizations"}, Times: 1, Fires: func() {
		f.w.Infisical.Put("prod", "/", more[0].key, "HRKU-CANARY-by-hand") // the store is written only over what is known
	}})
	if code := f.pawl(append(batchOf3, "--timeout", "20s")...); code != exitIncomplete {
		t.Fatalf("exit %d, want %d\n%s", code, exitIncomplete, f.printed())
	}
	f.checkFurther(more[1])
	if wrong := f.w.Check(); len(wrong) > 0 {
		t.Errorf("%q", wrong)
	}
	if !f.liveAt(more[0].oldID) {
		t.Error("the old key of the one that is held up was revoked")
	}
	f.mustNotLeak()
}

func (f *fire) liveAt(id string) bool {
	for _, a := range f.w.Heroku.Authorizations() {
		if a.ID == id {
			return true
		}
	}
	return false
}

// TestBatchIsKilled: the process dies after the merged PATCH took effect and
// before anybody was told. Each rotation goes on by itself, none writes twice.
func TestBatchIsKilled(t *testing.T) {
	t.Parallel()
	for i, app := range []int{0, 2} {
		if !taken(i, 2) {
			continue
		}
		f := newFire(t, world.Options{}, "soak: 0s, watch: 0s")
		more := f.furthers("deploy-key", "metrics-key")
		ctx, kill := context.WithCancel(t.Context())
		f.rules.Add(sim.Rule{Match: sim.Match{Vendor: "heroku", Method: "PATCH", Path: "/apps/" + world.Apps[app] + "/config-vars"}, Times: 1, Fault: sim.Lose, Fires: kill})
		f.command(ctx, batchOf3...).Run()
		if ctx.Err() == nil {
			t.Fatalf("it was not killed\n%s", f.printed())
		}
		for _, name := range []string{"metrics-key", world.Credential, "deploy-key"} {
			if code := f.pawl("resume", name, "--auto-revoke"); code != exitDone {
				t.Fatalf("resume %s: exit %d\n%s", name, code, f.printed())
			}
		}
		for _, c := range more {
			f.checkFurther(c)
		}
		f.mustEndWell()
		releases := f.w.Heroku.Releases(world.Apps[app])
		if got := len(releases) - 3; got != 1 { // the first one, and one for each further credential
			t.Errorf("%s: %d releases of the rotations, want 1", world.Apps[app], got)
		}
	}
}

// TestDue is in days: what was rotated a short time ago is not due, what was
// never rotated is, the longest overdue first.
func TestDue(t *testing.T) {
	t.Parallel()
	f := newFire(t, world.Options{}, "soak: 0s, watch: 0s")
	f.furthers("deploy-key")
	if code := f.pawl("rotate", "--due", "--yes", "--auto-revoke"); code != exitDone {
		t.Fatalf("exit %d\n%s", code, f.printed())
	}
	if !strings.Contains(f.printed(), "2 of 2 done") {
		t.Errorf("printed:\n%s", f.printed())
	}
	if code := f.pawl("rotate", "--due", "--yes", "--auto-revoke"); code != exitDone || !strings.Contains(f.printed(), "nothing to do") {
		t.Errorf("exit %d\n%s", code, f.printed())
	}
	if n := f.requests("POST", "/oauth/authorizations"); n != 2 {
		t.Errorf("%d mints, want 2", n)
	}
}

func TestGraver(t *testing.T) {
	codes := []int{exitDone, exitDeclined, exitWaits, exitInterrupted, exitUsage, exitFailed, exitIncomplete, exitSignIn, exitHelp}
	for i, lower := range codes {
		for _, higher := range codes[i:] {
			if graver(lower, higher) != higher || graver(higher, lower) != higher {
				t.Errorf("graver(%d, %d) is not %d", lower, higher, higher)
			}
		}
	}
	for _, e := range exitText {
		if !slices.Contains(codes, e.code) && e.code != exitOverdue {
			t.Errorf("%d has no place in the order", e.code)
		}
	}
}
