package console

import (
	"io/fs"
	"net/http"
	"time"

	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/desk"
	"github.com/pawl-dev/pawl/frame"
)

// Config is what the console works with. Desk and Who are required.
type Config struct {
	Desk *desk.Desk
	// Who finds out who asks. If nobody is signed in its error is of Kind
	// [pawl.Denied].
	Who func(*http.Request) (access.Subject, error)

	// SignIn is the path at which somebody signs in, and Again the one at which
	// they say once more who they are. Both are given the way back as ?next=.
	// Where they are empty, it is only said that it would be needed.
	SignIn, Again string

	// Frame is what is around the pages.
	Frame frame.Config
	Now   func() time.Time // nil: time.Now
}

// A Console is safe for concurrent use.
type Console struct {
	cfg    Config
	mux    *http.ServeMux
	frame  *frame.Frame
	guard  http.Handler
	closed chan struct{}
}

// New returns the console. Every route is in routes.
func New(cfg Config) *Console {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	c := &Console{cfg: cfg, mux: http.NewServeMux(), closed: make(chan struct{})}
	if cfg.Frame.Now == nil {
		cfg.Frame.Now = cfg.Now
	}
	files, err := fs.Sub(templates, "templates")
	if err != nil {
		panic(err) // it is embedded
	}
	c.frame = frame.New(cfg.Frame, files, c.funcs())
	c.routes()
	c.guard = guarded(c.mux, http.HandlerFunc(c.foreign))
	return c
}

// routes is every route there is.
func (c *Console) routes() {
	c.get("GET /{$}", c.now)
	c.get("GET /credentials", c.credentials)
	c.get("GET /credentials/{name}", c.credential)
	c.get("GET /rotations/{credential}/{number}", c.rotation)
	c.get("GET /calendar", c.calendar)
	c.get("GET /approvals", c.approvals)
	c.get("GET /consumers", c.consumers)
	c.get("GET /connections", c.connections)
	c.get("GET /audit", c.audit)
	c.get("GET /settings", c.settings)
	c.acts()
	c.get("POST /audit/verify", c.verify) // it looks and changes nothing, but it is work
	c.raw("GET /audit/export", c.export)
	c.raw("GET /audit/evidence", c.evidence)
	c.raw("GET /audit/key", c.auditKey)
	c.raw("GET /credentials.csv", c.csv)
	c.raw("GET "+streamPath, c.events)
	c.mux.Handle("GET /static/{name}", frame.Static())
	c.get("GET /", c.lost)
}

// Close ends the streams, so that a server can be shut down.
func (c *Console) Close() { close(c.closed) }

// mostBody is all that a form may send.
const mostBody = 64 << 10

// ServeHTTP implements [http.Handler].
func (c *Console) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	frame.Harden(w.Header())
	r.Body = http.MaxBytesReader(w, r.Body, mostBody)
	c.guard.ServeHTTP(w, r)
}
