package main

import (
	"context"
	"embed"
	"io/fs"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/frame"
	"github.com/pawl-dev/pawl/journal"
	"github.com/pawl-dev/pawl/roster"
	"github.com/pawl-dev/pawl/roster/logged"
	"github.com/pawl-dev/pawl/signin"
)

// The demo's people. It takes two of them to see an approval.
var cast = []roster.Person{
	{ID: "ana", Name: "Ana, who operates", Roles: []access.Role{access.Operator}, Teams: []string{"platform"}},
	{ID: "bo", Name: "Bo, who approves and audits", Roles: []access.Role{access.Approver, access.Auditor}, Teams: []string{"security"}},
	{ID: "cleo", Name: "Cleo, who administers", Roles: []access.Role{access.Superadmin, access.Auditor}, Logins: []roster.Login{{Issuer: "the demo", Subject: "cleo"}}}, // so that nobody is asked to be the first
}

// A stageDoor lets the demo's people in: the sign-in of every server, and two
// pages that fill in its code for whoever came by a link from the terminal.
type stageDoor struct {
	*signin.Server
	links  *signin.Server // the same, but who came by a link has not shown who they are: so it is seen what that is for
	book   *logged.Book
	origin string
	ways   map[roster.Hash]string // whom the code of a link lets in
	frame  *frame.Frame
}

// demoNote is on every page, and demoAgain where somebody says once more who they
// are.
const (
	demoNote  = "A demonstration: every vendor is simulated, and all of it is gone when it stops."
	demoAgain = "/demo/again"
)

// stageNote is on the sign-in page, since nobody has anything else to use there.
const stageNote = "This is a demonstration. Its people come in by the links that “pawl serve --demo” printed in the terminal, one for each of them: open one again, as often as you like."

// openStageDoor is for a server at an origin.
func openStageDoor(ctx context.Context, j journal.Journal, origin string) (*stageDoor, error) {
	people := roster.NewMemory()
	for _, p := range cast {
		p.Created = time.Now()
		if _, err := people.PutPerson(ctx, p); err != nil {
			return nil, err
		}
	}
	book := &logged.Book{Roster: people, Record: j.Record}
	cfg := signin.Config{Book: book, Origin: origin, Note: stageNote, Again: demoAgain, Frame: around(demoNote)}
	in, err := signin.New(cfg)
	if err != nil {
		return nil, err
	}
	cfg.Stale = true
	links, err := signin.New(cfg)
	return &stageDoor{in, links, book, origin, map[roster.Hash]string{}, stageFrame()}, err
}

// link is an address that lets somebody in for as long as the demo runs. All of
// them are made before anybody is let in.
func (d *stageDoor) link(person string) string {
	code := roster.NewToken(roster.OfCode)
	d.ways[roster.HashOf(code)] = person
	return d.origin + "/demo/in?" + url.Values{"as": {person}, "code": {string(code.Reveal())}}.Encode()
}

// code lets somebody in once, as every code does.
func (d *stageDoor) code(ctx context.Context, person string) (pawl.Secret, error) {
	code, now := roster.NewToken(roster.OfCode), time.Now()
	return code, d.book.Roster.AddCode(ctx, roster.Code{Hash: roster.HashOf(code), Person: person, By: "demo", Created: now, Expires: now.Add(time.Minute)})
}

// pages are those of the demo beside the sign-in's own.
func (d *stageDoor) pages() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /demo/in", func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		d.show(w, r, "Enter the demo", stagePage{Person: q.Get("as"), Action: "/demo/in", Code: q.Get("code"), Next: "/"})
	})
	mux.HandleFunc("GET /demo/again", func(w http.ResponseWriter, r *http.Request) {
		who, err := d.Who(r)
		if err != nil {
			http.Redirect(w, r, "/sign-in", http.StatusSeeOther)
			return
		}
		d.show(w, r, "Say once more who you are", stagePage{Person: who.Actor.ID, Action: "/demo/again", Next: r.URL.Query().Get("next"), Again: true})
	})
	mux.HandleFunc("POST /demo/in", d.in)
	mux.HandleFunc("POST /demo/again", d.again)
	return mux
}

// in lets somebody in by their link. One that is not of this demo is given to
// the sign-in, which refuses it.
func (d *stageDoor) in(w http.ResponseWriter, r *http.Request) {
	given := r.PostFormValue("code")
	person, ok := d.ways[roster.HashOf(pawl.NewSecret([]byte(given)))]
	if !ok {
		let(d.links, w, r, given)
		return
	}
	d.letAs(d.links, w, r, person)
}

// again signs somebody in once more, who is signed in: a passkey would be asked
// for here, and few have one for a demo.
func (d *stageDoor) again(w http.ResponseWriter, r *http.Request) {
	who, err := d.Who(r)
	if err != nil {
		http.Redirect(w, r, "/sign-in", http.StatusSeeOther)
		return
	}
	d.letAs(d.Server, w, r, who.Actor.ID)
}

// letAs gives the sign-in a code of somebody.
func (d *stageDoor) letAs(in *signin.Server, w http.ResponseWriter, r *http.Request, person string) {
	code, err := d.code(r.Context(), person)
	if err != nil {
		http.Error(w, "not now", http.StatusServiceUnavailable)
		return
	}
	let(in, w, r, string(code.Reveal()))
}

// let gives a code to the sign-in, as its own form does, and goes straight on:
// who was let in by a code is shown how to sign in the next time, and in a demo
// there is none.
func let(in *signin.Server, w http.ResponseWriter, r *http.Request, code string) {
	next := r.PostFormValue("next")
	form := url.Values{"code": {code}, "next": {next}}.Encode()
	req, err := http.NewRequestWithContext(r.Context(), http.MethodPost, "/sign-in/code", strings.NewReader(form))
	if err != nil {
		http.Error(w, "not now", http.StatusInternalServerError)
		return
	}
	req.Header, req.RemoteAddr, req.Host = r.Header.Clone(), r.RemoteAddr, r.Host
	in.ServeHTTP(straight{w}, req)
}

// straight leads past the page on how to sign in the next time, to what that
// would lead to.
type straight struct{ http.ResponseWriter }

func (s straight) WriteHeader(status int) {
	if to, err := url.Parse(s.Header().Get("Location")); err == nil && to.Path == "/sign-in/ways" {
		next := to.Query().Get("next")
		if next == "" {
			next = "/"
		}
		s.Header().Set("Location", next)
	}
	s.ResponseWriter.WriteHeader(status)
}

// A stagePage is one of the two pages that only the demo has.
type stagePage struct {
	Person, Action, Code, Next string
	Again                      bool
}

//go:embed stage/*.html
var stageFiles embed.FS

// stageFrame draws them.
func stageFrame() *frame.Frame {
	files, err := fs.Sub(stageFiles, "stage")
	if err != nil {
		panic(err) // it is embedded
	}
	return frame.New(around(demoNote), files, nil)
}

func (d *stageDoor) show(w http.ResponseWriter, r *http.Request, title string, p stagePage) {
	frame.Harden(w.Header())
	_ = d.frame.Show(w, r, access.Subject{}, frame.View{Name: "door", Title: title, Bare: true, Data: p}) // whoever asked has hung up, or was told
}
