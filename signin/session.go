package signin

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/audit"
	"github.com/pawl-dev/pawl/frame"
	"github.com/pawl-dev/pawl/roster"
)

// cookieName binds the cookie to this host and to TLS (RFC 6265bis section
// 4.1.3.2). Browsers keep no such promise for plain http on this machine, and
// share cookies between its ports: there the port is in the name.
func cookieName(origin *url.URL) string {
	if origin.Scheme == "https" {
		return "__Host-pawl"
	}
	return "pawl-" + origin.Port()
}

// setCookie gives a browser a secret until it is closed. Strict: no other site
// can make it send the cookie, not by a link either.
func (s *Server) setCookie(w http.ResponseWriter, name string, value pawl.Secret, strict bool) {
	c := &http.Cookie{Name: name, Value: string(value.Reveal()), Path: "/", HttpOnly: true, Secure: s.origin.Scheme == "https", SameSite: http.SameSiteLaxMode}
	if strict {
		c.SameSite = http.SameSiteStrictMode
	}
	if value.IsZero() {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}

// A proof is how somebody showed who they are.
type proof struct {
	person string
	method string
	at     time.Time // when; zero: not as far as is known
}

// enter signs somebody in: a new session comes in place of the one that this
// browser had.
func (s *Server) enter(w http.ResponseWriter, r *http.Request, p proof) error {
	ctx, now := r.Context(), s.now()
	before, err := s.current(r)
	if err != nil && pawl.KindOf(err) != pawl.NotFound {
		return err
	}
	value := roster.NewToken(roster.OfSession)
	at := roster.Session{ID: roster.NewID(), Hash: roster.HashOf(value), Person: p.person, Method: p.method, Created: now, Seen: now, Proved: p.at,
		Agent: plain(r.UserAgent()), From: s.from(r)}
	// To crash after this is to have a session that no browser knows of; it ends
	// by itself.
	if err := s.book.Roster.AddSession(ctx, at, before.Hash); err != nil {
		return err
	}
	if err := s.record(ctx, audit.AuthSignedIn, pawl.Actor{Type: "user", ID: p.person}, "by "+p.method+" from "+at.From); err != nil {
		s.book.Roster.DropSession(context.WithoutCancel(ctx), p.person, at.ID) // nobody gets in unseen
		return err
	}
	s.setCookie(w, s.cookie, value, true)
	return nil
}

// signOut ends the session of this browser.
func (s *Server) signOut(w http.ResponseWriter, r *http.Request) {
	at, err := s.current(r)
	if err == nil {
		if err = s.book.Roster.DropSession(r.Context(), at.Person, at.ID); err == nil {
			err = s.record(r.Context(), audit.AuthSignedOut, pawl.Actor{Type: "user", ID: at.Person}, "")
		}
	}
	if err != nil && pawl.KindOf(err) != pawl.NotFound {
		s.show(w, r, http.StatusServiceUnavailable, Page{Problem: "You may still be signed in: " + frame.Sentence(err)})
		return
	}
	s.setCookie(w, s.cookie, pawl.Secret{}, true)
	http.Redirect(w, r, "/sign-in", http.StatusSeeOther)
}

// plain is what a browser calls itself, fit to be shown.
func plain(text string) string {
	text = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	return string([]rune(text)[:min(len([]rune(text)), 160)])
}

// local returns where somebody goes on to once they are signed in: a page of
// this server, or its first one.
func local(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || !strings.HasPrefix(next, "/") || strings.HasPrefix(u.Path, "//") ||
		strings.ContainsFunc(next, func(r rune) bool { return r == '\\' || !unicode.IsPrint(r) }) || strings.HasPrefix(u.Path, "/sign-") && u.Path != "/sign-in/ways" {
		return "/"
	}
	return next
}
