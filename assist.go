package pawl

import "context"

// A Mode says how much of a rotation people do. It is derived from the plan,
// never typed.
type Mode string

const (
	Automated        Mode = "automated"         // nothing before the revoke needs a person
	OperatorAssisted Mode = "operator-assisted" // some steps before the revoke do
	ByHand           Mode = "manual"            // machines make and write nothing; they look, keep the order, and revoke
)

// Mode derives how much of the plan people do before the revoke. That somebody
// asks for the revoke does not count: a schedule can.
func (p Plan) Mode() Mode {
	people, machines := p.Approval != nil, p.Hand == nil
	people = people || p.Hand != nil
	for _, c := range p.Consumers {
		people = people || c.Hand != nil || c.Human != nil && c.Human.Blocks
		machines = machines || c.Hand == nil && c.Human == nil
	}
	switch {
	case !people:
		return Automated
	case machines:
		return OperatorAssisted
	}
	return ByHand
}

// MintStep is the name of the step in which a person mints.
const MintStep = string(StepMint)

// Asks returns what a person is asked for in a step, which is [MintStep] or the
// id of a consumer; nil if there is no such step.
func (p *Plan) Asks(step string) *Human {
	if step == MintStep && p.Hand != nil {
		return p.Hand
	}
	if c := p.Place(step); c != nil {
		return c.Asks()
	}
	return nil
}

// Asks returns what a person is asked for at this place; nil if a machine does
// all of it.
func (p *Place) Asks() *Human {
	if p.Hand != nil {
		return p.Hand
	}
	return p.Human
}

// An Instruction is a way for a person to do by hand what pawl does not. It
// never holds a value, and asks nobody to put one on a command line.
type Instruction struct {
	Title   string // "Heroku's command line"
	Command string // to be pasted into a shell; may have several lines
	Prints  bool   // what it prints can be given to pawl as it is
	Note    string
}

// An Instructor is an [Issuer] or [Consumer] that can say how its work is done
// by hand with the vendor's own tools. Of an issuer, what is made by them
// carries label just as what Mint makes does.
type Instructor interface {
	Instruct(label string) []Instruction
}

// A Parser is an [Issuer] that understands what its vendor prints when a
// generation is made by hand. The generation has the ID only if it was printed.
// Text that is neither that nor a bare value is [Invalid], and is not quoted.
type Parser interface {
	Parse(printed Secret) (Generation, error)
}

// A Labeller is an [Issuer] that can change the label of a generation later, to
// exactly what Mint would have given it.
type Labeller interface {
	Relabel(ctx context.Context, id, label string) error
}
