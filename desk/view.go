package desk

import (
	"strings"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/api"
	"github.com/pawl-dev/pawl/journal"
	"github.com/pawl-dev/pawl/rotation"
)

// summary is what a list shows of a rotation.
func summary(run journal.Run, s *rotation.State, now time.Time) api.Rotation {
	d := rotation.Decide(s, now)
	r := api.Rotation{
		ID: run.ID.String(), Credential: run.ID.Credential, Number: run.ID.Number, Reason: string(s.Plan.Reason), By: s.By.ID,
		Phase: string(d.Phase), Outcome: string(run.Outcome), Started: run.Created, Updated: run.Updated, Digest: s.Plan.Digest(),
		OldID: s.OldID, NewID: s.NewID(), OldValid: s.OldValid(), Safe: true, Waits: []api.Wait{}, Revision: run.Revision,
	}
	for i, c := range s.Plan.Consumers {
		if !c.Required() {
			continue
		}
		r.Required++
		if s.Holds(i) {
			r.Proved++
		}
	}
	if run.Outcome != "" {
		r.Ended = stamp(run.Updated)
		return r
	}
	r.Waits = waits(d.Waits)
	return r
}

// whole is everything about a rotation, and what who asks may do with it.
func whole(run journal.Run, s *rotation.State, who access.Subject, now time.Time) api.Rotation {
	r := summary(run, s, now)
	for i, c := range s.Plan.Consumers {
		r.Places = append(r.Places, placed(c, &s.Places[i], s, i))
	}
	if a := s.Plan.Approval; a != nil {
		r.Approval = &api.Approval{From: a.From, Count: a.Count, Given: []string{}, Owed: s.Owed}
		for _, by := range s.Approved(now) {
			r.Approval.Given = append(r.Approval.Given, by.ID)
		}
		if g := s.Glass; g.Why != "" {
			r.Approval.Glass = &api.Glass{By: g.By.ID, Why: g.Why, At: g.At.UTC(), Told: g.Told, Until: g.Until.UTC()}
		}
	}
	r.Choices = choices(s, who, now)
	return r
}

// planned is a place as a plan has it.
func planned(c pawl.Place) api.Place {
	kind, _, _ := strings.Cut(c.Op.Name, "@")
	p := api.Place{ID: c.ID, Kind: kind, Where: c.Where, Store: c.Store, Wave: c.Wave, Require: c.Require.String(), Required: c.Required(), Holds: "unknown"}
	if c.Human != nil {
		p.Kind, p.Person, p.Ask = "human", true, c.Human.Ask
	}
	if c.Hand != nil {
		p.Ask = c.Hand.Ask // a person writes there, and the machine looks
	}
	return p
}

func placed(c pawl.Place, in *rotation.Place, s *rotation.State, i int) api.Place {
	p := planned(c)
	p.Written, p.Proved = in.Write.Status == rotation.Done, s.Holds(i)
	p.Holds = holds(in.Look)
	p.Detail, p.Seen = in.Look.Detail, stamp(in.Look.At)
	if class := s.Strength(i); class > pawl.NoEvidence {
		p.Class = class.String()
	}
	for _, pr := range in.Proofs {
		if pr.Verdict == pawl.Proved && pr.Detail != "" {
			p.Detail = strings.TrimPrefix(p.Detail+"; "+pr.Detail, "; ")
		}
	}
	if c.Human != nil && in.Confirmed != "" {
		p.Holds, p.Detail, p.Seen = string(in.Confirmed), "confirmed by "+in.By.ID, stamp(in.ConfirmedAt)
	}
	switch p.Holds {
	case string(pawl.Old):
		p.Generation = s.OldID
	case string(pawl.New):
		p.Generation = s.NewID()
	}
	return p
}

// holds says which generation a look saw.
func holds(v rotation.Seen) string {
	switch v.Holds {
	case pawl.HoldsWant:
		return string(v.Side)
	case pawl.HoldsNot:
		return string(v.Side.Other())
	case pawl.HoldsOther, pawl.HoldsNothing:
		return string(v.Holds)
	}
	if v.Verdict == pawl.Proved {
		return string(v.Side)
	}
	return "unknown"
}

// choices are what who asks may ask for now.
func choices(s *rotation.State, who access.Subject, now time.Time) []string {
	if s.Outcome != "" {
		return nil
	}
	var all []string
	offer := func(when bool, action access.Action) {
		r := request(action, s)
		who := who
		who.Fresh = true // it is asked for once the choice is made
		if when && access.Check(who, r) == nil {
			all = append(all, string(action))
		}
	}
	forward := s.Target == pawl.New && !s.Past()
	offer(forward && s.Authorised == (pawl.Actor{}) && s.Plan.Reason != pawl.Rehearsal, access.Revoke)
	offer(forward && !s.OldDead, access.Rollback)
	offer(true, access.Drive)
	offer(wanting(s, now), access.Approve)
	offer(wanting(s, now) && forward && !s.OldDead, access.Deny)
	offer(forward && s.AwaitsApproval(now), access.BreakGlass)
	offer(len(unconfirmed(s)) > 0, access.Answer)
	return all
}

// wanting reports whether an approval is still missing.
func wanting(s *rotation.State, now time.Time) bool {
	a := s.Plan.Approval
	return s.Outcome == "" && a != nil && len(s.Approved(now)) < a.Count
}

func unconfirmed(s *rotation.State) []string {
	var who []string
	for _, c := range s.Plan.Consumers {
		if c.Human != nil && !s.Confirmed(c.ID) {
			who = append(who, c.ID)
		}
	}
	return who
}

// request is the question whether something may be done to a rotation.
func request(action access.Action, s *rotation.State) access.Request {
	r := access.Request{Action: action, Role: s.Plan.Role, Requester: s.By.ID}
	if a := s.Plan.Approval; a != nil {
		r.Team, r.Alone = a.From, a.Alone
	}
	return r
}

func stamp(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}
