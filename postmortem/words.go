package postmortem

import (
	"fmt"
	"strings"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/rotation"
	"github.com/pawl-dev/pawl/wording"
)

// words is an event as a line of the timeline; nothing if it is none. The state
// is the one before it.
func words(s *rotation.State, ev pawl.Event) string {
	by := " by " + plain(ev.Actor.ID)
	switch ev.Type {
	case pawl.EvPlanned:
		return "begun" + by
	case pawl.EvDriving:
		if s.Epoch > 0 {
			return "taken up again" + by
		}
	case pawl.EvPreflight:
		if ev.Result != pawl.Done {
			return "the checks failed: " + plain(ev.Detail)
		}
		return fmt.Sprintf("checks passed; the old key is %s%s", idOr(ev.ID, "dead already"), found(ev.Findings))
	case pawl.EvAccepted:
		return "**" + plain(ev.Consumer) + " may break**, accepted" + by + because(ev.Reason)
	case pawl.EvIntended:
		if ev.Step == pawl.StepRevoke {
			return fmt.Sprintf("revoke of the %s key begun, resting on %d proofs", ev.Side, len(ev.Evidence))
		}
	case pawl.EvEnded:
		return ended(ev)
	case pawl.EvChecked:
		return checked(s, ev)
	case pawl.EvObserved:
		return observed(s, ev)
	case pawl.EvConfirmed:
		return plain(ev.Consumer) + ": done, says " + plain(ev.Actor.ID)
	case pawl.EvAuthorised:
		return "revoke asked for" + by + because(ev.Detail)
	case pawl.EvApproved:
		return "approved" + by
	case pawl.EvGlass:
		return "**glass broken**" + by + ": gone on without the approval" + because(ev.Reason)
	case pawl.EvOwed:
		return plain(ev.Detail)
	case pawl.EvRollback:
		return "going back: " + plain(ev.Reason)
	case pawl.EvForward:
		return "going on: " + plain(ev.Reason)
	case pawl.EvPaused:
		return "paused" + by
	case pawl.EvUnpaused:
		return "going on" + by
	case pawl.EvWatching:
		if ev.Detail != "" {
			return fmt.Sprintf("**%s key proved dead**, first refused %s after the revoke", ev.Side, plain(ev.Detail))
		}
		return fmt.Sprintf("**%s key proved dead**", ev.Side)
	case pawl.EvStopped:
		return "stopped: " + plain(ev.Detail)
	case pawl.EvClosed:
		return "closed: " + string(ev.Outcome)
	}
	return ""
}

func found(findings []string) string {
	if len(findings) == 0 {
		return ""
	}
	return "; found: " + plain(strings.Join(wording.Together(findings), "; "))
}

func ended(ev pawl.Event) string {
	what := map[pawl.Step]string{pawl.StepMint: "new key made", pawl.StepKill: "orphan revoked", pawl.StepSet: plain(ev.Consumer) + " written",
		pawl.StepRevoke: string(ev.Side) + " key revoked", pawl.StepNotify: plain(ev.Consumer) + " told"}[ev.Step]
	switch {
	case what == "":
		return ""
	case ev.Result == pawl.Unsure:
		return what + "? It is not known: " + plain(ev.Detail)
	case ev.Result != pawl.Done:
		return "not done (" + what + "): " + plain(ev.Detail)
	case ev.Step == pawl.StepSet && !ev.Changed:
		return plain(ev.Consumer) + " held it already"
	case ev.ID != "":
		return what + ": " + plain(ev.ID)
	}
	return what
}

func checked(s *rotation.State, ev pawl.Event) string {
	switch {
	case ev.Side == pawl.New && ev.Kind == "" && s.Attempt() != nil && s.Attempt().Works.IsZero():
		return "the new key works"
	case ev.Side == pawl.Old && ev.Kind == pawl.Denied.String():
		if n := s.Old.Refused + 1; n > 1 {
			return fmt.Sprintf("the old key was refused, %d times in a row", n)
		}
		return "the old key was refused for the first time"
	case ev.Side == pawl.Old && ev.Kind == "" && s.Past():
		return "the old key still works"
	}
	return ""
}

func observed(s *rotation.State, ev pawl.Event) string {
	source := ""
	if p := s.Plan.Place(ev.Consumer); p != nil && ev.Proof > 0 && ev.Proof <= len(p.Proofs) {
		source, _, _ = strings.Cut(p.Proofs[ev.Proof-1].Name, "@")
		source = ", by " + plain(source)
	}
	switch {
	case ev.Verdict == pawl.Proved && ev.Class == pawl.NoEvidence:
		return plain(ev.Consumer) + ": condition holds" + source + ": " + plain(ev.Detail)
	case ev.Verdict == pawl.Proved:
		return plain(ev.Consumer) + " proved (" + ev.Class.String() + ")" + source + ": " + plain(ev.Detail)
	case ev.Verdict == pawl.Refuted:
		return plain(ev.Consumer) + " is not on it: " + plain(ev.Detail)
	}
	return ""
}
