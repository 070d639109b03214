package console

import (
	"net/http"

	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/api"
	"github.com/pawl-dev/pawl/desk"
)

// consumersPage is the view from the other side: who holds what.
type consumersPage struct {
	Items []api.Holder
	Text  string
	Of    string // one of them, with everything that it holds
	Held  []api.Held
	Next  string
}

func (c *Console) consumers(r *http.Request, who access.Subject) (*view, error) {
	in := r.URL.Query()
	p := consumersPage{Text: in.Get("q"), Of: in.Get("of")}
	if p.Of != "" {
		held, err := c.cfg.Desk.Held(r.Context(), who, p.Of)
		if err != nil {
			return nil, err
		}
		for i, h := range held {
			held[i].Place = placed(h.Place, h.Current)
		}
		p.Held = held
		return &view{name: "consumer", title: p.Of, live: "all", data: p}, nil
	}
	page, err := c.cfg.Desk.Holders(r.Context(), who, desk.Query{Text: p.Text, After: in.Get("after")})
	if err != nil {
		return nil, err
	}
	p.Items = page.Items
	if page.Next != "" {
		p.Next = address("/consumers", "q", p.Text, "after", page.Next)
	}
	return &view{name: "consumers", title: "Consumers", data: p}, nil
}
