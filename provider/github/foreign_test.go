package github

import (
	"testing"

	gh "github.com/google/go-github/v88/github"
)

// TestForeignRun: a run that says of itself that it is another one proves
// nothing; one that does not say is judged by the rest.
func TestForeignRun(t *testing.T) {
	w := &workflow{s: WorkflowSettings{Workflow: "deploy.yml"}}
	for _, c := range []struct {
		event, path string
		want        bool
	}{
		{"workflow_dispatch", ".github/workflows/deploy.yml", false},
		{"workflow_dispatch", ".github/workflows/deploy.yml@refs/heads/main", false},
		{"", "", false},
		{"push", ".github/workflows/deploy.yml", true},
		{"workflow_dispatch", ".github/workflows/other.yml", true},
	} {
		if got := w.foreign(&gh.WorkflowRun{Event: &c.event, Path: &c.path}); got != c.want {
			t.Errorf("%q %q: foreign is %v", c.event, c.path, got)
		}
	}
}
