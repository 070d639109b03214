package github

import (
	"context"
	"slices"
	"strings"
	"time"

	gh "github.com/google/go-github/v88/github"

	"github.com/pawl-dev/pawl"
)

// Observe shows at most [pawl.Timestamp]: that the secret was updated by our
// write and by nobody since, that nothing wins over it, and that every run with
// the value from before is over.
func (a *actionsSecret) Observe(ctx context.Context, l pawl.Look) (pawl.Observation, error) {
	const op = "github.Observe"
	updated, err := a.updated(ctx, op)
	if pawl.KindOf(err) == pawl.NotFound {
		return pawl.Observation{Holds: pawl.HoldsNothing, Detail: a.s.holder() + " has no secret " + a.s.name()}, nil
	}
	if err != nil {
		return pawl.Observation{}, hinted(err, a.hints())
	}
	seen := pawl.Observation{Mark: mark(updated)}
	if !dated(l, updated, &seen) {
		return seen, nil
	}
	if seen.Detail, err = a.unused(ctx, op, updated); err != nil || seen.Detail != "" {
		return seen, err
	}
	seen.Verdict, seen.Class = pawl.Proved, pawl.Timestamp
	seen.Detail = "updated " + clock(updated) + ", and no run has the value from before"
	if a.s.Org != "" {
		seen.Detail = "updated " + clock(updated)
	}
	return seen, nil
}

// dated reports whether the update is the write that l asks about, and
// otherwise says in seen what it is. The mark decides if there is one, since it
// was made by the same clock.
func dated(l pawl.Look, updated time.Time, seen *pawl.Observation) bool {
	ours, err := time.Parse(time.RFC3339, l.Mark)
	switch {
	case err == nil && updated.After(ours):
		seen.Holds = pawl.HoldsOther
		seen.Detail = "somebody wrote it " + clock(updated) + ", after our write of " + clock(ours)
	case err == nil && updated.Before(ours):
		seen.Detail = "still shows its update of " + clock(updated)
	case err == nil:
		return true
	case l.Since.IsZero():
		seen.Detail = "updated " + clock(updated) + "; with what, GitHub does not tell"
	case updated.Before(l.Since.Truncate(time.Second)):
		seen.Detail = "last updated " + clock(updated) + ", before our write"
	default:
		return true
	}
	return false
}

func clock(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// unused says why the value that was just written may not be the one that
// workflows use, or nothing. Which repositories use an organization's secret is
// not looked into.
func (a *actionsSecret) unused(ctx context.Context, op string, updated time.Time) (string, error) {
	if a.s.Org != "" {
		return "", nil
	}
	recalled, wrote := a.watch.recall(updated)
	m := *recalled
	why, err := a.inspect(ctx, op, &m, wrote)
	a.watch.remember(recalled, m) // even after an error: what was seen was seen
	return why, err
}

// inspect asks what m leaves open. While something stands in the way, only that
// is looked at again; that nothing wins over the secret is never taken from
// memory.
func (a *actionsSecret) inspect(ctx context.Context, op string, m *memory, wrote int64) (string, error) {
	if m.shadow != "" {
		still, err := a.shadows(ctx, op, m.shadow)
		if err != nil || still {
			return a.winning(m.shadow), err
		}
		m.shadow = ""
	}
	first := !m.searched
	if first {
		if why, err := a.search(ctx, op, m); err != nil || why != "" {
			return why, err
		}
	}
	if err := a.earlier(ctx, op, m, wrote); err != nil {
		return "", err
	}
	if len(m.old) > 0 {
		return waitingFor(m.old), nil
	}
	if first {
		return "", nil
	}
	return a.search(ctx, op, m)
}

// search looks through the environments and says which one wins, if any.
func (a *actionsSecret) search(ctx context.Context, op string, m *memory) (string, error) {
	name, err := a.shadow(ctx, op)
	if err != nil {
		return "", err
	}
	m.searched, m.shadow = true, name
	if name == "" {
		return "", nil
	}
	return a.winning(name), nil
}

func (a *actionsSecret) winning(environment string) string {
	return "environment " + printable(environment) + " has its own " + a.s.name() + ", which wins"
}

// shadow returns the name of an environment whose own secret wins over the
// repository's, or nothing.
//
// API: https://docs.github.com/en/rest/deployments/environments
func (a *actionsSecret) shadow(ctx context.Context, op string) (string, error) {
	if a.s.Environment != "" {
		return "", nil
	}
	names, err := a.environments(ctx, op)
	if err != nil {
		return "", err
	}
	for _, name := range names {
		if slices.ContainsFunc(a.s.Except, func(e string) bool { return strings.EqualFold(e, name) }) {
			continue
		}
		if found, err := a.shadows(ctx, op, name); err != nil || found {
			return name, err
		}
	}
	return "", nil
}

// shadows reports whether an environment has a secret of the same name.
func (a *actionsSecret) shadows(ctx context.Context, op, environment string) (bool, error) {
	_, err := get[gh.Secret](ctx, a.c, op, environmentPath(a.s.Repo, environment)+"/"+a.s.name())
	if pawl.KindOf(err) == pawl.NotFound {
		return false, nil
	}
	return err == nil, hinted(err, a.environmentHints())
}

func (a *actionsSecret) environments(ctx context.Context, op string) (names []string, err error) {
	owner, repo, _ := strings.Cut(a.s.Repo, "/")
	err = pages(a.c, op, func(o gh.ListOptions) (*gh.EnvResponse, *gh.Response, error) {
		return a.c.Repositories.ListEnvironments(ctx, owner, repo, &gh.EnvironmentListOptions{ListOptions: o})
	}, func(list *gh.EnvResponse) error {
		if list.TotalCount == nil && list.Environments == nil {
			return incomplete(op)
		}
		for _, e := range list.Environments {
			if name := e.GetName(); name != "" && name != "." && name != ".." {
				names = append(names, name)
			}
		}
		return nil
	})
	if pawl.KindOf(err) == pawl.NotFound {
		return nil, nil // a plan without environments
	}
	return names, hinted(err, a.environmentHints())
}

func (a *actionsSecret) environmentHints() map[pawl.Kind]string {
	return map[pawl.Kind]string{pawl.Forbidden: "the token needs the permission Environments: read for " + a.s.Repo +
		", since an environment's secret would win over the repository's"}
}

// Preflight checks, as far as reading can, that the secret may be written and
// watched.
func (a *actionsSecret) Preflight(ctx context.Context) (findings []string, err error) {
	const op = "github.Preflight"
	if _, err := get[gh.PublicKey](ctx, a.c, op, a.s.path()+"/public-key"); err != nil {
		return nil, hinted(err, a.hints())
	}
	switch _, err := a.stored(ctx, op); {
	case pawl.KindOf(err) == pawl.NotFound:
		findings = append(findings, a.s.holder()+" has no secret "+a.s.name()+" yet: it will be created")
	case err != nil:
		return findings, hinted(err, a.hints())
	}
	if a.s.Org != "" {
		return append(findings, "repositories of "+a.s.Org+" with a secret "+a.s.name()+" of their own, and runs queued before the write, are not looked for"), nil
	}
	shadow, err := a.shadow(ctx, op)
	if err != nil {
		return findings, err
	}
	if shadow != "" {
		findings = append(findings, a.winning(shadow))
	}
	_, err = a.runs(ctx, op, "in_progress") // whether it is allowed
	return findings, err
}
