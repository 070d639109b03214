package access_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
)

// matrix is written down a second time on purpose: a change of the table has to
// be meant twice. Columns are the roles in the order of access.Roles.
const matrix = `
              V O P U A S
see           x x x x x x
plan          - x x - x x
verify        - x x - x x
discover      - x - - x x
rotate        - x - - - x
rehearse      - x - - - x
drive         - x - - - x
answer        - x - - - x
rollback      - x - - - x
revoke        - x - - - x
accept        - x - - - x
approve       - - x - - -
deny          - - x - - -
sweep         - x - - x x
sweep.revoke  - - - - x x
claim         - x - - - x
audit.see     - - x x x x
audit.export  - - - x x x
setup.see     - x - x x x
tokens        x x x x x x
people        - - - - x x
setup         - - - - x x
keys          - - - - - x
break-glass   - - - - - x
`

func TestEveryRoleAndAction(t *testing.T) {
	lines := strings.Split(strings.TrimSpace(matrix), "\n")[1:]
	if len(lines) != len(access.Actions()) {
		t.Fatalf("the matrix has %d actions, the package %d", len(lines), len(access.Actions()))
	}
	for i, line := range lines {
		cells := strings.Fields(line)
		action := access.Actions()[i]
		if cells[0] != string(action) {
			t.Fatalf("line %d is %s, want %s", i, cells[0], action)
		}
		for j, role := range access.Roles() {
			err := access.Check(subject(role), access.Request{Action: action, Requester: "somebody@else"})
			if got := err == nil; got != (cells[j+1] == "x") {
				t.Errorf("%s as %s: allowed is %v (%v)", action, role, got, err)
			}
			if err != nil && pawl.KindOf(err) != pawl.Forbidden {
				t.Errorf("%s as %s: %v", action, role, err)
			}
		}
	}
}

func subject(roles ...access.Role) access.Subject {
	return access.Subject{Actor: pawl.Actor{Type: "user", ID: "ana@acme.example"}, Roles: roles, Fresh: true}
}

func TestConditions(t *testing.T) {
	ana := subject(access.Operator, access.Approver)
	stale, token, scoped, nobody := ana, ana, ana, ana
	stale.Fresh, token.Service, scoped.Scope, nobody.Actor = false, true, []access.Action{access.See}, pawl.Actor{}
	member := ana
	member.Teams = []string{"security", "platform", "superadmin", "auditor"}
	mine := "ana@acme.example"
	for _, c := range []struct {
		what string
		who  access.Subject
		ask  access.Request
		want pawl.Kind
	}{
		{"stale approves", stale, access.Request{Action: access.Approve}, pawl.Operator},
		{"stale revokes", stale, access.Request{Action: access.Revoke}, pawl.Operator},
		{"stale sees", stale, access.Request{Action: access.See}, pawl.Other},
		{"token approves", token, access.Request{Action: access.Approve}, pawl.Forbidden},
		{"token accepts", token, access.Request{Action: access.Accept}, pawl.Forbidden},
		{"token rotates", token, access.Request{Action: access.Rotate}, pawl.Other},
		{"scoped rotates", scoped, access.Request{Action: access.Rotate}, pawl.Forbidden},
		{"scoped sees", scoped, access.Request{Action: access.See}, pawl.Other},
		{"nobody sees", nobody, access.Request{Action: access.See}, pawl.Denied},
		{"own approval", ana, access.Request{Action: access.Approve, Requester: mine}, pawl.Forbidden},
		{"approval of what their token asked for", ana, access.Request{Action: access.Approve, Requester: mine + "/ci"}, pawl.Forbidden},
		{"stale makes a token", stale, access.Request{Action: access.Tokens}, pawl.Operator},
		{"token makes a token", token, access.Request{Action: access.Tokens}, pawl.Forbidden},
		{"own approval, alone", ana, access.Request{Action: access.Approve, Requester: mine, Alone: true}, pawl.Other},
		{"other's approval", ana, access.Request{Action: access.Approve, Requester: "bo@acme.example"}, pawl.Other},
		{"not of the team", ana, access.Request{Action: access.Approve, Team: "security"}, pawl.Forbidden},
		{"of the team", member, access.Request{Action: access.Approve, Team: "security"}, pawl.Other},
		{"not of the role", ana, access.Request{Action: access.Rotate, Role: "superadmin"}, pawl.Forbidden},
		{"of the role", member, access.Request{Action: access.Rotate, Role: "platform"}, pawl.Other},
		{"role by role", subject(access.Superadmin), access.Request{Action: access.Rotate, Role: "superadmin"}, pawl.Other},
		{"role by a team of its name", member, access.Request{Action: access.Rotate, Role: "superadmin"}, pawl.Forbidden},
		{"approval by a team of a role's name", member, access.Request{Action: access.Approve, Team: "auditor"}, pawl.Forbidden},
		{"unknown action", subject(access.Superadmin), access.Request{Action: "reveal"}, pawl.Forbidden},
		{"unknown role", subject("root"), access.Request{Action: access.See}, pawl.Forbidden},
	} {
		err := access.Check(c.who, c.ask)
		if pawl.KindOf(err) != c.want || (err == nil) != (c.want == pawl.Other) {
			t.Errorf("%s: %v", c.what, err)
		}
	}
}

// TestNobodyRises: whatever chain of grants people make, nobody ends up with a
// role that nobody above it gave; below admin nobody grants at all.
func TestNobodyRises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s access.Subject
		s.Roles = rapid.SliceOfDistinct(rapid.SampledFrom(access.Roles()), rapid.ID).Draw(t, "roles")
		given := rapid.SampledFrom(append(access.Roles(), "root", "")).Draw(t, "given")
		may := s.MayGrant(given)
		top := slices.Contains(s.Roles, access.Superadmin)
		admin := slices.Contains(s.Roles, access.Admin)
		want := given.Valid() && (top || admin && given != access.Admin && given != access.Superadmin)
		if may != want {
			t.Fatalf("%v grants %q: %v", s.Roles, given, may)
		}
	})
}

// TestScopeNarrows: a scope never allows what the roles do not.
func TestScopeNarrows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := subject(rapid.SliceOfDistinct(rapid.SampledFrom(access.Roles()), rapid.ID).Draw(t, "roles")...)
		r := access.Request{Action: rapid.SampledFrom(access.Actions()).Draw(t, "action")}
		narrow := s
		narrow.Scope = rapid.SliceOf(rapid.SampledFrom(access.Actions())).Draw(t, "scope")
		if narrow.Scope != nil && access.Check(narrow, r) == nil && access.Check(s, r) != nil {
			t.Fatalf("%v with scope %v may %s", s.Roles, narrow.Scope, r.Action)
		}
	})
}

// TestScheduler: it begins and revokes what the catalog asks for, whatever the
// role, and can do nothing that a person has to answer for.
func TestScheduler(t *testing.T) {
	s := access.Scheduler("superadmin")
	for _, a := range access.Actions() {
		err := access.Check(s, access.Request{Action: a, Role: "superadmin"})
		if want := a == access.See || a == access.Rotate || a == access.Revoke; (err == nil) != want {
			t.Errorf("%s: %v", a, err)
		}
	}
	if err := access.Check(s, access.Request{Action: access.Rotate, Role: "platform"}); err == nil {
		t.Error("it rotates for a role that the catalog did not name")
	}
}
