package signin

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/roster"
)

// touch is how exactly it is known when something was last used: each use would
// be a write otherwise.
const touch = time.Minute

// Who finds out who makes a request. That it is nobody is [pawl.Denied]; a
// request that another site makes a signed-in browser send is
// [pawl.Forbidden]. A token counts before anything else that comes with it: who
// sends one that is not good is not let in by another way.
func (s *Server) Who(r *http.Request) (access.Subject, error) {
	if head := r.Header.Values("Authorization"); len(head) > 0 {
		return s.byToken(r, head)
	}
	if who, ok, err := s.byLocal(r); ok || err != nil {
		return who, err
	}
	_, who, err := s.session(r)
	return who, err
}

// byToken looks a token up by its hash: how long that takes says nothing of how
// much of it was right.
func (s *Server) byToken(r *http.Request, head []string) (access.Subject, error) {
	scheme, text, _ := strings.Cut(head[0], " ")
	token := pawl.NewSecret([]byte(strings.TrimSpace(text)))
	if len(head) != 1 || !strings.EqualFold(scheme, "Bearer") || !roster.WellFormed(roster.OfToken, token) {
		return access.Subject{}, s.turnAway(r, nobody, "something that is no token", denied("that is not a token of pawl's", "pawl token check tells, offline"))
	}
	t, err := s.book.Roster.Token(r.Context(), roster.HashOf(token))
	if pawl.KindOf(err) == pawl.NotFound {
		return access.Subject{}, s.turnAway(r, nobody, "an unknown token", denied("this token is not known here", "pawl token ls"))
	}
	var maker roster.Person
	if err == nil && t.Person != "" {
		maker, err = s.book.Roster.Person(r.Context(), t.Person)
	}
	if err != nil {
		return access.Subject{}, s.unread(r, err)
	}
	now := s.now()
	who, err := t.Subject(maker, now)
	if err != nil {
		return who, s.turnAway(r, pawl.Actor{Type: "api_token", ID: t.By + "/" + t.Name}, "a token that is not good any more", err)
	}
	if now.Sub(t.Used) >= touch {
		if err := s.book.Roster.UseToken(r.Context(), t.ID, now); err != nil {
			s.cfg.Log.Warn("remembering that a token was used", "err", err)
		}
	}
	return who, nil
}

// byLocal is who the kernel says has connected to the socket. It is as fresh as
// can be: the connection was made by a process of that user just now. What a
// proxy hands on is not its own, whoever it runs as.
func (s *Server) byLocal(r *http.Request) (access.Subject, bool, error) {
	if s.cfg.Local == nil || handedOn(r.Header) {
		return access.Subject{}, false, nil
	}
	local, ok := s.cfg.Local(r)
	if !ok {
		return access.Subject{}, false, nil
	}
	who := access.Subject{Actor: pawl.Actor{Type: "user", ID: local.ID}, Roles: []access.Role{access.Viewer}, Fresh: true}
	p, err := s.book.Roster.PersonOf(r.Context(), roster.UnixLogin(local.User))
	switch {
	case err == nil && (!p.Disabled || !local.Owner):
		if who, err = p.Subject(true); err != nil {
			return who, true, err
		}
	case err != nil && pawl.KindOf(err) != pawl.NotFound:
		if s.unread(r, err); !local.Owner {
			return access.Subject{}, true, err
		}
		who.Scope = unseen()
	}
	if local.Owner {
		who.Roles = access.Roles()
	}
	return who, true, nil
}

// handedOn reports whether a request came through a proxy.
func handedOn(h http.Header) bool {
	return slices.ContainsFunc([]string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip", "Via"}, func(name string) bool { return h.Get(name) != "" })
}

// session is who is signed in at the browser.
func (s *Server) session(r *http.Request) (roster.Session, access.Subject, error) {
	none := denied("nobody is signed in", "")
	at, err := s.current(r)
	if err != nil {
		if pawl.KindOf(err) == pawl.NotFound {
			err = none
		}
		s.unread(r, err)
		return at, access.Subject{}, err
	}
	now := s.now()
	if at.Ended(now) {
		return at, access.Subject{}, denied("this session is over", "sign in again")
	}
	if err := s.sameOrigin(r); err != nil {
		return at, access.Subject{}, s.turnAway(r, pawl.Actor{Type: "user", ID: at.Person}, "a request from another site",
			&pawl.Error{Op: "sign-in", Kind: pawl.Forbidden, Err: errors.New("this request comes from another site")})
	}
	p, err := s.book.Roster.Person(r.Context(), at.Person)
	if err != nil {
		return at, access.Subject{}, s.unread(r, err)
	}
	who, err := p.Subject(at.Fresh(now))
	if err != nil {
		return at, who, err
	}
	if now.Sub(at.Seen) >= touch && !listens(r) {
		if err := s.book.Roster.SeeSession(r.Context(), at.Hash, now); err != nil {
			s.cfg.Log.Warn("remembering that a session was used", "err", err)
		}
	}
	return at, who, nil
}

// listens reports whether a request is a stream: a page that is left open is
// nobody at work, and does not keep a session alive.
func listens(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Accept"), "text/event-stream")
}

// current is the session whose cookie a request has, over or not.
func (s *Server) current(r *http.Request) (roster.Session, error) {
	all := r.CookiesNamed(s.cookie)
	if len(all) != 1 { // two of one name: somebody has planted one
		return roster.Session{}, roster.NotFound("session")
	}
	value := pawl.NewSecret([]byte(all[0].Value))
	if !roster.WellFormed(roster.OfSession, value) {
		return roster.Session{}, roster.NotFound("session")
	}
	return s.book.Roster.Session(r.Context(), roster.HashOf(value))
}

func denied(what, hint string) error {
	return &pawl.Error{Op: "sign-in", Kind: pawl.Denied, Err: errors.New(what), Hint: hint}
}

func lastOf(list string) string { return strings.TrimSpace(list[strings.LastIndexByte(list, ',')+1:]) }
