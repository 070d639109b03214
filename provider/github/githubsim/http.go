package githubsim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// ServeHTTP implements [http.Handler].
func (s *Sim) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, r.Method+" "+r.URL.Path)
	s.advance()
	w.Header().Set("X-GitHub-Request-Id", fmt.Sprintf("SIM:%d", len(s.requests)))
	http.StripPrefix(prefix(r.URL.Path), s.authorized(s.mux)).ServeHTTP(w, r)
}

func prefix(path string) string {
	if strings.HasPrefix(path, "/api/v3/") {
		return "/api/v3"
	}
	return ""
}

// authorized wraps rather than checks, so that a refused request cannot fall
// through to its handler.
func (s *Sim) authorized(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		if token != s.opts.Token || !strings.EqualFold(scheme, "Bearer") && !strings.EqualFold(scheme, "token") {
			refuse(w, http.StatusUnauthorized, "Bad credentials")
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (s *Sim) routes() *http.ServeMux {
	m := http.NewServeMux()
	m.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { notFound(w) })
	m.HandleFunc("GET /repos/{owner}/{repo}", s.inRepo(s.getRepo))
	m.HandleFunc("GET /orgs/{owner}/repos", s.listOrgRepos)
	m.HandleFunc("GET /user/repos", s.listRepos)
	m.HandleFunc("GET /user", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, map[string]any{"login": "acme-bot", "id": 1})
	})
	m.HandleFunc("GET /repos/{owner}/{repo}/environments", s.inRepo(s.listEnvironments))
	s.secretRoutes(m, "/repos/{owner}/{repo}/actions/secrets")
	s.secretRoutes(m, "/repos/{owner}/{repo}/environments/{env}/secrets")
	s.secretRoutes(m, "/orgs/{owner}/actions/secrets")
	m.HandleFunc("GET /orgs/{owner}/actions/secrets/{name}/repositories", s.inHolder(s.listSelected))
	m.HandleFunc("GET /repos/{owner}/{repo}/actions/runs", s.inRepo(s.listRuns))
	m.HandleFunc("GET /repos/{owner}/{repo}/actions/runs/{id}", s.inRepo(s.getRun))
	m.HandleFunc("GET /repos/{owner}/{repo}/actions/runs/{id}/jobs", s.inRepo(s.listJobs))
	m.HandleFunc("GET /repos/{owner}/{repo}/actions/workflows/{workflow}", s.inWorkflow(s.getWorkflow))
	m.HandleFunc("GET /repos/{owner}/{repo}/actions/workflows/{workflow}/runs", s.inWorkflow(s.listWorkflowRuns))
	m.HandleFunc("POST /repos/{owner}/{repo}/actions/workflows/{workflow}/dispatches", s.inWorkflow(s.dispatch))
	return m
}

func (s *Sim) secretRoutes(m *http.ServeMux, path string) {
	m.HandleFunc("GET "+path, s.inHolder(s.listSecrets))
	m.HandleFunc("GET "+path+"/public-key", s.inHolder(s.publicKey))
	m.HandleFunc("GET "+path+"/{name}", s.inHolder(s.getSecret))
	m.HandleFunc("PUT "+path+"/{name}", s.inHolder(s.putSecret))
	m.HandleFunc("DELETE "+path+"/{name}", s.inHolder(s.deleteSecret))
}

func (s *Sim) inRepo(next func(http.ResponseWriter, *http.Request, *repo)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		found := s.repos[strings.ToLower(r.PathValue("owner")+"/"+r.PathValue("repo"))]
		if found == nil {
			notFound(w)
			return
		}
		next(w, r, found)
	}
}

func (s *Sim) inHolder(next func(http.ResponseWriter, *http.Request, *holder)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		name := r.PathValue("owner")
		if repo := r.PathValue("repo"); repo != "" {
			name += "/" + repo
		}
		if repo := s.repos[strings.ToLower(name)]; repo != nil && repo.closed {
			refuse(w, http.StatusForbidden, "Resource not accessible by personal access token")
			return
		}
		found := s.find(name, r.PathValue("env"))
		if found == nil {
			notFound(w)
			return
		}
		next(w, r, found)
	}
}

func (s *Sim) inWorkflow(next func(http.ResponseWriter, *http.Request, *repo, *workflow)) http.HandlerFunc {
	return s.inRepo(func(w http.ResponseWriter, r *http.Request, in *repo) {
		found := in.workflow(r.PathValue("workflow"))
		if found == nil {
			notFound(w)
			return
		}
		next(w, r, in, found)
	})
}

func refuse(w http.ResponseWriter, status int, message string) {
	answer(w, status, map[string]string{"message": message, "documentation_url": "https://docs.github.com/rest", "status": strconv.Itoa(status)})
}

func notFound(w http.ResponseWriter) { refuse(w, http.StatusNotFound, "Not Found") }

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body) // a caller that hung up is not our concern
}

// decode refuses keys that the API does not know, as GitHub does.
func decode(r *http.Request, into any) error {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	return d.Decode(into)
}

// page cuts a list and links to the next page of it.
func page[T any](w http.ResponseWriter, r *http.Request, all []T) []T {
	size, number := positive(r.URL.Query(), "per_page", 30), positive(r.URL.Query(), "page", 1)
	size = min(size, 100)
	start := min((number-1)*size, len(all))
	end := min(start+size, len(all))
	if end < len(all) {
		q := r.URL.Query()
		q.Set("page", strconv.Itoa(number+1))
		next := url.URL{Scheme: "http", Host: r.Host, Path: r.URL.Path, RawQuery: q.Encode()}
		w.Header().Set("Link", fmt.Sprintf(`<%s>; rel="next"`, &next))
	}
	return append([]T{}, all[start:end]...)
}

func positive(q url.Values, key string, otherwise int) int {
	n, err := strconv.Atoi(q.Get(key))
	if err != nil || n < 1 {
		return otherwise
	}
	return n
}
