package main

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/catalog"
	"github.com/pawl-dev/pawl/connect"
	"github.com/pawl-dev/pawl/provider/all"
	"github.com/pawl-dev/pawl/sim/world"
)

// TestCleanRotationWritesOnce: every place is written by one request, every app
// restarts once, and nothing else is changed anywhere.
func TestCleanRotationWritesOnce(t *testing.T) {
	f := newFire(t, world.Options{}, "soak: 0s, watch: 0s")
	if code := f.pawl(rotate...); code != exitDone {
		t.Fatalf("exit %d\n%s", code, f.printed())
	}
	var writes []string
	for _, e := range f.rules.Log() {
		if e.Method != "GET" && !strings.Contains(e.Path, "login") {
			writes = append(writes, e.Vendor+" "+e.Method+" "+e.Path)
		}
	}
	slices.Sort(writes)
	want := []string{
		"github POST /repos/acme/api/actions/workflows/deploy-staging.yml/dispatches",
		"github PUT /repos/acme/api/actions/secrets/HEROKU_API_KEY",
		"heroku DELETE /oauth/authorizations/" + f.w.OldID,
		"heroku PATCH /apps/acme-api-prod/config-vars",
		"heroku PATCH /apps/acme-api-staging/config-vars",
		"heroku PATCH /apps/acme-console-prod/config-vars",
		"heroku PATCH /apps/acme-rotation-pipeline/config-vars",
		"heroku POST /oauth/authorizations",
		"infisical PATCH /api/v4/secrets/HEROKU_API_KEY",
		"slack POST /chat.postMessage",
		"slack POST /conversations.open",
		"slack POST /users.lookupByEmail",
	}
	if !slices.Equal(writes, want) {
		t.Errorf("writes:\n%s\nwant:\n%s", strings.Join(writes, "\n"), strings.Join(want, "\n"))
	}
}

// TestPlanReadsEachAppOnce: whether it can be written, what it holds, and where
// else the value is are questions to one answer.
func TestPlanReadsEachAppOnce(t *testing.T) {
	f := newFire(t, world.Options{}, "soak: 0s, watch: 0s")
	if code := f.pawl("plan", world.Credential); code != exitDone {
		t.Fatalf("exit %d\n%s", code, f.printed())
	}
	reads := map[string]int{}
	for _, e := range f.rules.Log() {
		if e.Vendor == "heroku" && strings.HasSuffix(e.Path, "/config-vars") {
			reads[e.Path]++
		}
	}
	for _, app := range world.Apps {
		want := 1
		if app == "acme-api-prod" { // and once as the key in use, whose scope is tried there
			want = 2
		}
		if got := reads["/apps/"+app+"/config-vars"]; got != want {
			t.Errorf("%s was read %d times, want %d", app, got, want)
		}
	}
}

// TestPlanChangesNothing: plan, verify and sweep only ever read.
func TestPlanChangesNothing(t *testing.T) {
	f := newFire(t, world.Options{}, "soak: 0s, watch: 0s")
	for _, args := range [][]string{{"plan", world.Credential}, {"verify", world.Credential}, {"sweep"}} {
		if code := f.pawl(args...); code != exitDone {
			t.Errorf("%v: exit %d\n%s", args, code, f.printed())
		}
	}
	for _, e := range f.rules.Log() {
		if e.Method != "GET" && !strings.Contains(e.Path, "login") {
			t.Errorf("%s %s %s", e.Vendor, e.Method, e.Path)
		}
	}
}

// TestPlanSaysWhatItTakes: a rotation takes no fewer requests of a vendor than
// its plan says, and not many times more where nothing has to be waited for.
func TestPlanSaysWhatItTakes(t *testing.T) {
	f := newFire(t, world.Options{}, "soak: 0s, watch: 0s")
	cat, problems := catalog.Load(f.catalog, all.Providers())
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	plan, err := cat.Plan(world.Credential, pawl.Manual)
	if err != nil {
		t.Fatal(err)
	}
	if code := f.pawl(rotate...); code != exitDone {
		t.Fatalf("exit %d\n%s", code, f.printed())
	}
	sent := map[string]int{}
	for _, e := range f.rules.Log() {
		sent[e.Vendor]++
	}
	sent["http"] = sent["apps"]
	o := &connect.Opener{Catalog: cat, Providers: all.Providers()}
	for _, d := range o.Demands(plan) {
		if n := sent[d.Vendor]; n < d.Requests || n > 4*d.Requests {
			t.Errorf("%s: the plan says at least %d requests, there were %d", d.Vendor, d.Requests, n)
		}
	}
}

// BenchmarkRotation rotates the simulated company with real waits, and reports
// how much longer that takes than the chain of what has to be waited for: two
// waves of a release and a restart each, the vendor's delay after the revoke,
// and the pauses between the refusals that count as dead.
func BenchmarkRotation(b *testing.B) {
	const release, boot, revoke, pauses = 1500 * time.Millisecond, 2500 * time.Millisecond, 500 * time.Millisecond, 400 * time.Millisecond
	path := 2*(release+boot) + revoke + pauses
	for b.Loop() {
		f := newFire(b, world.Options{ReleaseDelay: release, BootDelay: boot, RevokeDelay: revoke, RunDuration: 3 * time.Second}, "soak: 0s, watch: 0s")
		a := env{in: strings.NewReader(""), out: f, err: f, getenv: func(name string) string { return map[string]string{"HOME": f.home}[name] }}
		begin := time.Now()
		if code := run(b.Context(), a, append([]string{"--catalog", f.catalog}, rotate...)); code != exitDone {
			b.Fatalf("exit %d\n%s", code, f.printed())
		}
		b.ReportMetric(float64(time.Since(begin))/float64(path), "wall/critical-path")
	}
}

// BenchmarkStart is the time from starting the program to its first output.
func BenchmarkStart(b *testing.B) {
	a := env{in: strings.NewReader(""), out: new(strings.Builder), err: new(strings.Builder), getenv: os.Getenv}
	for b.Loop() {
		if code := run(b.Context(), a, []string{"version"}); code != exitDone {
			b.Fatal(code)
		}
	}
}
