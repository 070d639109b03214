package main

import (
	"slices"

	"github.com/pawl-dev/pawl/rotation"
)

// beforeRevoke is the phase APPROVAL, for people, where no approval is waited
// for: what comes next is the revoke, as soon as somebody asks for it.
const beforeRevoke = "BEFORE THE REVOKE"

// phaseWord is a phase for people. Programs get its name, which never changes.
func phaseWord(p rotation.Phase, waits []rotation.Wait) string {
	if p == rotation.Approval && !slices.ContainsFunc(waits, func(w rotation.Wait) bool { return w.On == rotation.OnApproval }) {
		return beforeRevoke
	}
	return string(p)
}
