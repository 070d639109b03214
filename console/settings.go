package console

import (
	"net/http"

	"github.com/pawl-dev/pawl/access"
)

// settingsPage is who somebody is here, and what they may do.
type settingsPage struct {
	Who     access.Subject
	Team    string // where people and tokens are looked after
	People  bool   // whether who looks may see who belongs to the team
	Actions []ability
}

type ability struct {
	Action string
	May    bool
}

func (c *Console) settings(_ *http.Request, who access.Subject) (*view, error) {
	p := settingsPage{Who: who, Team: c.cfg.Frame.Team, People: access.Check(who, access.Request{Action: access.SeeSetup}) == nil}
	fresh := who
	fresh.Fresh = true
	for _, a := range access.Actions() {
		p.Actions = append(p.Actions, ability{string(a), access.Check(fresh, access.Request{Action: a}) == nil})
	}
	return &view{name: "settings", title: "Settings", data: p}, nil
}
