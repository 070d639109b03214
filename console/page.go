package console

import (
	"bytes"
	"embed"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
)

//go:embed templates/*.html
var templates embed.FS

// A view is what a page shows: the name of its template, and its data.
type view struct {
	name   string
	title  string
	live   string // what the page follows: "all", a rotation, or nothing
	status int    // 0: 200
	data   any
}

// A frame is a view with what is around it on every page.
type frame struct {
	Title, Section, Here, Nonce, Live, Note, Version, SignOut string
	Shown                                                     bool // they come from saying once more who they are

	Who  access.Subject
	Nav  []link
	Now  time.Time
	Data any
}

type link struct {
	Path, Title, Icon, Key string
	Here                   bool
}

// sections are the pages that the navigation leads to, with the action that
// somebody has to be allowed to find them there.
var sections = []struct {
	link
	action access.Action
}{
	{link{Path: "/", Title: "Now", Icon: "now", Key: "n"}, access.See},
	{link{Path: "/credentials", Title: "Credentials", Icon: "key", Key: "c"}, access.See},
	{link{Path: "/calendar", Title: "Calendar", Icon: "calendar", Key: "d"}, access.See},
	{link{Path: "/approvals", Title: "Approvals", Icon: "approve", Key: "a"}, access.See},
	{link{Path: "/consumers", Title: "Consumers", Icon: "places", Key: "u"}, access.See},
	{link{Path: "/connections", Title: "Connections", Icon: "plug", Key: "o"}, access.SeeSetup},
	{link{Path: "/audit", Title: "Audit", Icon: "log", Key: "l"}, access.SeeAudit},
	{link{Path: "/settings", Title: "Settings", Icon: "settings", Key: "s"}, access.See},
}

func nav(who access.Subject, here string) (all []link) {
	for _, s := range sections {
		if access.Check(who, access.Request{Action: s.action}) != nil {
			continue // asked of the table only: that it is not shown is no refusal
		}
		l := s.link
		l.Here = here == l.Path || l.Path != "/" && strings.HasPrefix(here, l.Path) || l.Path == "/credentials" && strings.HasPrefix(here, "/rotations")
		all = append(all, l)
	}
	return all
}

// parse reads all templates. Each page has the frame and the parts.
func parse(funcs template.FuncMap) map[string]*template.Template {
	base := template.Must(template.New("frame.html").Funcs(funcs).ParseFS(templates, "templates/frame.html", "templates/parts.html"))
	files, err := fs.Glob(templates, "templates/*.html")
	if err != nil {
		panic(err) // the pattern is constant
	}
	pages := map[string]*template.Template{}
	for _, file := range files {
		name := strings.TrimSuffix(path.Base(file), ".html")
		if name != "frame" && name != "parts" {
			pages[name] = template.Must(template.Must(base.Clone()).ParseFS(templates, file))
		}
	}
	return pages
}

// get serves a view to somebody who is signed in.
func (c *Console) get(pattern string, f func(*http.Request, access.Subject) (*view, error)) {
	c.raw(pattern, func(w http.ResponseWriter, r *http.Request, who access.Subject) error {
		mark := c.cfg.Desk.Feed().Mark() // before anything is read: what changes from here on is told
		v, err := f(r, who)
		if err != nil {
			return err
		}
		if v.live != "" {
			v.live = "/events?of=" + url.QueryEscape(v.live) + "&since=" + strconv.FormatInt(mark, 10)
		}
		c.render(w, r, who, v)
		return nil
	})
}

// raw serves something to somebody who is signed in.
func (c *Console) raw(pattern string, f func(http.ResponseWriter, *http.Request, access.Subject) error) {
	c.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		who, err := c.cfg.Who(r)
		if pawl.KindOf(err) == pawl.Denied && c.cfg.SignIn != "" {
			http.Redirect(w, r, withNext(c.cfg.SignIn, back(r)), http.StatusSeeOther)
			return
		}
		if err == nil {
			err = f(w, r, who)
		}
		if err != nil {
			c.fail(w, r, who, err)
		}
	})
}

// back is the way back to a page: a path of ours, and nothing else.
func back(r *http.Request) string {
	if r.Method != http.MethodGet {
		return "/"
	}
	return r.URL.RequestURI()
}

// render writes a page, whole or not at all.
func (c *Console) render(w http.ResponseWriter, r *http.Request, who access.Subject, v *view) {
	f := frame{Title: v.title, Section: v.name, Here: back(r), Nonce: nonce(), Live: v.live, Note: c.cfg.Note, Version: c.cfg.Version, SignOut: c.cfg.SignOut,
		Shown: who.Fresh && r.URL.Query().Has(shownAgain),
		Who:   who, Nav: nav(who, r.URL.Path), Now: c.clock(), Data: v.data}
	if r.Method != http.MethodGet {
		f.Live = "" // what was asked for by a form is not asked for again
	}
	var text bytes.Buffer
	if err := c.pages[v.name].Execute(&text, f); err != nil {
		http.Error(w, "This page could not be made. It is a fault of pawl; nothing was changed.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Security-Policy", policy(f.Nonce))
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if v.status != 0 {
		w.WriteHeader(v.status)
	}
	w.Write(text.Bytes())
}

func (c *Console) clock() time.Time { return c.cfg.Now().UTC() }
