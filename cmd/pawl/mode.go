package main

import (
	"slices"
	"strings"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/rotation"
)

// modeWords is a plan's mode, with the steps that people do before the revoke.
func modeWords(p pawl.Plan) string {
	var steps []string
	if p.Hand != nil {
		steps = append(steps, pawl.MintStep)
	}
	for _, c := range p.Consumers {
		if c.Hand != nil || c.Human != nil && c.Human.Blocks {
			steps = append(steps, c.ID)
		}
	}
	if p.Approval != nil {
		steps = append(steps, "approval by "+p.Approval.From)
	}
	if len(steps) == 0 {
		return string(p.Mode())
	}
	return string(p.Mode()) + ": " + strings.Join(steps, ", ")
}

// byWhom says that a person does it, and who.
func byWhom(h *pawl.Human) string {
	switch {
	case h == nil:
		return ""
	case len(h.People) == 0:
		return ", by hand"
	}
	return ", by hand of " + strings.Join(h.People, ", ")
}

// byWhen says, in a line of status, until when a person has time, or since when
// they have had too much.
func byWhen(wait map[string]string, overdue []string) string {
	until, err := time.Parse(time.RFC3339, wait["until"])
	if err != nil || wait["on"] != string(rotation.OnPerson) {
		return ""
	}
	text := until.Local().Format("2006-01-02 15:04")
	if slices.Contains(overdue, wait["consumer"]) {
		return "   [overdue since " + text + "]"
	}
	return "   [until " + text + "]"
}
