package signin

import (
	"embed"
	"io/fs"
	"net/http"

	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/frame"
)

// A Page is what the sign-in page shows.
type Page struct {
	Next    string // where they go on to
	Problem string // why they are still here; for people
	Note    string // what kind of server it is
	Person  string // who is signed in, and is asked once more who they are
	First   bool   // nobody can sign in yet but by the code on the server's terminal
	Code    bool   // whether a code can be typed in
	Keys    bool   // whether passkeys can be used
	Buttons []Button

	Ways     bool           // it is the page of what somebody signs in with
	Who      access.Subject // whose
	Fresh    bool           // they have just shown who they are
	Again    string         // where they would
	Passkeys []Way
	Logins   []string // issuers
}

//go:embed templates/*.html
var templates embed.FS

//go:embed passkey.js
var passkeyJS []byte

// module is the address of what talks to the browser's authenticators.
const module = "/sign-in/passkey.js"

func newFrame(cfg frame.Config) *frame.Frame {
	files, err := fs.Sub(templates, "templates")
	if err != nil {
		panic(err) // it is embedded
	}
	return frame.New(cfg, files, nil)
}

// page is where somebody signs in, or says once more who they are (?again).
func (s *Server) page(w http.ResponseWriter, r *http.Request) {
	p := Page{Next: local(r.URL.Query().Get("next"))}
	if _, who, err := s.session(r); err == nil {
		if !r.URL.Query().Has("again") {
			http.Redirect(w, r, p.Next, http.StatusSeeOther)
			return
		}
		p.Person = who.Actor.ID
	}
	s.show(w, r, http.StatusOK, p)
}

// show fills in what a page needs, and writes it.
func (s *Server) show(w http.ResponseWriter, r *http.Request, status int, p Page) {
	if p.Next == "" {
		p.Next = "/"
	}
	if founded, err := s.Led(r.Context()); err == nil {
		p.First = !founded
	}
	p.Note, p.Code, p.Keys, p.Buttons = s.cfg.Note, p.Person == "", s.keys != nil, s.buttons()
	p.Again = frame.WithNext(s.cfg.Again, "/sign-in/ways?"+frame.ShownAgain)
	v := frame.View{Name: "in", Title: "Sign in", Bare: true, Status: status, Modules: []string{module}, Data: p}
	switch {
	case p.Ways:
		v.Name, v.Title, v.At, v.Bare = "ways", "How you sign in", "/sign-in/ways", false
	case p.Person != "":
		v.Title = "Say once more who you are"
	}
	if err := s.frame.Show(w, r, p.Who, v); err != nil {
		s.cfg.Log.Error("drawing the sign-in page", "err", err)
	}
}

func (s *Server) script(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
	w.Header().Set("Cache-Control", "no-cache")
	w.Write(passkeyJS)
}
