package signin

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/frame"
	"github.com/pawl-dev/pawl/roster"
	"github.com/pawl-dev/pawl/roster/logged"
)

// First returns a code that lets the first admin in, to be shown on the server's
// terminal. It is no code if somebody who may let others in can sign in already.
func (s *Server) First(ctx context.Context, by pawl.Actor) (pawl.Secret, error) {
	if founded, err := s.Led(ctx); founded || err != nil {
		return pawl.Secret{}, err
	}
	code, now := roster.NewToken(roster.OfCode), s.now()
	err := s.book.Roster.AddCode(ctx, roster.Code{Hash: roster.HashOf(code), By: by.ID, Created: now, Expires: now.Add(roster.FirstCodeFor)})
	return code, err
}

// Led reports whether somebody who may let others in has something to sign in
// with. Whoever came by a code and closed the browser has not.
func (s *Server) Led(ctx context.Context) (bool, error) {
	people, err := s.book.Roster.People(ctx)
	if err != nil {
		return false, err
	}
	for _, p := range people {
		if !p.Leads() {
			continue
		}
		if p.Vouched() {
			return true, nil
		}
		keys, err := s.book.Roster.PasskeysOf(ctx, p.ID)
		if err != nil || len(keys) > 0 {
			return err == nil, err
		}
	}
	return false, nil
}

// code lets somebody in by a code, once.
func (s *Server) code(w http.ResponseWriter, r *http.Request) {
	next := local(r.PostFormValue("next"))
	if err := s.limits.wait(r.Context(), s.from(r), ""); err != nil {
		s.show(w, r, http.StatusTooManyRequests, Page{Next: next, Problem: frame.Sentence(err)})
		return
	}
	p, err := s.byCode(r)
	if err == nil {
		shown := proof{person: p.ID, method: "code"}
		if !s.cfg.Stale {
			shown.at = s.now()
		}
		err = s.enter(w, r, shown)
	}
	switch pawl.KindOf(err) {
	case pawl.Denied, pawl.Invalid, pawl.Conflict:
		s.refuse(r, nobody, "a code that is not good")
		s.show(w, r, http.StatusUnauthorized, Page{Next: next, Problem: frame.Sentence(err)})
	default:
		if err != nil {
			s.cfg.Log.Error("signing in by a code", "err", err)
			s.show(w, r, http.StatusServiceUnavailable, Page{Next: next, Problem: frame.Sentence(err)})
			return
		}
		if s.cfg.Settle && !s.settled(r, p) {
			next = "/sign-in/ways?next=" + url.QueryEscape(next)
		}
		http.Redirect(w, r, next, http.StatusSeeOther)
	}
}

// byCode takes a code and returns whose it is. Who does not name themselves
// properly has not used it up.
func (s *Server) byCode(r *http.Request) (roster.Person, error) {
	code := pawl.NewSecret([]byte(strings.TrimSpace(r.PostFormValue("code"))))
	id := strings.TrimSpace(r.PostFormValue("id"))
	if !roster.WellFormed(roster.OfCode, code) {
		return roster.Person{}, denied("this is not a whole code", "copy all of it, from pawl_c to the end")
	}
	if id != "" {
		if err := roster.ValidName(id); err != nil {
			return roster.Person{}, err
		}
	}
	taken, err := s.book.Roster.TakeCode(r.Context(), roster.HashOf(code), s.now())
	if pawl.KindOf(err) == pawl.NotFound {
		return roster.Person{}, denied("this code is not good any more", "a code is good once and for a short time: ask for another one")
	}
	if err != nil {
		return roster.Person{}, err
	}
	// To crash here is to have lost the code; another one can be had where this
	// one came from.
	if taken.Person == "" {
		return s.found(r.Context(), id, plain(r.PostFormValue("name")), taken.By)
	}
	p, err := s.invited(r.Context(), taken)
	gone := logged.Change{By: pawl.Actor{Type: "user", ID: taken.Person}, Where: "person " + taken.Person, Detail: "the code made by " + taken.By + " is used"}
	if err != nil {
		gone.Detail += " up, and lets nobody in"
	}
	if failed := s.book.Happened(r.Context(), gone); err == nil {
		err = failed // nobody gets in unseen
	}
	return p, err
}

// invited is who a code lets in, if they and who made it may still be that.
func (s *Server) invited(ctx context.Context, taken roster.Code) (roster.Person, error) {
	p, err := s.book.Roster.Person(ctx, taken.Person)
	if err == nil {
		_, err = p.Subject(false)
	}
	var maker roster.Person
	if err == nil && taken.Maker != "" {
		maker, err = s.book.Roster.Person(ctx, taken.Maker)
	}
	if err != nil {
		return p, err
	}
	return p, taken.Stands(maker, p)
}

// found makes somebody the first admin, on behalf of whoever sat at the
// server's terminal.
func (s *Server) found(ctx context.Context, id, called, by string) (roster.Person, error) {
	if id == "" {
		id = "admin"
	}
	p, err := s.book.Roster.Person(ctx, id)
	if err != nil && pawl.KindOf(err) != pawl.NotFound {
		return p, err
	}
	if err != nil {
		p = roster.Person{ID: id, Created: s.now()}
	}
	if called != "" {
		p.Name = called
	}
	p.Disabled, p.Roles = false, []access.Role{access.Superadmin}
	err = s.policy(ctx, pawl.Actor{Type: "user", ID: by}, id, "the first admin", func() error {
		p, err = s.book.Roster.PutPerson(ctx, p)
		return err
	})
	return p, err
}
