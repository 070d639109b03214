package catalog

import (
	"encoding/json"
	"slices"

	"github.com/pawl-dev/pawl"
)

// Shares are the things that a credential's rotation touches and another one's
// may touch too: apps that restart by a write, and what its proofs look at. Two
// rotations that have one in common each see the other's restarts as their own.
func (c *Credential) Shares() []string {
	var all []string
	for _, e := range c.places() {
		if e.group != "" {
			all = append(all, e.group)
		}
		for _, p := range e.Proofs {
			if at := looksAt(p); at != "" {
				all = append(all, at)
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// looksAt is the address or the repository that a proof asks, if it says one.
func looksAt(p pawl.Op) string {
	var at struct{ HTTP, Repo string }
	_ = json.Unmarshal(p.Config, &at) // settings of another form ask something of their own
	if at.HTTP == "" && at.Repo == "" {
		return ""
	}
	return at.HTTP + " " + at.Repo
}
