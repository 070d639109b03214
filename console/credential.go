package console

import (
	"net/http"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/api"
)

// credentialPage is one credential: which generation each place holds and how
// that was shown, what it took so far, and what can be done.
type credentialPage struct {
	api.CredentialView
	Past    api.Past
	Chart   chart
	Proved  int
	Needed  int
	Reasons []reason
	May     struct{ Plan, Start, Rehearse bool }
	Plan    *api.Planned // of a form that asked for it
	Reason  string
}

type reason struct{ Value, Title string }

// reasons a person can give here. A leak is reported with more than a word: pawl
// leak asks for it.
var reasons = []reason{{"manual", "because somebody wants it"}, {"scheduled", "it is due"}, {"offboarding", "somebody who could read it left"}, {"rehearsal", "rehearse: all of it, then back"}}

func (c *Console) credential(r *http.Request, who access.Subject) (*view, error) {
	p, err := c.credentialPage(r, who, r.PathValue("name"))
	if err != nil {
		return nil, err
	}
	return &view{name: "credential", title: p.Name, live: "all", data: p}, nil
}

func (c *Console) credentialPage(r *http.Request, who access.Subject, name string) (*credentialPage, error) {
	cred, err := c.cfg.Desk.Credential(r.Context(), who, name)
	if err != nil {
		return nil, err
	}
	past, err := c.cfg.Desk.Past(r.Context(), who, name)
	if err != nil {
		return nil, err
	}
	p := &credentialPage{CredentialView: cred, Past: past, Chart: draw(past.Runs), Reason: "manual"}
	for i, place := range p.Consumers {
		p.Consumers[i] = placed(place, cred.Current)
		if place.Required {
			p.Needed++
			if place.Proved {
				p.Proved++
			}
		}
	}
	may := func(action access.Action) bool {
		asked := who
		asked.Fresh = true // it is asked for once the choice is made
		return access.Check(asked, access.Request{Action: action, Role: cred.Role}) == nil
	}
	p.May.Plan = may(access.Plan)
	p.May.Start, p.May.Rehearse = may(access.Rotate) && cred.Open == "", may(access.Rehearse) && cred.Open == ""
	for _, why := range reasons {
		if why.Value != string(pawl.Rehearsal) || p.May.Rehearse {
			p.Reasons = append(p.Reasons, why)
		}
	}
	return p, nil
}

// placed says of what a place holds whether it is the generation in use, where
// the last rotation spoke of old and new.
func placed(p api.Place, current string) api.Place {
	switch {
	case p.Generation == "" || current == "":
	case p.Generation == current:
		p.Holds = "current"
	default:
		p.Holds = "previous"
	}
	return p
}
