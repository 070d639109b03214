package infisical

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/provider/wire"
)

// search looks at every secret of every environment of the projects that the
// identity is a member of.
type search struct{ c *client }

var _ pawl.Discoverer = search{}

// project is what the API tells of one.
type project struct {
	ID           string `json:"id"`
	Environments []struct {
		Slug string `json:"slug"`
	} `json:"environments"`
}

// Areas lists the environments, as project/environment.
//
// API: https://infisical.com/docs/api-reference/endpoints/projects/list-projects
func (s search) Areas(ctx context.Context, _ pawl.Search) ([]pawl.Area, error) {
	const op = "infisical.Areas"
	var out struct {
		Projects   []project `json:"projects"`
		Workspaces []project `json:"workspaces"`
	}
	err := s.get(ctx, op, "/api/v1/projects", &out)
	if pawl.KindOf(err) == pawl.NotFound { // a server of before they were called so
		err = s.get(ctx, op, "/api/v1/workspace", &out)
	}
	if err != nil {
		return nil, err
	}
	if out.Projects == nil && out.Workspaces == nil {
		return nil, &pawl.Error{Op: op, Kind: pawl.Unavailable, Err: errShape}
	}
	var areas []pawl.Area
	for _, p := range append(out.Projects, out.Workspaces...) {
		for _, e := range p.Environments {
			if p.ID == "" || e.Slug == "" {
				return nil, &pawl.Error{Op: op, Kind: pawl.Unavailable, Err: errShape}
			}
			areas = append(areas, pawl.Area{Name: p.ID + "/" + e.Slug})
		}
	}
	return areas, nil
}

func (s search) get(ctx context.Context, op, path string, out any) error {
	return s.c.call(ctx, wire.Request{Op: op, Method: http.MethodGet, URL: s.c.root + path, Fail: s.failed}, out)
}

// failed reads a refusal. That a server has no such route is NotFound: there is
// no such look.
func (s search) failed(status int, _ http.Header, body []byte) *pawl.Error {
	switch a := readAnswer(status, body); {
	case a.about("") == errSession:
		return &pawl.Error{Kind: pawl.Denied, Err: errSession}
	case status == http.StatusForbidden:
		return &pawl.Error{Kind: pawl.Forbidden}
	case status == http.StatusNotFound, status == http.StatusBadRequest && a.isMissing():
		return &pawl.Error{Kind: pawl.NotFound}
	}
	return nil
}

// Search looks at the secrets of one environment, in all of its folders.
func (s search) Search(ctx context.Context, a pawl.Area, q pawl.Search) ([]pawl.Found, error) {
	const op = "infisical.Search"
	id, env, _ := strings.Cut(a.Name, "/")
	got := sighting{project: id, env: env, q: q}
	r := s.c.seen()
	err := s.get(ctx, op, all(cmp.Or(r, v4), id, env), &got)
	if r == unseen && pawl.KindOf(err) == pawl.NotFound {
		err = s.get(ctx, op, all(v3, id, env), &got)
	}
	return got.found, err
}

// all is the list of an environment's secrets.
//
// API: https://infisical.com/docs/api-reference/endpoints/secrets/list
func all(r routes, project, env string) string {
	return strings.TrimSuffix(r.base(), "/") + "?" + url.Values{
		r.project():              {project},
		"environment":            {env},
		"secretPath":             {"/"},
		"recursive":              {"true"},
		"viewSecretValue":        {"true"},
		"expandSecretReferences": {"false"},
		"include_imports":        {"false"},
	}.Encode()
}

// sighting is a list of secrets, of which nothing is kept but which of them
// hold what is sought.
type sighting struct {
	project, env string
	q            pawl.Search
	found        []pawl.Found
}

// UnmarshalJSON implements [json.Unmarshaler].
func (g *sighting) UnmarshalJSON(text []byte) error {
	var in struct {
		Secrets []struct {
			Key  string `json:"secretKey"`
			Path string `json:"secretPath"`
			Type string `json:"type"`
			stored
		} `json:"secrets"`
	}
	if json.Unmarshal(text, &in) != nil || in.Secrets == nil {
		return errors.New("not a list of secrets") // never the decoder's error: it may quote
	}
	g.found = nil
	for _, s := range in.Secrets {
		now, err := s.state()
		if err != nil || s.Key == "" {
			return errors.New("not a list of secrets")
		}
		if s.Type != "" && s.Type != "shared" {
			continue // somebody's own override
		}
		g.see(settings{Project: g.project, Env: g.env, Key: s.Key, Path: cleaned(s.Path)}, now)
	}
	slices.SortFunc(g.found, func(a, b pawl.Found) int { return cmp.Compare(a.Where, b.Where) })
	return nil
}

func cleaned(path string) string {
	if path == "/" {
		return ""
	}
	return path
}

func (g *sighting) see(at settings, now state) {
	named := slices.Contains(g.q.Names, at.Key)
	f := pawl.Found{Kind: "infisical/secret", ID: at.Env}
	i := slices.IndexFunc(g.q.Values, func(v pawl.Secret) bool { return now.holds(content{value: v}) })
	switch {
	case i >= 0:
		f.How, f.Value = pawl.ByValue, i
	case now.hidden && named:
		f.How, f.Changed = pawl.ByName, now.updated
	case named && !now.empty:
		f.How = pawl.ByOther
	default:
		return
	}
	folder := strings.TrimSuffix(at.folder(), "/")
	f.Where = at.Project + "/" + at.Env + folder + "/" + at.Key
	f.Settings, _ = json.Marshal(at) // texts: it does not fail
	f.Listed = slices.ContainsFunc(g.q.Listed, func(op pawl.Op) bool {
		var l settings
		return op.Name == "infisical/secret@1" && json.Unmarshal(op.Config, &l) == nil && l.Locations()[0] == at.Locations()[0]
	})
	g.found = append(g.found, f)
}
