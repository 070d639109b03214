package signin

import (
	"context"
	"net/http"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/audit"
	"github.com/pawl-dev/pawl/roster/logged"
)

// nobody is who asks, as long as it is not known.
var nobody = pawl.Actor{Type: "user", ID: "nobody"}

// record writes down what happened at the door.
func (s *Server) record(ctx context.Context, action audit.Action, who pawl.Actor, detail string) error {
	ev := audit.New(action, audit.Success, s.now(), who)
	ev.Context.Detail = detail
	return s.book.Record(ctx, ev)
}

// policy makes a change of who may come in, by whoever may make it, written down
// before and after it.
func (s *Server) policy(ctx context.Context, who pawl.Actor, person, detail string, change func() error) error {
	return s.book.Change(ctx, logged.Change{By: who, Where: "person " + person, Detail: detail}, change)
}

// refuse writes down that somebody was turned away. Nobody waits for it, and
// nothing depends on it: they stay outside anyway.
func (s *Server) refuse(r *http.Request, who pawl.Actor, what string) {
	from := s.from(r)
	s.cfg.Log.Warn("turned away", "who", who.ID, "what", what, "from", from)
	ev := audit.New(audit.AuthDenied, audit.Failure, s.now(), who)
	ev.Context.Kind, ev.Context.Detail = pawl.Denied.String(), what+" from "+from
	if _, err := s.refused.Tell(context.WithoutCancel(r.Context()), network(from), ev); err != nil {
		s.cfg.Log.Error("recording a refusal", "err", err)
	}
}

// turnAway slows down who was refused, writes it down, and returns what they are
// told.
func (s *Server) turnAway(r *http.Request, who pawl.Actor, what string, err error) error {
	s.refuse(r, who, what)
	if late := s.limits.wait(r.Context(), s.from(r), who.ID); late != nil {
		return late
	}
	return err
}
