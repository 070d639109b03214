package github

import (
	"context"

	gh "github.com/google/go-github/v88/github"

	"github.com/pawl-dev/pawl"
)

// share fills in who may use an organization's secret. GitHub wants that with
// every write, so what the catalog leaves open is first read.
func (a *actionsSecret) share(ctx context.Context, op string, body *gh.EncryptedSecret) error {
	if a.s.Org == "" {
		return nil
	}
	if a.s.Visibility != "" {
		body.Visibility = a.s.Visibility
		return a.chosen(ctx, op, body)
	}
	now, err := a.stored(ctx, op)
	if pawl.KindOf(err) == pawl.NotFound {
		body.Visibility = "private"
		return nil
	}
	if err != nil {
		return hinted(err, a.hints())
	}
	if now.Visibility == "" {
		return incomplete(op)
	}
	body.Visibility = now.Visibility
	if now.Visibility == "selected" {
		body.SelectedRepositoryIDs, err = a.selected(ctx, op)
	}
	return err
}

// chosen looks up the numbers of the repositories that the catalog names.
func (a *actionsSecret) chosen(ctx context.Context, op string, body *gh.EncryptedSecret) error {
	for _, name := range a.s.Repos {
		repo, err := get[gh.Repository](ctx, a.c, op, "repos/"+a.s.full(name))
		if err != nil {
			return hinted(err, map[pawl.Kind]string{
				pawl.Forbidden: "the token needs the permission Metadata: read for " + a.s.full(name),
				pawl.NotFound:  a.s.full(name) + " does not exist, or the token may not see it"})
		}
		if repo.GetID() == 0 {
			return incomplete(op)
		}
		body.SelectedRepositoryIDs = append(body.SelectedRepositoryIDs, repo.GetID())
	}
	return nil
}

// selected lists the repositories that may use the secret now.
func (a *actionsSecret) selected(ctx context.Context, op string) (gh.SelectedRepoIDs, error) {
	var ids gh.SelectedRepoIDs
	err := pages(a.c, op, func(o gh.ListOptions) (*gh.SelectedReposList, *gh.Response, error) {
		return a.c.Actions.ListSelectedReposForOrgSecret(ctx, a.s.Org, a.s.name(), &o)
	}, func(list *gh.SelectedReposList) error {
		if list.TotalCount == nil && list.Repositories == nil {
			return incomplete(op)
		}
		for _, r := range list.Repositories {
			ids = append(ids, r.GetID())
		}
		return nil
	})
	return ids, hinted(err, a.hints())
}
