package main

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pawl-dev/pawl/sim"
	"github.com/pawl-dev/pawl/sim/world"
)

// A stranger does something in the middle of a rotation, when a request of this
// kind arrives and a new key was minted already.
type stranger struct {
	name  string
	calls []string
	does  func(f *fire)
	o     world.Options
	// ends are the exit codes that pawl may give, after resuming; nil is done.
	ends []int
	// mend is what an operator does about it; nil is nothing.
	mend func(f *fire)
}

// strangers are those rows of the fault matrix in which it is not the vendor
// that fails.
var strangers = []stranger{
	{name: "NewRevokedByOthers", calls: []string{"Check", "StoreWrite", "AppWrite", "SecretWrite", "Run"}, does: revokeNew, ends: []int{exitDone, exitFailed, exitIncomplete, exitHelp}, mend: (*fire).rotateAway},
	{name: "OldRevokedByOthers", calls: []string{"Check", "StoreWrite", "AppWrite", "Run", "Revoke"}, does: revokeOld},
	{name: "ConsumerRolledBack", calls: []string{"SecretWrite", "Run", "Revoke"}, does: rollBackConsumer, ends: []int{exitDone, exitIncomplete, exitHelp}, mend: (*fire).rotateAway},
	{name: "StoreEditedByHand", calls: []string{"AppWrite", "Run"}, does: editStore, ends: []int{exitIncomplete, exitHelp}, mend: unedit},
	{name: "RevokeTakesEffectLater", calls: []string{"Revoke"}, o: world.Options{RevokeDelay: 3 * time.Second}},
	{name: "TokensShownMasked", calls: []string{"Mint", "Revoke"}, o: world.Options{MaskTokens: true}},
}

// TestStrangers is the part of the fault matrix in which somebody else is at
// work at the vendors. Whatever happens, the old key stays valid until the
// rotation is done, unless they killed it.
func TestStrangers(t *testing.T) {
	t.Parallel()
	var n, violations count
	t.Cleanup(func() {
		tally(t, "others at work at the vendors in the middle of a rotation", n.get(), violations.get())
	})
	row := -1
	for _, s := range strangers {
		for _, name := range s.calls {
			if row++; !taken(row, 5) {
				continue
			}
			t.Run(name+"/"+s.name, func(t *testing.T) {
				t.Parallel()
				defer turn()()
				n.add()
				defer violations.addIf(t)
				meddled(t, calls[slices.IndexFunc(calls, func(c call) bool { return c.name == name })], s)
			})
		}
	}
}

func meddled(t *testing.T, c call, s stranger) {
	t.Helper()
	f := newFire(t, s.o, "soak: 0s, watch: 2s")
	old := f.old
	var once sync.Once
	met := false
	f.rules.Add(sim.Rule{Match: c.Match, Fires: func() {
		if _, minted := f.minted(); minted || c.name == "Mint" {
			once.Do(func() {
				met = true
				if s.does != nil {
					s.does(f)
				}
			})
		}
	}})
	codes := f.untilDone()
	last := codes[len(codes)-1]
	t.Logf("exits %v", codes)
	if !met {
		t.Fatalf("nobody came; exits %v\n%s", codes, f.printed())
	}
	if want := s.ends; last != exitDone && !slices.Contains(want, last) {
		t.Errorf("exits %v, want one of %v in the end", codes, want)
	}
	if s.name != "OldRevokedByOthers" && last != exitDone && !f.w.Heroku.Valid(old) {
		t.Errorf("exits %v, and the old key is dead", codes)
	}
	if last == exitDone && f.w.Heroku.Valid(old) {
		t.Errorf("done, and the old key is alive")
	}
	if last != exitDone && s.mend != nil {
		s.mend(f)
	}
	f.mustRotateAgain()
	if code := f.pawl("audit", "verify"); code != exitDone {
		t.Errorf("audit verify: exit %d", code)
	}
}

// minted returns the id of the newest authorization of the credential, and
// whether there is one besides the first.
func (f *fire) minted() (id string, ok bool) {
	for _, a := range f.w.Heroku.Authorizations() {
		if strings.HasPrefix(a.Description, world.Stem) && a.ID != f.w.OldID {
			id, ok = a.ID, true
		}
	}
	return id, ok
}

func revokeNew(f *fire) {
	id, _ := f.minted()
	f.revoke(id)
}

func revokeOld(f *fire) { f.revoke(f.w.OldID) }

// revoke revokes at the vendor, as somebody with the right to would.
func (f *fire) revoke(id string) {
	r := httptest.NewRequest(http.MethodDelete, "/oauth/authorizations/"+id, nil)
	r.Header.Set("Authorization", "Bearer "+f.w.HerokuToken())
	r.Header.Set("Accept", "application/vnd.heroku+json; version=3")
	w := httptest.NewRecorder()
	if f.w.Heroku.ServeHTTP(w, r); w.Code != http.StatusOK {
		f.t.Errorf("revoking %s: %d", id, w.Code)
	}
}

// rollBackConsumer puts an app back on what it had, as a deploy from an old
// config does.
func rollBackConsumer(f *fire) {
	f.w.Heroku.Redeploy("acme-api-prod", map[string]string{world.Key: f.old})
}

func editStore(f *fire) { f.w.Infisical.Edit("prod", "/", world.Key, "HRKU-CANARY-by-hand") }

// unedit takes back what was edited by hand: the value of the apps is put into
// the store, and the rotation goes on.
func unedit(f *fire) {
	f.w.Infisical.Edit("prod", "/", world.Key, f.w.Heroku.Config("acme-api-prod")[world.Key])
	for range 3 {
		if f.pawl(resume...) == exitDone {
			return
		}
	}
}

// rotateAway is what is left when the current key is dead: go back if that is
// possible, and rotate as after a leak.
func (f *fire) rotateAway() {
	if f.pawl("rollback", world.Credential, "--yes", "--no-input") != exitDone {
		f.pawl(append(slices.Clone(rotate), "--reason", "leak")...)
	}
}

// TestOperatorAnswers has a person answer twice, twice at once, when somebody
// else goes on already, and when all is over.
func TestOperatorAnswers(t *testing.T) {
	t.Parallel()
	confirm := []string{"confirm", world.Credential, "laptop"}
	plays := map[string]func(t *testing.T, f *fire){
		"Twice": func(t *testing.T, f *fire) {
			f.want(exitDone, confirm...)
			f.want(exitDone, confirm...)
			f.want(exitDone, resume...)
		},
		"TwiceAtOnce": func(t *testing.T, f *fire) {
			var both sync.WaitGroup
			for range 2 {
				both.Go(func() { f.want(exitDone, confirm...) })
			}
			both.Wait()
			f.want(exitDone, resume...)
		},
		"AfterResume": func(t *testing.T, f *fire) {
			f.want(exitWaits, resume...)
			f.want(exitDone, confirm...)
			f.want(exitDone, resume...)
		},
		"KilledMeanwhile": func(t *testing.T, f *fire) {
			f.want(exitDone, confirm...)
			f.killOn(revoking, "before", resume...)
			f.pawl(confirm...)
			f.want(exitDone, resume...)
		},
		"Late": func(t *testing.T, f *fire) {
			f.want(exitDone, confirm...)
			f.want(exitDone, resume...)
			writes := f.effects("PATCH ") + f.effects("DELETE ")
			f.pawl(confirm...)
			f.pawl("revoke", world.Credential, "--yes", "--no-input")
			if n := f.effects("PATCH ") + f.effects("DELETE "); n != writes {
				t.Errorf("%d writes by an answer that came too late", n-writes)
			}
		},
	}
	for i, name := range slices.Sorted(maps.Keys(plays)) {
		if !taken(i, 3) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			defer turn()()
			f := newFire(t, world.Options{}, "soak: 0s, watch: 0s")
			f.edit("blocks: nothing", "blocks: revoke")
			f.want(exitWaits, rotate...)
			if !f.w.Heroku.Valid(f.old) {
				t.Error("revoked before the person had said so")
			}
			plays[name](t, f)
			f.mustEndWell()
			if f.w.Heroku.Valid(f.old) {
				t.Error("the old key is alive")
			}
			if code := f.pawl("audit", "verify"); code != exitDone {
				t.Errorf("audit verify: exit %d", code)
			}
			if t.Failed() {
				t.Log(f.printed())
			}
		})
	}
}
