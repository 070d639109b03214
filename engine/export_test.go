package engine

import (
	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/rotation"
)

// ErrKilled, from a journal, ends a run as a crash would: nothing more is
// written, and nothing is waited for.
var ErrKilled = errKilled

func (t *Turns) Take(id pawl.RotationID) bool { return t.take(id) }
func (t *Turns) Leave(id pawl.RotationID)     { t.leave(id) }

// Sane is sane, for a state and the values that go with it.
func Sane(s *rotation.State, opened map[string]pawl.Secret, a rotation.Action) error {
	v := newValues()
	for name, value := range opened {
		v.put(name, value)
	}
	return sane(s, v, a)
}
