package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/engine"
	"github.com/pawl-dev/pawl/postmortem"
	"github.com/pawl-dev/pawl/rotation"
	"github.com/pawl-dev/pawl/wording"
)

// say says what is exposed, in the order in which it is dealt with, and what
// will break.
func (in *incident) say() {
	if in.enc != nil {
		return
	}
	a := in.a
	a.say("Leak, reported %s (%s ago). %s, the most exposed first:", in.reported.Local().Format("2006-01-02 15:04:05"),
		time.Since(in.reported).Round(time.Second), wording.Count(len(in.all), "key"))
	if c := in.l.connection; c != "" {
		a.say("%s What connection %s itself signs in with is not among them. If that leaked, replace it at the vendor first.", a.sign(warn), c)
	}
	for _, m := range in.all {
		in.sayOne(m)
	}
}

func (in *incident) sayOne(m *member) {
	a, x := in.a, in.found[m]
	if m.err != nil {
		m.sc.a.tellVerdict(in.verdict(m))
		return
	}
	state := "works"
	switch {
	case x.report.Dead:
		state = "is refused by the vendor already"
	case x.open:
		state = fmt.Sprintf("%s is unfinished and goes on", m.id)
	case x.report.Old.ID == "":
		state = "could not be looked at"
	}
	a.say("  %s  %s%s, used in %s", m.plan.Credential, state, madeOn(x.report.Old.Created), wording.Count(x.copies, "place"))
	for _, line := range breaks(m.plan, x) {
		a.say("    %s %s", a.sign(warn), line)
	}
}

func madeOn(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return ", made " + t.Local().Format("2006-01-02")
}

// breaks says what will break, and what the revoke waits for.
func breaks(p pawl.Plan, x *exposed) (lines []string) {
	for i, c := range p.Consumers {
		people := ""
		if c.Human != nil && len(c.Human.People) > 0 {
			people = " (" + strings.Join(c.Human.People, ", ") + ")"
		}
		switch {
		case c.Accepted:
			lines = append(lines, c.ID+people+": may break, as accepted; it is tried, and not waited for")
		case i < len(x.report.Places) && x.report.Places[i].Problem != nil:
			why, _, _ := strings.Cut(wording.Plainly(x.report.Places[i].Problem.Error()), "\n")
			lines = append(lines, c.ID+": cannot be written or proved now: "+why)
		case c.Human != nil && c.Human.Blocks:
			lines = append(lines, c.ID+people+": a person has to move, and the revoke waits for them")
		case c.Human != nil:
			lines = append(lines, c.ID+people+": will be cut off; told, not waited for")
		}
	}
	for _, f := range x.unlisted {
		lines = append(lines, f)
	}
	if p.Approval != nil {
		lines = append(lines, fmt.Sprintf("the approval of %s is owed", p.Approval.From))
	}
	return lines
}

// askForEach asks, on the terminal, for each place that holds the revoke up
// whether it may break. Enter waits for it.
func (in *incident) askForEach(ctx context.Context) (accepted bool, err error) {
	for _, m := range in.begun() {
		for i := range m.plan.Consumers {
			c := &m.plan.Consumers[i]
			places := in.found[m].report.Places
			blocked := i < len(places) && places[i].Problem != nil || c.Human != nil && c.Human.Blocks
			if c.Accepted || c.Store || !blocked {
				continue
			}
			text, err := in.a.readLine(ctx, fmt.Sprintf("May %s of %s break? Type its name to accept that; Enter: the revoke waits for it. ", c.ID, m.plan.Credential))
			if err != nil {
				return accepted, err
			}
			if text == c.ID {
				c.Accepted, accepted = true, true
			}
		}
	}
	return accepted, nil
}

// askAccept asks, when a rotation has stopped, for the places that hold it up.
func (in *incident) askAccept(ctx context.Context, eng worker, r engine.Result) (bool, error) {
	if !in.a.asks() || r.Stop != nil || r.State.Outcome != "" || r.State.Past() {
		return false, nil
	}
	answered := false
	for _, id := range holdUp(r) {
		text, err := in.a.readLine(ctx, fmt.Sprintf("%s of %s holds the revoke up, and the leaked key still works.\n  Type %s to accept that it breaks; Enter: it stays as it is. ", id, r.ID, id))
		if err != nil {
			return false, err
		}
		if text == id {
			answered = true
			if err := eng.Signal(ctx, r.ID, pawl.Event{Type: pawl.EvAccepted, Consumer: id, Reason: in.l.incident}); err != nil {
				return false, err
			}
		}
	}
	return answered, nil
}

// acceptNext are the commands by which what holds a leaked key's revoke up is
// accepted to break.
func acceptNext(r engine.Result) (next []string) {
	if s := r.State; r.Stop != nil || s.Plan.Reason != pawl.Leak || s.Outcome != "" || s.Past() || s.Target == pawl.Old {
		return nil
	}
	for _, id := range holdUp(r) {
		next = append(next, "pawl leak "+r.ID.Credential+" --accept "+id+"   # if "+id+" may break")
	}
	return next
}

// holdUp are the places that a rotation waits for and that could be accepted.
func holdUp(r engine.Result) (ids []string) {
	for _, w := range r.Waits {
		c := r.State.Plan.Place(w.Consumer)
		if c == nil || c.Store || slices.Contains(ids, c.ID) {
			continue
		}
		switch w.On {
		case rotation.OnProof, rotation.OnEffect, rotation.OnHelp, rotation.OnPerson, rotation.OnVendor:
			ids = append(ids, c.ID)
		}
	}
	return ids
}

// conclude tells how it went: the table of the batch, the exposure of each and
// where its post-mortem is.
func (in *incident) conclude() error {
	now := time.Now()
	for _, m := range in.all {
		s := m.result.State
		if s == nil || m.err != nil {
			continue
		}
		e := postmortem.Of(s)
		m.more = map[string]any{"exposure_seconds": int(e.Lasts(now).Seconds()), "exposed": e.Until.IsZero(), "postmortem": m.file}
		m.note = exposureWord(e, now)
	}
	err := in.batch.conclude()
	if in.enc == nil {
		for _, m := range in.all {
			if m.file != "" {
				in.a.say("  post-mortem: %s", m.file)
			}
		}
	}
	return err
}

func exposureWord(e postmortem.Exposure, now time.Time) string {
	switch lasts := e.Lasts(now); {
	case e.Before:
		return "dead before this began"
	case e.Until.IsZero():
		return fmt.Sprintf("EXPOSED for %s", lasts)
	default:
		return fmt.Sprintf("exposed %s", lasts)
	}
}
