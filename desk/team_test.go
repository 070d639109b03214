package desk_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/api"
	"github.com/pawl-dev/pawl/audit"
	"github.com/pawl-dev/pawl/desk"
	"github.com/pawl-dev/pawl/roster"
	"github.com/pawl-dev/pawl/roster/logged"
)

// A crew is a team with what it has written down.
type crew struct {
	*desk.Team
	people *roster.Memory
	log    []audit.Event
	now    time.Time
	full   bool // the audit log cannot be written
}

type failer interface {
	Fatal(...any)
	Context() context.Context
}

func newCrew() *crew {
	c := &crew{people: roster.NewMemory(), now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
	c.Team = desk.NewTeam(desk.TeamConfig{Now: func() time.Time { return c.now }, Book: &logged.Book{Roster: c.people, Record: func(_ context.Context, all ...audit.Event) error {
		if c.full {
			return &pawl.Error{Kind: pawl.Unavailable, Err: errors.New("full")}
		}
		c.log = append(c.log, all...)
		return nil
	}}})
	return c
}

// put makes somebody and returns them as a subject who has just signed in.
func (c *crew) put(t failer, id string, roles ...access.Role) access.Subject {
	p, err := c.people.PutPerson(t.Context(), roster.Person{ID: id, Roles: roles, Created: c.now})
	if err != nil {
		t.Fatal(err)
	}
	who, err := p.Subject(true)
	if err != nil {
		t.Fatal(err)
	}
	return who
}

func (c *crew) said() string {
	var b strings.Builder
	for _, ev := range c.log {
		fmt.Fprintf(&b, "%s %s %s %s\n", ev.Actor.ID, ev.Action, ev.Outcome, ev.Context.Detail)
	}
	return b.String()
}

func refused(t *testing.T, what string, err error, kind pawl.Kind) {
	t.Helper()
	if pawl.KindOf(err) != kind || err == nil {
		t.Errorf("%s: %v, want %v", what, err, kind)
	}
}

// TestInvite: by somebody above them, and the code is theirs.
func TestInvite(t *testing.T) {
	c := newCrew()
	ana, bo := c.put(t, "ana", access.Admin), c.put(t, "bo", access.Operator)
	c.put(t, "root", access.Superadmin)
	ctx := t.Context()

	code, err := c.Invite(ctx, ana, desk.Invite{ID: "kim", Roles: []access.Role{access.Approver}, Teams: []string{"security"}})
	if err != nil {
		t.Fatal(err)
	}
	taken, err := c.people.TakeCode(ctx, roster.HashOf(code), c.now.Add(roster.InviteFor-1))
	if err != nil || taken.Person != "kim" || taken.By != "ana" {
		t.Errorf("%+v %v", taken, err)
	}
	if said := c.said(); said != "ana policy.changed pending person kim: let in: approver in security\nana policy.changed success person kim: let in: approver in security\n" {
		t.Error(said)
	}
	if _, err := c.Invite(ctx, ana, desk.Invite{ID: "kim"}); err != nil {
		t.Errorf("again: %v", err)
	}

	stale := ana
	stale.Fresh = false
	for what, try := range map[string]struct {
		who  access.Subject
		ask  desk.Invite
		kind pawl.Kind
	}{
		"by an operator":                  {bo, desk.Invite{ID: "eva"}, pawl.Forbidden},
		"stale":                           {stale, desk.Invite{ID: "eva"}, pawl.Operator},
		"as an admin, by an admin":        {ana, desk.Invite{ID: "eva", Roles: []access.Role{access.Admin}}, pawl.Forbidden},
		"a superadmin again, by an admin": {ana, desk.Invite{ID: "root"}, pawl.Forbidden},
		"herself again":                   {ana, desk.Invite{ID: "ana"}, pawl.Forbidden},
		"somebody who is there":           {ana, desk.Invite{ID: "bo", Roles: []access.Role{access.Viewer}}, pawl.Conflict},
		"a bad name":                      {ana, desk.Invite{ID: "Eva Lu"}, pawl.Invalid},
	} {
		before := len(c.log)
		code, err := c.Invite(ctx, try.who, try.ask)
		refused(t, what, err, try.kind)
		if !code.IsZero() && err == nil {
			t.Errorf("%s: there is a code", what)
		}
		if told := len(c.log) > before; told != (try.kind == pawl.Forbidden || try.kind == pawl.Operator) {
			t.Errorf("%s: in the audit log: %v", what, told)
		}
	}
	c.full = true
	_, err = c.Invite(ctx, ana, desk.Invite{ID: "late"})
	refused(t, "unseen", err, pawl.Unavailable)
	if _, err := c.people.Person(ctx, "late"); pawl.KindOf(err) != pawl.NotFound {
		t.Errorf("somebody was let in unseen: %v", err)
	}
}

// TestChange: what somebody is from now on.
func TestChange(t *testing.T) {
	c := newCrew()
	root, ana := c.put(t, "root", access.Superadmin), c.put(t, "ana", access.Admin)
	c.put(t, "bo", access.Operator)
	ctx := t.Context()
	p, err := c.Change(ctx, ana, "bo", 1, desk.Change{Roles: []access.Role{access.Operator, access.Approver}})
	if err != nil || fmt.Sprint(p.Roles) != "[operator approver]" || p.Version != 2 {
		t.Fatalf("%+v %v", p, err)
	}
	c.people.AddSession(ctx, roster.Session{ID: "s", Person: "bo", Created: c.now, Seen: c.now}, roster.Hash{})
	_, err = c.Change(ctx, ana, "bo", 1, desk.Change{})
	refused(t, "what was not looked at", err, pawl.Conflict)
	if !errors.Is(err, desk.ErrMoved) {
		t.Error(err)
	}
	_, err = c.Change(ctx, ana, "ana", desk.Anything, desk.Change{Roles: []access.Role{access.Operator}})
	refused(t, "herself", err, pawl.Forbidden)
	_, err = c.Change(ctx, ana, "root", desk.Anything, desk.Change{})
	refused(t, "somebody above", err, pawl.Forbidden)
	_, err = c.Change(ctx, ana, "nobody", desk.Anything, desk.Change{})
	refused(t, "nobody", err, pawl.NotFound)
	if _, err = c.Change(ctx, ana, "bo", desk.Anything, desk.Change{Disabled: true}); err != nil {
		t.Error(err)
	}
	if all, _ := c.people.SessionsOf(ctx, "bo"); len(all) != 0 {
		t.Error("disabled, and signed in")
	}
	bo, _ := c.people.Person(ctx, "bo")
	bo.Logins = []roster.Login{roster.UnixLogin("bo"), {Issuer: "https://id.acme.example", Subject: "7"}}
	c.people.PutPerson(ctx, bo)
	if p, err = c.Change(ctx, ana, "bo", desk.Anything, desk.Change{Without: []string{"https://id.acme.example"}}); err != nil || fmt.Sprint(p.Logins) != "[unix]" {
		t.Errorf("%+v %v", p, err)
	}
	if _, err := c.Change(ctx, root, "ana", desk.Anything, desk.Change{}); err != nil {
		t.Error(err)
	}
	_, err = c.Change(ctx, access.Subject{Actor: pawl.Actor{Type: "user", ID: "ops@host"}, Roles: access.Roles(), Fresh: true}, "root", desk.Anything, desk.Change{Disabled: true})
	refused(t, "the last who leads", err, pawl.Conflict)
}

// TestNobodyRisesInTheTeam: whatever people without the highest role try, and
// in whatever order, nobody comes to have a role, or somebody's code, that
// those above did not give.
// TestInvitationOfBefore: a code lets in who somebody was when it was made. It is
// gone once they are more, and to be less, or off and on, does not bring it back.
func TestInvitationOfBefore(t *testing.T) {
	c := newCrew()
	root, ana := c.put(t, "root", access.Superadmin), c.put(t, "ana", access.Admin)
	ctx := t.Context()
	code, err := c.Invite(ctx, ana, desk.Invite{ID: "vic", Roles: []access.Role{access.Viewer}})
	if err != nil {
		t.Fatal(err)
	}
	for _, to := range []desk.Change{{Roles: []access.Role{access.Superadmin}}, {Disabled: true}, {Roles: []access.Role{access.Viewer}}} {
		if _, err := c.Change(ctx, root, "vic", desk.Anything, to); err != nil {
			t.Fatal(err)
		}
	}
	_, err = c.people.TakeCode(ctx, roster.HashOf(code), c.now)
	refused(t, "the code of a viewer who became superadmin", err, pawl.NotFound)
}

// TestWhoseRight: a code says by whose right of the team it was made; on the server
// itself that is nobody's, unless they could have done it elsewhere too.
func TestWhoseRight(t *testing.T) {
	c := newCrew()
	ana, bo := c.put(t, "ana", access.Admin), c.put(t, "bo", access.Operator)
	owner := access.Subject{Actor: pawl.Actor{Type: "user", ID: "ops@host-1"}, Roles: access.Roles(), Fresh: true}
	bo.Roles = access.Roles()
	asRoot := ana
	asRoot.Roles = access.Roles()
	for i, x := range []struct {
		who   access.Subject
		role  access.Role
		maker string
	}{{ana, access.Viewer, "ana"}, {owner, access.Viewer, ""}, {bo, access.Viewer, ""}, {asRoot, access.Viewer, "ana"}, {asRoot, access.Admin, ""}} {
		code, err := c.Invite(t.Context(), x.who, desk.Invite{ID: fmt.Sprint("p", i), Roles: []access.Role{x.role}})
		if err != nil {
			t.Fatal(err)
		}
		if taken, err := c.people.TakeCode(t.Context(), roster.HashOf(code), c.now); err != nil || taken.Maker != x.maker || taken.By != x.who.Actor.ID {
			t.Errorf("%d: %+v %v", i, taken, err)
		}
	}
}

func TestNobodyRisesInTheTeam(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := newCrew()
		c.put(t, "root", access.Superadmin)
		c.put(t, "ana", access.Admin)
		c.put(t, "lea", access.Admin)
		c.put(t, "bo", access.Operator)
		c.put(t, "kim")
		who := rapid.SampledFrom([]string{"ana", "lea", "bo", "kim", "new"})
		anybody := rapid.SampledFrom([]string{"root", "ana", "lea", "bo", "kim", "new"})
		roles := rapid.SliceOfDistinct(rapid.SampledFrom(access.Roles()), rapid.ID)
		for range rapid.IntRange(1, 8).Draw(t, "steps") {
			p, err := c.people.Person(t.Context(), who.Draw(t, "who"))
			if err != nil {
				continue
			}
			s, err := p.Subject(true)
			if err != nil {
				continue
			}
			target := anybody.Draw(t, "target")
			if rapid.Bool().Draw(t, "invite") {
				_, err := c.Invite(t.Context(), s, desk.Invite{ID: target, Roles: roles.Draw(t, "roles")})
				if led := target == "root" || target == "ana" || target == "lea"; led && err == nil {
					t.Fatalf("%s has a code of %s", p.ID, target)
				}
			} else {
				c.Change(t.Context(), s, target, desk.Anything, desk.Change{Roles: roles.Draw(t, "roles"), Disabled: rapid.Bool().Draw(t, "off")})
			}
			all, _ := c.people.People(t.Context())
			for _, p := range all {
				was := map[string]access.Role{"root": access.Superadmin, "ana": access.Admin, "lea": access.Admin}[p.ID]
				for _, high := range []access.Role{access.Admin, access.Superadmin} {
					if slices.Contains(p.Roles, high) != (was == high) {
						t.Fatalf("%s is %v", p.ID, p.Roles)
					}
				}
				if was != "" && p.Disabled {
					t.Fatalf("%s was disabled", p.ID)
				}
			}
		}
	})
}

// TestMakeToken: no more than who makes it, and shown once.
func TestMakeToken(t *testing.T) {
	c := newCrew()
	ana, bo := c.put(t, "ana", access.Admin), c.put(t, "bo", access.Operator)
	bo.Teams = []string{"platform"}
	ctx := t.Context()
	tok, value, err := c.MakeToken(ctx, bo, desk.TokenAsk{Name: "ci", Roles: []access.Role{access.Operator}, Scope: []access.Action{access.See}})
	if err != nil || !roster.WellFormed(roster.OfToken, value) || tok.Expires != c.now.Add(roster.TokenFor) || tok.State != "good" || fmt.Sprint(tok.Teams) != "[platform]" {
		t.Fatalf("%+v %v", tok, err)
	}
	if strings.Contains(c.said(), string(value.Reveal())) || !strings.Contains(c.said(), "made with operator for see until 2027-02-21T09:00:00Z") {
		t.Error(c.said())
	}
	kept, err := c.people.Token(ctx, roster.HashOf(value))
	if err != nil || kept.Person != "bo" {
		t.Fatalf("%+v %v", kept, err)
	}
	stale := bo
	stale.Fresh = false
	program, err := kept.Subject(roster.Person{ID: "bo", Roles: access.Roles()}, c.now)
	if err != nil {
		t.Fatal(err)
	}
	for what, try := range map[string]struct {
		who  access.Subject
		ask  desk.TokenAsk
		kind pawl.Kind
	}{
		"a role that bo has not": {bo, desk.TokenAsk{Name: "x", Roles: []access.Role{access.Viewer}}, pawl.Forbidden},
		"no role":                {bo, desk.TokenAsk{Name: "x"}, pawl.Invalid},
		"a token by a token":     {program, desk.TokenAsk{Name: "x", Roles: []access.Role{access.Operator}}, pawl.Forbidden},
		"stale":                  {stale, desk.TokenAsk{Name: "x", Roles: []access.Role{access.Operator}}, pawl.Operator},
		"for ever":               {bo, desk.TokenAsk{Name: "x", Roles: []access.Role{access.Operator}, For: 1e6 * time.Hour}, pawl.Invalid},
		"the name twice":         {bo, desk.TokenAsk{Name: "ci", Roles: []access.Role{access.Operator}}, pawl.Conflict},
		"an unknown action":      {bo, desk.TokenAsk{Name: "x", Roles: []access.Role{access.Operator}, Scope: []access.Action{"reveal"}}, pawl.Invalid},
	} {
		_, _, err := c.MakeToken(ctx, try.who, try.ask)
		refused(t, what, err, try.kind)
	}

	local := access.Subject{Actor: pawl.Actor{Type: "user", ID: "bo"}, Roles: access.Roles(), Fresh: true} // bo, at the server's own machine
	for what, ask := range map[string]desk.TokenAsk{
		"a role that the roster does not give bo": {Name: "y", Roles: []access.Role{access.Admin}},
		"a team that bo is not in":                {Name: "y", Roles: []access.Role{access.Operator}, Teams: []string{"security"}},
	} {
		_, _, err := c.MakeToken(ctx, local, ask)
		refused(t, what, err, pawl.Forbidden)
	}

	mine, _ := c.Tokens(ctx, c.put(t, "eva", access.Viewer))
	all, err := c.Tokens(ctx, ana)
	if len(mine) != 0 || len(all) != 1 || err != nil {
		t.Errorf("eva sees %d, ana %d: %v", len(mine), len(all), err)
	}
	_, err = c.RevokeToken(ctx, c.put(t, "vi", access.Viewer), tok.ID)
	refused(t, "somebody else's", err, pawl.Forbidden)
	if gone, err := c.RevokeToken(ctx, stale, "ci"); err != nil || gone.State != "revoked" {
		t.Errorf("one's own, stale: %+v %v", gone, err)
	}
	if _, err := c.RevokeToken(ctx, ana, tok.ID); err != nil {
		t.Errorf("twice, by an admin: %v", err)
	}
	if kept, _ := c.people.Token(ctx, roster.HashOf(value)); kept.Good(c.now) {
		t.Error("revoked, and good")
	}
	_, err = c.RevokeToken(ctx, ana, "ci")
	refused(t, "a name that no good token has", err, pawl.NotFound)
}

// TestSigned: where somebody is signed in, and by what.
func TestSigned(t *testing.T) {
	c := newCrew()
	ana, bo, eva := c.put(t, "ana", access.Admin), c.put(t, "bo", access.Operator), c.put(t, "eva", access.Viewer)
	ctx := t.Context()
	for i, id := range []string{"one", "two"} {
		c.people.AddSession(ctx, roster.Session{ID: id, Hash: roster.Hash{byte(i)}, Person: "bo", Created: c.now, Seen: c.now}, roster.Hash{9})
	}
	c.people.AddPasskey(ctx, roster.Passkey{ID: []byte{1, 2}, Person: "bo", Name: "laptop", Created: c.now})
	count := func(who access.Subject) int {
		all, err := c.Sessions(ctx, who, "bo")
		if err != nil {
			refused(t, who.Actor.ID, err, pawl.Forbidden)
			return -1
		}
		return len(all)
	}
	if count(bo) != 2 || count(ana) != 2 || count(eva) != -1 {
		t.Error(count(bo), count(ana), count(eva))
	}
	refused(t, "ended by eva", c.EndSession(ctx, eva, "bo", "one"), pawl.Forbidden)
	before := len(c.log)
	refused(t, "one that there is not", c.EndSession(ctx, bo, "bo", "CANARY, put where a session belongs"), pawl.NotFound)
	if len(c.log) != before {
		t.Errorf("what somebody made up is in the log: %+v", c.log[before:])
	}
	if err := c.EndSession(ctx, bo, "bo", "one"); err != nil || count(bo) != 1 {
		t.Error(err, count(bo))
	}
	if err := c.EndSession(ctx, ana, "bo", ""); err != nil || count(bo) != 0 {
		t.Error(err, count(bo))
	}
	var keys []api.Passkey
	keys, err := c.Passkeys(ctx, bo, "bo")
	if err != nil || len(keys) != 1 || keys[0].Name != "laptop" {
		t.Fatal(keys, err)
	}
	stale := bo
	stale.Fresh = false
	refused(t, "stale", c.DropPasskey(ctx, stale, "bo", keys[0].ID), pawl.Operator)
	refused(t, "eva", c.DropPasskey(ctx, eva, "bo", keys[0].ID), pawl.Forbidden)
	refused(t, "another id", c.DropPasskey(ctx, bo, "bo", "!!"), pawl.NotFound)
	refused(t, "of somebody above", c.DropPasskey(ctx, ana, "ana2", keys[0].ID), pawl.NotFound)
	if err := c.DropPasskey(ctx, ana, "bo", keys[0].ID); err != nil {
		t.Error(err)
	}
}
