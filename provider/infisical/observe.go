package infisical

import (
	"context"
	"fmt"
	"strconv"

	"github.com/pawl-dev/pawl"
)

// Observe implements [pawl.Consumer]. A value that equals is read-back
// evidence; where the value is hidden, the version of our own write being the
// current one is evidence of class Timestamp.
func (p *place) Observe(ctx context.Context, l pawl.Look) (pawl.Observation, error) {
	const op = "infisical.Observe"
	want, err := readContent(l.Want)
	if err != nil {
		return pawl.Observation{}, &pawl.Error{Op: op, Kind: pawl.Invalid, Err: err}
	}
	got, err := p.fetch(ctx, op)
	if err != nil {
		return pawl.Observation{}, err
	}
	o := pawl.Observation{Mark: got.mark()}
	switch {
	case got.hidden:
		return observeHidden(o, got, l), nil
	case got.holds(want):
		o.Verdict, o.Class, o.Holds, o.Detail = pawl.Proved, pawl.ReadBack, pawl.HoldsWant, got.named()+" equals"
		if got.absent {
			o.Detail = "there is no such secret, as before"
		}
	case got.absent:
		o.Holds, o.Detail = pawl.HoldsNothing, "there is no such secret"
	case got.empty:
		o.Holds, o.Detail = pawl.HoldsNothing, got.named()+" is empty"
	case got.holds(content{value: l.Not}):
		o.Holds, o.Detail = pawl.HoldsNot, got.named()+" holds the other generation"
	default:
		o.Holds, o.Detail = pawl.HoldsOther, got.named()+" holds neither generation"
	}
	if o.Verdict != pawl.Proved && !l.Since.IsZero() && o.Holds != pawl.HoldsOther {
		o.Detail += "; a change request that waits for approval looks like this"
	}
	return o, nil
}

// observeHidden compares versions. Who wrote a later version is not to be seen,
// so one that is not ours counts as somebody else's.
func observeHidden(o pawl.Observation, got state, l pawl.Look) pawl.Observation {
	ours, err := strconv.Atoi(l.Mark)
	switch {
	case err != nil || got.version == 0:
		o.Detail = "the value is hidden, and the version of our write is not known"
	case got.version == ours:
		o.Verdict, o.Class, o.Detail = pawl.Proved, pawl.Timestamp, got.named()+" is our write; its value is hidden"
	case got.version < ours:
		o.Detail = got.named() + " is older than our write, version " + l.Mark
	default:
		o.Holds, o.Detail = pawl.HoldsOther, got.named()+" is newer than our write, version "+l.Mark
	}
	return o
}

func (s state) named() string {
	if s.version == 0 {
		return "the value"
	}
	return fmt.Sprintf("version %d", s.version)
}
