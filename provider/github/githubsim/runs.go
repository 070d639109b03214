package githubsim

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

type run struct {
	Run
	number     int
	attempt    int
	event      string
	workflow   *workflow
	title      string
	status     string
	conclusion string
	clocked    bool // moved on by the clock
	started    bool
}

// AddRun adds a run of the repository's first workflow that stays as it is
// until [Sim.Finish], and returns its number.
func (s *Sim) AddRun(repo, status string, createdAt time.Time) (id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.mustRepo(repo)
	made := s.newRun(r, r.workflows[0], "push", createdAt)
	made.status = status
	return made.ID
}

// Finish ends a run.
func (s *Sim) Finish(id int64, conclusion string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	made := s.mustRun(id)
	made.status, made.conclusion, made.clocked = "completed", conclusion, false
}

// Rerun makes a run the second attempt of itself, ended with success, as a
// person could who wants it green.
func (s *Sim) Rerun(id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	made := s.mustRun(id)
	made.attempt++
	made.status, made.conclusion, made.clocked = "completed", "success", false
}

func (s *Sim) mustRun(id int64) *run {
	for _, r := range s.repos {
		for _, made := range r.runs {
			if made.ID == id {
				return made
			}
		}
	}
	panic(fmt.Sprint("githubsim: no run ", id))
}

func (s *Sim) newRun(r *repo, w *workflow, event string, at time.Time) *run {
	made := &run{
		Run:      Run{ID: 70000000 + s.id(), Repo: r.name, Workflow: w.file, Ref: "main", CreatedAt: at.UTC().Truncate(time.Second)},
		number:   len(r.runs) + 1,
		attempt:  1,
		event:    event,
		workflow: w,
		title:    w.file,
		status:   "queued",
	}
	r.runs = append(r.runs, made)
	return made
}

// advance moves every run on to where it is by the clock.
func (s *Sim) advance() {
	for _, name := range slices.Sorted(maps.Keys(s.repos)) {
		for _, made := range s.repos[name].runs {
			if made.clocked {
				s.move(s.repos[name], made)
			}
		}
	}
}

func (s *Sim) move(r *repo, made *run) {
	age := s.opts.Now().Sub(made.CreatedAt)
	if age < s.opts.QueueDelay {
		return
	}
	if !made.started {
		made.started, made.status = true, "in_progress"
		if h := r.environment(made.workflow.env); h != nil {
			h.into(made.Secrets)
		}
	}
	if age < s.opts.QueueDelay+s.opts.RunDuration {
		return
	}
	made.status, made.conclusion, made.clocked = "completed", "success", false
	if s.opts.OnRun != nil {
		made.conclusion = s.opts.OnRun(made.Run)
	}
}

func (h *holder) into(secrets map[string]string) {
	for name, secret := range h.secrets {
		secrets[name] = secret.value
	}
}

// queued are the secrets that a run takes when it is queued.
func (s *Sim) queued(r *repo) map[string]string {
	all := map[string]string{}
	owner, _, _ := strings.Cut(r.name, "/")
	if org := s.orgs[strings.ToLower(owner)]; org != nil {
		for name, secret := range org.secrets {
			if secret.visibility != "selected" || slices.Contains(secret.selected, r.id) {
				all[name] = secret.value
			}
		}
	}
	r.into(all)
	return all
}

type dispatchBody struct {
	Ref     string            `json:"ref"`
	Inputs  map[string]string `json:"inputs"`
	Details *bool             `json:"return_run_details"`
}

func (s *Sim) dispatch(w http.ResponseWriter, req *http.Request, r *repo, flow *workflow) {
	var in dispatchBody
	if err := decode(req, &in); err != nil {
		refuse(w, http.StatusBadRequest, "Problems parsing JSON")
		return
	}
	if why := s.undispatchable(r, flow, in); why != "" {
		refuse(w, http.StatusUnprocessableEntity, why)
		return
	}
	made := s.newRun(r, flow, "workflow_dispatch", s.now())
	made.Ref, made.Inputs, made.Secrets, made.clocked = branch(in.Ref), in.Inputs, s.queued(r), true
	for _, name := range slices.Sorted(maps.Keys(in.Inputs)) {
		made.title += " " + in.Inputs[name] // run-name shows every input
	}
	if in.Details == nil || !*in.Details || s.opts.MuteDispatch {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	answer(w, http.StatusOK, map[string]any{
		"workflow_run_id": made.ID,
		"run_url":         fmt.Sprintf("https://api.github.example/repos/%s/actions/runs/%d", r.name, made.ID),
		"html_url":        htmlURL(made),
	})
}

func htmlURL(made *run) string {
	return fmt.Sprintf("https://github.example/%s/actions/runs/%d", made.Repo, made.ID)
}

// undispatchable says why a dispatch is refused, or nothing.
func (s *Sim) undispatchable(r *repo, flow *workflow, in dispatchBody) string {
	switch {
	case in.Details != nil && s.opts.NoRunDetails:
		return `Invalid request. "return_run_details" is not a permitted key.`
	case flow.state != "active":
		return "Cannot trigger a 'workflow_dispatch' on a disabled workflow"
	case !slices.Contains(r.refs, branch(in.Ref)):
		return "No ref found for: " + in.Ref
	case len(in.Inputs) > 25:
		return "Too many inputs"
	}
	for name := range in.Inputs {
		if flow.inputs != nil && !slices.Contains(flow.inputs, name) {
			return "Unexpected inputs provided"
		}
	}
	return ""
}

func branch(ref string) string {
	return strings.TrimPrefix(strings.TrimPrefix(ref, "refs/heads/"), "refs/tags/")
}

func (s *Sim) getWorkflow(w http.ResponseWriter, _ *http.Request, _ *repo, flow *workflow) {
	answer(w, http.StatusOK, map[string]any{"id": flow.id, "name": flow.file, "path": ".github/workflows/" + flow.file, "state": flow.state})
}

func (s *Sim) getRun(w http.ResponseWriter, req *http.Request, r *repo) {
	for _, made := range r.runs {
		if strconv.FormatInt(made.ID, 10) == req.PathValue("id") {
			answer(w, http.StatusOK, made.json())
			return
		}
	}
	notFound(w)
}

func (s *Sim) listRuns(w http.ResponseWriter, req *http.Request, r *repo) {
	s.list(w, req, r, func(*run) bool { return true })
}

func (s *Sim) listWorkflowRuns(w http.ResponseWriter, req *http.Request, r *repo, flow *workflow) {
	s.list(w, req, r, func(made *run) bool { return made.workflow == flow })
}

func (s *Sim) list(w http.ResponseWriter, req *http.Request, r *repo, wanted func(*run) bool) {
	q, all := req.URL.Query(), []map[string]any{}
	for _, made := range slices.Backward(r.runs) { // newest first
		filtered := !s.opts.IgnoreFilters && (q.Get("status") != "" && q.Get("status") != made.status || q.Get("event") != "" && q.Get("event") != made.event)
		if !wanted(made) || filtered || s.opts.Now().Sub(made.CreatedAt) < s.opts.ListingLag {
			continue
		}
		all = append(all, made.json())
	}
	answer(w, http.StatusOK, map[string]any{"total_count": len(all), "workflow_runs": page(w, req, all)})
}

func (made *run) json() map[string]any {
	var conclusion any
	if made.conclusion != "" {
		conclusion = made.conclusion
	}
	return map[string]any{
		"id": made.ID, "name": made.Workflow, "display_title": made.title, "run_number": made.number, "run_attempt": made.attempt,
		"event": made.event, "head_branch": made.Ref, "status": made.status, "conclusion": conclusion, "workflow_id": made.workflow.id,
		"created_at": made.CreatedAt.Format(time.RFC3339), "html_url": htmlURL(made),
	}
}
