package main

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pawl-dev/pawl/sim"
	"github.com/pawl-dev/pawl/sim/world"
)

const (
	minting   = "POST /oauth/authorizations"
	storing   = "PATCH /api/v4/secrets/"
	releasing = "PATCH /apps/acme-api-prod/config-vars"
	revoking  = "DELETE /oauth/authorizations/"
)

// TestRegressions are bugs that comparable rotators had, each played to the
// real program. docs/reliability.md has the table. By default one of four is.
func TestRegressions(t *testing.T) {
	t.Parallel()
	for i, bug := range []struct {
		name string
		play func(t *testing.T, f *fire)
		o    world.Options
	}{
		{"B1LostBetweenVendorAndStore", playB1, world.Options{}},
		{"B2DeadKeyRetriedForEver", playB2, world.Options{}},
		{"B3StaleIntentsRotateEarly", playB3, world.Options{}},
		{"B4PolicyChangedAndStuck", playB4, world.Options{}},
		{"B5StoppedSilently", playB5, world.Options{}},
		{"B6OldForgottenAfterFailedRevoke", playB6, world.Options{}},
		{"B7CheckedAfterTheChange", playB7, world.Options{}},
		{"B8ConsumerNeverRedeployed", playB8, world.Options{}},
		{"B9FailedRevokeWithoutATrace", playB9, world.Options{}},
		{"B10ConfirmedHoursLater", playB10, world.Options{}},
		{"B11RevokedKeyComesBack", playB11, world.Options{}},
		{"B12RevokeTakesEffectLater", playB12, world.Options{RevokeDelay: 3 * time.Second}},
	} {
		if !taken(i, 4) {
			continue
		}
		t.Run(bug.name, func(t *testing.T) {
			t.Parallel()
			defer turn()()
			f := newFire(t, bug.o, "soak: 0s, watch: 0s")
			bug.play(t, f)
			f.mustRotateAgain()
			if code := f.pawl("audit", "verify"); code != exitDone {
				t.Errorf("audit verify: exit %d", code)
			}
			if t.Failed() {
				t.Log(f.printed())
			}
		})
	}
}

// The vendor had the new password, and the crash came before it was stored.
func playB1(t *testing.T, f *fire) {
	f.killOn(minting, "after", rotate...)
	f.mustResume(rotate)
}

// A key that failed was kept and tried again for ever.
func playB2(t *testing.T, f *fire) {
	mints := f.counting(minting)
	f.onceMinted(sim.Match{Vendor: "heroku", Method: "GET", Path: "/account"}, func() { revokeNew(f) })
	f.want(exitDone, rotate...)
	if n := mints(); n != 2 {
		t.Errorf("%d keys minted, want another one in place of the dead one", n)
	}
}

// Several unfinished attempts were each taken up, so that it rotated too often.
func playB3(t *testing.T, f *fire) {
	mints := f.counting(minting)
	f.killOn(releasing, "before", rotate...)
	f.killOn(releasing, "after", resume...)
	f.killOn(revoking, "before", resume...)
	f.want(exitDone, resume...)
	f.want(exitDone, resume...)
	if n := mints(); n != 1 {
		t.Errorf("%d keys minted, want 1", n)
	}
}

// What was written down was not valid any more when it was taken up, and the
// rotation was stuck.
func playB4(t *testing.T, f *fire) {
	f.killOn(storing, "before", rotate...)
	revokeNew(f)
	f.want(exitDone, resume...)
}

// A rotation that had stopped was noticed by nobody.
func playB5(t *testing.T, f *fire) {
	f.killOn(releasing, "before", rotate...)
	seen := len(f.printed())
	f.pawl("status")
	if got := f.printed()[seen:]; !strings.Contains(got, world.Credential) || !strings.Contains(got, "resume") {
		t.Errorf("status does not tell:\n%s", got)
	}
	f.want(exitDone, resume...)
}

// The revoke failed after the new key was stored; the retry had forgotten the
// old id.
func playB6(t *testing.T, f *fire) {
	f.rules.Add(sim.Rule{Match: sim.Match{Vendor: "heroku", Method: "DELETE"}, Fault: sim.Fail})
	if code := f.pawl(append(rotate[:len(rotate):len(rotate)], "--timeout", "10s")...); code == exitDone {
		t.Error("done, although the revoke failed")
	}
	if f.rules.Fired(sim.Fail) == 0 {
		t.Error("nothing was revoked")
	}
	f.rules.Mend()
	f.want(exitDone, resume...)
	if f.w.Heroku.Valid(f.old) {
		t.Error("the old key is alive")
	}
}

// What could have been checked before was checked after the change.
func playB7(t *testing.T, f *fire) {
	for _, m := range []sim.Match{
		{Vendor: "infisical", Method: "GET"}, {Vendor: "github", Method: "GET"},
		{Vendor: "heroku", Method: "GET", Path: "/apps/acme-console-prod/config-vars"}, {Vendor: "heroku", Method: "GET", Path: "/oauth/authorizations"},
	} {
		before := len(f.rules.Log())
		f.rules.Add(sim.Rule{Match: m, Fault: sim.Forbid})
		f.want(exitFailed, rotate...)
		f.rules.Mend()
		for _, e := range f.rules.Log()[before:] {
			if e.Method != http.MethodGet && !strings.Contains(e.Path, "login") {
				t.Errorf("%+v is forbidden, and yet: %s %s %s", m, e.Vendor, e.Method, e.Path)
			}
		}
	}
}

// It was rotated in the store, and the consumer went on with the old one.
func playB8(t *testing.T, f *fire) {
	f.w.Heroku.FailRelease("acme-api-prod", 1)
	f.want(exitIncomplete, append(rotate[:len(rotate):len(rotate)], "--timeout", "5s")...)
	if !f.w.Heroku.Valid(f.old) {
		t.Error("the old key is dead, and in use")
	}
	f.w.Heroku.Redeploy("acme-api-prod", nil)
	f.want(exitDone, resume...)
}

// A failed revoke left an orphan, and no trace in the audit log.
func playB9(t *testing.T, f *fire) {
	f.killOn(revoking, "before", rotate...)
	f.want(exitDone, resume...)
	seen := len(f.printed())
	f.want(exitDone, "audit", "show")
	if n := strings.Count(f.printed()[seen:], "revoke"); n < 2 {
		t.Errorf("the audit log has %d lines about the revoke, want its intent and its end", n)
	}
}

// The answer to the mint was lost; hours later an operator said "go on", and
// the only key that anybody held was revoked.
func playB10(t *testing.T, f *fire) {
	f.killOn(minting, "after", rotate...)
	for _, args := range [][]string{{"revoke", world.Credential, "--yes", "--no-input", "--timeout", "1s"}, {"confirm", world.Credential, "laptop"}, {"approve", world.Credential}} {
		f.pawl(args...)
		if !f.w.Heroku.Valid(f.old) {
			if wrong := f.w.Check(); len(wrong) > 0 {
				t.Errorf("%v: %s", args, strings.Join(wrong, "; "))
			}
		}
	}
	for range 3 {
		if f.pawl(resume...) == exitDone {
			break
		}
	}
	f.mustEndWell()
}

// A rotation that was queued behind a revoke brought the revoked key back.
func playB11(t *testing.T, f *fire) {
	var queued sync.WaitGroup
	for range 2 {
		queued.Go(func() { f.pawl(rotate...) })
	}
	queued.Wait()
	before := len(f.rules.Log())
	f.pawl("rollback", world.Credential, "--yes", "--no-input")
	for _, e := range f.rules.Log()[before:] {
		if e.Method != http.MethodGet && !strings.Contains(e.Path, "login") {
			t.Errorf("going back after the revoke: %s %s %s", e.Vendor, e.Method, e.Path)
		}
	}
	for _, app := range world.Apps {
		if f.w.Heroku.Config(app)[world.Key] == f.old {
			t.Errorf("%s is on the revoked key", app)
		}
	}
	f.mustEndWell()
}

// A revoke that takes effect later was taken for done.
func playB12(t *testing.T, f *fire) {
	f.want(exitDone, rotate...)
	if f.w.Heroku.Valid(f.old) {
		t.Error("done, and the old key works")
	}
}

// want runs a command and wants this exit code.
func (f *fire) want(code int, args ...string) {
	f.t.Helper()
	if got := f.pawl(args...); got != code {
		f.t.Errorf("%v: exit %d, want %d", args, got, code)
	}
}

// killOn kills pawl at the first request whose method and path begin like this.
func (f *fire) killOn(request, when string, args ...string) {
	f.t.Helper()
	if !f.killIf(when, func(_ int, r *http.Request) bool { return strings.HasPrefix(r.Method+" "+r.URL.Path, request) }, args...) {
		f.t.Errorf("%v: it did not come to %s", args, request)
	}
}

// counting returns how often a request has had its effect since.
func (f *fire) counting(request string) func() int {
	before := f.effects(request)
	return func() int { return f.effects(request) - before }
}

func (f *fire) effects(request string) (n int) {
	for _, e := range f.rules.Log() {
		if strings.HasPrefix(e.Method+" "+e.Path, request) {
			n++
		}
	}
	return n
}

// onceMinted does something at the first such request after a key was minted.
func (f *fire) onceMinted(m sim.Match, do func()) {
	var once sync.Once
	f.rules.Add(sim.Rule{Match: m, Fires: func() {
		if _, minted := f.minted(); minted {
			once.Do(do)
		}
	}})
}
