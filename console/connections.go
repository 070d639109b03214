package console

import (
	"net/http"

	"github.com/pawl-dev/pawl/access"
)

func (c *Console) connections(r *http.Request, who access.Subject) (*view, error) {
	all, err := c.cfg.Desk.Connections(r.Context(), who)
	if err != nil {
		return nil, err
	}
	return &view{name: "connections", title: "Connections", data: all}, nil
}
