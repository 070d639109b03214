package server

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/api"
	"github.com/pawl-dev/pawl/desk"
)

// Config is what the API works with. Desk and Who are required.
type Config struct {
	Desk *desk.Desk
	// Who finds out who asks. Its error is the answer.
	Who     func(*http.Request) (access.Subject, error)
	Team    *desk.Team // nil: nobody is asked about people and tokens
	Version string
	Now     func() time.Time // nil: time.Now
}

// Server is the handler of /api/v1. It is safe for concurrent use.
type Server struct {
	cfg    Config
	mux    *http.ServeMux
	api    huma.API
	twice  *twice
	closed chan struct{}
}

// Limits of what is read from a client.
const (
	mostBody = 64 << 10
	mostKey  = 128
)

// New returns the API. Every route is in routes.
func New(cfg Config) *Server {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	s := &Server{cfg: cfg, mux: http.NewServeMux(), twice: newTwice(cfg.Now), closed: make(chan struct{})}
	ourErrors()
	c := huma.DefaultConfig("pawl", "1")
	c.Info.Description = "Rotate credentials, and prove it. Values never leave by this API."
	c.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", schemaName)
	c.CreateHooks, c.DocsPath, c.SchemasPath = nil, "", ""
	c.OpenAPIPath = "/api/v1/openapi"
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{"token": {Type: "http", Scheme: "bearer", Description: "A token (pawl token create). At the Unix socket none is needed, and in a browser the session is enough."}}
	c.Security = []map[string][]string{{"token": {}}, {}}
	c.Formats = map[string]huma.Format{"application/json": strictJSON, "json": strictJSON}
	s.api = humago.New(s.mux, c)
	s.routes()
	return s
}

// schemaName tells the journal's plans and events, which are handed on as they
// are, from the API's own types of the same name.
func schemaName(t reflect.Type, hint string) string {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if name := huma.DefaultSchemaNamer(t, hint); t.PkgPath() != reflect.TypeFor[pawl.Plan]().PkgPath() {
		return name
	} else {
		return "Journal" + name
	}
}

// OpenAPI describes the API, as YAML.
func (s *Server) OpenAPI() ([]byte, error) { return s.api.OpenAPI().YAML() }

// Close ends the streams, so that a server can be shut down.
func (s *Server) Close() { close(s.closed) }

// ServeHTTP finds out who asks, and refuses before anything is read of what
// they sent.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if open[r.URL.Path] {
		if f := s.unrouted(r); f != nil {
			write(w, f)
			return
		}
		s.mux.ServeHTTP(w, r)
		return
	}
	who, err := s.cfg.Who(r)
	if err != nil {
		write(w, problem(err))
		return
	}
	if f := s.unrouted(r); f != nil {
		write(w, f)
		return
	}
	if e := r.Header.Get("Content-Encoding"); e != "" && e != "identity" {
		write(w, &failed{Problem: api.Problem{Type: typeOf("invalid"), Title: answers[pawl.Invalid].title, Status: http.StatusUnsupportedMediaType, Code: "invalid", Detail: "the body is taken as it is, without a Content-Encoding"}})
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, mostBody+1)
	r = r.WithContext(context.WithValue(r.Context(), subjectKey{}, who))
	if isValue(r) {
		s.mux.ServeHTTP(w, r)
		return
	}
	s.twice.serve(w, r, asker(who, r), s.mux)
}

// unrouted is the problem of a request that no route is for; nil if one is, or
// if it is only spelled otherwise and sent on.
func (s *Server) unrouted(r *http.Request) *failed {
	h, pattern := s.mux.Handler(r)
	if pattern != "" {
		return nil
	}
	rec := &recorder{header: http.Header{}, status: http.StatusOK}
	h.ServeHTTP(rec, r)
	switch rec.status {
	case http.StatusNotFound:
		return problem(&pawl.Error{Op: "api", Kind: pawl.NotFound, Err: errors.New("this API has no such path"), Hint: "GET /api/v1/openapi.yaml names those that there are"})
	case http.StatusMethodNotAllowed:
		return &failed{Problem: api.Problem{Type: typeOf("method"), Title: "That cannot be done here", Status: rec.status, Code: "method"}, allow: rec.header.Values("Allow")}
	}
	return nil
}

// open are the paths that anybody may see.
var open = map[string]bool{"/api/v1/version": true}

type subjectKey struct{}

// subject is who asks.
func subject(ctx context.Context) access.Subject {
	who, _ := ctx.Value(subjectKey{}).(access.Subject)
	return who
}
