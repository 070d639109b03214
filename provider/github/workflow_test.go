package github_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/provider/github"
	"github.com/pawl-dev/pawl/provider/github/githubsim"
)

const (
	deploy   = `{"workflow":"deploy-staging.yml","repo":"acme/api","inputs":{"sanity":"true"}}`
	deployID = `{"workflow":"deploy-staging.yml","repo":"acme/api","correlate":"tag"}`
)

func (w *world) start(p pawl.Prover) string {
	w.t.Helper()
	ticket, err := p.(pawl.Starter).Start(w.t.Context(), pawl.Look{Want: content(newValue), Since: w.now})
	if err != nil {
		w.t.Fatal(err)
	}
	clean(w.t, ticket)
	return ticket
}

func (w *world) prove(p pawl.Prover, l pawl.Look) pawl.Observation {
	w.t.Helper()
	o, err := p.Prove(w.t.Context(), l)
	if err != nil {
		w.t.Fatal(err)
	}
	clean(w.t, o.Detail)
	return o
}

// eachServer runs f for each of the ways in which servers answer a dispatch.
func eachServer(t *testing.T, f func(t *testing.T, o githubsim.Options)) {
	for name, o := range map[string]githubsim.Options{
		"tells the run":     {},
		"refuses the field": {NoRunDetails: true},
		"ignores the field": {MuteDispatch: true},
		"ignores filters":   {MuteDispatch: true, IgnoreFilters: true},
	} {
		t.Run(name, func(t *testing.T) { f(t, o) })
	}
}

func TestWorkflowProves(t *testing.T) {
	eachServer(t, func(t *testing.T, o githubsim.Options) {
		var seen githubsim.Run
		o.QueueDelay, o.RunDuration, o.ListingLag = 10*time.Second, time.Minute, 3*time.Second
		o.OnRun = func(r githubsim.Run) string { seen = r; return "success" }
		w := newWorld(t, o)
		w.sim.AddRun("acme/api", "completed", w.now.Add(-time.Hour))
		r := w.set(w.consumer(repoSecret), newValue)
		p := w.prover(deploy)
		look := pawl.Look{Want: content(newValue), Mark: r.Mark, Since: w.now, Ticket: w.start(p)}
		for _, step := range []struct {
			after  time.Duration
			detail string
		}{{5 * time.Second, "deploy-staging.yml #2 queued"}, {20 * time.Second, "deploy-staging.yml #2 in_progress"}} {
			w.now = w.now.Add(step.after)
			if o := w.prove(p, look); o.Verdict != pawl.Waiting || o.Detail != step.detail {
				t.Errorf("observation = %+v, want waiting: %s", o, step.detail)
			}
		}
		w.now = w.now.Add(time.Minute)
		got := w.prove(p, look)
		if got.Verdict != pawl.Proved || got.Class != pawl.Exercised || got.Holds != pawl.HoldsWant ||
			!strings.HasPrefix(got.Detail, "deploy-staging.yml #2 succeeded: https://github.example/acme/api/actions/runs/") {
			t.Errorf("observation = %+v, want exercised", got)
		}
		if seen.Secrets["HEROKU_API_KEY"] != newValue || seen.Inputs["sanity"] != "true" || seen.Ref != "main" {
			t.Errorf("the job saw %q, %v at %s", seen.Secrets, seen.Inputs, seen.Ref)
		}
	})
}

func TestFailedWorkflowRefutes(t *testing.T) {
	for _, end := range []string{"failure", "cancelled", "skipped", "neutral", "timed_out", "action_required", "CANARY injected"} {
		w := newWorld(t, githubsim.Options{OnRun: func(githubsim.Run) string { return end }})
		p := w.prover(deploy)
		look := pawl.Look{Want: content(newValue), Since: w.now, Ticket: w.start(p)}
		if o := w.prove(p, look); o.Verdict != pawl.Refuted {
			t.Errorf("%s: %+v, want refuted", end, o)
		}
	}
}

func TestRerunProvesNothing(t *testing.T) {
	w := newWorld(t, githubsim.Options{OnRun: func(githubsim.Run) string { return "failure" }})
	p := w.prover(deploy)
	look := pawl.Look{Want: content(newValue), Since: w.now, Ticket: w.start(p)}
	w.prove(p, look)
	w.sim.Rerun(runOf(t, look.Ticket))
	if o := w.prove(p, look); o.Verdict != pawl.Refuted || !strings.Contains(o.Detail, "run again") {
		t.Errorf("observation = %+v, want refuted", o)
	}
}

func TestRunFromBeforeTheWriteProvesNothing(t *testing.T) {
	w := newWorld(t, githubsim.Options{})
	p := w.prover(deploy)
	ticket := w.start(p)
	w.now = w.now.Add(time.Minute)
	for name, look := range map[string]pawl.Look{
		"by our clock":    {Want: content(newValue), Ticket: ticket, Since: w.now},
		"by GitHub's own": {Want: content(newValue), Ticket: ticket, Since: w.now.Add(-time.Hour), Mark: w.now.Format(time.RFC3339)},
	} {
		if o := w.prove(p, look); o.Verdict != pawl.Refuted || !strings.Contains(o.Detail, "older than the write") {
			t.Errorf("%s: %+v, want refuted", name, o)
		}
	}
}

func runOf(t *testing.T, ticket string) int64 {
	t.Helper()
	_, number, _ := strings.Cut(ticket, ";run:")
	id, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		t.Fatalf("ticket = %q", ticket)
	}
	return id
}

// Somebody else dispatches the same workflow right before us, and the list does
// not show it yet.
func TestCorrelatedRun(t *testing.T) {
	w := newWorld(t, githubsim.Options{MuteDispatch: true, ListingLag: 2 * time.Second, OnRun: func(r githubsim.Run) string {
		if strings.HasPrefix(r.Inputs["tag"], "pawl-") {
			return "success"
		}
		return "failure"
	}})
	p, another := w.prover(deployID), w.prover(deploy)
	w.start(another)
	w.now = w.now.Add(time.Second)
	ticket := w.start(p)
	w.start(another)
	w.now = w.now.Add(3 * time.Second)
	if o := w.prove(p, pawl.Look{Want: content(newValue), Since: w.now, Ticket: ticket}); o.Verdict != pawl.Proved || !strings.Contains(o.Detail, "#2 ") {
		t.Errorf("observation = %+v, want our run", o)
	}
}

// Without correlation any dispatch from after the write will do, but every look
// has to pick the same one.
func TestUncorrelatedRunStaysTheSame(t *testing.T) {
	w := newWorld(t, githubsim.Options{MuteDispatch: true})
	p := w.prover(deploy)
	ticket := w.start(p)
	for range 2 {
		w.start(p) // in the same second, and later
		if o := w.prove(p, pawl.Look{Want: content(newValue), Ticket: ticket}); !strings.Contains(o.Detail, "#1 ") {
			t.Errorf("observation = %+v, want the first run", o)
		}
		w.now = w.now.Add(time.Second)
	}
}

func TestClockAheadOfGitHubs(t *testing.T) {
	w := newWorld(t, githubsim.Options{})
	p := w.prover(deploy)
	look := pawl.Look{Want: content(newValue), Ticket: w.start(p), Since: w.now.Add(4 * time.Second)}
	if o := w.prove(p, look); o.Verdict != pawl.Proved {
		t.Errorf("observation = %+v, want proved", o)
	}
}

func TestRunThatWasThereBefore(t *testing.T) {
	w := newWorld(t, githubsim.Options{MuteDispatch: true, ListingLag: 2 * time.Second})
	p := w.prover(deploy)
	w.start(p) // an earlier proof, in the same second
	w.now = w.now.Add(3 * time.Second)
	ticket := w.start(p)
	look := pawl.Look{Want: content(newValue), Since: w.now.Add(-4 * time.Second), Ticket: ticket}
	if o := w.prove(p, look); o.Verdict != pawl.Waiting || !strings.Contains(o.Detail, "not listed yet") {
		t.Errorf("observation = %+v, want waiting for the list", o)
	}
	w.now = w.now.Add(3 * time.Second)
	if o := w.prove(p, look); o.Verdict != pawl.Proved || !strings.Contains(o.Detail, "#2 ") {
		t.Errorf("observation = %+v, want the second run", o)
	}
}

func TestRunNotVisibleYet(t *testing.T) {
	w := newWorld(t, githubsim.Options{})
	p := w.prover(deploy)
	for _, ticket := range []string{"", "run:1"} {
		if o := w.prove(p, pawl.Look{Want: content(newValue), Ticket: ticket}); o.Verdict != pawl.Waiting {
			t.Errorf("ticket %q: %+v, want waiting", ticket, o)
		}
	}
	for _, ticket := range []string{"CANARY", "at:CANARY;run:1", "at:2026-03-02T10:00:00Z", "at:2026-03-02T10:00:00Z;run:CANARY", "after:;known:CANARY;tag:"} {
		_, err := p.Prove(t.Context(), pawl.Look{Ticket: ticket})
		wantKind(t, err, pawl.Invalid)
	}
}

// A dispatch can be accepted and come to nothing. Waiting for it would be for
// ever; only another dispatch helps.
func TestDispatchWithoutEffect(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"{}":          func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(`{}`)) },
		"null":        func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(`null`)) },
		"204":         func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) },
		"no such run": func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(`{"workflow_run_id":7}`)) },
		"empty":       func(http.ResponseWriter, *http.Request) {},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, githubsim.Options{})
			p := w.prover(deployID)
			w.meddle = fault("POST", "/dispatches", answer)
			look := pawl.Look{Want: content(newValue), Since: w.now, Ticket: w.start(p)}
			w.meddle = nil
			w.start(w.prover(deploy)) // without our mark in its title
			w.now = w.now.Add(2 * time.Minute)
			if o := w.prove(p, look); o.Verdict != pawl.Waiting {
				t.Errorf("two minutes later: %+v, want waiting", o)
			}
			w.now = w.now.Add(time.Second)
			const want = "deploy-staging.yml was dispatched, but no run of it appeared; resume dispatches it again"
			if o := w.prove(p, look); o.Verdict != pawl.Refuted || o.Detail != want {
				t.Errorf("then: %+v, want refuted: %s", o, want)
			}
			look.Ticket = w.start(p)
			if o := w.prove(p, look); o.Verdict != pawl.Proved {
				t.Errorf("dispatched again: %+v, want proved", o)
			}
		})
	}
}

func TestStartErrors(t *testing.T) {
	const dispatches = "/dispatches"
	for name, tt := range map[string]struct {
		meddle func(http.ResponseWriter, *http.Request) bool
		want   pawl.Kind
	}{
		"500":     {fault("POST", dispatches, status(500)), pawl.Unknown},
		"dropped": {fault("POST", dispatches, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }), pawl.Unknown},
		"garbled": {fault("POST", dispatches, func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(`{"workflow_run_id":`)) }), pawl.Unknown},
		"html":    {fault("POST", dispatches, func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(`<CANARY>`)) }), pawl.Unknown},
		"403":     {fault("POST", dispatches, status(403)), pawl.Forbidden},
		"422":     {fault("POST", dispatches, status(422)), pawl.Invalid},
		"429":     {fault("POST", dispatches, status(429)), pawl.Throttled},
		"list":    {fault("GET", "/runs", status(503)), pawl.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, githubsim.Options{})
			p := w.prover(deploy)
			w.meddle = tt.meddle
			_, err := p.(pawl.Starter).Start(t.Context(), pawl.Look{Want: content(newValue)})
			wantKind(t, err, tt.want)
		})
	}
	t.Run("unknown inputs", func(t *testing.T) {
		w := newWorld(t, githubsim.Options{})
		w.sim.Declare("acme/api", "deploy-staging.yml", "", "other")
		_, err := w.prover(deploy).(pawl.Starter).Start(t.Context(), pawl.Look{})
		wantKind(t, err, pawl.Invalid)
		if !strings.Contains(pawl.HintOf(err), "workflow_dispatch") {
			t.Errorf("hint = %q", pawl.HintOf(err))
		}
	})
	t.Run("unknown ref", func(t *testing.T) {
		w := newWorld(t, githubsim.Options{})
		_, err := w.prover(`{"workflow":"deploy-staging.yml","repo":"acme/api","ref":"none"}`).(pawl.Starter).Start(t.Context(), pawl.Look{})
		wantKind(t, err, pawl.Invalid)
	})
}

func TestProveErrors(t *testing.T) {
	w := newWorld(t, githubsim.Options{})
	p := w.prover(deploy)
	look := pawl.Look{Want: content(newValue), Ticket: w.start(p)}
	for body, want := range map[string]pawl.Kind{`{}`: pawl.Unavailable, ``: pawl.Unavailable, `null`: pawl.Unavailable, `[`: pawl.Unavailable,
		`{"id":1,"status":"completed","conclusion":"success"}`: pawl.Unavailable} {
		w.meddle = func(rw http.ResponseWriter, _ *http.Request) bool { rw.Write([]byte(body)); return true }
		_, err := p.Prove(t.Context(), look)
		wantKind(t, err, want)
	}
}

func TestWorkflowPreflight(t *testing.T) {
	w := newWorld(t, githubsim.Options{})
	if found, err := w.prover(deploy).(pawl.Preflighter).Preflight(t.Context()); err != nil || len(found) > 0 {
		t.Errorf("Preflight = %q, %v", found, err)
	}
	_, err := w.prover(`{"workflow":"none.yml","repo":"acme/api"}`).(pawl.Preflighter).Preflight(t.Context())
	wantKind(t, err, pawl.NotFound)
	w.sim.Disable("acme/api", "deploy-staging.yml")
	_, err = w.prover(deploy).(pawl.Preflighter).Preflight(t.Context())
	wantKind(t, err, pawl.Invalid)
}

func TestWorkflowSettings(t *testing.T) {
	for text, want := range map[string]string{
		`{"repo":"acme/api"}`: "workflow:",
		`{"repo":"acme/api","workflow":".github/workflows/x.yml"}`:                           "workflow:",
		`{"repo":"acme/api","workflow":".."}`:                                                "workflow:",
		`{"workflow":"x.yml"}`:                                                               "repo:",
		`{"workflow":"x.yml","repo":"acme/api","correlate":"a","inputs":{"a":"b"}}`:          "correlate:",
		`{"workflow":"x.yml","repo":"acme/api","inputs":{` + many(26) + `}}`:                 "inputs:",
		`{"workflow":"x.yml","repo":"acme/api","correlate":"a","inputs":{` + many(25) + `}}`: "inputs:",
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

func many(n int) string {
	var all []string
	for i := range n {
		all = append(all, `"i`+strings.Repeat("x", i)+`":""`)
	}
	return strings.Join(all, ",")
}

// FuzzDispatchAnswer feeds any answer to a dispatch, and then to a look at the
// run: no panic, no secret in a text, and nothing proved that does not say so.
func FuzzDispatchAnswer(f *testing.F) {
	for _, s := range []string{`{"workflow_run_id":7}`, `{"workflow_run_id":"7"}`, `{"workflow_run_id":-1}`, `[]`, `null`, `{`, "<html>",
		`{"workflow_run_id":9223372036854775808}`, `{"workflow_run_id":7,"id":7,"status":"completed","conclusion":"success","created_at":1}`,
		`{"id":7,"status":"completed","conclusion":"success","html_url":"javascript:x","run_attempt":1}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		w := newWorld(t, githubsim.Options{})
		p := w.prover(deploy)
		w.meddle = fault("POST", "/dispatches", func(rw http.ResponseWriter, _ *http.Request) { rw.Write(body) })
		ticket, err := p.(pawl.Starter).Start(t.Context(), pawl.Look{Want: content(newValue)})
		if err != nil && pawl.KindOf(err) != pawl.Unknown {
			t.Errorf("error = %v, want unknown: it was accepted", err)
		}
		if err != nil {
			return
		}
		w.meddle = func(rw http.ResponseWriter, _ *http.Request) bool { rw.Write(body); return true }
		o, err := p.Prove(t.Context(), pawl.Look{Want: content(newValue), Ticket: ticket, Since: w.now})
		if err != nil && pawl.KindOf(err) != pawl.Unavailable {
			t.Errorf("error = %v, want unavailable", err)
		}
		var run struct{ Status, Conclusion string }
		if err := json.NewDecoder(bytes.NewReader(body)).Decode(&run); err != nil {
			return // not all of it fits, and none of it counts
		}
		if o.Verdict == pawl.Proved && (run.Status != "completed" || run.Conclusion != "success") {
			t.Errorf("proved by %q", body)
		}
	})
}
