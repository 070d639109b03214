package rotation

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pawl-dev/pawl"
)

// An Assent is one person's approval of the plan.
type Assent struct {
	By    pawl.Actor
	Until time.Time // it counts no longer than this; zero: as long as the rotation
}

// Approved lists who agrees at that time: each person once.
func (s *State) Approved(now time.Time) []pawl.Actor {
	var all []pawl.Actor
	for _, a := range s.Approvals {
		if a.Until.IsZero() || now.Before(a.Until) {
			all = append(all, a.By)
		}
	}
	return all
}

// A Glass is what somebody broke to go on without the approval that the catalog
// asks for. Zero if nobody did.
type Glass struct {
	By    pawl.Actor
	Why   string
	At    time.Time
	Told  string    // who is told of it, for people
	Until time.Time // it counts no longer than this
}

// Broken reports whether somebody broke the glass, and it counts at that time.
func (s *State) Broken(now time.Time) bool { return now.Before(s.Glass.Until) }

// approval: a second person, if the catalog asks for one. After a leak it is
// owed instead of waited for.
func (d *decider) approval() bool {
	a := d.s.Plan.Approval
	if !d.s.Unapproved(d.now) || d.s.rehearsing() {
		return true
	}
	if d.s.Plan.Reason == pawl.Leak {
		d.Append = append(d.Append, pawl.Event{Type: pawl.EvOwed, Detail: "leak: the approval of " + a.From + " is owed"})
		return false
	}
	d.wait(Wait{On: OnApproval, Detail: fmt.Sprintf("approval by %s (%d of %d)", a.From, len(d.s.Approved(d.now)), a.Count)})
	return false
}

// Unapproved reports whether the revoke has to wait for somebody who agrees.
func (s *State) Unapproved(now time.Time) bool {
	a := s.Plan.Approval
	switch {
	case a == nil, len(s.Approved(now)) >= a.Count, s.Broken(now):
		return false
	}
	return s.Plan.Reason != pawl.Leak || !s.Owed
}

// AwaitsApproval reports whether the rotation goes no further than the gate without
// somebody who agrees, as it stands. A rehearsal goes back there, and after a leak
// the approval is given later.
func (s *State) AwaitsApproval(now time.Time) bool {
	return s.Target == pawl.New && s.Plan.Reason != pawl.Leak && !s.rehearsing() && s.Unapproved(now)
}

// approved: each person counts once, with their latest word. An approval of
// another plan is none of this one, and nobody approves what they asked for
// themselves unless the catalog says that there is nobody else.
func (s *State) approved(e pawl.Event) {
	a := s.Plan.Approval
	if e.Digest != "" && e.Digest != s.Plan.Digest() || behind(e.Actor) == behind(s.By) && (a == nil || !a.Alone) {
		return
	}
	s.Approvals = slices.DeleteFunc(slices.Clone(s.Approvals), func(x Assent) bool { return behind(x.By) == behind(e.Actor) })
	s.Approvals = append(s.Approvals, Assent{e.Actor, e.Until})
}

// glass: the approval is done without, for this plan and for a time, by somebody
// who says why. Who may is not known here.
func (s *State) glass(e pawl.Event) {
	if s.Plan.Approval != nil && e.Digest == s.Plan.Digest() && e.Reason != "" {
		s.Glass = Glass{By: e.Actor, Why: e.Reason, At: e.At, Told: e.Detail, Until: e.Until}
	}
}

// behind is the person behind an actor: of a token, who made it. What somebody
// asks for by a token, they cannot approve themselves.
func behind(a pawl.Actor) string {
	maker, _, _ := strings.Cut(a.ID, "/")
	return maker
}
