package signin

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"

	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/frame"
	"github.com/pawl-dev/pawl/roster"
)

// A Way is something that somebody signs in with.
type Way struct {
	ID   string // of a passkey
	Name string
	Used string // when, for people; empty: never
}

// ways is where somebody sees and changes what they sign in with. Who came by a
// code is sent here first: the code is used up.
func (s *Server) ways(w http.ResponseWriter, r *http.Request) {
	_, who, err := s.session(r)
	if err != nil {
		http.Redirect(w, r, "/sign-in?next="+url.QueryEscape("/sign-in/ways"), http.StatusSeeOther)
		return
	}
	s.showWays(w, r, http.StatusOK, who, Page{Next: local(r.URL.Query().Get("next"))})
}

func (s *Server) showWays(w http.ResponseWriter, r *http.Request, status int, who access.Subject, p Page) {
	if err := s.fillWays(r, who, &p); err != nil {
		s.cfg.Log.Error("listing ways to sign in", "err", err)
		status, p.Problem = http.StatusServiceUnavailable, frame.Sentence(err)
	}
	s.show(w, r, status, p)
}

func (s *Server) fillWays(r *http.Request, who access.Subject, p *Page) error {
	p.Ways, p.Who, p.Person, p.Fresh = true, who, who.Actor.ID, who.Fresh
	me, err := s.book.Roster.Person(r.Context(), who.Actor.ID)
	if err != nil {
		return err
	}
	keys, err := s.book.Roster.PasskeysOf(r.Context(), me.ID)
	if err != nil {
		return err
	}
	for _, k := range keys {
		way := Way{ID: base64.RawURLEncoding.EncodeToString(k.ID), Name: k.Name}
		if !k.Used.IsZero() {
			way.Used = k.Used.Format("2 Jan 2006 15:04 UTC")
		}
		p.Passkeys = append(p.Passkeys, way)
	}
	for _, l := range me.Logins {
		p.Logins = append(p.Logins, l.Issuer)
	}
	return nil
}

// settled reports whether somebody has something to sign in with the next time.
func (s *Server) settled(r *http.Request, p roster.Person) bool {
	keys, err := s.book.Roster.PasskeysOf(r.Context(), p.ID)
	return err != nil || len(keys) > 0 || p.Vouched()
}

// dropPasskey takes one of one's own passkeys away.
func (s *Server) dropPasskey(w http.ResponseWriter, r *http.Request) {
	s.without(w, r, "a passkey taken away", func(who access.Subject) error {
		id, err := base64.RawURLEncoding.DecodeString(r.PostFormValue("id"))
		if err != nil {
			return roster.NotFound("passkey")
		}
		return s.book.Roster.DropPasskey(r.Context(), who.Actor.ID, id)
	})
}

// dropLogin takes the logins of an issuer away from oneself.
func (s *Server) dropLogin(w http.ResponseWriter, r *http.Request) {
	issuer := r.PostFormValue("issuer")
	s.without(w, r, "a login taken away", func(who access.Subject) error {
		p, err := s.book.Roster.Person(r.Context(), who.Actor.ID)
		if err != nil {
			return err
		}
		kept := slices.DeleteFunc(slices.Clone(p.Logins), func(l roster.Login) bool { return l.Issuer == issuer })
		if len(kept) == len(p.Logins) {
			return roster.NotFound("login")
		}
		p.Logins = kept
		_, err = s.book.Roster.PutPerson(r.Context(), p)
		return err
	})
}

// without takes something away that one signs in with, having just shown who one
// is.
func (s *Server) without(w http.ResponseWriter, r *http.Request, what string, drop func(access.Subject) error) {
	_, who, err := s.session(r)
	if err != nil {
		http.Redirect(w, r, "/sign-in", http.StatusSeeOther)
		return
	}
	err = access.Check(who, access.Request{Action: access.Tokens})
	if err == nil {
		err = s.policy(r.Context(), who.Actor, who.Actor.ID, what, func() error { return drop(who) })
	}
	if err != nil {
		s.showWays(w, r, frame.StatusOf(err), who, Page{Problem: frame.Sentence(err)})
		return
	}
	http.Redirect(w, r, "/sign-in/ways", http.StatusSeeOther)
}
