package rotation

import "slices"

// Clone returns a copy that shares nothing that Apply changes.
func (s *State) Clone() *State {
	c := *s
	c.Attempts = slices.Clone(s.Attempts)
	c.Kills = slices.Clone(s.Kills)
	c.Approvals = slices.Clone(s.Approvals)
	c.Census.Accepted = slices.Clone(s.Census.Accepted)
	c.Places = slices.Clone(s.Places)
	for i := range c.Places {
		c.Places[i].Proofs = slices.Clone(s.Places[i].Proofs) // Unsure is replaced, never changed
	}
	return &c
}
