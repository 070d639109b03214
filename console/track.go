package console

import (
	"strings"

	"github.com/pawl-dev/pawl/api"
)

// A station is a part of the way, in the order in which it is gone.
type station struct {
	Title string
	State string // done, here or ahead
	Gate  bool   // the point of no return is before it
}

// way is what the phases are called here. Several are one station.
var way = []struct {
	title  string
	phases string
}{
	{"Checks", "PLANNED PREFLIGHT"}, {"New key", "MINTING VERIFYING"}, {"Store", "STORING"}, {"Written", "PROPAGATING"}, {"Proved", "PROVING"},
	{"Soaked", "SOAKING"}, {"Approved", "APPROVAL"}, {"Revoked", "REVOKING"}, {"Refused", "CONFIRMING_DEAD"}, {"Watched", "WATCHING"},
}

func track(r api.Rotation) (all []station) {
	at := len(way)
	switch r.Outcome {
	case "done":
	case "rolled-back", "failed":
		at = -1
	default:
		at = -1
		for i, w := range way {
			if strings.Contains(" "+w.phases+" ", " "+r.Phase+" ") {
				at = i
			}
		}
	}
	if at < 0 {
		return nil // on its way back, or nowhere: there is no place on this road
	}
	for i, w := range way {
		if w.title == "Approved" && r.Approval == nil {
			continue
		}
		state := "ahead"
		switch {
		case i < at:
			state = "done"
		case i == at:
			state = "here"
		}
		title := w.title
		if title == "Approved" && state != "ahead" {
			title = consent(*r.Approval)
		}
		all = append(all, station{title, state, w.title == "Revoked"})
	}
	return all
}

// consent is what was passed where an approval is asked for.
func consent(a api.Approval) string {
	switch {
	case len(a.Given) >= a.Count:
		return "Approved"
	case a.Glass != nil:
		return "Glass broken"
	case a.Owed:
		return "Approval owed"
	}
	return "Approved" // it has run out since
}

var phases = map[string]string{
	"PLANNED": "planned", "PREFLIGHT": "checks", "MINTING": "making the new key", "VERIFYING": "trying the new key", "STORING": "writing the store",
	"PROPAGATING": "writing the places", "PROVING": "proving", "SOAKING": "soaking", "APPROVAL": "approval", "REVOKING": "revoking the old key",
	"CONFIRMING_DEAD": "confirming that the old key is refused", "WATCHING": "watching", "DONE": "done", "ROLLING_BACK": "going back",
	"ROLLED_BACK": "rolled back", "FAILED": "failed",
}

func phaseWord(phase string) string {
	if w, ok := phases[phase]; ok {
		return w
	}
	return strings.ToLower(phase)
}
