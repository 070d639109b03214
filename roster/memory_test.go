package roster_test

import (
	"testing"

	"github.com/pawl-dev/pawl/roster"
	"github.com/pawl-dev/pawl/roster/rostertest"
)

func TestMemory(t *testing.T) {
	rostertest.Run(t, func(*testing.T) roster.Roster { return roster.NewMemory() })
}
