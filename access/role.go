package access

import (
	"slices"

	"github.com/pawl-dev/pawl"
)

// A Role is what somebody is trusted with. Somebody may have several.
type Role string

const (
	Viewer     Role = "viewer"     // sees metadata: what there is, where it is used, how far it is
	Operator   Role = "operator"   // rotates, answers steps, puts back
	Approver   Role = "approver"   // agrees to what somebody else asked for
	Auditor    Role = "auditor"    // reads, verifies and exports the audit log
	Admin      Role = "admin"      // lets people and tokens in, looks after connections and settings
	Superadmin Role = "superadmin" // keys and what breaks glass
)

// rank orders roles for one purpose: nobody can give a role that is not below
// their own. Operator, approver and auditor are beside each other on purpose:
// none of them contains another.
var rank = map[Role]int{Viewer: 1, Operator: 2, Approver: 2, Auditor: 2, Admin: 3, Superadmin: 4}

// Roles lists all roles, the least trusted first.
func Roles() []Role { return []Role{Viewer, Operator, Approver, Auditor, Admin, Superadmin} }

// Valid reports whether r is a role.
func (r Role) Valid() bool { return rank[r] > 0 }

// A Subject is who asks, as far as it is known.
type Subject struct {
	Actor   pawl.Actor
	Roles   []Role
	Teams   []string // as the catalog names them in approval.from and role
	Service bool     // a token of a machine, or the scheduler: nobody who could agree to anything
	Fresh   bool     // proved again within the last minutes who they are
	Scope   []Action // no more than these: of a token, or while the roster cannot be read; nil: all that the roles allow
}

// Has reports whether the subject has a role.
func (s Subject) Has(r Role) bool { return slices.Contains(s.Roles, r) }

// Member reports whether the subject is what the catalog's role or approval.from
// asks for. A name of a role means the role and nothing else, so that a team
// which is called like one counts for nothing; any other name is a team.
func (s Subject) Member(team string) bool {
	if role := Role(team); role.Valid() {
		return s.Has(role)
	}
	return slices.Contains(s.Teams, team)
}

// MayGrant reports whether a subject may give somebody else a role, or take it
// away. A role can be given only by somebody with a higher one; the highest
// can give itself on, since somebody has to.
func (s Subject) MayGrant(r Role) bool {
	for _, own := range s.Roles {
		if r.Valid() && (rank[own] > rank[r] && rank[own] >= rank[Admin] || own == Superadmin) {
			return true
		}
	}
	return false
}
