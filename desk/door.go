package desk

import (
	"context"
	"log/slog"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/audit"
	"github.com/pawl-dev/pawl/audit/echo"
)

// A door is what everybody passes who asks for anything.
type door struct {
	refusals   *echo.Echo
	now        func() time.Time
	log        *slog.Logger
	credential bool // targets are names of credentials
}

// newDoor returns a door whose refusals go into an echo; nil: into one of its own.
func newDoor(refusals *echo.Echo, record func(context.Context, ...audit.Event) error, now func() time.Time, log *slog.Logger, credential bool) door {
	if refusals == nil {
		refusals = echo.New(record, now, log)
	}
	return door{refusals: refusals, now: now, log: log, credential: credential}
}

// allow reports why somebody may not do what they ask for, or nil.
func (d door) allow(ctx context.Context, who access.Subject, r access.Request, target string) error {
	if err := access.Check(who, r); err != nil {
		return d.refuse(ctx, who, r.Action, target, err)
	}
	return nil
}

// refuse returns what somebody is told who may not. It is written down first, or
// counted if it was just refused; if that cannot be, that is the answer.
func (d door) refuse(ctx context.Context, who access.Subject, action access.Action, target string, err error) error {
	if unsaid("the name", target) != nil { // it may be a value, put where a name belongs
		target = "what is no name"
	}
	ev := audit.New(audit.AuthDenied, audit.Failure, d.now(), who.Actor)
	if ev.Actor.ID == "" {
		ev.Actor = pawl.Actor{Type: "user", ID: "nobody"}
	}
	ev.Context.Kind, ev.Context.Detail = pawl.KindOf(err).String(), string(action)
	if d.credential {
		ev.Target.Credential = target
	} else {
		ev.Target.Where, ev.Context.Detail = target, string(action)+": "+target
	}
	// Also if whoever asked has hung up meanwhile: they did ask.
	first, failed := d.refusals.Tell(context.WithoutCancel(ctx), access.Behind(ev.Actor.ID), ev)
	if first {
		d.log.Warn("refused", "who", who.Actor.ID, "action", string(action), "target", target)
	}
	if failed != nil {
		return failed
	}
	return err
}
