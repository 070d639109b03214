package connect

import (
	"context"

	"github.com/pawl-dev/pawl/provider"
)

// Examine asks the vendor of a connection whom it signs in as. It reports false
// if the vendor cannot tell; then the connection's secrets were only read.
func (o *Opener) Examine(ctx context.Context, name string) (provider.Exam, bool, error) {
	c, err := o.Catalog.Connection(name)
	if err != nil {
		return provider.Exam{}, false, err
	}
	for _, p := range o.Providers {
		if p.Name != c.Kind || p.Connection == nil {
			continue
		}
		client, err := o.client(ctx, p, name)
		if err != nil || p.Connection.Examine == nil {
			return provider.Exam{}, false, err
		}
		e, err := p.Connection.Examine(ctx, client)
		return e, true, err
	}
	return provider.Exam{}, false, nil
}
