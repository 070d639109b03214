package signin

import (
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"net/http"
	"slices"
	"time"

	"golang.org/x/oauth2"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/frame"
	"github.com/pawl-dev/pawl/roster"
)

// leave sends somebody to a provider: to sign in, to say once more who they are
// (?again), or to make the login theirs (?link). It changes nothing here.
func (s *Server) leave(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	t := ticket{Kind: "oidc " + r.PathValue("name"), Next: local(q.Get("next")), State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier()}
	options := []oauth2.AuthCodeOption{oauth2.S256ChallengeOption(t.Verifier), oauth2.SetAuthURLParam("nonce", t.Nonce)}
	var err error
	switch {
	case q.Has("link"):
		var o owner
		o, err = s.adding(r)
		t.Person, t.Link, t.Next = o.p.ID, true, "/sign-in/ways"
	case q.Has("again"):
		_, who, _ := s.session(r)
		t.Person = who.Actor.ID
		options = append(options, oauth2.SetAuthURLParam("prompt", "login"), oauth2.SetAuthURLParam("max_age", "0"))
	}
	m := s.remotes[r.PathValue("name")]
	if err == nil && m == nil {
		err = roster.NotFound("provider")
	}
	if err != nil {
		s.show(w, r, frame.StatusOf(err), Page{Next: t.Next, Problem: frame.Sentence(err)})
		return
	}
	known, err := m.meet(r.Context())
	if err == nil {
		err = s.give(w, t, false)
	}
	if err != nil {
		s.cfg.Log.Warn("leaving for a provider", "provider", m.Name, "err", err)
		s.show(w, r, http.StatusServiceUnavailable, Page{Next: t.Next, Problem: frame.Sentence(err)})
		return
	}
	http.Redirect(w, r, m.oauth(known, pawl.Secret{}).AuthCodeURL(t.State, options...), http.StatusSeeOther)
}

// comeBack is where a provider sends somebody back to.
func (s *Server) comeBack(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	t, err := s.take(w, r, "oidc "+name)
	if err == nil {
		err = s.limits.wait(r.Context(), s.from(r), t.Person)
	}
	if err == nil {
		err = s.vouched(w, r, s.remotes[name], t)
	}
	if err == nil {
		s.goOn(w, r, t.Next)
		return
	}
	kind := pawl.KindOf(err)
	if kind == pawl.Denied {
		s.refuse(r, nobody, "a login of the provider "+name+" that is not good")
	} else {
		s.cfg.Log.Warn("coming back from a provider", "provider", name, "err", err)
	}
	p := Page{Next: t.Next, Problem: frame.Sentence(err)}
	if _, who, err := s.session(r); err == nil {
		p.Person = who.Actor.ID
	}
	s.show(w, r, frame.StatusOf(err), p)
}

// vouched signs somebody in for whom the provider vouches, or makes the login
// theirs.
func (s *Server) vouched(w http.ResponseWriter, r *http.Request, m *remote, t ticket) error {
	q := r.URL.Query()
	switch {
	case m == nil:
		return roster.NotFound("provider")
	case !sameText(q.Get("state"), t.State):
		return denied("this was not begun in this browser", "begin again")
	case q.Has("iss") && q.Get("iss") != m.Issuer: // RFC 9207
		return denied("this comes from another provider", "begin again")
	case q.Get("error") == "access_denied":
		return denied("the provider says that you, or it, said no", "begin again, or sign in another way")
	case q.Has("error") || q.Get("code") == "":
		return denied("the provider could not do it", "begin again, or sign in another way")
	}
	v, err := m.exchange(r.Context(), q.Get("code"), t)
	if err != nil {
		return err
	}
	login := roster.Login{Issuer: m.Issuer, Subject: v.subject}
	if t.Link {
		return s.link(r, t.Person, login)
	}
	p, err := s.book.Roster.PersonOf(r.Context(), login)
	switch {
	case pawl.KindOf(err) == pawl.NotFound:
		return denied("the provider knows you, but nobody here does", "ask an admin for an invitation, and add this login once you are in")
	case err != nil:
		return err
	case t.Person != "" && t.Person != p.ID:
		return denied("this is somebody else's login", "use your own")
	case t.Person != "" && (v.proved.IsZero() || s.now().Sub(v.proved) >= roster.FreshFor):
		return denied("the provider does not say that you have just shown who you are", "use a passkey; add one where you see how you sign in")
	}
	if _, err := p.Subject(false); err != nil {
		return err
	}
	return s.enter(w, r, proof{person: p.ID, method: "oidc", at: v.proved})
}

// link makes a login somebody's, who had just shown who they are when they began.
func (s *Server) link(r *http.Request, person string, login roster.Login) error {
	// The provider sent this request: it comes from another site, and a strict
	// cookie is not with it. The ticket is, and says who began.
	p, err := s.book.Roster.Person(r.Context(), person)
	if err == nil {
		_, err = p.Subject(false)
	}
	if err != nil {
		return err
	}
	if slices.Contains(p.Logins, login) {
		return nil
	}
	p.Logins = append(p.Logins, login)
	return s.policy(r.Context(), pawl.Actor{Type: "user", ID: person}, person, "a login added, "+login.Issuer, func() error {
		_, err := s.book.Roster.PutPerson(r.Context(), p)
		return err
	})
}

// goOn leads on by a page of ours. A redirect would still be part of the
// provider's request, and browsers send no strict cookie with that.
func (s *Server) goOn(w http.ResponseWriter, r *http.Request, next string) {
	if err := s.frame.Show(w, r, access.Subject{}, frame.View{Name: "on", Title: "Signed in", Bare: true, Onward: next}); err != nil {
		s.cfg.Log.Error("going on", "err", err)
	}
}

func sameText(a, b string) bool {
	return a != "" && subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1
}

// Button is one way to sign in at a provider.
type Button struct{ Name, Title string }

// buttons lists the providers, in the order of the configuration.
func (s *Server) buttons() []Button {
	var all []Button
	for _, p := range s.cfg.Providers {
		all = append(all, Button{p.Name, s.remotes[p.Name].title()})
	}
	return all
}

// meetProviders opens what is configured.
func (s *Server) meetProviders() error {
	s.remotes = map[string]*remote{}
	for _, p := range s.cfg.Providers {
		if err := p.check(); err != nil {
			return err
		}
		if s.remotes[p.Name] != nil {
			return &pawl.Error{Op: "sign-in", Kind: pawl.Invalid, Err: errors.New("two providers are called " + p.Name)}
		}
		s.remotes[p.Name] = newRemote(p, s.Callback(p), func() time.Time { return s.now() })
	}
	return nil
}
