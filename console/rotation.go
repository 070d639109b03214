package console

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/api"
)

// rotationPage is one run: what happens next, whether the old key is valid and
// stopping is safe, which place is how far, and everything that happened.
type rotationPage struct {
	api.Rotation
	Next    action
	Old     badge
	Stop    badge
	Track   []station
	Steps   []step
	Lines   []line
	May     map[string]bool // what can be asked for: revoke, rollback, drive, approve, break-glass, deny, answer
	Paused  bool
	Answers []api.Place // the human steps that are not confirmed

	Mistyped bool   // another name was typed than the one to revoke by
	Typed    string // that name
}

func (c *Console) rotation(r *http.Request, who access.Subject) (*view, error) {
	id, err := rotationID(r)
	if err != nil {
		return nil, err
	}
	run, err := c.cfg.Desk.Rotation(r.Context(), who, id)
	if err != nil {
		return nil, err
	}
	steps, err := c.cfg.Desk.Steps(r.Context(), who, id)
	if err != nil {
		return nil, err
	}
	lines, err := c.cfg.Desk.Lines(r.Context(), who, id, 0)
	if err != nil {
		return nil, err
	}
	p := rotationPage{Rotation: run, Next: nextAction(run), Old: oldBadge(run), Stop: stopBadge(run), Track: track(run), Steps: named(steps, run),
		Lines: told(lines), May: map[string]bool{}}
	for _, choice := range run.Choices {
		p.May[strings.ReplaceAll(choice, "-", "")] = true
	}
	p.Paused = slices.ContainsFunc(run.Waits, func(w api.Wait) bool { return w.On == "pause" })
	for _, place := range run.Places {
		if place.Person && place.Holds == "unknown" && run.NewID != "" {
			p.Answers = append(p.Answers, place)
		}
	}
	v := &view{name: "rotation", title: run.ID, data: p}
	if run.Outcome == "" {
		v.live = run.ID
	}
	return v, nil
}

func rotationID(r *http.Request) (pawl.RotationID, error) {
	n, err := strconv.Atoi(r.PathValue("number"))
	id := pawl.RotationID{Credential: r.PathValue("credential"), Number: n}
	if err != nil || n < 1 || strings.Contains(id.Credential, "/") {
		return id, &pawl.Error{Op: "console", Kind: pawl.NotFound, Err: errNoRotation}
	}
	return id, nil
}

// oldBadge says what has become of the old key.
func oldBadge(r api.Rotation) badge {
	switch {
	case r.OldValid:
		return badge{"ok", "still valid", "good"}
	case r.Outcome == "done" || r.Phase == "WATCHING":
		return badge{"dead", "revoked and refused", "idle"}
	case r.Phase == "REVOKING" || r.Phase == "CONFIRMING_DEAD":
		return badge{"run", "being revoked", "warn"}
	}
	return badge{"alert", "not known to be valid", "warn"}
}

func stopBadge(r api.Rotation) badge {
	switch {
	case r.Outcome != "":
		return badge{"ok", "it is over", "idle"}
	case r.Safe && r.OldValid:
		return badge{"ok", "safe to stop", "good"}
	case r.Safe:
		return badge{"ok", "safe to stop, only forward", "good"}
	}
	return badge{"alert", "do not stop", "bad"}
}

// A step is a part of the run, with its name for people.
type step struct {
	api.Step
	Title string
	Wide  int // of its bar, out of 100
	Usual int
}

var stepTitles = map[string]string{"checks": "Checks", "mint": "New key made and tried", "soak": "Soak", "revoke": "Old key revoked", "dead": "Old key refused",
	"watch": "Watch", "restore": "Everything put back"}

func named(steps []api.Step, r api.Rotation) (all []step) {
	var longest int64 = 1
	for _, s := range steps {
		longest = max(longest, int64(s.Took), int64(s.Usually))
	}
	for _, s := range steps {
		title := stepTitles[s.Name]
		for _, p := range r.Places {
			if p.ID == s.Name {
				title = p.ID
			}
		}
		if title == "" {
			title = s.Name
		}
		all = append(all, step{s, title, int(100 * int64(s.Took) / longest), int(100 * int64(s.Usually) / longest)})
	}
	return all
}

func parseID(text string) (id pawl.RotationID, err error) {
	err = id.UnmarshalText([]byte(text))
	return id, err
}
