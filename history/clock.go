package history

import (
	"time"

	"github.com/pawl-dev/pawl"
)

// A clock counts the time in which a process drove a rotation. What lies
// between two processes, a night in which nobody revoked, is not counted: it
// says nothing of how long the work takes.
type clock struct {
	driven  time.Duration
	driving bool
	last    time.Time // of the newest event of the driver
}

// tick takes an event in and returns the driven time at it.
func (c *clock) tick(e pawl.Event) time.Duration {
	if signalled(e) { // from somebody else; whether anybody drove meanwhile, the driver's next event says
		return c.driven
	}
	if c.driving && e.Type != pawl.EvDriving { // one that was killed is not known to have done anything since its last word
		c.driven += max(0, e.At.Sub(c.last))
	}
	if e.At.After(c.last) || e.Type == pawl.EvDriving {
		c.last = e.At
	}
	switch e.Type {
	case pawl.EvDriving:
		c.driving = true
	case pawl.EvStopped:
		c.driving = false
	}
	return c.driven
}

// signalled reports whether an event may come from somebody who does not drive.
func signalled(e pawl.Event) bool {
	switch e.Type {
	case pawl.EvConfirmed, pawl.EvApproved, pawl.EvGlass, pawl.EvPaused, pawl.EvUnpaused, pawl.EvAuthorised:
		return true
	case pawl.EvRollback:
		return e.Kind == "" && e.Reason != string(pawl.Rehearsal)
	}
	return false
}
