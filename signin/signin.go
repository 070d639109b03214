package signin

import (
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/audit/echo"
	"github.com/pawl-dev/pawl/frame"
	"github.com/pawl-dev/pawl/roster/logged"
)

// Config is what the door works with. Book and Origin are required.
type Config struct {
	// Book is who belongs to the team, and where it is written down who comes in and
	// what they change. What cannot be recorded does not happen.
	Book *logged.Book
	// Origin is the server as browsers see it: "https://pawl.acme.example". Plain
	// http is for this machine only, as "http://localhost:8400".
	Origin string
	// Local says who is at the other end of a Unix socket, or false. Nil: nobody.
	Local func(*http.Request) (Local, bool)
	// BehindProxy says that every request comes through a proxy that sets
	// X-Forwarded-For; its last address is the one that counts.
	BehindProxy bool
	// Providers vouch for people whose login somebody here has made theirs.
	Providers []Provider
	// Settle shows those who came by a code how they sign in from now on, before
	// anything else: the code is used up.
	Settle bool
	// Stale takes a code for a way in and not for a proof of who somebody is: they
	// are in, and what asks for a fresh look still asks.
	Stale bool
	// Note is said on the sign-in page, above everything.
	Note string
	// Again is where who is signed in says once more who they are; empty:
	// /sign-in?again.
	Again string
	// Frame is what is around the pages. What they load is served by frame.Static.
	Frame frame.Config
	Now   func() time.Time // nil: time.Now
	Log   *slog.Logger     // nil: nothing is logged
	// Alarm tells whoever runs the server, once, that the team cannot be read. Nil:
	// it is logged.
	Alarm func(text string, args ...any)
}

// Local is a user of the machine that the server runs on.
type Local struct {
	User  string // "ana"
	ID    string // as an actor, if they are nobody of the roster: "ana@host"
	Owner bool   // the server runs as them, or they are root: they may do everything, and what rotations need where the roster cannot be read
}

// A Server is the handler of /sign-in and /sign-out. It is safe for concurrent
// use.
type Server struct {
	cfg     Config
	book    *logged.Book
	origin  *url.URL
	cookie  string // the session cookie's name
	mux     *http.ServeMux
	frame   *frame.Frame
	cross   *http.CrossOriginProtection
	limits  *limits
	refused *echo.Echo
	tickets *tickets
	keys    *webauthn.WebAuthn // nil: no passkeys
	remotes map[string]*remote // providers, by name
	alarmed alarmed
}

// mostBody bounds what is read of a request.
const mostBody = 32 << 10

// New returns the door. An origin that browsers would not keep a secret for is
// [pawl.Invalid].
func New(cfg Config) (*Server, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Alarm == nil {
		cfg.Alarm = cfg.Log.Error
	}
	origin, err := parseOrigin(cfg.Origin)
	if err != nil {
		return nil, err
	}
	if cfg.Again == "" {
		cfg.Again = "/sign-in?again"
	}
	if cfg.Frame.Now == nil {
		cfg.Frame.Now = cfg.Now
	}
	s := &Server{cfg: cfg, book: cfg.Book, origin: origin, cookie: cookieName(origin), mux: http.NewServeMux(), frame: newFrame(cfg.Frame), cross: http.NewCrossOriginProtection(),
		limits: newLimits(cfg.Now)}
	s.refused = echo.New(cfg.Book.Record, s.now, cfg.Log)
	if err := s.cross.AddTrustedOrigin(cfg.Origin); err != nil {
		return nil, badOrigin("it is not an origin")
	}
	if s.tickets, err = newTickets(s.now); err != nil {
		return nil, err
	}
	if s.keys, err = newWebAuthn(origin); err != nil {
		return nil, badOrigin(err.Error())
	}
	if err := s.meetProviders(); err != nil {
		return nil, err
	}
	s.routes()
	return s, nil
}

// Close writes down what was only counted. Nobody is let in then.
func (s *Server) Close() { s.refused.Flush() }

// parseOrigin takes "https://host" or "http://localhost:port" and nothing else.
func parseOrigin(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.Path != "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, badOrigin("it is not an origin")
	case u.Scheme == "https":
		return u, nil
	case u.Scheme == "http" && loopback(u.Hostname()):
		return u, nil
	}
	return nil, badOrigin("plain http is for this machine only")
}

func badOrigin(why string) error {
	return &pawl.Error{Op: "sign-in", Kind: pawl.Invalid, Err: errors.New("the origin of the server: " + why), Hint: "use https://pawl.acme.example, or http://localhost:8400 on this machine"}
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// routes is every route there is.
func (s *Server) routes() {
	s.mux.HandleFunc("GET /sign-in", s.page)
	s.mux.HandleFunc("GET "+module, s.script)
	s.mux.HandleFunc("POST /sign-in/code", s.code)
	s.mux.HandleFunc("GET /sign-in/ways", s.ways)
	s.mux.HandleFunc("POST /sign-in/logins/drop", s.dropLogin)
	s.mux.HandleFunc("GET /sign-in/oidc/{name}", s.leave)
	s.mux.HandleFunc("GET /sign-in/oidc/{name}/callback", s.comeBack)
	if s.keys != nil {
		s.mux.HandleFunc("POST /sign-in/passkey/begin", s.challenge)
		s.mux.HandleFunc("POST /sign-in/passkey/finish", s.byPasskey)
		s.mux.HandleFunc("POST /sign-in/passkeys/begin", s.offer)
		s.mux.HandleFunc("POST /sign-in/passkeys/finish", s.addPasskey)
		s.mux.HandleFunc("POST /sign-in/passkeys/drop", s.dropPasskey)
	}
	s.mux.HandleFunc("POST /sign-out", s.signOut)
}

// ServeHTTP implements [http.Handler].
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.harden(w.Header())
	r.Body = http.MaxBytesReader(w, r.Body, mostBody)
	if err := s.sameOrigin(r); err != nil {
		s.refuse(r, nobody, "a request from another site")
		http.Error(w, "this request comes from another site", http.StatusForbidden)
		return
	}
	s.mux.ServeHTTP(w, r)
}

// sameOrigin refuses what another site makes a browser send. A request that
// changes something and says nothing of where it comes from is refused too:
// every browser says so.
func (s *Server) sameOrigin(r *http.Request) error {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return nil
	}
	if r.Header.Get("Sec-Fetch-Site") == "" && r.Header.Get("Origin") == "" {
		return errors.New("neither Sec-Fetch-Site nor Origin")
	}
	return s.cross.Check(r)
}

// harden sets what keeps a page to itself.
func (s *Server) harden(h http.Header) {
	frame.Harden(h)
	if s.origin.Scheme == "https" {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

func (s *Server) now() time.Time { return s.cfg.Now().UTC().Round(0) }

// from is the address that a request comes from.
func (s *Server) from(r *http.Request) string {
	if s.cfg.BehindProxy {
		if all := r.Header.Values("X-Forwarded-For"); len(all) > 0 {
			if ip := net.ParseIP(lastOf(all[len(all)-1])); ip != nil {
				return ip.String()
			}
		}
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return "this machine"
	}
	return host
}
