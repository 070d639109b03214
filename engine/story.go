package engine

import (
	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/audit"
	"github.com/pawl-dev/pawl/rotation"
)

// Account says what the events of a whole rotation mean to an auditor: for a
// journal that is filled with what happened before it.
func Account(id pawl.RotationID, events []pawl.Event) (all []audit.Event) {
	s := new(rotation.State)
	for _, ev := range events {
		s.Apply(ev)
		all = append(all, account(id, s, ev)...)
	}
	return all
}
