package main

import (
	"context"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/api"
)

// outlooks says what plans cost that this server has just surveyed, for the
// command lines that ask it.
func (a *app) outlooks(f *folio) func(context.Context, pawl.Plan) api.Outlook {
	return func(ctx context.Context, p pawl.Plan) api.Outlook {
		return a.outlook(ctx, f.now.Load().opener, p).Outlook
	}
}
