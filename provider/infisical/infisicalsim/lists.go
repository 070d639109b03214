package infisicalsim

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// listRoutes are the projects and the secrets of an environment. A server of
// July 2024 calls projects workspaces.
func (s *Sim) listRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /api/v1/workspace", s.signedIn(s.listProjects("workspaces")))
	mux.HandleFunc("GET /api/v3/secrets/raw", s.signedIn(s.inProject("workspaceId", s.list)))
	if !s.opt.V3Only {
		mux.HandleFunc("GET /api/v1/projects", s.signedIn(s.listProjects("projects")))
		mux.HandleFunc("GET /api/v4/secrets", s.signedIn(s.inProject("projectId", s.list)))
	}
}

func (s *Sim) listProjects(key string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		envs := []map[string]any{}
		for _, e := range s.opt.Envs {
			envs = append(envs, map[string]any{"id": "env-" + e, "name": e, "slug": e})
		}
		reply(w, map[string]any{key: []map[string]any{{"id": s.opt.Project, "_id": s.opt.Project, "name": "acme", "slug": "acme", "environments": envs}}})
	}
}

// list answers with the secrets of a folder, or of all below it.
func (s *Sim) list(w http.ResponseWriter, r *http.Request, p params) {
	hidden := s.opt.Hidden || r.URL.Query().Get("viewSecretValue") == "false"
	all := []map[string]any{}
	refs := slices.SortedFunc(maps.Keys(s.secrets), func(a, b ref) int { return cmp.Or(cmp.Compare(a.path, b.path), cmp.Compare(a.key, b.key)) })
	for _, at := range refs {
		below := r.URL.Query().Get("recursive") == "true" && strings.HasPrefix(at.path, p.at.path)
		if at.env == p.at.env && (at.path == p.at.path || below) {
			all = append(all, s.shown(at, len(s.secrets[at].versions), s.secrets[at].current(), hidden))
		}
	}
	reply(w, map[string]any{"secrets": all, "imports": []any{}})
}
