package engine

import "github.com/pawl-dev/pawl"

// ErrKilled, from a journal, ends a run as a crash would: nothing more is
// written, and nothing is waited for.
var ErrKilled = errKilled

func (t *Turns) Take(id pawl.RotationID) bool { return t.take(id) }
func (t *Turns) Leave(id pawl.RotationID)     { t.leave(id) }
