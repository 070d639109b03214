package github

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	gh "github.com/google/go-github/v88/github"

	"github.com/pawl-dev/pawl"
)

// listLag is how long GitHub's lists may miss a run that was queued before.
const listLag = 10 * time.Second

// unfinished are the states of a run that may still use the value from before,
// in the order in which runs go through them, so that one that moves on while
// they are listed is met again. A value of an environment is only taken when a
// job starts, so that a run in which nothing has started will have the new one.
func (a *actionsSecret) unfinished() []string {
	if a.s.Environment != "" {
		return []string{"waiting", "in_progress"}
	}
	return []string{"requested", "pending", "waiting", "queued", "in_progress"}
}

// earlier brings m.old up to date: the runs that were queued no later than the
// update and are not over. While there are any, only those are asked about, and
// no more of them than it takes to find one that is not over. Once a list shows
// none that cannot have missed any, nothing is asked any more: no run from
// before the write can begin after it.
func (a *actionsSecret) earlier(ctx context.Context, op string, m *memory, wrote int64) (err error) {
	if m.clear {
		return nil
	}
	if len(m.old) > 0 {
		if m.old, err = a.remaining(ctx, op, m.old); err != nil || len(m.old) > 0 {
			return err
		}
	}
	asked := a.c.now()
	if m.old, err = a.old(ctx, op, m.updated, wrote); err != nil {
		return err
	}
	if m.listed.IsZero() {
		m.listed = asked
	}
	m.clear = len(m.old) == 0 && asked.Sub(m.listed) >= listLag
	return nil
}

// remaining drops runs that are over from the front. The first that is not goes
// to the back, so that the next look asks about another one. On an error it
// returns what it has not dropped.
func (a *actionsSecret) remaining(ctx context.Context, op string, old []oldRun) ([]oldRun, error) {
	for len(old) > 0 {
		over, err := a.over(ctx, op, old[0].id)
		if err != nil {
			return old, err
		}
		if !over {
			return append(slices.Clone(old[1:]), old[0]), nil
		}
		old = old[1:]
	}
	return nil, nil
}

// over reports whether a run is completed, or not there any more: only one that
// is completed can be deleted, and before anything follows from that all runs
// are listed again.
func (a *actionsSecret) over(ctx context.Context, op string, id int64) (bool, error) {
	run, err := a.c.run(ctx, op, a.s.Repo, id)
	if pawl.KindOf(err) == pawl.NotFound {
		return true, nil
	}
	return run.GetStatus() == "completed", hinted(err, a.runHints())
}

// old lists the runs that were queued no later than the update and are not
// over, other than those that we ourselves started after the write. Any other
// run of the very second may have either value, and counts.
//
// API: https://docs.github.com/en/rest/actions/workflow-runs
func (a *actionsSecret) old(ctx context.Context, op string, updated time.Time, wrote int64) ([]oldRun, error) {
	var old []oldRun
	for _, status := range a.unfinished() {
		runs, err := a.runs(ctx, op, status)
		if err != nil {
			return nil, err
		}
		for _, r := range runs {
			// A server that does not know the filter answers with all runs.
			if r.GetStatus() == status && !r.GetCreatedAt().After(updated) && !a.c.runs.since(r, wrote) {
				old = append(old, oldRun{r.GetID(), fmt.Sprintf("#%d %s", r.GetRunNumber(), link(r))})
			}
		}
	}
	return once(old), nil
}

// once drops what is listed twice because it moved on meanwhile.
func once(runs []oldRun) []oldRun {
	slices.SortFunc(runs, byID)
	return slices.CompactFunc(runs, func(a, b oldRun) bool { return a.id == b.id })
}

func byID(a, b oldRun) int { return cmp.Compare(a.id, b.id) }

func waitingFor(runs []oldRun) string {
	const most = 3
	var names []string
	for _, r := range slices.SortedFunc(slices.Values(runs), byID)[:min(len(runs), most)] {
		names = append(names, r.name)
	}
	if len(runs) > most {
		names = append(names, fmt.Sprintf("%d more", len(runs)-most))
	}
	return "runs from before the write are not over: " + strings.Join(names, ", ")
}

func (a *actionsSecret) runs(ctx context.Context, op, status string) (runs []*gh.WorkflowRun, err error) {
	owner, repo, _ := strings.Cut(a.s.Repo, "/")
	err = pages(a.c, op, func(o gh.ListOptions) (*gh.WorkflowRuns, *gh.Response, error) {
		return a.c.Actions.ListRepositoryWorkflowRuns(ctx, owner, repo, &gh.ListWorkflowRunsOptions{Status: status, ListOptions: o})
	}, func(list *gh.WorkflowRuns) error {
		if list.TotalCount == nil && list.WorkflowRuns == nil {
			return incomplete(op)
		}
		runs = append(runs, list.WorkflowRuns...)
		return nil
	})
	if pawl.KindOf(err) == pawl.NotFound {
		return nil, nil // a repository without Actions has no runs
	}
	return runs, hinted(err, a.runHints())
}

func (a *actionsSecret) runHints() map[pawl.Kind]string {
	return map[pawl.Kind]string{pawl.Forbidden: "the token needs the permission Actions: read for " + a.s.Repo +
		", since runs from before the write still use the old value"}
}
