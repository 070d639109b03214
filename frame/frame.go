package frame

import (
	"bytes"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	_ "embed" // the frame itself

	"github.com/pawl-dev/pawl/access"
)

// Config is the same for all that draw pages of one server. The zero value is
// good.
type Config struct {
	// SignOut is the path that the form for signing out posts to; empty: there
	// is none.
	SignOut string
	// Team is the path below which people see who belongs to the team; empty:
	// there are no such pages.
	Team string

	Version string
	Note    string           // on top of every page: "Everything here is simulated."
	Now     func() time.Time // nil: time.Now
}

// A View is what a page shows: the name of its template, and its data.
type View struct {
	Name  string
	Title string
	// At is the address of the page, where the request's is another: of a form
	// that answers with the page.
	At string
	// Live is the stream that the page follows; empty: none.
	Live string
	// Bare is a page for who is not in yet, or is asked one thing: it is narrow,
	// and leads nowhere else.
	Bare bool
	// Onward is where the page leads on to by itself, at once; empty: nowhere.
	Onward string
	// Modules are the addresses of further scripts.
	Modules []string
	Status  int // 0: 200
	Data    any
}

// A Frame draws pages. It is safe for concurrent use.
type Frame struct {
	cfg   Config
	pages map[string]*template.Template
}

//go:embed frame.html
var around string

// New parses the templates of some pages, which are all the .html files of a
// folder: one a page, but for parts.html, which all of them share.
func New(cfg Config, pages fs.FS, funcs template.FuncMap) *Frame {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	f := &Frame{cfg: cfg, pages: map[string]*template.Template{}}
	base := template.Must(template.New("frame").Funcs(f.funcs()).Funcs(funcs).Parse(around))
	files, err := fs.Glob(pages, "*.html")
	if err != nil {
		panic(err) // the pattern is constant
	}
	if _, err := fs.Stat(pages, "parts.html"); err == nil {
		template.Must(base.ParseFS(pages, "parts.html"))
	}
	for _, file := range files {
		if name := strings.TrimSuffix(path.Base(file), ".html"); name != "parts" {
			f.pages[name] = template.Must(template.Must(base.Clone()).ParseFS(pages, file))
		}
	}
	return f
}

// drawn is a view with what is around it.
type drawn struct {
	View
	Nonce, Here, Note, Version, SignOut string

	Shown bool // they come from saying once more who they are
	Who   access.Subject
	Nav   []link
	Tabs  []link
	Now   time.Time
}

// ShownAgain is in the address of a page that somebody comes back to after they
// said once more who they are. What they had asked for was not done, and the
// page says so.
const ShownAgain = "shown"

// WithNext is the path of a page that leads somewhere else afterwards.
func WithNext(path, next string) string {
	sep := "?"
	if strings.Contains(path, "?") {
		sep = "&"
	}
	return path + sep + "next=" + url.QueryEscape(next)
}

// Show writes a page, whole or not at all.
func (f *Frame) Show(w http.ResponseWriter, r *http.Request, who access.Subject, v View) error {
	if v.At == "" {
		v.At = r.URL.Path
	}
	d := drawn{View: v, Nonce: nonce(), Here: r.URL.RequestURI(), Note: f.cfg.Note, Version: f.cfg.Version, SignOut: f.cfg.SignOut,
		Shown: who.Fresh && r.URL.Query().Has(ShownAgain), Who: who, Now: f.cfg.Now().UTC()}
	if who.Actor.ID != "" && !v.Bare {
		d.Nav, d.Tabs = nav(who, v.At), f.tabs(who, v.At)
	}
	if r.Method != http.MethodGet {
		d.Live = "" // what was asked for by a form is not asked for again
	}
	var text bytes.Buffer
	if err := f.pages[v.Name].Execute(&text, d); err != nil {
		http.Error(w, "This page could not be made. It is a fault of pawl; nothing was changed.", http.StatusInternalServerError)
		return err
	}
	w.Header().Set("Content-Security-Policy", policy(d.Nonce, d.Live != ""))
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if v.Status != 0 {
		w.WriteHeader(v.Status)
	}
	_, err := w.Write(text.Bytes())
	return err
}
