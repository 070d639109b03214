package github

import (
	"maps"
	"slices"
	"strings"

	"github.com/pawl-dev/pawl/provider"
)

var (
	_ provider.Manual = (*SecretSettings)(nil)
	_ provider.Manual = (*WorkflowSettings)(nil)
)

// signIn names the host for gh where it is not github.com.
func signIn(url string) []provider.Step {
	login := []string{"gh auth login", "gh auth status"}
	if host := hostOf(url); host != "" {
		login = []string{"export GH_HOST=" + provider.Quote(host), "gh auth login --hostname " + provider.Quote(host), "gh auth status"}
	}
	return []provider.Step{{Do: "Sign in to GitHub as somebody who may write the secret and run the workflow.", Run: login,
		Expect: "`Logged in to …` with the account that you mean", IfNot: "an organization's secret needs an owner, or a token with `admin:org`"}}
}

// hostOf is the enterprise server of an API root, or "".
func hostOf(url string) string {
	_, rest, _ := strings.Cut(url, "://")
	host, _, _ := strings.Cut(rest, "/")
	if host == "api.github.com" {
		return ""
	}
	return host
}

// Manual implements [provider.Manual].
func (s *SecretSettings) Manual(url string) provider.Handbook {
	where := "--repo " + provider.Quote(s.Repo)
	switch {
	case s.Org != "":
		where = "--org " + provider.Quote(s.Org)
		if s.Visibility != "" {
			where += " --visibility " + s.Visibility
		}
		if len(s.Repos) > 0 {
			where += " --repos " + provider.Quote(strings.Join(s.Repos, ","))
		}
	case s.Environment != "":
		where += " --env " + provider.Quote(s.Environment)
	}
	list := "gh secret list --repo " + provider.Quote(s.Repo)
	if s.Org != "" {
		list = "gh secret list --org " + provider.Quote(s.Org)
	} else if s.Environment != "" {
		list += " --env " + provider.Quote(s.Environment)
	}
	return provider.Handbook{
		SignIn: signIn(url),
		Write: []provider.Step{{
			Do:     "Set the secret; gh reads the value from standard input.",
			Run:    []string{`printf %s "$NEW" | gh secret set ` + s.Secret + " " + where},
			Expect: "`✓ Set Actions secret " + s.Secret + "`",
			IfNot:  "sign in again with more permissions. A secret cannot be read back, so writing it twice does no harm",
		}},
		Prove: []provider.Step{{
			Do:     "GitHub shows when it was updated. That is not a proof that it works: only a new run of a workflow is.",
			Run:    []string{list},
			Expect: s.Secret + ", updated less than a minute ago",
			IfNot:  "an environment of the repository may have a secret of the same name, which wins: look there",
		}},
	}
}

// Manual implements [provider.Manual].
func (s *WorkflowSettings) Manual(url string) provider.Handbook {
	run := "gh workflow run " + provider.Quote(s.Workflow) + " --repo " + provider.Quote(s.Repo)
	if s.Ref != "" {
		run += " --ref " + provider.Quote(s.Ref)
	}
	for _, name := range slices.Sorted(maps.Keys(s.Inputs)) {
		run += " -f " + provider.Quote(name+"="+s.Inputs[name])
	}
	return provider.Handbook{
		SignIn: signIn(url),
		Prove: []provider.Step{{
			Do: "Start a **new** run (a re-run has the old value) and watch it.",
			Run: []string{run, "sleep 5",
				"RUN=$(gh run list --workflow " + provider.Quote(s.Workflow) + " --repo " + provider.Quote(s.Repo) + " --event workflow_dispatch --limit 1 --json databaseId --jq '.[0].databaseId')",
				`gh run watch "$RUN" --exit-status --repo ` + provider.Quote(s.Repo)},
			Expect: "it succeeds",
			IfNot:  "read its log (`gh run view \"$RUN\" --log-failed --repo " + provider.Quote(s.Repo) + "`): if the value is refused, go back",
		}},
	}
}
