package console

import (
	"embed"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/frame"
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

// get serves a view to somebody who is signed in.
func (c *Console) get(pattern string, f func(*http.Request, access.Subject) (*view, error)) {
	c.raw(pattern, func(w http.ResponseWriter, r *http.Request, who access.Subject) error {
		mark := c.cfg.Desk.Feed().Mark() // before anything is read: what changes from here on is told
		v, err := f(r, who)
		if err != nil {
			return err
		}
		if v.live != "" {
			v.live = streamPath + "?of=" + url.QueryEscape(v.live) + "&since=" + strconv.FormatInt(mark, 10)
		}
		c.render(w, r, who, v)
		return nil
	})
}

// raw serves something to somebody who is signed in.
func (c *Console) raw(pattern string, f func(http.ResponseWriter, *http.Request, access.Subject) error) {
	c.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		who, err := c.cfg.Who(r)
		if pawl.KindOf(err) == pawl.Denied && c.cfg.SignIn != "" && r.URL.Path != streamPath { // who follows cannot be led elsewhere
			http.Redirect(w, r, frame.WithNext(c.cfg.SignIn, back(r)), http.StatusSeeOther)
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

// render writes a page.
func (c *Console) render(w http.ResponseWriter, r *http.Request, who access.Subject, v *view) {
	_ = c.frame.Show(w, r, who, frame.View{Name: v.name, Title: v.title, Live: v.live, Status: v.status, Data: v.data}) // whoever asked has hung up, or was told
}

func (c *Console) clock() time.Time { return c.cfg.Now().UTC() }
