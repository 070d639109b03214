package rotation

import "github.com/pawl-dev/pawl"

// ToWrite lists the places that the rotation will still write on the way that
// it is on, as far as it gets there without a person. Others that write to the
// same place can tell by it whether it is worth waiting for.
func (s *State) ToWrite() []string {
	if s.Outcome != "" || s.Paused {
		return nil
	}
	var ids []string
	for i, c := range s.Plan.Consumers {
		p := &s.Places[i]
		switch {
		case c.Asks() != nil, s.wrote(p), s.Target == pawl.Old && !p.Touched:
		case p.Side == s.Target && p.Write.hopeless(), p.Heals > Heals:
		default:
			ids = append(ids, c.ID)
		}
	}
	return ids
}

// hopeless reports whether only a person can bring about that an effect is
// tried again.
func (f *Effect) hopeless() bool {
	return f.Fails > Tries || f.Status == NotDone && !f.Kind.Unchanged() && f.Kind != pawl.Other
}
