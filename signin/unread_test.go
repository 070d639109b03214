package signin_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/roster"
	"github.com/pawl-dev/pawl/signin"
)

// An unreadable roster answers nothing for as long as it is lost.
type unreadable struct {
	*roster.Memory
	lost *bool
}

func (u *unreadable) trouble() error {
	if !*u.lost {
		return nil
	}
	return &pawl.Error{Op: "reading team.db", Kind: pawl.Unavailable, Err: errors.New("team.db was replaced"), Hint: "restart pawl serve"}
}

func (u *unreadable) Person(ctx context.Context, id string) (roster.Person, error) {
	if err := u.trouble(); err != nil {
		return roster.Person{}, err
	}
	return u.Memory.Person(ctx, id)
}

func (u *unreadable) PersonOf(ctx context.Context, l roster.Login) (roster.Person, error) {
	if err := u.trouble(); err != nil {
		return roster.Person{}, err
	}
	return u.Memory.PersonOf(ctx, l)
}

func (u *unreadable) Token(ctx context.Context, h roster.Hash) (roster.Token, error) {
	if err := u.trouble(); err != nil {
		return roster.Token{}, err
	}
	return u.Memory.Token(ctx, h)
}

func (u *unreadable) Session(ctx context.Context, h roster.Hash) (roster.Session, error) {
	if err := u.trouble(); err != nil {
		return roster.Session{}, err
	}
	return u.Memory.Session(ctx, h)
}

// TestUnreadableRoster: nobody is let in by it, except who owns the state, on its
// machine: they may watch, stop and put back, and agree to nothing. Whoever runs
// the server is told once.
func TestUnreadableRoster(t *testing.T) {
	var local *signin.Local
	var said []string
	open(t, func(t *testing.T, g *gate) {
		b, token := g.as("bo"), g.token(nil)
		g.lost = true
		for what, c := range map[string]struct {
			is   *signin.Local
			head string
		}{
			"a session":                  {nil, ""},
			"a token":                    {nil, token},
			"a local user":               {&signin.Local{User: "ana", ID: "ana@host-1"}, ""},
			"a stranger":                 {&signin.Local{User: "kim", ID: "kim@host-1"}, ""},
			"an owner who shows a token": {&signin.Local{User: "root", ID: "root@host-1", Owner: true}, token},
		} {
			local = c.is
			if who, err := b.whoami("Authorization", c.head); pawl.KindOf(err) != pawl.Unavailable || who.Actor.ID != "" {
				t.Errorf("%s: %+v %v", what, who, err)
			}
		}
		for _, user := range []string{"ana", "root"} {
			local = &signin.Local{User: user, ID: user + "@host-1", Owner: true}
			who, err := b.whoami()
			if err != nil || who.Actor.ID != user+"@host-1" {
				t.Fatalf("the owner: %+v %v", who, err)
			}
			for _, a := range access.Actions() {
				err := access.Check(who, access.Request{Action: a})
				switch a {
				case access.See, access.Verify, access.Drive, access.Rollback, access.SeeAudit, access.SeeSetup:
					if err != nil {
						t.Errorf("%s: %v", a, err)
					}
				default:
					if pawl.KindOf(err) != pawl.Forbidden || !strings.Contains(err.Error(), "while it cannot be read who belongs to the team") {
						t.Errorf("%s: %v", a, err)
					}
				}
			}
		}
		if len(said) != 1 || !strings.Contains(said[0], "team.db was replaced") {
			t.Errorf("said: %q", said)
		}
		g.lost, local = false, nil
		if who, err := b.whoami(); err != nil || who.Actor.ID != "bo" {
			t.Errorf("once it can be read: %+v %v", who, err)
		}
	}, func(c *signin.Config) {
		c.Local = func(*http.Request) (signin.Local, bool) {
			if local == nil {
				return signin.Local{}, false
			}
			return *local, true
		}
		c.Alarm = func(text string, _ ...any) { said = append(said, text) }
	})
}
