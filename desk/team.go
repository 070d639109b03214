package desk

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/api"
	"github.com/pawl-dev/pawl/audit/echo"
	"github.com/pawl-dev/pawl/roster"
	"github.com/pawl-dev/pawl/roster/logged"
)

// A Team is the part of the desk that is about who may come in. It needs no
// catalog and drives nothing, so that a command on the server's own machine can
// have one too. It is safe for concurrent use.
type Team struct {
	book *logged.Book
	door door
}

// TeamConfig is what a team works with. Book is required.
type TeamConfig struct {
	Book     *logged.Book
	Refusals *echo.Echo       // nil: one of its own, whose last counts nobody writes down
	Now      func() time.Time // nil: time.Now
	Log      *slog.Logger     // nil: nothing is logged
}

// NewTeam returns a team.
func NewTeam(cfg TeamConfig) *Team {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	now := func() time.Time { return cfg.Now().UTC().Round(0) }
	return &Team{book: cfg.Book, door: newDoor(cfg.Refusals, cfg.Book.Record, now, cfg.Log, false)}
}

// An Invite says who somebody will be.
type Invite struct {
	ID    string
	Name  string
	Roles []access.Role
	Teams []string
	// Unix is a user of the server's machine who is them at its socket.
	Unix string
}

// People lists everybody, by id.
func (t *Team) People(ctx context.Context, who access.Subject) ([]api.Person, error) {
	if err := t.door.allow(ctx, who, access.Request{Action: access.SeeSetup}, "people"); err != nil {
		return nil, err
	}
	all, err := t.book.Roster.People(ctx)
	if err != nil {
		return nil, err
	}
	shown := []api.Person{}
	for _, p := range all {
		s, err := t.show(ctx, p)
		if err != nil {
			return nil, err
		}
		shown = append(shown, s)
	}
	return shown, nil
}

// Invite lets somebody in: the code that it returns does so once, within three
// days. It is for somebody new, or, without roles, teams and a name, for
// somebody who has lost what they sign in with. Nobody invites people who may
// what they cannot give themselves: to hold somebody's code is to be them. It is
// good for as long as who made it may make it.
func (t *Team) Invite(ctx context.Context, who access.Subject, ask Invite) (pawl.Secret, error) {
	none := pawl.Secret{}
	p, err := t.invited(ctx, who, ask)
	if err != nil {
		return none, err
	}
	maker, err := t.inviter(ctx, who, p)
	if err != nil {
		return none, err
	}
	code, now := roster.NewToken(roster.OfCode), t.door.now()
	err = t.policy(ctx, who, "person "+p.ID, "let in: "+described(p), func() error {
		if p.Version == 0 {
			if _, err := t.book.Roster.PutPerson(ctx, p); err != nil {
				return err
			}
		}
		if err := t.book.Roster.AddCode(ctx, roster.Code{Hash: roster.HashOf(code), Person: p.ID, By: who.Actor.ID, Maker: maker, Created: now, Expires: now.Add(roster.InviteFor)}); err != nil {
			return err
		}
		return t.stillSo(ctx, p)
	})
	if err != nil {
		return none, err // nobody has the code, and nobody can guess it
	}
	return code, nil
}

// inviter is by whose right of the team somebody is let in, or nobody: where it is
// done on the server itself by who could not do it elsewhere.
func (t *Team) inviter(ctx context.Context, who access.Subject, invited roster.Person) (string, error) {
	p, err := t.book.Roster.Person(ctx, own(who))
	if pawl.KindOf(err) == pawl.NotFound || err == nil && !p.MayLetIn(invited.Roles) {
		return "", nil
	}
	return p.ID, err
}

// stillSo refuses to hand out a code of somebody who was changed while it was
// made: the change may have dropped the codes before this one was there.
func (t *Team) stillSo(ctx context.Context, p roster.Person) error {
	there, err := t.book.Roster.Person(ctx, p.ID)
	if err == nil && there.RightsDiffer(p) {
		return fault(pawl.Conflict, "look again", "%s has been changed meanwhile: %w", p.ID, ErrMoved)
	}
	return err
}

// invited is who an invitation is for, once it is sure that it may be made.
func (t *Team) invited(ctx context.Context, who access.Subject, ask Invite) (roster.Person, error) {
	p := roster.Person{ID: ask.ID, Name: ask.Name, Roles: ask.Roles, Teams: ask.Teams, Created: t.door.now()}
	if ask.Unix != "" {
		p.Logins = []roster.Login{roster.UnixLogin(ask.Unix)}
	}
	if err := t.above(ctx, who, p.ID, p.Roles); err != nil {
		return p, err
	}
	there, err := t.book.Roster.Person(ctx, ask.ID)
	switch {
	case pawl.KindOf(err) == pawl.NotFound:
		return p, p.Check()
	case err != nil:
		return p, err
	case len(ask.Roles)+len(ask.Teams)+len(ask.Name)+len(ask.Unix) > 0:
		return p, fault(pawl.Conflict, "pawl people change "+ask.ID+"   # says what they are from now on; for another code, give nothing but the id", "%s is somebody already", ask.ID)
	case there.Disabled:
		return p, fault(pawl.Conflict, "enable them first", "%s is disabled", ask.ID)
	}
	return there, t.above(ctx, who, there.ID, there.Roles)
}

// A Change says what somebody is from now on.
type Change struct {
	Name     string
	Roles    []access.Role
	Teams    []string
	Disabled bool
	Without  []string // issuers whose logins they lose
	Unix     string   // the user of the server's machine who is them from now on; empty: as it was
}

// Change makes somebody what they are from now on, if they are still at that
// version. Nobody changes themselves, or takes or gives a role that is not below
// their own; and somebody is left who can let others in.
func (t *Team) Change(ctx context.Context, who access.Subject, id string, version int64, to Change) (api.Person, error) {
	none := api.Person{}
	p, err := t.book.Roster.Person(ctx, id)
	if err != nil {
		if refused := t.above(ctx, who, id, nil); refused != nil {
			return none, refused // who may not know is not told who there is
		}
		return none, err
	}
	if err := t.above(ctx, who, id, slices.Concat(p.Roles, to.Roles)); err != nil {
		return none, err
	}
	if own(who) == id {
		return none, fault(pawl.Forbidden, "ask somebody else who may", "nobody changes their own roles")
	}
	if version != Anything && version != p.Version {
		return none, fault(pawl.Conflict, "look again", "%s has been changed since you looked: %w", id, ErrMoved)
	}
	after := p
	after.Name, after.Roles, after.Teams, after.Disabled = to.Name, to.Roles, to.Teams, to.Disabled
	after.Logins = slices.DeleteFunc(slices.Clone(p.Logins), func(l roster.Login) bool { return slices.Contains(to.Without, l.Issuer) })
	if to.Unix != "" {
		after.Logins = after.AsUnix(to.Unix)
	}
	if err := t.stillLed(ctx, p, after); err != nil {
		return none, err
	}
	if err := after.Check(); err != nil { // before any of it is in the log
		return none, err
	}
	err = t.policy(ctx, who, "person "+id, described(p)+" → "+described(after), func() error {
		after, err = t.book.Roster.PutPerson(ctx, after)
		if err == nil && after.Disabled {
			err = t.book.Roster.DropSession(ctx, id, "")
		}
		return err
	})
	if err != nil {
		return none, err
	}
	return t.show(ctx, after)
}

// above reports why who asks may not decide about somebody who has these roles.
func (t *Team) above(ctx context.Context, who access.Subject, id string, roles []access.Role) error {
	if err := t.door.allow(ctx, who, access.Request{Action: access.People}, "person "+id); err != nil {
		return err
	}
	for _, r := range roles {
		if !who.MayGrant(r) {
			return t.door.refuse(ctx, who, access.People, "person "+id, fault(pawl.Forbidden, "ask somebody with a higher role", "%s may neither give nor take the role %s", who.Actor.ID, r))
		}
	}
	return nil
}

// stillLed refuses a change after which nobody could let anybody in.
func (t *Team) stillLed(ctx context.Context, before, after roster.Person) error {
	if !before.Leads() || after.Leads() {
		return nil
	}
	all, err := t.book.Roster.People(ctx)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(all, func(p roster.Person) bool { return p.ID != before.ID && p.Leads() }) {
		return fault(pawl.Conflict, "make somebody else an admin first", "%s is the last one who can let others in", before.ID)
	}
	return nil
}

// policy makes a change of who may what, written down before and after it.
func (t *Team) policy(ctx context.Context, who access.Subject, where, detail string, change func() error) error {
	return t.book.Change(ctx, logged.Change{By: who.Actor, Where: where, Detail: detail}, change)
}

// described is somebody in the audit log.
func described(p roster.Person) string {
	text := strings.Join(words(p.Roles), ", ")
	if text == "" {
		text = "no role"
	}
	if len(p.Teams) > 0 {
		text += " in " + strings.Join(p.Teams, ", ")
	}
	if p.Disabled {
		text += ", disabled"
	}
	for _, l := range p.Logins {
		text += ", vouched for by " + l.Issuer
		if l == roster.UnixLogin(l.Subject) {
			text += " as " + l.Subject
		}
	}
	return text
}

func (t *Team) show(ctx context.Context, p roster.Person) (api.Person, error) {
	keys, err := t.book.Roster.PasskeysOf(ctx, p.ID)
	s := api.Person{ID: p.ID, Name: p.Name, Roles: words(p.Roles), Teams: p.Teams, Passkeys: len(keys), Disabled: p.Disabled, Created: p.Created, Version: p.Version}
	for _, l := range p.Logins {
		s.Logins = append(s.Logins, l.Issuer)
	}
	return s, err
}

// own is who a subject is in the roster, if it is a person and not a program.
func own(who access.Subject) string {
	if who.Service {
		return ""
	}
	return who.Actor.ID
}

func words[T ~string](all []T) []string {
	out := []string{}
	for _, w := range all {
		out = append(out, string(w))
	}
	return out
}
