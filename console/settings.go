package console

import (
	"net/http"

	"github.com/pawl-dev/pawl/access"
)

// settingsPage is who somebody is here, and what they may do.
type settingsPage struct {
	Who     access.Subject
	Actions []ability
}

type ability struct {
	Action string
	May    bool
}

func (c *Console) settings(_ *http.Request, who access.Subject) (*view, error) {
	p := settingsPage{Who: who}
	fresh := who
	fresh.Fresh = true
	for _, a := range access.Actions() {
		p.Actions = append(p.Actions, ability{string(a), access.Check(fresh, access.Request{Action: a}) == nil})
	}
	return &view{name: "settings", title: "Settings", data: p}, nil
}
