package engine

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/audit"
	"github.com/pawl-dev/pawl/rotation"
)

// account says what an event means to an auditor. It is written in the same
// transaction as the event, so that neither exists without the other. The
// state is the one after the event.
func account(id pawl.RotationID, s *rotation.State, ev pawl.Event) []audit.Event {
	action, outcome := meaning(s, ev)
	if action == "" {
		return nil
	}
	a := audit.New(action, outcome, ev.At, ev.Actor)
	a.Target = audit.Target{Credential: id.Credential, Provider: s.Plan.Issuer.Name, ProviderID: ev.ID,
		OldID: s.OldID, NewID: s.NewID(), Consumer: ev.Consumer}
	if p := s.Plan.Place(ev.Consumer); p != nil {
		a.Target.Provider, a.Target.Where = p.Op.Name, p.Where
	}
	a.Context = audit.Context{Rotation: id, Step: ev.Step, Attempt: ev.Attempt, Epoch: s.Epoch, Reason: s.Plan.Reason, Method: audit.Method(s.Plan.Mode()),
		Label: ev.Label, Owed: s.Owed, Evidence: ev.Evidence, Kind: ev.Kind, Detail: detail(ev)}
	for _, who := range s.Approved(ev.At) {
		a.Context.Approvals = append(a.Context.Approvals, who.ID)
	}
	switch ev.Type {
	case pawl.EvPlanned:
		a.Context.PlanHash = s.Plan.Digest()
		if len(s.Plan.Warnings) > 0 {
			a.Context.Detail = joinWarnings(s.Plan.Warnings)
		}
		if in := s.Plan.Incident; in != nil {
			a.Context.Detail = strings.TrimSpace("leak reported " + in.Reported.UTC().Format(time.RFC3339) + " " + in.Why + "; " + a.Context.Detail)
		}
	case pawl.EvClosed:
		a.Context.PlanHash, a.Context.Evidence = s.Plan.Digest(), s.Evidence()
		a.Context.Duration = ev.At.Sub(s.Started).Milliseconds()
	case pawl.EvCensus:
		a.Context.Detail = countWords(ev)
	case pawl.EvAcknowledged:
		a.Target.Consumer, a.Target.Where = "", ev.Consumer
	case pawl.EvObserved:
		a.Context.Evidence = []pawl.Evidence{{Consumer: ev.Consumer, Side: ev.Side, Class: ev.Class, Source: a.Target.Provider, Detail: ev.Detail, At: ev.At}}
	}
	return []audit.Event{a}
}

func joinWarnings(all []string) string {
	text := "warnings: "
	for i, w := range all {
		if i > 0 {
			text += "; "
		}
		text += w
	}
	return text
}

func detail(ev pawl.Event) string {
	if ev.Type == pawl.EvAbandoned {
		return ev.Reason + "; it leaves: " + strings.Join(ev.Findings, "; ")
	}
	if ev.Type == pawl.EvGlass {
		return strings.TrimSuffix(ev.Reason+"; "+ev.Detail, "; ")
	}
	if ev.Detail != "" {
		return ev.Detail
	}
	return ev.Reason
}

var outcomes = map[pawl.Result]audit.Outcome{pawl.Done: audit.Success, pawl.NotDone: audit.Failure, pawl.Unsure: audit.Unknown}

// plain are the events that always mean the same.
var plain = map[pawl.EventType]struct {
	action  audit.Action
	outcome audit.Outcome
}{
	pawl.EvPlanned:      {audit.RotatePlanned, audit.Success},
	pawl.EvPrior:        {audit.DriftDetected, audit.Success},
	pawl.EvConfirmed:    {audit.RotateConfirmed, audit.Success},
	pawl.EvAuthorised:   {audit.RotateRevokeAuthorised, audit.Success},
	pawl.EvApproved:     {audit.RotateApproved, audit.Success},
	pawl.EvGlass:        {audit.RotateGlassBroken, audit.Success},
	pawl.EvCensus:       {audit.CopiesSearched, audit.Success},
	pawl.EvAcknowledged: {audit.CopyAcknowledged, audit.Success},
	pawl.EvOwed:         {audit.RotateApproved, audit.Pending},
	pawl.EvAccepted:     {audit.RotateAccepted, audit.Success},
	pawl.EvAbandoned:    {audit.RotateAbandoned, audit.Success},
	pawl.EvForward:      {audit.RotateResumed, audit.Success},
	pawl.EvRollback:     {audit.RotateRollback, audit.Success},
	pawl.EvWatching:     {audit.RotateConfirmedDead, audit.Success},
	pawl.EvPaused:       {audit.RotatePaused, audit.Success},
	pawl.EvUnpaused:     {audit.RotateResumed, audit.Success},
	pawl.EvStopped:      {audit.RotateNeedsOperator, audit.Pending},
	pawl.EvHandover:     {audit.RotateHandedOver, audit.Success},
}

// meaning is what an event is to an auditor; no action if it is nothing.
func meaning(s *rotation.State, ev pawl.Event) (audit.Action, audit.Outcome) {
	switch ev.Type {
	case pawl.EvDriving:
		if s.Ready {
			return audit.RotateResumed, audit.Success
		}
		return audit.RotateStarted, audit.Success
	case pawl.EvIntended:
		return effects(s, ev), audit.Pending
	case pawl.EvEnded:
		return effects(s, ev), outcomes[ev.Result]
	case pawl.EvChecked:
		if ev.Side == pawl.New && ev.Kind == "" && s.Target == pawl.New && !s.Past() {
			return audit.RotateVerified, audit.Success
		}
	case pawl.EvObserved:
		if ev.Verdict == pawl.Proved {
			return audit.RotateProved, audit.Success
		}
	case pawl.EvClosed:
		if ev.Outcome == pawl.Failed {
			return audit.RotateFailed, audit.Failure
		}
		return closed[ev.Outcome], audit.Success
	case pawl.EvCensus:
		if slices.ContainsFunc(ev.Searched, func(x pawl.Searched) bool { return x.Kind != "" && !x.Closed() }) {
			return audit.CopiesSearched, audit.Failure // it is not complete
		}
	}
	return plain[ev.Type].action, plain[ev.Type].outcome
}

var closed = map[pawl.Outcome]audit.Action{
	pawl.Completed: audit.RotateCompleted, pawl.RolledBack: audit.RotateRolledBack,
}

func effects(s *rotation.State, ev pawl.Event) audit.Action {
	switch ev.Step {
	case pawl.StepMint:
		return audit.RotateMinted
	case pawl.StepKill:
		return audit.OrphanRevoked
	case pawl.StepRevoke:
		return audit.RotateRevoked
	case pawl.StepSet:
		if p := s.Plan.Place(ev.Consumer); p != nil && p.Store {
			return audit.RotateStored
		}
		return audit.RotatePropagated
	}
	return "" // starting a proof and telling a person change no credential
}

// orphans accounts for the generations that an event has shown to be nobody's.
func orphans(id pawl.RotationID, s *rotation.State, ev pawl.Event, before int) []audit.Event {
	var all []audit.Event
	for _, k := range s.Kills[min(before, len(s.Kills)):] {
		if ev.Type == pawl.EvIntended {
			continue // an intent to kill makes its own entry
		}
		a := audit.New(audit.OrphanDetected, audit.Success, ev.At, ev.Actor)
		a.Target = audit.Target{Credential: id.Credential, Provider: s.Plan.Issuer.Name, ProviderID: k.ID, OldID: s.OldID, NewID: s.NewID()}
		a.Context = audit.Context{Rotation: id, Epoch: s.Epoch, Reason: s.Plan.Reason, Detail: k.Why}
		all = append(all, a)
	}
	return all
}

// chain links outcomes to the intents that they are of.
type chain map[string]string

func (c chain) link(all []audit.Event) {
	for i := range all {
		a := &all[i]
		k := string(a.Action) + "|" + a.Target.Consumer + "|" + a.Target.ProviderID + "|" + strconv.Itoa(a.Context.Attempt)
		if a.Action == audit.RotateMinted { // the id is not known before
			k = string(a.Action) + "|" + strconv.Itoa(a.Context.Attempt)
		}
		if a.Outcome == audit.Pending {
			c[k] = a.ID
		} else {
			a.Prev = c[k]
		}
	}
}
