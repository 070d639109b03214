package github_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/provider"
	"github.com/pawl-dev/pawl/provider/github"
	"github.com/pawl-dev/pawl/provider/github/githubsim"
)

const repoSecret = `{"repo":"acme/api","secret":"heroku_api_key"}`

func TestSetSealsTheValue(t *testing.T) {
	for _, tt := range []struct{ settings, holder, env string }{
		{repoSecret, "acme/api", ""},
		{`{"repo":"acme/api","secret":"HEROKU_API_KEY","environment":"eu/prod"}`, "acme/api", "eu/prod"},
		{`{"org":"acme","secret":"HEROKU_API_KEY"}`, "acme", ""},
	} {
		t.Run(tt.holder+tt.env, func(t *testing.T) {
			w := newWorld(t, githubsim.Options{})
			w.sim.AddOrg("acme")
			w.sim.AddEnvironment("acme/api", "eu/prod")
			c := w.consumer(tt.settings)
			for _, value := range []string{newValue, "CANARY two\nlines ü \x00"} { // created, then updated
				w.now = w.now.Add(time.Minute)
				r := w.set(c, value)
				if !r.Changed || r.Mark != w.now.Format(time.RFC3339) || !r.Moved.Equal(w.now) || r.Pending != "" {
					t.Errorf("receipt = %+v", r)
				}
				if got, ok := w.sim.Secret(tt.holder, tt.env, "HEROKU_API_KEY"); !ok || got != value {
					t.Errorf("GitHub has %q, want %q", got, value)
				}
			}
		})
	}
}

func TestSetRefusesWhatGitHubCannotStore(t *testing.T) {
	w := newWorld(t, githubsim.Options{})
	c := w.consumer(repoSecret)
	for name, to := range map[string]pawl.Content{
		"too big":  content(strings.Repeat("CANARY", 48<<10/6) + "x"),
		"empty":    content(""),
		"none":     {},
		"snapshot": {Secret: pawl.NewSecret([]byte("CANARY")), Snapshot: true},
	} {
		_, err := c.Set(t.Context(), pawl.Write{To: to})
		t.Log(name)
		wantKind(t, err, pawl.Invalid)
	}
	w.set(c, strings.Repeat("CANARY", 48<<10/6)) // exactly what fits
	for _, r := range w.sim.Requests()[:1] {
		if !strings.HasSuffix(r, "public-key") {
			t.Errorf("asked %q for a value that cannot be stored", r)
		}
	}
}

func TestSetErrors(t *testing.T) {
	const secret, key = "/actions/secrets/HEROKU_API_KEY", "/actions/secrets/public-key"
	drop := func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	for name, tt := range map[string]struct {
		meddle func(http.ResponseWriter, *http.Request) bool
		want   pawl.Kind
	}{
		"key 503":           {fault("GET", key, status(503)), pawl.Unavailable},
		"key dropped":       {fault("GET", key, drop), pawl.Unavailable},
		"key empty":         {fault("GET", key, func(w http.ResponseWriter, _ *http.Request) {}), pawl.Unavailable},
		"key garbled":       {fault("GET", key, func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(`{"key_id":"1","key":"CANA`)) }), pawl.Unavailable},
		"key html":          {fault("GET", key, func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(`<html>CANARY`)) }), pawl.Unavailable},
		"key of wrong size": {fault("GET", key, func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(`{"key_id":"1","key":"AAAA"}`)) }), pawl.Unavailable},
		"503":               {fault("PUT", secret, status(503)), pawl.Unknown},
		"dropped":           {fault("PUT", secret, drop), pawl.Unknown},
		"a proxy's 200":     {fault("PUT", secret, status(200)), pawl.Unknown},
		"202":               {fault("PUT", secret, status(202)), pawl.Unknown},
		"401":               {fault("PUT", secret, status(401)), pawl.Denied},
		"403":               {fault("PUT", secret, status(403)), pawl.Forbidden},
		"404":               {fault("PUT", secret, status(404)), pawl.NotFound},
		"409":               {fault("PUT", secret, status(409)), pawl.Conflict},
		"422":               {fault("PUT", secret, status(422)), pawl.Invalid},
		"redirect":          {fault("PUT", secret, status(307, "Location", "/elsewhere")), pawl.Invalid},
		"429":               {fault("PUT", secret, status(429, "Retry-After", "7")), pawl.Throttled},
		"secondary limit":   {fault("PUT", secret, status(403, "Retry-After", "7")), pawl.Throttled},
		"primary limit":     {fault("PUT", secret, status(403, "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "9999999999")), pawl.Throttled},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, githubsim.Options{})
			c := w.consumer(repoSecret)
			w.meddle = tt.meddle
			_, err := c.Set(t.Context(), pawl.Write{To: content(newValue)})
			wantKind(t, err, tt.want)
			if _, there := w.sim.Secret("acme/api", "", "HEROKU_API_KEY"); there {
				t.Error("the secret was written")
			}
		})
	}
}

func TestThrottledSaysForHowLong(t *testing.T) {
	w := newWorld(t, githubsim.Options{})
	c := w.consumer(repoSecret)
	w.meddle = fault("PUT", "HEROKU_API_KEY", status(429, "Retry-After", "7"))
	_, err := c.Set(t.Context(), pawl.Write{To: content(newValue)})
	if e, ok := err.(*pawl.Error); !ok || e.After != 7*time.Second {
		t.Errorf("error = %#v, want After 7s", err)
	}
}

// go-github remembers a used up limit and then fails without asking.
func TestLimitRememberedByTheLibrary(t *testing.T) {
	w := newWorld(t, githubsim.Options{})
	c := w.consumer(repoSecret)
	w.meddle = fault("GET", "public-key", status(403, "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "9999999999"))
	for range 2 {
		_, err := c.Set(t.Context(), pawl.Write{To: content(newValue)})
		wantKind(t, err, pawl.Throttled)
		if e, ok := err.(*pawl.Error); !ok || e.After <= 0 || e.After > time.Hour {
			t.Errorf("error = %#v, want a wait of up to an hour", err)
		}
	}
}

func TestSetTwiceAfterLostAnswer(t *testing.T) {
	w := newWorld(t, githubsim.Options{})
	c := w.consumer(repoSecret)
	w.meddle = func(rw http.ResponseWriter, r *http.Request) bool {
		if r.Method != "PUT" {
			return false
		}
		w.sim.ServeHTTP(discard{}, r)
		panic(http.ErrAbortHandler)
	}
	_, err := c.Set(t.Context(), pawl.Write{To: content(newValue)})
	wantKind(t, err, pawl.Unknown)
	puts := slices.DeleteFunc(w.sim.Requests(), func(r string) bool { return !strings.HasPrefix(r, "PUT") })
	if len(puts) != 1 {
		t.Errorf("sent %q, want one PUT", puts)
	}
	w.meddle = nil
	w.set(c, newValue)
	if got, _ := w.sim.Secret("acme/api", "", "HEROKU_API_KEY"); got != newValue {
		t.Errorf("GitHub has %q", got)
	}
}

type discard struct{}

func (discard) Header() http.Header         { return http.Header{} }
func (discard) Write(b []byte) (int, error) { return len(b), nil }
func (discard) WriteHeader(int)             {}

func TestWriteWithoutMarkStandsAnyway(t *testing.T) {
	w := newWorld(t, githubsim.Options{})
	c := w.consumer(repoSecret)
	w.meddle = fault("GET", "HEROKU_API_KEY", status(503))
	begun := w.now
	r := w.set(c, newValue)
	if !r.Changed || r.Mark != "" {
		t.Errorf("receipt = %+v, want a change without mark", r)
	}
	w.meddle = nil
	if o := w.observe(c, pawl.Look{Want: content(newValue), Since: begun.Add(300 * time.Millisecond)}); o.Verdict != pawl.Proved {
		t.Errorf("observation = %+v, want proved by the time of the write", o)
	}
}

func TestObserve(t *testing.T) {
	w := newWorld(t, githubsim.Options{})
	c := w.consumer(repoSecret)
	if o := w.observe(c, pawl.Look{Want: content(newValue)}); o.Verdict != pawl.Waiting || o.Holds != pawl.HoldsNothing {
		t.Errorf("nothing there: %+v", o)
	}
	w.sim.SetSecret("acme/api", "", "HEROKU_API_KEY", oldValue)
	w.now = w.now.Add(time.Hour)
	if o := w.observe(c, pawl.Look{Want: content(newValue), Since: w.now}); o.Verdict != pawl.Waiting || o.Holds != pawl.HoldsUnknown {
		t.Errorf("before the write: %+v", o)
	}
	if o := w.observe(c, pawl.Look{Want: content(newValue)}); o.Verdict != pawl.Waiting {
		t.Errorf("no write to show: %+v", o)
	}
	begun := w.now.Add(300 * time.Millisecond)
	r := w.set(c, newValue)
	look := pawl.Look{Want: content(newValue), Not: pawl.NewSecret([]byte(oldValue)), Mark: r.Mark, Since: begun}
	if o := w.observe(c, look); o.Verdict != pawl.Proved || o.Class != pawl.Timestamp || o.Mark != r.Mark {
		t.Errorf("after the write: %+v", o)
	}
	skewed := look
	skewed.Since = begun.Add(time.Hour) // our clock is ahead
	if o := w.observe(c, skewed); o.Verdict != pawl.Proved {
		t.Errorf("with a mark our clock has no say: %+v", o)
	}
	w.now = w.now.Add(time.Second)
	w.sim.SetSecret("acme/api", "", "HEROKU_API_KEY", oldValue)
	if o := w.observe(c, look); o.Verdict != pawl.Waiting || o.Holds != pawl.HoldsOther {
		t.Errorf("written by somebody else: %+v", o)
	}
	look.Mark = w.now.Add(time.Minute).Format(time.RFC3339)
	if o := w.observe(c, look); o.Verdict != pawl.Waiting || o.Holds != pawl.HoldsUnknown {
		t.Errorf("an answer from before the write: %+v", o)
	}
}

func TestEnvironmentSecretWins(t *testing.T) {
	w := newWorld(t, githubsim.Options{})
	w.sim.AddEnvironment("acme/api", "staging")
	w.sim.AddEnvironment("acme/api", "eu/prod")
	c := w.consumer(repoSecret)
	r := w.set(c, newValue)
	look := pawl.Look{Want: content(newValue), Mark: r.Mark, Since: w.now}
	if o := w.observe(c, look); o.Verdict != pawl.Proved {
		t.Fatalf("no shadow: %+v", o)
	}
	w.sim.SetSecret("acme/api", "eu/prod", "HEROKU_API_KEY", oldValue)
	const want = "environment eu/prod has its own HEROKU_API_KEY, which wins"
	if o := w.observe(c, look); o.Verdict != pawl.Waiting || o.Holds != pawl.HoldsUnknown || o.Detail != want {
		t.Errorf("shadowed: %+v, want waiting: %s", o, want)
	}
	found, err := c.(pawl.Preflighter).Preflight(t.Context())
	if err != nil || !slices.Contains(found, want) {
		t.Errorf("Preflight = %q, %v", found, err)
	}
	known := w.consumer(`{"repo":"acme/api","secret":"HEROKU_API_KEY","except":["EU/prod"]}`)
	if o := w.observe(known, look); o.Verdict != pawl.Proved {
		t.Errorf("shadowed on purpose: %+v", o)
	}
	own := w.consumer(`{"repo":"acme/api","secret":"HEROKU_API_KEY","environment":"staging"}`)
	r = w.set(own, newValue)
	if o := w.observe(own, pawl.Look{Want: content(newValue), Mark: r.Mark}); o.Verdict != pawl.Proved {
		t.Errorf("an environment's own secret: %+v", o)
	}
}

func TestRunsFromBeforeTheWrite(t *testing.T) {
	for _, ignore := range []bool{false, true} {
		w := newWorld(t, githubsim.Options{IgnoreFilters: ignore})
		c := w.consumer(repoSecret)
		var ids []int64
		for _, status := range []string{"queued", "in_progress", "waiting", "pending", "requested"} {
			ids = append(ids, w.sim.AddRun("acme/api", status, w.now.Add(-time.Hour)))
		}
		ids = append(ids, w.sim.AddRun("acme/api", "queued", w.now)) // in the second of the write
		w.sim.AddRun("acme/api", "completed", w.now.Add(-time.Hour))
		look := pawl.Look{Want: content(newValue), Mark: w.set(c, newValue).Mark}
		w.sim.AddRun("acme/api", "in_progress", w.now.Add(time.Second)) // has the new value
		for i, id := range ids {
			o := w.observe(c, look)
			if o.Verdict != pawl.Waiting || o.Holds != pawl.HoldsUnknown || !strings.Contains(o.Detail, "not over") {
				t.Fatalf("%d of %d over: %+v, want waiting", i, len(ids), o)
			}
			w.sim.Finish(id, "failure")
		}
		if o := w.observe(c, look); o.Verdict != pawl.Proved {
			t.Errorf("all over: %+v", o)
		}
	}
}

func TestRunsBeyondTheFirstPage(t *testing.T) {
	w := newWorld(t, githubsim.Options{})
	c := w.consumer(repoSecret)
	old := w.sim.AddRun("acme/api", "queued", w.now.Add(-time.Hour))
	look := pawl.Look{Want: content(newValue), Mark: w.set(c, newValue).Mark}
	for range 150 {
		w.sim.AddRun("acme/api", "queued", w.now.Add(time.Second))
	}
	if o := w.observe(c, look); o.Verdict != pawl.Waiting || !strings.Contains(o.Detail, "#1 ") {
		t.Errorf("observation = %+v, want waiting for run %d", o, old)
	}
}

func TestEnvironmentSecretIsTakenWhenTheJobStarts(t *testing.T) {
	w := newWorld(t, githubsim.Options{})
	w.sim.AddEnvironment("acme/api", "prod")
	c := w.consumer(`{"repo":"acme/api","secret":"HEROKU_API_KEY","environment":"prod"}`)
	w.sim.AddRun("acme/api", "queued", w.now.Add(-time.Hour))
	look := pawl.Look{Want: content(newValue), Mark: w.set(c, newValue).Mark}
	if o := w.observe(c, look); o.Verdict != pawl.Proved {
		t.Errorf("a run that has not started: %+v", o)
	}
	w.sim.AddRun("acme/api", "in_progress", w.now.Add(-time.Hour))
	if o := w.observe(c, look); o.Verdict != pawl.Waiting {
		t.Errorf("a run that has started: %+v", o)
	}
}

func TestObserveErrors(t *testing.T) {
	for name, tt := range map[string]struct {
		meddle func(http.ResponseWriter, *http.Request) bool
		want   pawl.Kind
	}{
		"secret 403":          {fault("GET", "HEROKU_API_KEY", status(403)), pawl.Forbidden},
		"secret without date": {fault("GET", "HEROKU_API_KEY", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(`{}`)) }), pawl.Unavailable},
		"secret's odd date":   {fault("GET", "HEROKU_API_KEY", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(`{"updated_at":"CANARY"}`)) }), pawl.Unavailable},
		"runs 403":            {fault("GET", "/actions/runs", status(403)), pawl.Forbidden},
		"runs 500":            {fault("GET", "/actions/runs", status(500)), pawl.Unavailable},
		"runs not a list":     {fault("GET", "/actions/runs", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(`{}`)) }), pawl.Unavailable},
		"runs empty":          {fault("GET", "/actions/runs", func(w http.ResponseWriter, _ *http.Request) {}), pawl.Unavailable},
		"environments 403":    {fault("GET", "/environments", status(403)), pawl.Forbidden},
		"environments {}":     {fault("GET", "/environments", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(`{}`)) }), pawl.Unavailable},
		"their secret 403":    {fault("GET", "/environments/prod/secrets/HEROKU_API_KEY", status(403)), pawl.Forbidden},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, githubsim.Options{})
			w.sim.AddEnvironment("acme/api", "prod")
			c := w.consumer(repoSecret)
			look := pawl.Look{Want: content(newValue), Mark: w.set(c, newValue).Mark}
			w.meddle = tt.meddle
			o, err := c.Observe(t.Context(), look)
			wantKind(t, err, tt.want)
			if tt.want == pawl.Forbidden && pawl.HintOf(err) == "" {
				t.Error("no hint which permission is missing")
			}
			if o.Verdict == pawl.Proved {
				t.Error("proved all the same")
			}
		})
	}
	t.Run("no Actions, no environments", func(t *testing.T) {
		w := newWorld(t, githubsim.Options{})
		c := w.consumer(repoSecret)
		look := pawl.Look{Want: content(newValue), Mark: w.set(c, newValue).Mark}
		runs, envs := fault("GET", "/actions/runs", status(404)), fault("GET", "/environments", status(404))
		w.meddle = func(rw http.ResponseWriter, r *http.Request) bool { return runs(rw, r) || envs(rw, r) }
		if o := w.observe(c, look); o.Verdict != pawl.Proved {
			t.Errorf("observation = %+v", o)
		}
	})
}

func TestVisibilityStaysAsItIs(t *testing.T) {
	w := newWorld(t, githubsim.Options{})
	w.sim.AddOrg("acme")
	w.sim.AddRepo("acme/web")
	chosen := w.consumer(`{"org":"acme","secret":"HEROKU_API_KEY","visibility":"selected","repos":["web","acme/api"]}`)
	w.set(chosen, oldValue)
	w.set(w.consumer(`{"org":"acme","secret":"HEROKU_API_KEY"}`), newValue)
	if got := w.visibility(); got != "selected" {
		t.Errorf("visibility = %q, want it kept", got)
	}
	// A run in a chosen repository gets the value, so the choice was kept too.
	var seen string
	w2 := newWorld(t, githubsim.Options{OnRun: func(r githubsim.Run) string { seen = r.Secrets["HEROKU_API_KEY"]; return "success" }})
	w2.sim.AddOrg("acme")
	w2.set(w2.consumer(`{"org":"acme","secret":"HEROKU_API_KEY","visibility":"selected","repos":["api"]}`), oldValue)
	w2.set(w2.consumer(`{"org":"acme","secret":"HEROKU_API_KEY"}`), newValue)
	p := w2.prover(deploy)
	ticket := w2.start(p)
	w2.prove(p, pawl.Look{Ticket: ticket})
	if seen != newValue {
		t.Errorf("the run saw %q", seen)
	}
}

func (w *world) visibility() string {
	w.t.Helper()
	req, _ := http.NewRequestWithContext(w.t.Context(), "GET", w.url+"/orgs/acme/actions/secrets/HEROKU_API_KEY", nil)
	req.Header.Set("Authorization", "Bearer "+githubsim.Token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	var got struct{ Visibility string }
	if err := json.NewDecoder(resp.Body).Decode(&got); err != nil {
		w.t.Fatal(err)
	}
	return got.Visibility
}

func TestPreflight(t *testing.T) {
	w := newWorld(t, githubsim.Options{})
	found, err := w.consumer(repoSecret).(pawl.Preflighter).Preflight(t.Context())
	if err != nil || len(found) != 1 || !strings.Contains(found[0], "will be created") {
		t.Errorf("Preflight = %q, %v", found, err)
	}
	for _, settings := range []string{`{"repo":"acme/none","secret":"X"}`, `{"repo":"acme/api","secret":"X","environment":"none"}`, `{"org":"none","secret":"X"}`} {
		_, err := w.consumer(settings).(pawl.Preflighter).Preflight(t.Context())
		wantKind(t, err, pawl.NotFound)
	}
	w.meddle = fault("GET", "/actions/runs", status(403))
	_, err = w.consumer(repoSecret).(pawl.Preflighter).Preflight(t.Context())
	wantKind(t, err, pawl.Forbidden)

	for _, r := range w.sim.Requests() {
		if !strings.HasPrefix(r, "GET ") {
			t.Errorf("Preflight sent %q", r)
		}
	}
}

func TestTokenRefused(t *testing.T) {
	w := newWorld(t, githubsim.Options{Token: "ghs_CANARYother"})
	c, p := w.consumer(repoSecret), w.prover(deploy)
	_, set := c.Set(t.Context(), pawl.Write{To: content(newValue)})
	_, observe := c.Observe(t.Context(), pawl.Look{Want: content(newValue)})
	_, start := p.(pawl.Starter).Start(t.Context(), pawl.Look{Want: content(newValue)})
	preflight := func(x any) error { _, err := x.(pawl.Preflighter).Preflight(t.Context()); return err }
	for op, err := range map[string]error{"Set": set, "Observe": observe, "Start": start} {
		wantKind(t, err, pawl.Denied)
		if want := "github." + op + ": denied: connection acme-github: the token is refused (401)"; err.Error() != want {
			t.Errorf("error = %q, want %q", err, want)
		}
		if hint := pawl.HintOf(err); !strings.Contains(hint, "acme-github") || !strings.Contains(hint, "Secrets: read and write") {
			t.Errorf("hint = %q", hint)
		}
	}
	if a, b := preflight(c), preflight(p); a.Error() != b.Error() || pawl.HintOf(a) != pawl.HintOf(b) {
		t.Errorf("one cause is told in two ways: %v, %v", a, b)
	}
}

func TestTokenMayNot(t *testing.T) {
	w := newWorld(t, githubsim.Options{})
	c := w.consumer(repoSecret)
	w.meddle = fault("PUT", "HEROKU_API_KEY", status(403))
	_, err := c.Set(t.Context(), pawl.Write{To: content(newValue)})
	wantKind(t, err, pawl.Forbidden)
	const want = "github.Set: forbidden: connection acme-github: the token may not do this (403)"
	const hint = "the token needs the permission Secrets: read and write for acme/api"
	if err.Error() != want || pawl.HintOf(err) != hint {
		t.Errorf("error = %q (%s), want %q (%s)", err, pawl.HintOf(err), want, hint)
	}
}

func TestTokenGoesToNobodyElse(t *testing.T) {
	w := newWorld(t, githubsim.Options{})
	other := newWorld(t, githubsim.Options{})
	other.meddle = func(_ http.ResponseWriter, r *http.Request) bool {
		t.Errorf("the other host was asked for %s", r.URL.Path)
		return false
	}
	c := w.consumer(repoSecret)
	w.meddle = func(rw http.ResponseWriter, r *http.Request) bool {
		http.Redirect(rw, r, other.url+r.URL.Path, http.StatusMovedPermanently)
		return true
	}
	_, err := c.Set(t.Context(), pawl.Write{To: content(newValue)})
	wantKind(t, err, pawl.Invalid)
}

func TestOpenRefuses(t *testing.T) {
	for name, c := range map[string]provider.Connection{
		"no token":   {URL: "https://github.acme.example/api/v3"},
		"two lines":  {Secrets: map[string]pawl.Secret{"token": pawl.NewSecret([]byte("CANARY\n"))}},
		"user in it": {URL: "https://CANARY@github.acme.example", Secrets: map[string]pawl.Secret{"token": pawl.NewSecret([]byte("CANARY"))}},
		"not a URL":  {URL: "github.acme.example", Secrets: map[string]pawl.Secret{"token": pawl.NewSecret([]byte("CANARY"))}},
	} {
		_, err := github.Provider().Connection.Open(c)
		t.Log(name)
		wantKind(t, err, pawl.Invalid)
	}
}

func TestEnterpriseRoot(t *testing.T) {
	w := newWorld(t, githubsim.Options{})
	w.url += "/api/v3"
	w.set(w.consumer(repoSecret), newValue)
	for _, r := range w.sim.Requests() {
		if !strings.Contains(r, " /api/v3/repos/acme/api/") {
			t.Errorf("asked %q", r)
		}
	}
}

func TestSecretSettings(t *testing.T) {
	for text, want := range map[string]string{
		`{"secret":"X"}`: "repo:",
		`{"secret":"X","repo":"acme/api","org":"acme"}`:                         "repo:",
		`{"secret":"X","repo":"acme"}`:                                          "repo:",
		`{"secret":"X","repo":"acme/.."}`:                                       "repo:",
		`{"secret":"X","repo":"acme/api/more"}`:                                 "repo:",
		`{"secret":"X","org":"ac me"}`:                                          "org:",
		`{"secret":"GITHUB_TOKEN","repo":"acme/api"}`:                           "secret:",
		`{"secret":"github_x","repo":"acme/api"}`:                               "secret:",
		`{"secret":"1X","repo":"acme/api"}`:                                     "secret:",
		`{"secret":"A-B","repo":"acme/api"}`:                                    "secret:",
		`{"secret":"","repo":"acme/api"}`:                                       "secret:",
		`{"secret":"X","org":"acme","environment":"prod"}`:                      "environment:",
		`{"secret":"X","repo":"acme/api","visibility":"all"}`:                   "visibility:",
		`{"secret":"X","repo":"acme/api","repos":["web"]}`:                      "repos:",
		`{"secret":"X","org":"acme","visibility":"public"}`:                     "visibility:",
		`{"secret":"X","org":"acme","visibility":"selected"}`:                   "repos:",
		`{"secret":"X","org":"acme","repos":["web"]}`:                           "repos:",
		`{"secret":"X","org":"acme","visibility":"selected","repos":["o/web"]}`: "repos:",
		`{"secret":"X","repo":"acme/api","environment":"p","except":["q"]}`:     "except:",
	} {
		s := &github.SecretSettings{}
		if err := json.Unmarshal([]byte(text), s); err != nil {
			t.Fatal(err)
		}
		if err := s.Validate(); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v, want %s …", text, err, want)
		}
	}
	a, b := github.SecretSettings{Repo: "acme/api", Secret: "x"}, github.SecretSettings{Repo: "Acme/API", Secret: "X"}
	if !slices.Equal(a.Locations(), b.Locations()) {
		t.Errorf("%q and %q are one place", a.Locations(), b.Locations())
	}
	b.Environment = "prod"
	if slices.Equal(a.Locations(), b.Locations()) {
		t.Errorf("%q is two places", a.Locations())
	}
}
