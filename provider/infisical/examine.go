package infisical

import (
	"context"
	"fmt"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/provider"
)

// examine signs in, and counts what the identity can see.
func (c *client) examine(ctx context.Context) (provider.Exam, error) {
	e := provider.Exam{Left: -1, Who: "a machine identity"}
	areas, err := search{c}.Areas(ctx, pawl.Search{})
	switch k := pawl.KindOf(err); {
	case err == nil:
		e.May = fmt.Sprintf("see %d environments", len(areas))
	case k == pawl.Forbidden || k == pawl.NotFound: // signed in all the same
	default:
		return e, err
	}
	return e, nil
}
