package desk

import (
	"context"
	"encoding/base64"
	"slices"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/api"
	"github.com/pawl-dev/pawl/roster"
)

// Sessions lists where somebody is signed in, the newest first: oneself, or
// anybody for who may see the settings.
func (t *Team) Sessions(ctx context.Context, who access.Subject, person string) ([]api.Session, error) {
	if err := t.door.allow(ctx, who, access.Request{Action: oneself(who, person, access.SeeSetup)}, "sessions of "+person); err != nil {
		return nil, err
	}
	all, err := t.book.Roster.SessionsOf(ctx, person)
	out := []api.Session{}
	for _, s := range all {
		if !s.Ended(t.door.now()) {
			ends := s.Seen.Add(roster.SessionIdle)
			if last := s.Created.Add(roster.SessionAge); last.Before(ends) {
				ends = last
			}
			out = append(out, api.Session{ID: s.ID, Person: s.Person, Method: s.Method, Created: s.Created, Seen: s.Seen, Ends: ends, Agent: s.Agent, From: s.From})
		}
	}
	return out, err
}

// EndSession ends one of somebody's sessions; without an id, all of them. One's
// own at any time, others' for who looks after people.
func (t *Team) EndSession(ctx context.Context, who access.Subject, person, id string) error {
	if err := t.door.allow(ctx, who, access.Request{Action: oneself(who, person, access.People)}, "sessions of "+person); err != nil {
		return err
	}
	what := "all sessions ended"
	if id != "" {
		what = "session " + id + " ended"
		all, err := t.book.Roster.SessionsOf(ctx, person)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(all, func(s roster.Session) bool { return s.ID == id }) { // before any of it is in the log
			return fault(pawl.NotFound, "open the page again", "there is no such session")
		}
	}
	return t.policy(ctx, who, "person "+person, what, func() error { return t.book.Roster.DropSession(ctx, person, id) })
}

// Passkeys lists what somebody signs in with, the oldest first.
func (t *Team) Passkeys(ctx context.Context, who access.Subject, person string) ([]api.Passkey, error) {
	if err := t.door.allow(ctx, who, access.Request{Action: oneself(who, person, access.SeeSetup)}, "passkeys of "+person); err != nil {
		return nil, err
	}
	all, err := t.book.Roster.PasskeysOf(ctx, person)
	out := []api.Passkey{}
	for _, k := range all {
		out = append(out, api.Passkey{ID: base64.RawURLEncoding.EncodeToString(k.ID), Name: k.Name, Created: k.Created, Used: stamp(k.Used)})
	}
	return out, err
}

// DropPasskey takes one of somebody's passkeys away: one's own, said freshly, or
// others' for who is above them. The last way in may go, too: whoever is above
// them invites them again.
func (t *Team) DropPasskey(ctx context.Context, who access.Subject, person, id string) error {
	if person == own(who) {
		if err := t.door.allow(ctx, who, access.Request{Action: access.Tokens}, "passkeys of "+person); err != nil {
			return err
		}
	} else {
		p, err := t.book.Roster.Person(ctx, person)
		if refused := t.above(ctx, who, person, p.Roles); refused != nil {
			return refused
		}
		if err != nil {
			return err
		}
	}
	raw, err := base64.RawURLEncoding.DecodeString(id)
	if err != nil {
		return fault(pawl.NotFound, "", "there is no such passkey")
	}
	return t.policy(ctx, who, "person "+person, "a passkey taken away", func() error { return t.book.Roster.DropPasskey(ctx, person, raw) })
}

// oneself is what it takes to look at something of one's own, or else of
// others'.
func oneself(who access.Subject, person string, others access.Action) access.Action {
	if person != "" && person == own(who) {
		return access.See
	}
	return others
}
