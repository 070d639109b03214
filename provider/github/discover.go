package github

import (
	"cmp"
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	gh "github.com/google/go-github/v88/github"

	"github.com/pawl-dev/pawl"
)

// search looks for secrets by their names, since no value can be read back: in
// the repositories of the owners that the catalog names, their environments,
// and their organizations.
type search struct{ c *client }

var _ pawl.Discoverer = search{}

// reserve is how many requests of the hour a search leaves to the rotation.
const reserve = 500

// Areas lists the repositories that the token can see, and the organizations.
// Archived ones run no workflows.
func (s search) Areas(ctx context.Context, q pawl.Search) ([]pawl.Area, error) {
	const op = "github.Areas"
	var areas []pawl.Area
	for _, owner := range owners(q) {
		path := "orgs/" + url.PathEscape(owner) + "/repos"
		repos, err := s.repos(ctx, op, path)
		if pawl.KindOf(err) == pawl.NotFound { // the owner is a person
			repos, err = s.repos(ctx, op, "user/repos")
		} else if err == nil {
			areas = append(areas, pawl.Area{Name: owner})
		}
		if err != nil {
			return nil, hinted(err, map[pawl.Kind]string{pawl.Forbidden: "to find copies in other repositories the token needs Metadata: read and Secrets: read for all of them"})
		}
		for _, r := range repos {
			if strings.EqualFold(r.GetOwner().GetLogin(), owner) && !r.GetArchived() && repoName(r.GetFullName()) {
				areas = append(areas, pawl.Area{Name: r.GetFullName()})
			}
		}
	}
	return areas, nil
}

// owners are those of the places that the catalog has.
func owners(q pawl.Search) (all []string) {
	for _, op := range q.Listed {
		if s, ok := listed(op); ok {
			all = append(all, strings.ToLower(cmp.Or(s.Org, owner(s.Repo))))
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func listed(op pawl.Op) (s SecretSettings, ok bool) {
	return s, op.Name == "github/actions-secret@1" && json.Unmarshal(op.Config, &s) == nil
}

func (s search) repos(ctx context.Context, op, path string) (all []*gh.Repository, _ error) {
	err := listing(ctx, s.c, op, path, func(page *[]*gh.Repository) { all = append(all, *page...) })
	return all, err
}

// listing reads all pages of a list at a path.
func listing[T any](ctx context.Context, c *client, op, path string, each func(*T)) error {
	return pages(c, op, func(o gh.ListOptions) (*T, *gh.Response, error) {
		req, err := c.NewRequest(ctx, "GET", path+"?per_page="+strconv.Itoa(o.PerPage)+"&page="+strconv.Itoa(o.Page), nil)
		if err != nil {
			return nil, nil, err
		}
		var got *T
		resp, err := c.Do(req, &got)
		if err == nil && resp.Rate.Limit > 0 && resp.Rate.Remaining < reserve && resp.Rate.Limit > reserve {
			return nil, resp, &gh.RateLimitError{Rate: resp.Rate, Response: resp.Response, Message: "kept for the rotation"}
		}
		return got, resp, err
	}, func(page *T) error { each(page); return nil })
}

// Search looks at the names of the secrets of one repository and its
// environments, or of one organization.
func (s search) Search(ctx context.Context, a pawl.Area, q pawl.Search) ([]pawl.Found, error) {
	const op = "github.Search"
	if !strings.Contains(a.Name, "/") {
		return s.named(ctx, op, q, SecretSettings{Org: a.Name})
	}
	found, err := s.named(ctx, op, q, SecretSettings{Repo: a.Name})
	if err != nil {
		return nil, err
	}
	var envs []string
	err = listing(ctx, s.c, op, "repos/"+a.Name+"/environments", func(page *gh.EnvResponse) {
		for _, e := range page.Environments {
			envs = append(envs, e.GetName())
		}
	})
	if pawl.KindOf(err) == pawl.NotFound { // a repository without environments, on some servers
		return found, nil
	}
	for _, env := range envs {
		if err != nil {
			break
		}
		var more []pawl.Found
		more, err = s.named(ctx, op, q, SecretSettings{Repo: a.Name, Environment: env})
		found = append(found, more...)
	}
	return found, err
}

// named lists the secrets of one holder whose names are among those sought.
func (s search) named(ctx context.Context, op string, q pawl.Search, in SecretSettings) (found []pawl.Found, _ error) {
	err := listing(ctx, s.c, op, in.path(), func(page *gh.Secrets) {
		for _, secret := range page.Secrets {
			if slices.ContainsFunc(q.Names, func(name string) bool { return strings.EqualFold(name, secret.Name) }) {
				in.Secret = secret.Name
				found = append(found, in.found(secret.UpdatedAt.Time, q))
			}
		}
	})
	return found, err
}

func (s SecretSettings) found(updated time.Time, q pawl.Search) pawl.Found {
	f := pawl.Found{How: pawl.ByName, Changed: updated.UTC(), Kind: "github/actions-secret", Where: cmp.Or(s.Org, s.Repo) + "/" + s.name(), ID: s.Org}
	if s.Org == "" {
		_, f.ID, _ = strings.Cut(s.Repo, "/")
	}
	if s.Environment != "" {
		f.Where, f.ID = s.Repo+"@"+s.Environment+"/"+s.name(), f.ID+"-"+s.Environment
	}
	f.Settings, _ = json.Marshal(s) // texts: it does not fail
	f.Listed = slices.ContainsFunc(q.Listed, func(op pawl.Op) bool {
		l, ok := listed(op)
		return ok && l.Locations()[0] == s.Locations()[0]
	})
	return f
}
