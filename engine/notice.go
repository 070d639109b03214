package engine

import (
	"context"
	"strings"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/rotation"
)

// notifier is how the person of a step is told; nil if nobody is to be.
func (r *run) notifier(a rotation.Action) pawl.Notifier {
	if a.Consumer == pawl.MintStep && r.state.Plan.Hand != nil {
		return r.hands.Minter
	}
	return r.hands.Notifiers[r.index(a.Consumer)]
}

func (r *run) notify(ctx context.Context, a rotation.Action, n pawl.Notifier, to string, m pawl.Message) outcome {
	if n == nil {
		return one(r.ended(pawl.StepNotify, a, nil))
	}
	return one(r.ended(pawl.StepNotify, a, n.Notify(ctx, to, m)))
}

// notice is what a person is told. It never holds a value: it says where the
// value is.
func notice(id pawl.RotationID, s *rotation.State, a rotation.Action) pawl.Message {
	h := s.Plan.Asks(a.Consumer)
	lines := []string{h.Ask}
	if h.Open != "" {
		lines = append(lines, h.Open)
	}
	lines = append(lines, doing(s, a, h)...)
	if h.Within > 0 {
		lines = append(lines, "It ought to be done within "+brief(h.Within)+".")
	}
	return pawl.Message{Title: [...]string{"", "Reminder: ", "Overdue: "}[a.Reminder] + title(s, a) + " (" + id.String() + ")", Text: strings.Join(lines, "\n")}
}

func title(s *rotation.State, a rotation.Action) string {
	c := s.Plan.Place(a.Consumer)
	name := s.Plan.Credential
	switch {
	case a.Consumer == pawl.MintStep && s.Plan.Hand != nil:
		return name + " is being rotated: please make the new one"
	case a.Side == pawl.Old && c.Hand != nil:
		return name + " was rolled back: please put the old one back into " + c.ID
	case a.Side == pawl.Old:
		return name + " was rolled back: please move back"
	case c.Hand != nil:
		return name + " is being rotated: please put the new one into " + c.ID
	}
	return name + " was rotated: please move to the new one"
}

// doing says how it goes on: where the value is, and what to say when done.
func doing(s *rotation.State, a rotation.Action, h *pawl.Human) []string {
	name := s.Plan.Credential
	if a.Consumer == pawl.MintStep && s.Plan.Hand != nil {
		return []string{"The old one stays valid meanwhile. What to paste, and where: pawl resume " + name}
	}
	c := s.Plan.Place(a.Consumer)
	where := "where you usually get it"
	for _, p := range s.Plan.Consumers {
		if p.Store && p.ID != c.ID {
			where = p.Where
		}
	}
	confirm := "pawl confirm " + name + " " + c.ID
	value := "The value is in " + where + "."
	if c.Hand != nil {
		value = "The value, for you alone: pawl claim " + name
	}
	if h.Blocks {
		return []string{value, "The old one stays valid until you have confirmed: " + confirm}
	}
	return []string{value, "When done: " + confirm}
}

// brief is a duration without parts that are nothing: "2h", not "2h0m0s".
func brief(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
