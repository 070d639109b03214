package access

import "github.com/pawl-dev/pawl"

// SchedulerID is the scheduler in the audit log.
const SchedulerID = "scheduler"

// Scheduler is who begins rotations when nobody does. It may begin them and
// have the old generation revoked once everything is proved, and nothing else;
// it is nobody who could agree to anything. It has whatever role or team the
// catalog asks for, and no more by it: that a credential is on a schedule is
// written in the same file, and the scope is as narrow as before.
func Scheduler(role string) Subject {
	s := Subject{Actor: pawl.Actor{Type: "system", ID: SchedulerID}, Roles: []Role{Operator}, Service: true, Scope: []Action{See, Rotate, Revoke}}
	switch {
	case Role(role).Valid():
		s.Roles = append(s.Roles, Role(role))
	case role != "":
		s.Teams = []string{role}
	}
	return s
}
