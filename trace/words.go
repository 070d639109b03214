package trace

import (
	"github.com/pawl-dev/pawl"
)

// common is what every span says.
func (f *fold) common() []Attribute {
	return []Attribute{{"pawl.credential", f.id.Credential}, {"pawl.rotation", f.id.String()}}
}

// about is what an event says of the thing that it is about. What people wrote
// is not among it, nor what a vendor said.
func (f *fold) about(e pawl.Event) (all []Attribute) {
	if f.plan.Place(e.Consumer) != nil || e.Consumer == pawl.MintStep {
		all = append(all, Attribute{"pawl.place", e.Consumer})
	}
	if e.Side != "" {
		all = append(all, Attribute{"pawl.side", string(e.Side)})
	}
	if e.Attempt != 0 {
		all = append(all, Attribute{"pawl.attempt", e.Attempt})
	}
	if e.Type == pawl.EvDriving {
		all = append(all, Attribute{"pawl.epoch", int(e.Epoch)})
	}
	return all
}

// operation is what does a step: "heroku/config-var@1".
func (f *fold) operation(k key) string {
	switch pawl.Step(k.name) {
	case pawl.StepMint, pawl.StepKill, pawl.StepRevoke:
		return f.plan.Issuer.Name
	}
	if proofs := f.proofs(k.consumer); k.proof > 0 && k.proof <= len(proofs) {
		return proofs[k.proof-1].Name
	}
	if p := f.plan.Place(k.consumer); p != nil {
		return p.Op.Name
	}
	return ""
}

func (f *fold) proofs(consumer string) []pawl.Op {
	if p := f.plan.Place(consumer); p != nil {
		return p.Proofs
	}
	return nil
}

func (s *Span) add(k string, v any) { s.Attributes = append(s.Attributes, Attribute{k, v}) }
