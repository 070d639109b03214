package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/journal"
	"github.com/pawl-dev/pawl/provider/wrap"
	"github.com/pawl-dev/pawl/rotation"
)

// Pasted is what somebody gave as a new generation, before any of it is
// believed.
type Pasted struct {
	Value pawl.Secret
	ID    string // the vendor's; empty if only the value was given
}

// Understand reads what a person gave: the value by itself, or what the
// vendor's own tools print. Anything else is [pawl.Invalid]. It does no I/O
// with the vendors.
func (e *Engine) Understand(ctx context.Context, plan pawl.Plan, given pawl.Secret) (Pasted, error) {
	if given.IsZero() {
		return Pasted{}, refusal(pawl.Invalid, "nothing was given", "")
	}
	hands, err := e.cfg.Open(ctx, plan)
	if err != nil {
		return Pasted{}, err
	}
	parser, ok := wrap.As[pawl.Parser](hands.Issuer)
	if !ok {
		return Pasted{Value: given}, nil
	}
	g, err := parser.Parse(given)
	return Pasted{g.Value, g.ID}, err
}

// Supply takes what a person minted for a rotation that waits for it. It is
// tried at the vendor first: that it works, is of the right account and scope,
// is neither the value in use nor the caller's own, and carries the label that
// was asked for. Whatever does not pass is refused ([pawl.Invalid],
// [pawl.Denied], [pawl.Mismatch] or [pawl.Conflict] with Op "supply") and
// changes nothing.
//
// What passes is journaled exactly as if it had been minted here: the sealed
// value and the outcome in one transaction, if the rotation still waits for
// this very attempt. Whether some process drives it meanwhile makes no
// difference.
//
// A crash before that transaction changes nothing: the person gives it again,
// or makes another one, and the first is found by its label and revoked. After
// it nothing is special any more.
func (e *Engine) Supply(ctx context.Context, id pawl.RotationID, given Pasted) (pawl.Generation, error) {
	s, err := e.Load(ctx, id)
	if err != nil {
		return pawl.Generation{}, err
	}
	wanted := s.Wanted()
	if wanted == nil {
		return e.again(ctx, id, s, given)
	}
	hands, err := e.cfg.Open(ctx, s.Plan)
	if err != nil {
		return pawl.Generation{}, err
	}
	known, err := e.open(ctx, id, s)
	if err != nil {
		return pawl.Generation{}, err
	}
	if err := stranger(hands, known, given.Value); err != nil {
		return pawl.Generation{}, err
	}
	asked := e.now() // the evidence is as old as the question
	if err := tried(hands.Issuer.Check(ctx, given.Value)); err != nil {
		return pawl.Generation{}, err
	}
	g, err := e.whose(ctx, hands, s, given)
	if err != nil {
		return pawl.Generation{}, err
	}
	sealed, err := e.seal(id, sealName(pawl.New, wanted.Number), given.Value)
	if err != nil {
		return pawl.Generation{}, err
	}
	known.put(sealed.Name, given.Value)
	return g, e.append(ctx, id, func(_ journal.Run, s *rotation.State) (journal.Batch, error) {
		if now := s.Wanted(); now == nil || now.Label != wanted.Label {
			return journal.Batch{}, unwanted(id, s)
		}
		return journal.Batch{Seal: []journal.Sealed{sealed}, Events: []pawl.Event{
			known.scrub(pawl.Event{Type: pawl.EvEnded, Step: pawl.StepMint, Attempt: wanted.Number, Label: wanted.Label, ID: g.ID, Until: g.Expires, Result: pawl.Done}),
			{Type: pawl.EvChecked, At: asked, Side: pawl.New, Attempt: wanted.Number},
		}}, nil
	})
}

// again is a value that is given to a rotation that wants none: one that it has
// already was given twice, because an answer was lost, and is taken once more.
func (e *Engine) again(ctx context.Context, id pawl.RotationID, s *rotation.State, given Pasted) (pawl.Generation, error) {
	if known, err := e.open(ctx, id, s); err == nil && s.Plan.Hand != nil && s.NewID() != "" && known.side(pawl.New, len(s.Attempts)).Equal(given.Value) {
		return pawl.Generation{ID: s.NewID()}, nil
	}
	return pawl.Generation{}, unwanted(id, s)
}

// unwanted says why a rotation does not take a new value now.
func unwanted(id pawl.RotationID, s *rotation.State) error {
	why, hint := "it does not ask for one yet", "pawl resume "+id.Credential
	switch {
	case s.Plan.Hand == nil:
		why, hint = "it mints by itself", ""
	case s.Outcome != "":
		why, hint = "it is finished; if you made one, it is an orphan", "pawl sweep --revoke"
	case s.Target == pawl.Old:
		why = "it is being rolled back; what carries its label is found and revoked"
	case s.NewID() != "":
		why = "it has its new value already"
	}
	return refusal(pawl.Conflict, id.String()+" takes no new value now: "+why, hint)
}

func refusal(kind pawl.Kind, why, hint string) error {
	return &pawl.Error{Op: "supply", Kind: kind, Err: errors.New(why), Hint: hint}
}

// stranger refuses a value that is known already. To go on with it would be to
// revoke what everybody uses, or to saw off the branch that pawl sits on.
func stranger(hands *Hands, known values, value pawl.Secret) error {
	switch {
	case known.side(pawl.Old, 0).Equal(value):
		return refusal(pawl.Conflict, "that is the value in use, the one that is to be replaced", "make a new one, and give that")
	case known.has(value):
		return refusal(pawl.Conflict, "that is a value which this rotation has had before", "make a new one, and give that")
	}
	if c, ok := wrap.As[pawl.CallerChecker](hands.Issuer); ok && c.CallsWith(value) {
		return refusal(pawl.Conflict, "that is the token that the connection signs in with, not a new one", "make a new one, and give that")
	}
	return nil
}

// tried reads the vendor's answer to the value.
func tried(err error) error {
	switch pawl.KindOf(err) {
	case pawl.Denied:
		return refusal(pawl.Denied, "the vendor refuses that value", "was all of it copied? Give it again, or make another one")
	case pawl.Mismatch:
		return refusal(pawl.Mismatch, "that value works, but is not what the catalog asks for: "+err.Error(), "make one of the right account and scope, and give that")
	}
	return err
}

// whose finds the generation that a value belongs to, by more than the person's
// word: it must be the one that carries the label, or one that can be given it.
func (e *Engine) whose(ctx context.Context, hands *Hands, s *rotation.State, given Pasted) (pawl.Generation, error) {
	lister, lists := wrap.As[pawl.Lister](hands.Issuer)
	identifier, identifies := wrap.As[pawl.Identifier](hands.Issuer)
	if !lists || !identifies { // the preflight has refused it long ago
		return pawl.Generation{}, refusal(pawl.Invalid, "the issuer cannot tell which generation a value belongs to", "")
	}
	g, err := identifier.Identify(ctx, given.Value)
	switch kind := pawl.KindOf(err); {
	case err == nil && given.ID != "" && given.ID != g.ID:
		return pawl.Generation{}, refusal(pawl.Mismatch, "that value does not belong to "+given.ID, "give one answer of the vendor, whole")
	case err == nil:
	case (kind == pawl.Conflict || kind == pawl.NotFound) && given.ID != "":
		if g, err = listed(ctx, lister, given.ID); err != nil {
			return pawl.Generation{}, err
		}
	case kind == pawl.Conflict:
		return pawl.Generation{}, refusal(pawl.Conflict, "it cannot be told which generation that value belongs to", "give the vendor's whole answer (JSON), which names it")
	case kind == pawl.NotFound:
		return pawl.Generation{}, refusal(pawl.Mismatch, "that value works, but nothing at the vendor that carries this credential's name is of it",
			"make one with the description that was shown, whole, or change the description of this one to it, and give it again")
	default:
		return pawl.Generation{}, err
	}
	return g, e.owned(ctx, hands, s, &g)
}

// listed finds a generation by its id.
func listed(ctx context.Context, lister pawl.Lister, id string) (pawl.Generation, error) {
	all, err := lister.List(ctx)
	if err != nil {
		return pawl.Generation{}, err
	}
	i := slices.IndexFunc(all, func(g pawl.Generation) bool { return g.ID == id })
	if i < 0 {
		return pawl.Generation{}, refusal(pawl.Mismatch, "the vendor knows no "+id, "is it of another account? Make one in the account that the connection signs in to")
	}
	return all[i], nil
}

// owned makes sure that a generation was made for this attempt, so that it may
// be revoked if the rotation goes back. One without the label is given it, if it
// was made since it was asked for; a crash after that is as one before it.
func (e *Engine) owned(ctx context.Context, hands *Hands, s *rotation.State, g *pawl.Generation) error {
	wanted := s.Wanted()
	switch {
	case g.ID == s.OldID:
		return refusal(pawl.Conflict, "that is the generation in use, the one that is to be replaced", "make a new one, and give that")
	case s.TooShort(e.now(), g.Expires):
		return refusal(pawl.Mismatch, "that one lives only until "+g.Expires.UTC().Format(time.RFC3339), "make one that does not expire before the next rotation")
	case labelled(g.Label, wanted.Label):
		return nil
	case labelled(g.Label, Label(e.cfg.Journal.Install())+s.Plan.Credential):
		return refusal(pawl.Conflict, g.ID+" was made for another attempt", "make one with the description that was shown")
	case g.Created.IsZero() || g.Created.Before(wanted.Begun.Truncate(time.Second)):
		return refusal(pawl.Conflict, fmt.Sprintf("%s (%q) was there before this rotation asked for one: somebody else may use it", g.ID, g.Label), "make one with the description that was shown")
	}
	labeller, ok := wrap.As[pawl.Labeller](hands.Issuer)
	if !ok {
		return refusal(pawl.Mismatch, g.ID+" does not carry the label "+wanted.Label, "change its description to the one that was shown, and give it again")
	}
	return labeller.Relabel(ctx, g.ID, wanted.Label)
}
