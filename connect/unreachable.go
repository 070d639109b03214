package connect

import (
	"context"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/engine"
)

// unreachable fills the hands of a place that cannot be opened: whatever is
// asked of it is answered by the reason.
func unreachable(h *engine.Hands, i int, c pawl.Place, err error) {
	e := &pawl.Error{Op: "connecting", Kind: pawl.KindOf(err), Hint: pawl.HintOf(err), Err: err}
	h.Consumers[i], h.Notifiers[i], h.Proofs[i] = nil, nil, nil
	if c.Human == nil {
		h.Consumers[i] = gone{e}
	}
	for range c.Proofs {
		h.Proofs[i] = append(h.Proofs[i], gone{e})
	}
}

// gone is a place or a proof that cannot be reached.
type gone struct{ err error }

func (g gone) Set(context.Context, pawl.Write) (pawl.Receipt, error) { return pawl.Receipt{}, g.err }
func (g gone) Observe(context.Context, pawl.Look) (pawl.Observation, error) {
	return pawl.Observation{}, g.err
}
func (g gone) Prove(context.Context, pawl.Look) (pawl.Observation, error) {
	return pawl.Observation{}, g.err
}
func (g gone) Start(context.Context, pawl.Look) (string, error) { return "", g.err }
func (g gone) Preflight(context.Context) ([]string, error)      { return nil, g.err }
