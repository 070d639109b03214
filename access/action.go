package access

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pawl-dev/pawl"
)

// An Action is something that can be asked for.
type Action string

const (
	See         Action = "see"          // credentials, rotations, consumers, the calendar
	Plan        Action = "plan"         // looks at vendors, changes nothing
	Verify      Action = "verify"       // who holds what, now
	Discover    Action = "discover"     // where else the value is
	Rotate      Action = "rotate"       // begin, with everything up to the revoke
	Rehearse    Action = "rehearse"     //
	Drive       Action = "drive"        // resume, pause, hand over
	Answer      Action = "answer"       // a human step
	Rollback    Action = "rollback"     //
	Revoke      Action = "revoke"       // the one step that cannot be undone
	Accept      Action = "accept"       // go on although something is known to be left behind
	Approve     Action = "approve"      // agree to what somebody else asked for
	Deny        Action = "deny"         // or not
	Sweep       Action = "sweep"        // look for orphans
	SweepRevoke Action = "sweep.revoke" // and revoke them
	Claim       Action = "claim"        // take a copy of the value, sealed to oneself
	SeeAudit    Action = "audit.see"    //
	ExportAudit Action = "audit.export" //
	SeeSetup    Action = "setup.see"    // connections, notifications, people
	Tokens      Action = "tokens"       // make one, of one's own
	People      Action = "people"       // let somebody in, give and take roles
	Setup       Action = "setup"        // test connections and notifications
	Keys        Action = "keys"         // of the installation
	BreakGlass  Action = "break-glass"  // rotate without the approval that is asked for
)

// Actions lists all actions.
func Actions() []Action {
	return []Action{See, Plan, Verify, Discover, Rotate, Rehearse, Drive, Answer, Rollback, Revoke, Accept, Approve, Deny, Sweep,
		SweepRevoke, Claim, SeeAudit, ExportAudit, SeeSetup, Tokens, People, Setup, Keys, BreakGlass}
}

// allowed is the table. There is no other.
var allowed = map[Role][]Action{
	Viewer:     {See, Tokens},
	Operator:   {See, Tokens, Plan, Verify, Discover, Rotate, Rehearse, Drive, Answer, Rollback, Revoke, Accept, Sweep, Claim, SeeSetup},
	Approver:   {See, Tokens, Plan, Verify, Approve, Deny, SeeAudit},
	Auditor:    {See, Tokens, SeeAudit, ExportAudit, SeeSetup},
	Admin:      {See, Tokens, Plan, Verify, Discover, Sweep, SweepRevoke, SeeAudit, ExportAudit, SeeSetup, People, Setup},
	Superadmin: {See, Tokens, Plan, Verify, Discover, Rotate, Rehearse, Drive, Answer, Rollback, Revoke, Accept, Sweep, SweepRevoke, Claim, SeeAudit, ExportAudit, SeeSetup, People, Setup, Keys, BreakGlass},
}

// A condition is what an action asks of whoever does it, beyond their role.
type condition struct {
	fresh  bool // proved again who they are, just now
	person bool // not a token and not the scheduler
	other  bool // not who asked for the rotation
	role   bool // the credential's role, if the catalog names one
	team   bool // the team that the catalog wants the approval of
}

var conditions = map[Action]condition{
	Rotate:      {role: true},
	Rehearse:    {role: true},
	Drive:       {role: true},
	Answer:      {},
	Rollback:    {role: true},
	Revoke:      {fresh: true, role: true},
	Accept:      {fresh: true, person: true, role: true},
	Approve:     {fresh: true, person: true, other: true, team: true},
	Deny:        {person: true, team: true},
	SweepRevoke: {fresh: true, person: true},
	Claim:       {fresh: true, person: true, role: true},
	Tokens:      {fresh: true, person: true},
	People:      {fresh: true, person: true},
	Keys:        {fresh: true, person: true},
	BreakGlass:  {fresh: true, person: true, role: true},
}

// A Request is what somebody asks for.
type Request struct {
	Action    Action
	Role      string // the credential's role in the catalog; empty: none
	Team      string // whose approval is asked for
	Requester string // Actor.ID of who asked for the rotation
	Alone     bool   // the catalog says that this is a team of one: the requester may approve
}

// Check reports why a subject may not do what it asks for, or nil. The error is
// [pawl.Forbidden]; if only a fresh proof of who they are is missing, it is
// [pawl.Operator].
func Check(s Subject, r Request) error {
	c := conditions[r.Action]
	switch {
	case s.Actor.ID == "":
		return refused(pawl.Denied, "nobody is signed in")
	case !slices.ContainsFunc(s.Roles, func(role Role) bool { return slices.Contains(allowed[role], r.Action) }):
		return refused(pawl.Forbidden, "%s may not %s: no role of theirs allows it", s.Actor.ID, r.Action)
	case s.Scope != nil && !slices.Contains(s.Scope, r.Action):
		return outOfScope(s, r.Action)
	case c.person && s.Service:
		return refused(pawl.Forbidden, "only a person may %s", r.Action)
	case c.role && r.Role != "" && !s.Member(r.Role):
		return refused(pawl.Forbidden, "%s may not %s this credential: the catalog asks for the role %s", s.Actor.ID, r.Action, r.Role)
	case c.team && r.Team != "" && !s.Member(r.Team):
		return refused(pawl.Forbidden, "%s is not in %s, whose approval is asked for", s.Actor.ID, r.Team)
	case c.other && Behind(s.Actor.ID) == Behind(r.Requester) && !r.Alone:
		return refused(pawl.Forbidden, "who asks for a rotation cannot approve it")
	case c.fresh && !s.Fresh && !s.Service:
		return refused(pawl.Operator, "say once more who you are to %s", r.Action)
	}
	return nil
}

// Behind returns who is behind an actor: of a token, who made it. The name of a
// token is that of its maker, a slash and its own.
func Behind(actor string) string {
	maker, _, _ := strings.Cut(actor, "/")
	return maker
}

// outOfScope says as well which scope it would take, if any would do: that of a
// token stays what it is.
func outOfScope(s Subject, a Action) error {
	if !s.Service {
		return &pawl.Error{Op: "access", Kind: pawl.Forbidden, Err: fmt.Errorf("%s may not %s while it cannot be read who belongs to the team", s.Actor.ID, a),
			Hint: "put the newest team.db back, and restart pawl serve; meanwhile rotations can be seen, paused, resumed and rolled back"}
	}
	e := &pawl.Error{Op: "access", Kind: pawl.Forbidden, Err: fmt.Errorf("the token of %s is not for %s: its scope does not have it", s.Actor.ID, a)}
	if !conditions[a].person {
		var scope, roles []string
		for _, has := range append(slices.Clone(s.Scope), a) {
			scope = append(scope, string(has))
		}
		for _, has := range s.Roles {
			roles = append(roles, string(has))
		}
		e.Hint = "pawl token create NAME --role " + strings.Join(roles, ",") + " --scope " + strings.Join(scope, ",") + "   # another token, on the server's machine"
	}
	return e
}

func refused(kind pawl.Kind, format string, args ...any) error {
	return &pawl.Error{Op: "access", Kind: kind, Err: errors.New(fmt.Sprintf(format, args...))}
}
