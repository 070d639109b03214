package github_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/health"
	"github.com/pawl-dev/pawl/provider/github"
	"github.com/pawl-dev/pawl/provider/github/githubsim"
)

const attestID = `{"workflow":"pawl-attest.yml","repo":"Acme/API","secret":"heroku_api_key","attest":{"nonce":true}}`

// Values that are long enough to be attested where everybody can see it.
const (
	longOld = "HRKU-CANARY-0000-old"
	longNew = "HRKU-CANARY-0000-new"
)

// attesting is a GitHub with the workflow of docs/attest.md.
func attesting(t *testing.T, jobs func(githubsim.Run) []string) *world {
	if jobs == nil {
		jobs = func(r githubsim.Run) []string {
			return []string{"attest", "pawl-attest=" + health.MAC([]byte(r.Secrets["HEROKU_API_KEY"]), "acme/api", "HEROKU_API_KEY", r.Inputs["nonce"])}
		}
	}
	w := newWorld(t, githubsim.Options{Jobs: jobs, RunDuration: 10 * time.Second})
	w.sim.AddRepo("acme/api", "pawl-attest.yml")
	w.sim.Declare("acme/api", "pawl-attest.yml", "", "nonce")
	return w
}

func (w *world) startFor(p pawl.Prover, l pawl.Look) pawl.Look {
	w.t.Helper()
	ticket, err := p.(pawl.Starter).Start(w.t.Context(), l)
	if err != nil {
		w.t.Fatal(err)
	}
	clean(w.t, ticket)
	l.Ticket = ticket
	return l
}

func (w *world) proved(p pawl.Prover, l pawl.Look) pawl.Observation {
	w.t.Helper()
	o, err := p.Prove(w.t.Context(), l)
	if err != nil {
		w.t.Fatal(err)
	}
	clean(w.t, o.Detail, o.Mark)
	return o
}

func moved() pawl.Look { return pawl.Look{Want: content(longNew), Not: content(longOld).Secret} }

func TestRunAttests(t *testing.T) {
	w := attesting(t, nil)
	p := w.prover(attestID)
	w.sim.SetSecret("acme/api", "", "HEROKU_API_KEY", longNew)
	l := w.startFor(p, moved())
	if o := w.proved(p, l); o.Verdict != pawl.Waiting {
		t.Errorf("while it runs: %+v", o)
	}
	w.now = w.now.Add(time.Minute)
	o := w.proved(p, l)
	if o.Verdict != pawl.Proved || o.Class != pawl.Attested || o.Holds != pawl.HoldsWant || !strings.Contains(o.Detail, "attests the value") {
		t.Errorf("observation = %+v", o)
	}
	if again := w.startFor(p, moved()); strings.Contains(again.Ticket, nonceOf(l.Ticket)) {
		t.Error("two runs were given the same nonce")
	}
}

func nonceOf(ticket string) string {
	_, rest, _ := strings.Cut(ticket, "nonce:")
	nonce, _, _ := strings.Cut(rest, ";")
	return nonce
}

// A green run on the old value is what only this proof sees.
func TestRunOnTheOldValueIsRefuted(t *testing.T) {
	w := attesting(t, nil)
	p := w.prover(attestID)
	w.sim.SetSecret("acme/api", "", "HEROKU_API_KEY", longOld)
	l := w.startFor(p, moved())
	w.now = w.now.Add(time.Minute)
	o := w.proved(p, l)
	if o.Verdict != pawl.Refuted || o.Holds != pawl.HoldsNot || !strings.Contains(o.Detail, "used the other generation") {
		t.Errorf("observation = %+v", o)
	}
}

func TestRunThatAlsoSignsInExercises(t *testing.T) {
	w := attesting(t, nil)
	p := w.prover(strings.Replace(attestID, `"nonce":true`, `"nonce":true,"exercises":true`, 1))
	w.sim.SetSecret("acme/api", "", "HEROKU_API_KEY", longNew)
	l := w.startFor(p, moved())
	w.now = w.now.Add(time.Minute)
	if o := w.proved(p, l); o.Verdict != pawl.Proved || o.Class != pawl.Exercised {
		t.Errorf("observation = %+v", o)
	}
}

// TestRunThatShowsNothing: a run that succeeded, and yet does not say which
// value it used, is no evidence of any.
func TestRunThatShowsNothing(t *testing.T) {
	mac := func(r githubsim.Run, context, name string) string {
		return health.MAC([]byte(r.Secrets["HEROKU_API_KEY"]), context, name, r.Inputs["nonce"])
	}
	for name, tt := range map[string]struct {
		jobs func(githubsim.Run) []string
		want string
		held pawl.Holds
	}{
		"no such job":   {func(githubsim.Run) []string { return []string{"build"} }, "no job or step", pawl.HoldsUnknown},
		"an expression": {func(githubsim.Run) []string { return []string{"pawl-attest=${{ needs.attest.outputs.mac }}"} }, "no job or step", pawl.HoldsUnknown},
		"empty":         {func(githubsim.Run) []string { return []string{"pawl-attest="} }, "no job or step", pawl.HoldsUnknown},
		"cut short": {func(r githubsim.Run) []string {
			return []string{"pawl-attest=" + mac(r, "acme/api", "HEROKU_API_KEY")[:63]}
		}, "no job or step", pawl.HoldsUnknown},
		"too long": {func(r githubsim.Run) []string {
			return []string{"pawl-attest=" + mac(r, "acme/api", "HEROKU_API_KEY") + "0"}
		}, "no job or step", pawl.HoldsUnknown},
		"another secret":     {func(r githubsim.Run) []string { return []string{"pawl-attest=" + mac(r, "acme/api", "OTHER")} }, "neither generation", pawl.HoldsOther},
		"another repository": {func(r githubsim.Run) []string { return []string{"pawl-attest=" + mac(r, "acme/web", "HEROKU_API_KEY")} }, "neither generation", pawl.HoldsOther},
		"no secret": {func(r githubsim.Run) []string {
			return []string{"pawl-attest=" + health.MAC(nil, "acme/api", "HEROKU_API_KEY", r.Inputs["nonce"])}
		}, "neither generation", pawl.HoldsOther},
		"a replay": {func(githubsim.Run) []string {
			return []string{"pawl-attest=" + health.MAC([]byte(longNew), "acme/api", "HEROKU_API_KEY", "AAAAAAAAAAAAAAAAAAAAAAAAAA")}
		}, "neither generation", pawl.HoldsOther},
	} {
		t.Run(name, func(t *testing.T) {
			w := attesting(t, tt.jobs)
			p := w.prover(attestID)
			w.sim.SetSecret("acme/api", "", "HEROKU_API_KEY", longNew)
			l := w.startFor(p, moved())
			w.now = w.now.Add(time.Minute)
			if o := w.proved(p, l); o.Verdict != pawl.Refuted || o.Holds != tt.held || !strings.Contains(o.Detail, tt.want) {
				t.Errorf("observation = %+v, want %s", o, tt.want)
			}
		})
	}
}

// A run in which one job had the new value and another the old one is not moved.
func TestRunWithBothValues(t *testing.T) {
	w := attesting(t, func(r githubsim.Run) []string {
		var names []string
		for _, value := range []string{longNew, longOld} {
			names = append(names, "pawl-attest="+health.MAC([]byte(value), "acme/api", "HEROKU_API_KEY", r.Inputs["nonce"]))
		}
		return names
	})
	p := w.prover(attestID)
	l := w.startFor(p, moved())
	w.now = w.now.Add(time.Minute)
	if o := w.proved(p, l); o.Verdict != pawl.Refuted || o.Holds != pawl.HoldsNot {
		t.Errorf("observation = %+v", o)
	}
}

// The name of a step will do as well, and a long list of jobs is read to its end.
func TestWhereAnAnswerMayBe(t *testing.T) {
	many := make([]string, 150)
	w := attesting(t, func(r githubsim.Run) []string {
		for i := range many {
			many[i] = fmt.Sprint("shard ", i)
		}
		many[149] = "pawl-attest=" + strings.ToUpper(health.MAC([]byte(longNew), "acme/api", "HEROKU_API_KEY", r.Inputs["nonce"]))
		return many
	})
	p := w.prover(attestID)
	l := w.startFor(p, moved())
	w.now = w.now.Add(time.Minute)
	if o := w.proved(p, l); o.Verdict != pawl.Proved {
		t.Errorf("on the second page: %+v", o)
	}
	w.meddle = fault("GET", "/jobs", func(rw http.ResponseWriter, _ *http.Request) {
		json.NewEncoder(rw).Encode(map[string]any{"total_count": 1, "jobs": []any{map[string]any{"name": "attest", "status": "completed", "steps": []any{
			map[string]any{"name": "pawl-attest=" + health.MAC([]byte(longNew), "acme/api", "HEROKU_API_KEY", nonceOf(l.Ticket))}}}}})
	})
	if o := w.proved(p, l); o.Verdict != pawl.Proved {
		t.Errorf("in a step: %+v", o)
	}
}

func TestJobsThatCannotBeRead(t *testing.T) {
	for name, tt := range map[string]struct {
		answer http.HandlerFunc
		kind   pawl.Kind
	}{
		"forbidden": {status(403), pawl.Forbidden},
		"down":      {status(503), pawl.Unavailable},
		"throttled": {status(429, "Retry-After", "7"), pawl.Throttled},
		"empty":     {func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(`{}`)) }, pawl.Unavailable},
		"html":      {func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(`<html>CANARY`)) }, pawl.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			w := attesting(t, nil)
			p := w.prover(attestID)
			l := w.startFor(p, moved())
			w.now = w.now.Add(time.Minute)
			w.meddle = fault("GET", "/jobs", tt.answer)
			_, err := p.Prove(t.Context(), l)
			wantKind(t, err, tt.kind)
		})
	}
	w := attesting(t, nil)
	p := w.prover(attestID)
	l := w.startFor(p, moved())
	w.now = w.now.Add(time.Minute)
	for _, body := range []string{`{"total_count":0,"jobs":[]}`, `{"total_count":1,"jobs":[{"name":"report","status":"in_progress"}]}`} {
		w.meddle = fault("GET", "/jobs", func(rw http.ResponseWriter, _ *http.Request) { rw.Write([]byte(body)) })
		if o := w.proved(p, l); o.Verdict != pawl.Waiting {
			t.Errorf("%s: %+v, want waiting", body, o)
		}
	}
}

// The token is not sent wherever an answer leads.
func TestJobsBehindARedirect(t *testing.T) {
	w := attesting(t, nil)
	p := w.prover(attestID)
	l := w.startFor(p, moved())
	w.now = w.now.Add(time.Minute)
	w.meddle = fault("GET", "/jobs", func(rw http.ResponseWriter, r *http.Request) { http.Redirect(rw, r, w.url+"/elsewhere", 302) })
	if _, err := p.Prove(t.Context(), l); err == nil {
		t.Error("a redirect was followed")
	}
	for _, r := range w.sim.Requests() {
		if strings.Contains(r, "elsewhere") {
			t.Error("a redirect was followed")
		}
	}
}

func TestWhatCannotBeAttested(t *testing.T) {
	w := attesting(t, nil)
	p := w.prover(attestID)
	before := len(w.sim.Requests())
	_, err := p.(pawl.Starter).Start(t.Context(), pawl.Look{Want: content("CANARY-15-bytes"), Not: content(longOld).Secret})
	wantKind(t, err, pawl.Invalid)
	if len(w.sim.Requests()) != before {
		t.Error("a value that can be guessed was dispatched")
	}
	l := moved()
	w.sim.SetSecret("acme/api", "", "HEROKU_API_KEY", longNew)
	started := w.startFor(p, moved())
	// As of a proof that did not attest yet when it was started.
	l.Ticket = strings.Replace(started.Ticket, "nonce:"+nonceOf(started.Ticket)+";", "", 1)
	w.now = w.now.Add(time.Minute)
	if o := w.proved(p, l); o.Verdict != pawl.Refuted || !strings.Contains(o.Detail, "without a nonce") {
		t.Errorf("observation = %+v", o)
	}
}

// A workflow without the input refuses the dispatch, as GitHub does.
func TestWorkflowWithoutTheInput(t *testing.T) {
	w := attesting(t, nil)
	w.sim.Declare("acme/api", "pawl-attest.yml", "", "sanity")
	_, err := w.prover(attestID).(pawl.Starter).Start(t.Context(), moved())
	wantKind(t, err, pawl.Invalid)
}

func TestAttestSettings(t *testing.T) {
	const head = `{"workflow":"a.yml","repo":"acme/api"`
	for text, want := range map[string]string{
		head + `,"secret":"A","attest":{}}`:                                                           "attest.nonce:",
		head + `,"attest":{"nonce":true}}`:                                                            "attest: needs secret",
		head + `,"secret":"A B","attest":{"nonce":true}}`:                                             "secret:",
		head + `,"secret":"A","attest":{"nonce":true},"inputs":{"nonce":"1"}}`:                        "attest: the input nonce",
		head + `,"secret":"A","attest":{"nonce":true,"input":"x"},"correlate":"x"}`:                   "attest: the input x",
		head + `,"secret":"A","attest":{"nonce":true},"inputs":{` + inputs(25) + `}}`:                 "inputs: at most",
		head + `,"secret":"A","attest":{"nonce":true},"correlate":"c","inputs":{` + inputs(24) + `}}`: "inputs: at most",
	} {
		s := &github.WorkflowSettings{}
		if err := json.Unmarshal([]byte(text), s); err != nil {
			t.Fatal(err)
		}
		if err := s.Validate(); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v, want %s …", text, err, want)
		}
	}
}

func inputs(n int) string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf(`"i%d":"x"`, i))
	}
	return strings.Join(all, ",")
}
