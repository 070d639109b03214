package desk

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/api"
	"github.com/pawl-dev/pawl/roster"
)

// A TokenAsk says what a token is for.
type TokenAsk struct {
	Name  string
	Roles []access.Role
	Teams []string        // of the maker's; nil: all of them
	Scope []access.Action // nil: all that the roles allow
	For   time.Duration   // 0: 90 days
}

// MakeToken makes a token and returns its value, which is kept nowhere. It has
// no role that its maker has not.
func (t *Team) MakeToken(ctx context.Context, who access.Subject, ask TokenAsk) (api.Token, pawl.Secret, error) {
	none := pawl.Secret{}
	if err := t.door.allow(ctx, who, access.Request{Action: access.Tokens}, "token "+ask.Name); err != nil {
		return api.Token{}, none, err
	}
	for _, r := range ask.Roles {
		if !who.Has(r) {
			return api.Token{}, none, t.door.refuse(ctx, who, access.Tokens, "token "+ask.Name, fault(pawl.Forbidden, "", "a token cannot have the role %s, which its maker has not", r))
		}
	}
	maker, err := t.maker(ctx, who, ask)
	if err != nil {
		return api.Token{}, none, err
	}
	if ask.For == 0 {
		ask.For = roster.TokenFor
	}
	teams := ask.Teams
	if teams == nil {
		teams = who.Teams
	}
	value, now := roster.NewToken(roster.OfToken), t.door.now().Truncate(time.Millisecond)
	made := roster.Token{ID: roster.NewID(), Hash: roster.HashOf(value), Name: ask.Name, Person: maker, By: who.Actor.ID, Roles: ask.Roles, Teams: teams, Scope: ask.Scope,
		Created: now, Expires: now.Add(ask.For)}
	if err := made.Check(); err != nil {
		return api.Token{}, none, err
	}
	detail := "made with " + strings.Join(words(made.Roles), ", ")
	if made.Scope != nil {
		detail += " for " + strings.Join(words(made.Scope), ", ")
	}
	detail += " until " + made.Expires.Format(time.RFC3339)
	if err := t.policy(ctx, who, "token "+made.ID+" "+made.Name, detail, func() error { return t.book.Roster.AddToken(ctx, made) }); err != nil {
		return api.Token{}, none, err
	}
	return shown(made, now), value, nil
}

// maker is whose token it will be: a person of the roster, or nobody, where it is
// made on the server itself by who is nobody there. Whoever is somebody has no
// more at the server's own machine than the roster says: the token would never
// do what they do not.
func (t *Team) maker(ctx context.Context, who access.Subject, ask TokenAsk) (string, error) {
	p, err := t.book.Roster.Person(ctx, own(who))
	switch {
	case pawl.KindOf(err) == pawl.NotFound:
		return "", nil
	case err != nil:
		return "", err
	case p.Disabled:
		return "", t.door.refuse(ctx, who, access.Tokens, "token "+ask.Name, fault(pawl.Forbidden, "ask an admin", "%s is disabled", p.ID))
	}
	for _, r := range ask.Roles {
		if !slices.Contains(p.Roles, r) {
			return "", t.door.refuse(ctx, who, access.Tokens, "token "+ask.Name, fault(pawl.Forbidden, "ask for roles that "+p.ID+" has:  pawl people ls", "a token cannot have the role %s, which its maker %s has not", r, p.ID))
		}
	}
	for _, team := range ask.Teams {
		if !slices.Contains(p.Teams, team) {
			return "", t.door.refuse(ctx, who, access.Tokens, "token "+ask.Name, fault(pawl.Forbidden, "ask for teams that "+p.ID+" is in:  pawl people ls", "a token cannot be in the team %s, which its maker %s is not in", team, p.ID))
		}
	}
	return p.ID, nil
}

// Tokens lists tokens, the newest first: one's own, and everybody's for who may
// see the settings.
func (t *Team) Tokens(ctx context.Context, who access.Subject) ([]api.Token, error) {
	if err := t.door.allow(ctx, who, access.Request{Action: access.See}, "tokens"); err != nil {
		return nil, err
	}
	all, err := t.book.Roster.Tokens(ctx)
	if err != nil {
		return nil, err
	}
	everybodys := access.Check(who, access.Request{Action: access.SeeSetup}) == nil
	out := []api.Token{}
	for _, tok := range all {
		if everybodys || tok.By == own(who) {
			out = append(out, shown(tok, t.door.now()))
		}
	}
	return out, nil
}

// RevokeToken ends a token: one's own, or anybody's for who looks after people.
// It may be told by its id, or by its name if one good token is called so.
func (t *Team) RevokeToken(ctx context.Context, who access.Subject, name string) (api.Token, error) {
	tok, err := t.token(ctx, who, name)
	need := access.People
	if err == nil && tok.By == own(who) {
		need = access.See // one's own: the sooner, the better
	}
	if refused := t.door.allow(ctx, who, access.Request{Action: need}, "token "+name); refused != nil {
		return api.Token{}, refused
	}
	if err != nil {
		return api.Token{}, err
	}
	now := t.door.now()
	if tok.Revoked.IsZero() {
		err = t.policy(ctx, who, "token "+tok.ID+" "+tok.Name, "revoked", func() error { return t.book.Roster.RevokeToken(ctx, tok.ID, now) })
		tok.Revoked = now
	}
	return shown(tok, now), err
}

// token finds one by its id or its name. One's own comes first.
func (t *Team) token(ctx context.Context, who access.Subject, name string) (roster.Token, error) {
	all, err := t.book.Roster.Tokens(ctx)
	if err != nil {
		return roster.Token{}, err
	}
	if i := slices.IndexFunc(all, func(tok roster.Token) bool { return tok.ID == name }); i >= 0 {
		return all[i], nil
	}
	var good, mine []roster.Token
	for _, tok := range all {
		if tok.Name == name && tok.Good(t.door.now()) {
			good = append(good, tok)
			if tok.By == own(who) {
				mine = append(mine, tok)
			}
		}
	}
	switch {
	case len(mine) == 1:
		return mine[0], nil
	case len(good) == 1:
		return good[0], nil
	case len(good) > 1:
		return roster.Token{}, fault(pawl.Conflict, "name it by its id", "%d people have a token called %s", len(good), name)
	}
	return roster.Token{}, fault(pawl.NotFound, "", "there is no good token called that")
}

func shown(t roster.Token, now time.Time) api.Token {
	s := api.Token{ID: t.ID, Name: t.Name, By: t.By, Roles: words(t.Roles), Teams: t.Teams, State: "good", Created: t.Created, Expires: t.Expires, Used: stamp(t.Used)}
	if t.Scope != nil {
		s.Scope = words(t.Scope)
	}
	switch {
	case !t.Revoked.IsZero():
		s.State = "revoked"
	case !t.Good(now):
		s.State = "expired"
	}
	return s
}
