package github

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	gh "github.com/google/go-github/v88/github"

	"github.com/pawl-dev/pawl"
)

var (
	_ pawl.Prover      = (*workflow)(nil)
	_ pawl.Starter     = (*workflow)(nil)
	_ pawl.Preflighter = (*workflow)(nil)
)

// WorkflowSettings say which workflow shows that the value works.
type WorkflowSettings struct {
	Workflow  string            `json:"workflow" doc:"File name of the workflow, or its number. It has to fail if the value does not work." required:"true"`
	Repo      string            `json:"repo" doc:"Repository, as owner/name." required:"true"`
	Ref       string            `json:"ref,omitempty" doc:"Branch or tag to run it at. If not given, main."`
	Inputs    map[string]string `json:"inputs,omitempty" doc:"Inputs of the workflow."`
	Attest    *WorkflowAttest   `json:"attest,omitempty" doc:"The run also shows which value it used."`
	Secret    string            `json:"secret,omitempty" doc:"Name of the secret, which it is attested under."`
	Correlate string            `json:"correlate,omitempty" doc:"Input that is given a unique text and is part of the workflow's run-name, to find the run on servers that do not tell which one they started."`
}

// maxInputs is how many inputs a dispatch may have.
const maxInputs = 25

// Validate implements [provider.Settings].
func (s *WorkflowSettings) Validate() error {
	inputs := len(s.Inputs)
	if s.Correlate != "" {
		inputs++
	}
	if s.Attest != nil {
		inputs++
	}
	_, taken := s.Inputs[s.Correlate]
	switch {
	case !fits(`^[A-Za-z0-9._ -]+$`, s.Workflow):
		return errors.New("workflow: the name of a file in .github/workflows, without its folder, or a number")
	case !repoName(s.Repo):
		return errors.New("repo: want owner/name")
	case inputs > maxInputs:
		return fmt.Errorf("inputs: at most %d", maxInputs)
	case s.Correlate != "" && taken:
		return errors.New("correlate: this input is given below inputs already")
	}
	return s.checkAttest()
}

// Where implements [provider.Settings].
func (s *WorkflowSettings) Where() string { return s.Repo + " " + s.Workflow }

func (s *WorkflowSettings) ref() string {
	if s.Ref == "" {
		return "main"
	}
	return s.Ref
}

// workflow proves by a run: it is started once for each write, and its success
// shows that the value works where the workflow uses it. A re-run is never
// used: its run began before the write.
//
// API: https://docs.github.com/en/rest/actions/workflows#create-a-workflow-dispatch-event
type workflow struct {
	c           *client
	s           WorkflowSettings
	owner, repo string
}

func newWorkflow(c *client, s WorkflowSettings) pawl.Prover {
	owner, repo, _ := strings.Cut(s.Repo, "/")
	return &workflow{c, s, owner, repo}
}

// Start dispatches the workflow. Servers that do not say which run that makes
// are asked beforehand for the runs there are, so that Prove can tell. Unknown:
// a run may have been started.
func (w *workflow) Start(ctx context.Context, l pawl.Look) (string, error) {
	const op = "github.Start"
	inputs := map[string]any{}
	for name, text := range w.s.Inputs {
		inputs[name] = text
	}
	nonce, err := w.ask(op, inputs, l)
	if err != nil {
		return "", err
	}
	known, err := w.dispatched(ctx, op)
	if err != nil {
		return "", err
	}
	find := before(known)
	if w.s.Correlate != "" {
		find.tag = "pawl-" + rand.Text()
		inputs[w.s.Correlate] = find.tag
	}
	write := w.c.runs.latest()
	id, status, err := w.dispatch(ctx, op, inputs, true)
	if status == http.StatusBadRequest || status == http.StatusUnprocessableEntity {
		// An older server refuses the field it does not know, and a refusal
		// starts nothing.
		id, _, err = w.dispatch(ctx, op, inputs, false)
	}
	if err != nil {
		return "", hinted(err, w.hints())
	}
	if id > 0 {
		find = ticket{run: id}
	}
	find.at, find.nonce = w.c.now(), nonce
	w.c.runs.add(dispatched{id: find.run, tag: find.tag, after: write})
	return find.String(), nil
}

// dispatch returns the number of the run, or 0 if the server does not tell.
func (w *workflow) dispatch(ctx context.Context, op string, inputs map[string]any, details bool) (id int64, status int, err error) {
	event := gh.CreateWorkflowDispatchEventRequest{Ref: w.s.ref(), Inputs: inputs}
	if details {
		event.ReturnRunDetails = &details
	}
	run, resp, err := w.c.Actions.CreateWorkflowDispatchEventByFileName(ctx, w.owner, w.repo, w.s.Workflow, event)
	if resp != nil && resp.Response != nil {
		status = resp.StatusCode
	}
	if err != nil {
		return 0, status, w.c.failed(op, true, resp, err)
	}
	return run.GetWorkflowRunID(), status, nil
}

// dispatched lists the newest runs of the workflow that were dispatched.
func (w *workflow) dispatched(ctx context.Context, op string) ([]*gh.WorkflowRun, error) {
	list, err := read(w.c, op, func() (*gh.WorkflowRuns, *gh.Response, error) {
		return w.c.Actions.ListWorkflowRunsByFileName(ctx, w.owner, w.repo, w.s.Workflow,
			&gh.ListWorkflowRunsOptions{Event: "workflow_dispatch", ListOptions: gh.ListOptions{PerPage: 50}})
	})
	if err != nil {
		return nil, hinted(err, w.hints())
	}
	if list.TotalCount == nil && list.WorkflowRuns == nil {
		return nil, incomplete(op)
	}
	return list.WorkflowRuns, nil
}

// Prove looks at the run that Start started. If none appears it refutes:
// GitHub accepts dispatches that come to nothing, and only a new one helps.
func (w *workflow) Prove(ctx context.Context, l pawl.Look) (pawl.Observation, error) {
	const op = "github.Prove"
	if l.Ticket == "" {
		return pawl.Observation{Detail: w.s.Workflow + " was not started yet"}, nil
	}
	t, err := parseTicket(l.Ticket)
	if err != nil {
		return pawl.Observation{}, &pawl.Error{Op: op, Kind: pawl.Invalid, Err: err}
	}
	run, err := w.find(ctx, op, t, notBefore(l))
	if err != nil {
		return pawl.Observation{}, err
	}
	if run == nil {
		return w.missing(t), nil
	}
	seen := w.judge(run, notBefore(l))
	if seen.Verdict == pawl.Proved && w.s.Attest != nil {
		return w.attested(ctx, op, run, t.nonce, l)
	}
	return seen, nil
}

// appears is how long after a dispatch its run may take to be shown.
const appears = 2 * time.Minute

// missing is what it means that the run is not there.
func (w *workflow) missing(t ticket) pawl.Observation {
	if !t.at.IsZero() && w.c.now().Sub(t.at) > appears {
		return pawl.Observation{Verdict: pawl.Refuted, Detail: w.s.Workflow + " was dispatched, but no run of it appeared; resume dispatches it again"}
	}
	return pawl.Observation{Detail: w.s.Workflow + " was dispatched; its run is not listed yet"}
}

// skew is how far our clock may be ahead of GitHub's.
const skew = 5 * time.Second

// notBefore is when a run must have been made to show anything. The mark of a
// write to GitHub is by the clock that dates the runs too.
func notBefore(l pawl.Look) time.Time {
	if at, err := time.Parse(time.RFC3339, l.Mark); err == nil {
		return at.Add(-skew)
	}
	if l.Since.IsZero() {
		return l.Since
	}
	return l.Since.Add(-skew)
}

// find returns nil if the run is not there yet: GitHub's list lags behind.
func (w *workflow) find(ctx context.Context, op string, t ticket, since time.Time) (*gh.WorkflowRun, error) {
	if t.run == 0 {
		runs, err := w.dispatched(ctx, op)
		if err != nil {
			return nil, err
		}
		return t.pick(runs, w.s.ref(), since), nil
	}
	run, err := w.c.run(ctx, op, w.s.Repo, t.run)
	if pawl.KindOf(err) == pawl.NotFound {
		return nil, nil
	}
	return run, hinted(err, w.hints())
}

func (w *workflow) judge(run *gh.WorkflowRun, since time.Time) pawl.Observation {
	name := w.called(run)
	refuted := func(why string) pawl.Observation {
		return pawl.Observation{Verdict: pawl.Refuted, Detail: name + " " + why + ": " + link(run)}
	}
	switch {
	case w.foreign(run):
		return refuted("is not of the workflow that was dispatched")
	case run.GetRunAttempt() > 1:
		return refuted("was run again, which proves nothing about this write")
	case run.GetCreatedAt().Before(since):
		return refuted("is older than the write and proves nothing about it")
	case run.GetStatus() != "completed":
		return pawl.Observation{Detail: name + " " + word(run.GetStatus())}
	case run.GetConclusion() == "success":
		return pawl.Observation{Verdict: pawl.Proved, Class: pawl.Exercised, Holds: pawl.HoldsWant, Detail: name + " succeeded: " + link(run)}
	}
	return refuted("ended with " + word(run.GetConclusion()))
}

// foreign reports whether a run says of itself that it is another one than was
// asked for. What a server does not say is not held against it.
func (w *workflow) foreign(run *gh.WorkflowRun) bool {
	file, _, _ := strings.Cut(run.GetPath(), "@") // ".github/workflows/deploy.yml", or with the ref behind it
	file = file[strings.LastIndexByte(file, '/')+1:]
	named := strings.HasSuffix(w.s.Workflow, ".yml") || strings.HasSuffix(w.s.Workflow, ".yaml")
	return run.GetEvent() != "" && run.GetEvent() != "workflow_dispatch" || file != "" && named && file != w.s.Workflow
}

func (w *workflow) called(run *gh.WorkflowRun) string {
	return fmt.Sprintf("%s #%d", w.s.Workflow, run.GetRunNumber())
}

// word is a state as GitHub calls it, if it is one at all.
func word(state string) string {
	if len(state) > 40 || !fits(`^[a-z_]+$`, state) {
		return "an unknown state"
	}
	return state
}

// Preflight checks that the workflow is there and can be dispatched.
func (w *workflow) Preflight(ctx context.Context) ([]string, error) {
	const op = "github.Preflight"
	found, err := read(w.c, op, func() (*gh.Workflow, *gh.Response, error) {
		return w.c.Actions.GetWorkflowByFileName(ctx, w.owner, w.repo, w.s.Workflow)
	})
	if err != nil {
		return nil, hinted(err, w.hints())
	}
	if found.GetID() == 0 {
		return nil, incomplete(op)
	}
	if state := found.GetState(); state != "" && state != "active" {
		return nil, &pawl.Error{Op: op, Kind: pawl.Invalid, Err: fmt.Errorf("%s is %s", w.s.Workflow, word(state)),
			Hint: "enable it: gh workflow enable " + w.s.Workflow + " --repo " + w.s.Repo}
	}
	return nil, nil
}

func (w *workflow) hints() map[pawl.Kind]string {
	return map[pawl.Kind]string{
		pawl.Forbidden: "the token needs the permission Actions: read and write for " + w.s.Repo,
		pawl.NotFound:  w.s.Repo + " has no workflow " + w.s.Workflow + ", or the token may not see it",
		pawl.Invalid:   "the workflow must have `on: workflow_dispatch` at " + w.s.ref() + ", with exactly these inputs",
	}
}
