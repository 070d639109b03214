package team

import (
	"embed"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/desk"
	"github.com/pawl-dev/pawl/frame"
)

// Config is what the pages work with. Team and Who are required.
type Config struct {
	Team *desk.Team
	// Who finds out who asks; it refuses what another site makes a browser send.
	Who func(*http.Request) (access.Subject, error)
	// Again is where somebody says once more who they are; empty: /sign-in?again.
	Again string
	// Frame is what is around the pages.
	Frame frame.Config
	Log   *slog.Logger // nil: nothing is logged
}

// Team is the handler of /team. It is safe for concurrent use.
type Team struct {
	cfg   Config
	mux   *http.ServeMux
	frame *frame.Frame
}

// mostBody bounds what is read of a form.
const mostBody = 16 << 10

//go:embed templates/*.html
var templates embed.FS

// New returns the pages.
func New(cfg Config) *Team {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Again == "" {
		cfg.Again = "/sign-in?again"
	}
	files, err := fs.Sub(templates, "templates")
	if err != nil {
		panic(err) // it is embedded
	}
	t := &Team{cfg: cfg, mux: http.NewServeMux(), frame: frame.New(cfg.Frame, files, template.FuncMap{"roles": ticks})}
	t.get("GET /team", t.people)
	t.post("POST /team/invite", t.invite)
	t.post("POST /team/change", t.change)
	t.get("GET /team/me", t.me)
	t.post("POST /team/me/tokens", t.makeToken)
	t.post("POST /team/me/tokens/revoke", t.revokeToken)
	t.post("POST /team/me/sessions/end", t.endSession)
	return t
}

// ServeHTTP implements [http.Handler].
func (t *Team) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	frame.Harden(w.Header())
	r.Body = http.MaxBytesReader(w, r.Body, mostBody)
	t.mux.ServeHTTP(w, r)
}

// A handler fills in a page, or says why it cannot.
type handler func(r *http.Request, who access.Subject, p *page) error

// get registers a page.
func (t *Team) get(pattern string, fill handler) {
	t.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		if who, ok := t.known(w, r); ok {
			p := &page{Me: who.Actor.ID, Here: r.URL.Path}
			t.show(w, r, who, p, fill(r, who, p))
		}
	})
}

// post registers a form. After it its page is shown again, with what came of it.
func (t *Team) post(pattern string, do handler) {
	t.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		who, ok := t.known(w, r)
		if !ok {
			return
		}
		if err := r.ParseForm(); err != nil {
			http.Error(w, "This form is too large, or not a form.", http.StatusRequestEntityTooLarge)
			return
		}
		fill, here := t.people, "/team"
		if strings.HasPrefix(r.URL.Path, "/team/me") {
			fill, here = t.me, "/team/me"
		}
		p := &page{Me: who.Actor.ID, Here: here}
		err := do(r, who, p)
		if err == nil && p.Secret == "" {
			http.Redirect(w, r, here, http.StatusSeeOther)
			return
		}
		if filled := fill(r, who, p); err == nil {
			err = filled
		}
		t.show(w, r, who, p, err)
	})
}

// known is who asks, if it is a person. Others are sent to sign in.
func (t *Team) known(w http.ResponseWriter, r *http.Request) (access.Subject, bool) {
	who, err := t.cfg.Who(r)
	switch {
	case pawl.KindOf(err) == pawl.Denied:
		http.Redirect(w, r, "/sign-in?next="+url.QueryEscape(r.URL.Path), http.StatusSeeOther)
	case err != nil:
		http.Error(w, frame.Sentence(err), frame.StatusOf(err))
	case who.Service:
		http.Error(w, "These pages are for people.", http.StatusForbidden)
	default:
		return who, true
	}
	return who, false
}

// show writes a page with what went wrong, if anything did.
func (t *Team) show(w http.ResponseWriter, r *http.Request, who access.Subject, p *page, err error) {
	v := frame.View{Name: "people", Title: "The team", At: p.Here, Data: p}
	if p.Here != "/team" {
		v.Name, v.Title = "me", "Sessions and tokens"
	}
	if err != nil {
		kind := pawl.KindOf(err)
		v.Status, p.Problem, p.Stale = frame.StatusOf(err), frame.Sentence(err), kind == pawl.Operator
		p.Again = frame.WithNext(t.cfg.Again, p.Here+"?"+frame.ShownAgain)
		if v.Status >= 500 {
			t.cfg.Log.Error("the team's pages", "err", err)
		}
	}
	if err := t.frame.Show(w, r, who, v); err != nil {
		t.cfg.Log.Error("drawing a page", "err", err)
	}
}
