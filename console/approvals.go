package console

import (
	"net/http"
	"slices"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/api"
	"github.com/pawl-dev/pawl/desk"
)

// approvalsPage is what a second person is asked to agree to.
type approvalsPage struct{ Items []asked }

// asked is a rotation that waits for an approval, with what is to be agreed to.
type asked struct {
	api.Rotation
	Plan  *pawl.Plan // what is to be agreed to
	May   bool       // who looks may agree
	Glass bool       // they may go on without an approval
	Their bool       // they asked for it themselves
	Why   string     // why they may not
}

func (c *Console) approvals(r *http.Request, who access.Subject) (*view, error) {
	open, err := c.cfg.Desk.Rotations(r.Context(), who, desk.Query{Open: true, Limit: 200})
	if err != nil {
		return nil, err
	}
	p := approvalsPage{}
	for _, run := range open.Items {
		if !slices.ContainsFunc(run.Waits, func(w api.Wait) bool { return w.On == "approval" }) {
			continue
		}
		id, err := parseID(run.ID)
		if err != nil {
			return nil, err
		}
		whole, err := c.cfg.Desk.Rotation(r.Context(), who, id)
		if err != nil {
			return nil, err
		}
		a := asked{Rotation: whole, May: slices.Contains(whole.Choices, string(access.Approve)), Their: whole.By == who.Actor.ID,
			Glass: slices.Contains(whole.Choices, string(access.BreakGlass))}
		if a.Plan, err = c.planOf(r, who, id); err != nil {
			return nil, err
		}
		if !a.May {
			a.Why = why(who, whole)
		}
		p.Items = append(p.Items, a)
	}
	return &view{name: "approvals", title: "Approvals", live: "all", data: p}, nil
}

// planOf is the plan that a rotation was begun with.
func (c *Console) planOf(r *http.Request, who access.Subject, id pawl.RotationID) (*pawl.Plan, error) {
	lines, err := c.cfg.Desk.Lines(r.Context(), who, id, 0)
	if err != nil {
		return nil, err
	}
	for _, l := range lines {
		if l.Event.Plan != nil {
			return l.Event.Plan, nil
		}
	}
	return nil, nil
}

// why says why somebody may not agree, in the words of the table.
func why(who access.Subject, r api.Rotation) string {
	who.Fresh = true
	return pawl.CauseOf(access.Check(who, access.Request{Action: access.Approve, Requester: r.By, Team: r.Approval.From}))
}
