package heroku_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/provider/heroku"
	"github.com/pawl-dev/pawl/provider/heroku/herokusim"
)

// write sets the app's config var to newer and returns how to look for it.
func (a *account) write(t *testing.T) (pawl.Consumer, pawl.Look) {
	t.Helper()
	c := a.consumer(t)
	since := a.clock.now()
	r, err := c.Set(t.Context(), pawl.Write{To: is(newer)})
	if err != nil {
		t.Fatal(err)
	}
	return c, pawl.Look{Want: is(newer), Not: secret(a.old), Mark: r.Mark, Since: since}
}

// look observes, and makes sure that what is called proved is so: every dyno
// runs with the new value.
func (a *account) look(t *testing.T, c pawl.Consumer, l pawl.Look, want pawl.Verdict, detail string) pawl.Observation {
	t.Helper()
	o, err := c.Observe(t.Context(), l)
	if err != nil {
		t.Fatal(err)
	}
	noLeak(t, fmt.Sprintf("%+v", o))
	if o.Verdict != want || !strings.Contains(o.Detail, detail) {
		t.Fatalf("Observe = %+v, want %q: %s", o, want, detail)
	}
	if (o.Class == pawl.Running) != (want == pawl.Proved) {
		t.Errorf("class %v with verdict %q", o.Class, o.Verdict)
	}
	for _, v := range a.InUse(app, key) {
		if want == pawl.Proved && v != newer {
			t.Error("proved, though a dyno runs with another value")
		}
	}
	return o
}

func TestObserveWaitsForReleaseAndDynos(t *testing.T) {
	a := newAccount(t, herokusim.Options{ReleaseDelay: time.Minute, BootDelay: 30 * time.Second})
	a.SetFormation(app, "worker", 2)
	c, l := a.write(t)
	a.look(t, c, l, pawl.Waiting, "release v2 is pending")
	a.clock.add(time.Minute)
	a.look(t, c, l, pawl.Waiting, "release v2 succeeded, 0 of 3 dynos up; web.1 is starting")
	a.clock.add(30 * time.Second)
	if o := a.look(t, c, l, pawl.Proved, "release v2 succeeded, 3 of 3 dynos up"); o.Mark != "2" || o.Holds != pawl.HoldsWant {
		t.Errorf("Observe = %+v, want mark 2", o)
	}
}

// With a lost answer there is no mark. It must make nothing easier.
func TestObserveWithoutMark(t *testing.T) {
	a := newAccount(t, herokusim.Options{ReleaseDelay: time.Minute})
	c, l := a.write(t)
	l.Mark = ""
	a.look(t, c, l, pawl.Waiting, "pending")
	l.Since = time.Time{}
	a.look(t, c, l, pawl.Waiting, "pending")
	a.clock.add(time.Minute)
	a.look(t, c, l, pawl.Proved, "v2")
}

func TestObserveOfWhatWasThereBefore(t *testing.T) {
	a := newAccount(t, herokusim.Options{})
	a.Redeploy(app, nil)
	o, err := a.consumer(t).Observe(t.Context(), pawl.Look{Want: is(a.old), Not: secret(newer)})
	if err != nil || o.Verdict != pawl.Proved || o.Class != pawl.Running {
		t.Errorf("Observe = %+v, %v; want proved", o, err)
	}
}

func TestFailedReleaseIsNeverProved(t *testing.T) {
	for _, lost := range []bool{false, true} {
		a := newAccount(t, herokusim.Options{})
		a.FailRelease(app, 1)
		c, l := a.write(t)
		if lost {
			l.Mark, l.Since = "", time.Time{}
		}
		if o := a.look(t, c, l, pawl.Refuted, "release v2 failed"); o.Holds != pawl.HoldsWant {
			t.Errorf("Holds = %q: the config var shows the new value", o.Holds)
		}
		a.Redeploy(app, nil) // somebody mends it
		a.look(t, c, l, pawl.Proved, "release v3 succeeded")
	}
}

func TestObserveAfterALostWrite(t *testing.T) {
	a := newAccount(t, herokusim.Options{})
	a.FailRelease(app, 1)
	c, l := a.write(t)
	r, err := c.Set(t.Context(), pawl.Write{To: is(newer)}) // settles it
	if err != nil || r.Changed {
		t.Fatalf("Set = %+v, %v; want unchanged", r, err)
	}
	l.Mark = r.Mark
	a.look(t, c, l, pawl.Refuted, "release v2 failed")
}

func TestObserveWithOthersAtWork(t *testing.T) {
	a := newAccount(t, herokusim.Options{ReleaseDelay: time.Minute})
	c, l := a.write(t)
	a.clock.add(time.Minute)
	a.Redeploy(app, nil)
	a.look(t, c, l, pawl.Proved, "release v2 succeeded") // their release is pending
	a.clock.add(time.Minute)
	a.look(t, c, l, pawl.Proved, "v2")
	a.FailRelease(app, 1)
	a.Redeploy(app, nil)
	a.clock.add(time.Minute)
	a.look(t, c, l, pawl.Proved, "v2") // theirs failed, ours runs
}

// Somebody sets another value and takes it back while the first one runs.
func TestObserveSeesADetour(t *testing.T) {
	a := newAccount(t, herokusim.Options{ReleaseDelay: time.Minute})
	c, l := a.write(t)
	a.clock.add(time.Minute)
	a.Redeploy(app, map[string]string{key: foreign})
	if o := a.look(t, c, l, pawl.Waiting, "something else"); o.Holds != pawl.HoldsOther {
		t.Errorf("Holds = %q, want other", o.Holds)
	}
	a.clock.add(time.Minute)
	a.Redeploy(app, map[string]string{key: newer})
	a.look(t, c, l, pawl.Waiting, "release v4 is pending")
	a.clock.add(time.Minute)
	a.look(t, c, l, pawl.Proved, "v4")
}

func TestPrebootIsWaitedFor(t *testing.T) {
	a := newAccount(t, herokusim.Options{Preboot: 3 * time.Minute})
	c, l := a.write(t)
	a.look(t, c, l, pawl.Waiting, "web.1 is still on v1")
	a.clock.add(3 * time.Minute)
	a.look(t, c, l, pawl.Proved, "1 of 1 dynos")
}

func TestOneOffDynosCount(t *testing.T) {
	for _, name := range []string{"run.1234", "scheduler.5"} {
		a := newAccount(t, herokusim.Options{})
		a.OneOff(app, name)
		c, l := a.write(t)
		a.look(t, c, l, pawl.Waiting, name+" is still on v1")
		a.StopOneOff(app, name)
		a.look(t, c, l, pawl.Proved, "")
	}
}

func TestCrashedDynosDoNotCount(t *testing.T) {
	a := newAccount(t, herokusim.Options{})
	a.Crash(app, "web", true)
	c, l := a.write(t)
	a.look(t, c, l, pawl.Waiting, "web.1 is crashed")
	a.Crash(app, "web", false)
	a.look(t, c, l, pawl.Proved, "")
}

func TestScaledToZero(t *testing.T) {
	a := newAccount(t, herokusim.Options{ReleaseDelay: time.Minute})
	a.SetFormation(app, "web", 0)
	c, l := a.write(t)
	a.look(t, c, l, pawl.Waiting, "pending")
	a.clock.add(time.Minute)
	a.look(t, c, l, pawl.Proved, "no dynos")
}

func TestHolds(t *testing.T) {
	for name, tt := range map[string]struct {
		config map[string]string
		want   pawl.Holds
	}{
		"want":          {map[string]string{"A": newer, "B": newer}, pawl.HoldsWant},
		"not":           {map[string]string{"A": "HRKU-CANARY-old", "B": "HRKU-CANARY-old"}, pawl.HoldsNot},
		"nothing":       {map[string]string{"C": newer}, pawl.HoldsNothing},
		"other":         {map[string]string{"A": foreign, "B": foreign}, pawl.HoldsOther},
		"mixed":         {map[string]string{"A": newer, "B": "HRKU-CANARY-old"}, pawl.HoldsOther},
		"one not there": {map[string]string{"A": newer}, pawl.HoldsOther},
	} {
		a := newAccount(t, herokusim.Options{})
		a.AddApp("acme-console-prod", tt.config)
		c := openConsumer(t, a.url, a.token, heroku.ConfigVar{App: "acme-console-prod", Keys: []string{"A", "B"}})
		o, err := c.Observe(t.Context(), pawl.Look{Want: is(newer), Not: secret("HRKU-CANARY-old")})
		if err != nil || o.Holds != tt.want {
			t.Errorf("%s: Holds = %q, %v; want %q", name, o.Holds, err, tt.want)
		}
	}
}

// An API that heeds no Range, sorts the other way, pages, says little.
func TestObserveAtAPlainVendor(t *testing.T) {
	const up = `[{"name":"web.1","state":"up","release":{"version":%d}}]`
	for name, tt := range map[string]struct {
		releases, dynos, formation string
		mark                       string
		want                       pawl.Verdict
	}{
		"ascending":            {`[{"version":1,"status":"failed"},{"version":2,"status":"succeeded"}]`, fmt.Sprintf(up, 2), "", "2", pawl.Proved},
		"ascending, no mark":   {`[{"version":1,"status":"succeeded"},{"version":2,"status":"failed"}]`, fmt.Sprintf(up, 1), "", "", pawl.Refuted},
		"not there yet":        {`[{"version":1,"status":"succeeded"}]`, fmt.Sprintf(up, 1), "", "2", pawl.Waiting},
		"expired":              {`[{"version":2,"status":"expired"}]`, fmt.Sprintf(up, 2), "", "2", pawl.Refuted},
		"not current yet":      {`[{"version":1,"status":"succeeded","current":true},{"version":2,"status":"succeeded"}]`, fmt.Sprintf(up, 2), "", "2", pawl.Waiting},
		"dyno without release": {`[{"version":2,"status":"succeeded"}]`, `[{"name":"web.1","state":"up","release":null}]`, "", "2", pawl.Waiting},
		"dyno without state":   {`[{"version":2,"status":"succeeded"}]`, `[{"name":"web.1","release":{"version":2}}]`, "", "2", pawl.Waiting},
		"idle":                 {`[{"version":2,"status":"succeeded"}]`, `[{"name":"web.1","state":"idle","release":{"version":2}}]`, "", "2", pawl.Proved},
		"dynos on their way":   {`[{"version":2,"status":"succeeded"}]`, `[]`, `[{"type":"web","quantity":1}]`, "2", pawl.Waiting},
		"scaled to zero":       {`[{"version":2,"status":"succeeded"}]`, `[]`, `[{"type":"web","quantity":0}]`, "2", pawl.Proved},
		"no releases":          {`[]`, fmt.Sprintf(up, 2), "", "", pawl.Waiting},
		"all later ones fail":  {`[{"version":9,"status":"failed"},{"version":8,"status":"failed"}]`, fmt.Sprintf(up, 2), "", "2", pawl.Waiting},
	} {
		t.Run(name, func(t *testing.T) {
			url := serve(t, answers{
				"GET /apps/" + app + "/config-vars": says(200, `{"`+key+`":"`+newer+`"}`),
				"GET /apps/" + app + "/releases":    says(206, tt.releases),
				"GET /apps/" + app + "/dynos":       says(200, tt.dynos),
				"GET /apps/" + app + "/formation":   says(200, tt.formation),
			})
			c := openConsumer(t, url, "HRKU-CANARY-m", heroku.ConfigVar{App: app, Keys: []string{key}})
			o, err := c.Observe(t.Context(), pawl.Look{Want: is(newer), Mark: tt.mark})
			if err != nil || o.Verdict != tt.want {
				t.Errorf("Observe = %+v, %v; want %q", o, err, tt.want)
			}
		})
	}
}

func TestObserveOfPagedReleases(t *testing.T) {
	a := newAccount(t, herokusim.Options{PageSize: 3})
	for range 20 {
		a.Redeploy(app, nil)
	}
	c, l := a.write(t)
	if l.Mark != "22" {
		t.Errorf("Mark = %q, want 22", l.Mark)
	}
	a.look(t, c, l, pawl.Proved, "v22")
}

// Only a deploy of code surely leaves the config vars as they were.
func TestFailedDeployOfOthersWithoutMark(t *testing.T) {
	a := newAccount(t, herokusim.Options{})
	c, l := a.write(t)
	l.Mark = ""
	a.FailRelease(app, 2)
	a.Redeploy(app, nil)
	a.look(t, c, l, pawl.Proved, "v2")
	a.Redeploy(app, map[string]string{"OTHER": "CANARY"})
	a.look(t, c, l, pawl.Refuted, "v4")
}

// The newest release of an API that heeds no Range is on its last page.
func TestObserveReadsReleasesToTheEnd(t *testing.T) {
	url := serve(t, answers{
		"GET /apps/" + app + "/config-vars": says(200, `{"`+key+`":"`+newer+`"}`),
		"GET /apps/" + app + "/dynos":       says(200, `[{"name":"web.1","state":"up","release":{"version":2}}]`),
		"GET /apps/" + app + "/releases": func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Range") == "version ]2..; max=2" {
				says(200, `[{"version":3,"status":"pending"}]`)(w, r)
				return
			}
			says(206, `[{"version":1,"status":"succeeded"},{"version":2,"status":"succeeded"}]`, "Next-Range", "version ]2..; max=2")(w, r)
		},
	})
	c := openConsumer(t, url, "HRKU-CANARY-m", heroku.ConfigVar{App: app, Keys: []string{key}})
	o, err := c.Observe(t.Context(), pawl.Look{Want: is(newer)})
	if err != nil || o.Verdict != pawl.Waiting || o.Mark != "3" {
		t.Errorf("Observe = %+v, %v; want to wait for v3", o, err)
	}
}

func TestObserveTellsWhatItCannotRead(t *testing.T) {
	for _, broken := range []string{"config-vars", "releases", "dynos"} {
		for body, want := range map[string]pawl.Kind{`null`: pawl.Unavailable, `{"x":`: pawl.Unavailable, `7`: pawl.Unavailable} {
			h := answers{
				"GET /apps/" + app + "/config-vars": says(200, `{"`+key+`":"`+newer+`"}`),
				"GET /apps/" + app + "/releases":    says(200, `[{"version":2,"status":"succeeded"}]`),
				"GET /apps/" + app + "/dynos":       says(200, `[]`),
			}
			h["GET /apps/"+app+"/"+broken] = says(200, body)
			c := openConsumer(t, serve(t, h), "HRKU-CANARY-m", heroku.ConfigVar{App: app, Keys: []string{key}})
			_, err := c.Observe(t.Context(), pawl.Look{Want: is(newer)})
			wantKind(t, err, want)
		}
	}
}

func TestObserveOfAMarkThatIsNone(t *testing.T) {
	a := newAccount(t, herokusim.Options{})
	c, l := a.write(t)
	l.Mark = "2026-11-23"
	_, err := c.Observe(t.Context(), l)
	wantKind(t, err, pawl.Invalid)
}
