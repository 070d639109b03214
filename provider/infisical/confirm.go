package infisical

import (
	"context"
	"errors"
	"fmt"

	"github.com/pawl-dev/pawl"
)

// confirm reads back what was written. From here on every error is Unknown, for
// something was written; the next Set looks at what is there and goes on from that.
func (p *place) confirm(ctx context.Context, op string, before state, want content) (pawl.Receipt, error) {
	after, err := p.fetch(ctx, op)
	if err == nil {
		err = p.compare(ctx, op, before, after, want)
	}
	if err != nil {
		return pawl.Receipt{}, &pawl.Error{Op: op, Kind: pawl.Unknown, Hint: pawl.HintOf(err), Err: fmt.Errorf("reading back: %w", err)}
	}
	return pawl.Receipt{Changed: true, Mark: after.mark(), Moved: after.updated}, nil
}

// compare is nil if after is before with nothing but our write on top. A lack
// of versions, on either side, is no reason to doubt a value that is seen.
func (p *place) compare(ctx context.Context, op string, before, after state, want content) error {
	step := after.version - before.version
	known := !before.absent && !after.absent && before.version != 0 && after.version != 0
	switch {
	case known && step <= 0, after.absent && before.absent:
		return &pawl.Error{Op: op, Kind: pawl.Unavailable, Err: errors.New("the write is not to be seen yet")}
	case known && step > 1 && !p.onlyOurs(ctx, op, before, after, want),
		!after.hidden && !after.holds(want),
		after.hidden && want.absent:
		return &pawl.Error{Op: op, Kind: pawl.Conflict, Hint: "find out who else writes this secret, and have them stop",
			Err: errors.New("somebody else wrote at the same time")}
	}
	return nil
}

// maxBetween is how many versions are looked at before somebody else is blamed.
const maxBetween = 8

// onlyOurs reports whether all versions between before and after hold what we
// wrote, or what was there: a write that a proxy delivered twice, or two of
// pawl's own at once, overwrote nothing of anybody else's.
func (p *place) onlyOurs(ctx context.Context, op string, before, after state, want content) bool {
	if after.hidden || after.version-before.version > maxBetween {
		return false
	}
	for v := before.version + 1; v < after.version; v++ {
		got, err := p.get(ctx, op, p.seen(), v)
		if err != nil || !got.holds(want) && !got.holds(content{empty: before.empty, value: before.value}) {
			return false
		}
	}
	return true
}
