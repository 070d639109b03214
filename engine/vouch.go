package engine

import (
	"context"
	"errors"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/provider/wrap"
	"github.com/pawl-dev/pawl/rotation"
)

// lags are the waits between two questions about a generation that was just
// made: a list may lag behind.
var lags = []time.Duration{0, 250 * time.Millisecond, 500 * time.Millisecond, time.Second, 2 * time.Second}

// vouched asks the vendor whether what a mint was answered with is what it has
// made. All that follows rests on that answer: consumers are moved to its value,
// and its id is what is kept or revoked in the end. With the id of somebody
// else's generation, the sweep would revoke the value in use as an orphan, or a
// rollback what somebody else works with.
//
// The id must be of a generation that carries the label, and the value of that
// very generation, as far as the vendor can tell. Otherwise the answer counts as
// lost ([pawl.Unknown]): what carries the label is found, revoked, and another
// one made.
func (r *run) vouched(ctx context.Context, a rotation.Action, g pawl.Generation) error {
	lister, lists := wrap.As[pawl.Lister](r.hands.Issuer)
	if !lists {
		return nil // no preflight lets that pass
	}
	var err error
	for _, wait := range lags {
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return unvouched("nobody confirmed it in time")
		}
		all, failed := lister.List(ctx)
		if failed != nil {
			err = unvouched("the list that it must be in cannot be read: " + failed.Error())
			continue
		}
		var told bool
		if told, err = r.onList(ctx, all, a.Label, g); told {
			return err
		}
	}
	return err
}

// onList reports whether a list tells of a mint, and what it tells.
func (r *run) onList(ctx context.Context, all []pawl.Generation, label string, g pawl.Generation) (told bool, err error) {
	there := false
	for _, live := range all {
		switch ours := labelled(live.Label, label); {
		case live.ID == g.ID && !ours:
			return true, unvouched("its id is that of a generation with another description")
		case live.ID != g.ID && ours:
			return true, unvouched("its id is not that of the generation that carries the label")
		case live.ID == g.ID:
			there = true
		}
	}
	if !there {
		return false, unvouched("the vendor lists no generation with its id")
	}
	identifier, ok := wrap.As[pawl.Identifier](r.hands.Issuer)
	if !ok {
		return true, nil
	}
	switch of, err := identifier.Identify(ctx, g.Value); {
	case err == nil && of.ID != g.ID:
		return true, unvouched("its value belongs to another generation than its id")
	case err == nil, pawl.KindOf(err) == pawl.Conflict: // several could be of it: as much as there is to tell
		return true, nil
	case pawl.KindOf(err) == pawl.NotFound:
		return false, unvouched("its value belongs to no generation that is listed")
	default:
		return false, unvouched("whose its value is cannot be found out: " + err.Error())
	}
}

func unvouched(why string) error {
	return &pawl.Error{Op: "engine.mint", Kind: pawl.Unknown, Err: errors.New("the answer was not confirmed: " + why)}
}
