package roster_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/roster"
)

func secret(text string) pawl.Secret { return pawl.NewSecret([]byte(text)) }

// TestTokenForm: a scanner finds every token in a text, and one wrong character
// is noticed without asking anybody.
func TestTokenForm(t *testing.T) {
	find := regexp.MustCompile(roster.Pattern)
	seen := map[string]bool{}
	for range 200 {
		made := roster.NewToken(roster.OfToken)
		text := string(made.Reveal())
		if !roster.WellFormed(roster.OfToken, made) || len(text) != 42 || find.FindString("key: "+text+"\n") != text || seen[text] {
			t.Fatalf("%q", text)
		}
		seen[text] = true
	}
	made := string(roster.NewToken(roster.OfToken).Reveal())
	for i := range made {
		other := byte('x')
		if made[i] == 'x' {
			other = 'y'
		}
		if bad := made[:i] + string(other) + made[i+1:]; roster.WellFormed(roster.OfToken, secret(bad)) {
			t.Errorf("wrong at %d, and well formed", i)
		}
	}
	for _, bad := range []string{"", made[:41], made + "0", " " + made, made + "\n", strings.ToUpper(made), "pawl_t"} {
		if roster.WellFormed(roster.OfToken, secret(bad)) || roster.LetterOf(secret(bad)) != 0 {
			t.Errorf("%q is well formed", bad)
		}
	}
	code := roster.NewToken(roster.OfCode)
	if roster.WellFormed(roster.OfToken, code) || roster.LetterOf(code) != roster.OfCode {
		t.Error("a code is taken for a token")
	}
}

var day = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// TestTokenNeverAboveItsMaker: whatever a token was given, it may do nothing
// that who made it may not do now.
func TestTokenNeverAboveItsMaker(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		roles := rapid.SliceOfDistinct(rapid.SampledFrom(access.Roles()), rapid.ID)
		maker := roster.Person{ID: "ana", Roles: roles.Draw(t, "maker"), Disabled: rapid.Bool().Draw(t, "disabled")}
		tok := roster.Token{Name: "ci", Person: "ana", By: "ana", Roles: roles.Draw(t, "token"), Created: day, Expires: day.Add(time.Hour),
			Scope: rapid.SliceOf(rapid.SampledFrom(access.Actions())).Draw(t, "scope")}
		who, err := tok.Subject(maker, day)
		if err != nil {
			if !maker.Disabled {
				t.Fatal(err)
			}
			return
		}
		person, err := maker.Subject(true)
		if err != nil {
			t.Fatalf("a token of somebody who is disabled: %v", who)
		}
		for _, a := range access.Actions() {
			r := access.Request{Action: a, Requester: "bo"}
			if access.Check(who, r) == nil && access.Check(person, r) != nil {
				t.Fatalf("%v with %v may %s", who.Roles, person.Roles, a)
			}
		}
	})
}

// TestNotGood: each thing that ends a token, and the clock on both sides of it.
func TestNotGood(t *testing.T) {
	ana := roster.Person{ID: "ana", Roles: access.Roles()}
	for what, c := range map[string]struct {
		change func(*roster.Token, *roster.Person)
		at     time.Time
		good   bool
	}{
		"as made":               {func(*roster.Token, *roster.Person) {}, day, true},
		"just before its end":   {func(*roster.Token, *roster.Person) {}, day.Add(time.Hour - 1), true},
		"at its end":            {func(*roster.Token, *roster.Person) {}, day.Add(time.Hour), false},
		"clock a little behind": {func(*roster.Token, *roster.Person) {}, day.Add(-time.Minute), true},
		"clock set back":        {func(*roster.Token, *roster.Person) {}, day.Add(-time.Hour), false},
		"revoked":               {func(t *roster.Token, _ *roster.Person) { t.Revoked = day }, day, false},
		"maker disabled":        {func(_ *roster.Token, p *roster.Person) { p.Disabled = true }, day, false},
		"another maker":         {func(_ *roster.Token, p *roster.Person) { p.ID = "bo" }, day, false},
	} {
		tok, maker := roster.Token{Name: "ci", Person: "ana", By: "ana", Roles: access.Roles(), Created: day, Expires: day.Add(time.Hour)}, ana
		c.change(&tok, &maker)
		who, err := tok.Subject(maker, c.at)
		if (err == nil) != c.good || err != nil && pawl.KindOf(err) != pawl.Denied {
			t.Errorf("%s: %v %v", what, who, err)
		}
	}
}

// TestTokenIsNobodyElse: what somebody asks for by a token they cannot approve
// as themselves, and a token approves nothing.
func TestTokenIsNobodyElse(t *testing.T) {
	ana := roster.Person{ID: "ana", Roles: access.Roles()}
	tok := roster.Token{Name: "ci", Person: "ana", By: "ana", Roles: access.Roles(), Created: day, Expires: day.Add(time.Hour)}
	machine, err := tok.Subject(ana, day)
	if err != nil {
		t.Fatal(err)
	}
	person, _ := ana.Subject(true)
	bo, _ := roster.Person{ID: "bo", Roles: access.Roles()}.Subject(true)
	approve := access.Request{Action: access.Approve, Requester: machine.Actor.ID}
	if err := access.Check(person, approve); pawl.KindOf(err) != pawl.Forbidden {
		t.Errorf("ana approves what her token asked for: %v", err)
	}
	if err := access.Check(machine, access.Request{Action: access.Approve, Requester: "bo"}); pawl.KindOf(err) != pawl.Forbidden {
		t.Errorf("a token approves: %v", err)
	}
	if err := access.Check(bo, approve); err != nil {
		t.Errorf("bo cannot approve: %v", err)
	}
}

// TestSessionEnds: by age, by idleness, and by a clock that cannot be right.
func TestSessionEnds(t *testing.T) {
	s := roster.Session{Created: day, Seen: day.Add(11 * time.Hour), Proved: day}
	for at, over := range map[time.Duration]bool{
		11*time.Hour + 29*time.Minute: false, 11*time.Hour + 30*time.Minute: true, 12 * time.Hour: true, -time.Minute: false, -2 * time.Minute: true,
	} {
		if s.Ended(day.Add(at)) != over {
			t.Errorf("at %v: %v", at, !over)
		}
	}
	for at, fresh := range map[time.Duration]bool{0: true, 5*time.Minute - 1: true, 5 * time.Minute: false, -time.Hour: false} {
		if s.Fresh(day.Add(at)) != fresh {
			t.Errorf("fresh at %v: %v", at, !fresh)
		}
	}
	if (roster.Session{Created: day, Seen: day}).Fresh(day) {
		t.Error("fresh, although nobody knows when they showed who they are")
	}
}

func TestLeads(t *testing.T) {
	for _, role := range access.Roles() {
		p := roster.Person{Roles: []access.Role{role}}
		who, _ := p.Subject(true)
		if may := access.Check(access.Subject{Actor: pawl.Actor{ID: "x"}, Roles: who.Roles, Fresh: true}, access.Request{Action: access.People}) == nil; p.Leads() != may {
			t.Errorf("%s leads: %v, may let people in: %v", role, p.Leads(), may)
		}
		p.Disabled = true
		if p.Leads() {
			t.Errorf("%s leads, disabled", role)
		}
	}
	if !slices.Contains(access.Roles(), access.Admin) {
		t.Fatal("no admin")
	}
}

// TestPublishedPattern: what scanners are told is what tokens look like.
func TestPublishedPattern(t *testing.T) {
	for _, file := range []string{"../contrib/gitleaks/pawl.toml", "../docs/server.md"} {
		text, err := os.ReadFile(file)
		if err != nil || !strings.Contains(string(text), roster.Pattern) {
			t.Errorf("%s has another pattern than %s (%v)", file, roster.Pattern, err)
		}
	}
}

// TestTeamCalledLikeARole: nobody is made an approver by a team of that name.
func TestTeamCalledLikeARole(t *testing.T) {
	tok := roster.Token{ID: "x", Name: "ci", By: "ana", Roles: []access.Role{access.Operator}, Created: day, Expires: day.Add(time.Hour)}
	for _, r := range access.Roles() {
		tok.Teams = []string{"platform", string(r)}
		for what, err := range map[string]error{"person": roster.Person{ID: "ana", Teams: tok.Teams}.Check(), "token": tok.Check()} {
			if pawl.KindOf(err) != pawl.Invalid {
				t.Errorf("a %s in the team %s: %v", what, r, err)
			}
		}
	}
}
