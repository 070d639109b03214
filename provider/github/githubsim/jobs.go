package githubsim

import (
	"net/http"
	"strconv"
	"time"
)

// listJobs answers with the jobs of a run. A job whose name depends on an earlier
// one is not there before that one is over.
func (s *Sim) listJobs(w http.ResponseWriter, req *http.Request, r *repo) {
	if f := req.URL.Query().Get("filter"); f != "" && f != "latest" && f != "all" {
		refuse(w, http.StatusUnprocessableEntity, "Invalid filter")
		return
	}
	for _, made := range r.runs {
		if strconv.FormatInt(made.ID, 10) == req.PathValue("id") {
			all := s.jobs(made)
			answer(w, http.StatusOK, map[string]any{"total_count": len(all), "jobs": page(w, req, all)})
			return
		}
	}
	notFound(w)
}

func (s *Sim) jobs(made *run) []map[string]any {
	names := []string{"build"}
	if s.opts.Jobs != nil {
		names = s.opts.Jobs(made.Run)
	}
	if made.status != "completed" {
		names = names[:1]
	}
	var conclusion any
	if made.conclusion != "" {
		conclusion = made.conclusion
	}
	all := []map[string]any{}
	for i, name := range names {
		all = append(all, map[string]any{
			"id": made.ID*100 + int64(i), "run_id": made.ID, "run_attempt": made.attempt, "name": name, "workflow_name": made.Workflow,
			"status": made.status, "conclusion": conclusion, "created_at": made.CreatedAt.Format(time.RFC3339),
			"steps": []map[string]any{{"name": "Set up job", "number": 1, "status": made.status, "conclusion": conclusion}},
		})
	}
	return all
}
