package signin

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

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
	return s.cfg.Record(ctx, ev)
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
	more, tell := s.refused.heard(who.ID + " " + what + " " + from)
	if !tell {
		return
	}
	ev := audit.New(audit.AuthDenied, audit.Failure, s.now(), who)
	ev.Context.Kind, ev.Context.Detail = pawl.Denied.String(), what+" from "+from
	if more > 0 {
		ev.Context.Detail += fmt.Sprintf(" (and %d more like it)", more)
	}
	if err := s.cfg.Record(context.WithoutCancel(r.Context()), ev); err != nil {
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

// An echo says once in a minute what is said again and again, so that nobody can
// fill the audit log from outside.
type echo struct {
	now  func() time.Time
	mu   sync.Mutex
	said map[string]*saying
}

type saying struct {
	at   time.Time
	more int // since then
}

// mostSayings bounds the memory; beyond it the count is lost, and the log
// grows by one line for each.
const mostSayings = 10_000

func newEcho(now func() time.Time) *echo { return &echo{now: now, said: map[string]*saying{}} }

// heard reports whether something is to be told, and how often it was not.
func (e *echo) heard(what string) (more int, tell bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	before := e.said[what]
	if before != nil && e.now().Sub(before.at) < time.Minute {
		before.more++
		return 0, false
	}
	if before != nil {
		more = before.more
	} else if len(e.said) >= mostSayings {
		clear(e.said)
	}
	e.said[what] = &saying{at: e.now()}
	return more, true
}
