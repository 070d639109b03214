package rotation

import (
	"github.com/pawl-dev/pawl"
)

// Follow is [State.Apply] for those who only look on. A process that takes a
// rotation up looks at everything again, and journals only what is otherwise
// than it was. So for an onlooker what was proved stays proved until something
// else is journaled. It is never what a decision to do something rests on.
func (s *State) Follow(e pawl.Event) {
	if e.Type != pawl.EvDriving {
		s.Apply(e)
		return
	}
	before := s.Clone()
	s.Apply(e)
	for i := range s.Places {
		p, was := &s.Places[i], &before.Places[i]
		p.Look.recall(was.Look)
		for j := range p.Proofs {
			p.Proofs[j].recall(was.Proofs[j].Seen)
		}
	}
}

// FollowAll is [Fold] for those who only look on.
func FollowAll(events []pawl.Event) *State {
	s := new(State)
	for _, e := range events {
		s.Follow(e)
	}
	return s
}

// recall takes back that a proof has to be seen anew.
func (v *Seen) recall(was Seen) {
	if v.Verdict == pawl.Proved && v.At.IsZero() {
		v.At = was.At
	}
}
