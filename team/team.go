package team

import (
	"embed"
	"errors"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/desk"
)

// Config is what the pages work with. Team and Who are required.
type Config struct {
	Team *desk.Team
	// Who finds out who asks; it refuses what another site makes a browser send.
	Who func(*http.Request) (access.Subject, error)
	Log *slog.Logger // nil: nothing is logged
}

// Team is the handler of /team. It is safe for concurrent use.
type Team struct {
	cfg Config
	mux *http.ServeMux
}

// mostBody bounds what is read of a form.
const mostBody = 16 << 10

//go:embed page.html
var files embed.FS

var pages = template.Must(template.New("").Funcs(template.FuncMap{"join": strings.Join, "when": when, "roles": ticks}).ParseFS(files, "page.html"))

// New returns the pages.
func New(cfg Config) *Team {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	t := &Team{cfg: cfg, mux: http.NewServeMux()}
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
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
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
			t.show(w, p, fill(r, who, p))
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
		t.show(w, p, err)
	})
}

// known is who asks, if it is a person. Others are sent to sign in.
func (t *Team) known(w http.ResponseWriter, r *http.Request) (access.Subject, bool) {
	who, err := t.cfg.Who(r)
	switch {
	case pawl.KindOf(err) == pawl.Denied:
		http.Redirect(w, r, "/sign-in?next="+url.QueryEscape(r.URL.Path), http.StatusSeeOther)
	case err != nil:
		http.Error(w, sentence(err), statuses[pawl.KindOf(err)])
	case who.Service:
		http.Error(w, "These pages are for people.", http.StatusForbidden)
	default:
		return who, true
	}
	return who, false
}

// show writes a page with what went wrong, if anything did.
func (t *Team) show(w http.ResponseWriter, p *page, err error) {
	status := http.StatusOK
	if err != nil {
		kind := pawl.KindOf(err)
		status, p.Problem, p.Stale = statuses[kind], sentence(err), kind == pawl.Operator
		if status >= 500 {
			t.cfg.Log.Error("the team's pages", "err", err)
		}
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	if err := pages.ExecuteTemplate(w, "page.html", p); err != nil {
		t.cfg.Log.Error("drawing a page", "err", err)
	}
}

// statuses is the one table from what went wrong to a status.
var statuses = map[pawl.Kind]int{
	pawl.Other: 500, pawl.Invalid: 400, pawl.Denied: 401, pawl.Forbidden: 403, pawl.NotFound: 404, pawl.Conflict: 409, pawl.Mismatch: 422,
	pawl.Throttled: 429, pawl.Unavailable: 503, pawl.Unknown: 502, pawl.Operator: 403,
}

// sentence is an error for people: what happened, and what to do.
func sentence(err error) string {
	e, ok := errors.AsType[*pawl.Error](err)
	if !ok || e.Kind == pawl.Other || e.Err == nil {
		return "Something went wrong in pawl. Try again."
	}
	text := capital(e.Err.Error()) + "."
	if hint := pawl.HintOf(err); hint != "" {
		text += " " + capital(hint) + "."
	}
	return text
}

func capital(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:]
}
