package desk

import (
	"context"
	"time"

	"github.com/pawl-dev/pawl"
)

// Remembered is how long a request that is repeated is known again.
const Remembered = 24 * time.Hour

// mostRepeated is how many rotations of a credential are looked through for the
// one that a request has begun. It bounds the look; no vendor lets a key be made
// anew so often in a day.
const mostRepeated = 50

// begunBy is the rotation that a request has begun, the zero id if there is none.
// It is read from the journal, which knows it for as long as the rotation: a
// process that is killed after the write and before the answer takes nothing of
// that with it.
func (d *Desk) begunBy(ctx context.Context, credential, request string) (pawl.RotationID, error) {
	if request == "" {
		return pawl.RotationID{}, nil
	}
	runs, err := d.cfg.Journal.Recent(ctx, credential, mostRepeated)
	if err != nil {
		return pawl.RotationID{}, err
	}
	for _, run := range runs {
		if len(run.Events) > 0 && run.Events[0].Request == request && d.now().Sub(run.Created) <= Remembered {
			return run.ID, nil
		}
	}
	return pawl.RotationID{}, nil
}
