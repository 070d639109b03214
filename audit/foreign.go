package audit

import (
	"cmp"
	"encoding/json"
	"errors"
	"strings"

	"github.com/pawl-dev/pawl"
)

// Formats that other programs read. They are for searching; what proves
// something is the record as it was signed, which both name by its number.
const (
	OCSF = "ocsf" // https://schema.ocsf.io/1.6.0, class 3004: Entity Management
	CADF = "cadf" // DMTF DSP0262, https://www.dmtf.org/standards/cadf
)

// Foreign returns a record in one of those formats, as one line of JSON without
// the newline. Another format is [pawl.Invalid].
func Foreign(r Record, format string) ([]byte, error) {
	var v any
	switch format {
	case OCSF:
		v = ocsf(r)
	case CADF:
		v = cadf(r)
	default:
		return nil, &pawl.Error{Op: "audit.Foreign", Kind: pawl.Invalid, Err: errors.New("no such format"), Hint: "want ocsf or cadf"}
	}
	line, err := json.Marshal(v)
	if err != nil {
		return nil, &pawl.Error{Op: "audit.Foreign", Err: err}
	}
	return escape(line), nil
}

type object = map[string]any

// ocsf is an event of Entity Management: somebody does something to a managed
// entity, here a credential.
func ocsf(r Record) object {
	activity, name := ocsfActivity(r.Action)
	status := map[Outcome]int{Success: 1, Failure: 2, Pending: 99, Unknown: 0}[r.Outcome]
	severity := 1 // informational
	switch {
	case r.Action == RotateGlassBroken: // an alarm wherever it is told of
		severity = 4
	case r.Action == RotateFailed || r.Action == OrphanDetected || r.Action == RotateNeedsOperator:
		severity = 3
	case r.Outcome == Failure || r.Action == AuthDenied:
		severity = 2
	}
	return object{
		"category_uid": 3, "category_name": "Identity & Access Management", "class_uid": 3004, "class_name": "Entity Management",
		"activity_id": activity, "activity_name": name, "type_uid": 3004*100 + activity, "severity_id": severity,
		"status_id": status, "status": string(r.Outcome), "status_detail": r.Context.Kind, "message": r.Context.Detail, "time": r.Time.UnixMilli(),
		"actor":  object{"user": object{"name": r.Actor.ID, "type": r.Actor.Type}},
		"entity": object{"name": r.Target.Credential, "type": "credential", "uid": r.Target.ProviderID, "data": r.Target},
		"metadata": object{"version": "1.6.0", "uid": r.ID, "event_code": string(r.Action), "sequence": r.Index, "correlation_uid": rotationText(r),
			"product": object{"name": "pawl", "vendor_name": "pawl", "uid": r.Install}},
	}
}

// ocsfActivity is the nearest of the class's activities.
func ocsfActivity(a Action) (int, string) {
	switch a {
	case RotateMinted, KeyCreated:
		return 1, "Create"
	case RotatePropagated, RotateStored, KeyRotated, PolicyChanged, RotateRollback:
		return 3, "Update"
	case RotateRevoked, OrphanRevoked:
		return 4, "Delete"
	case SecretRevealed, SecretClaimed, RotateProved, RotateVerified, CopiesSearched:
		return 2, "Read"
	}
	return 99, strings.TrimPrefix(string(a), "secret.")
}

func rotationText(r Record) string {
	if r.Context.Rotation == (pawl.RotationID{}) {
		return ""
	}
	return r.Context.Rotation.String()
}

// cadf is an activity event: who, what, to what, with what outcome, seen by whom.
func cadf(r Record) object {
	outcome := map[Outcome]string{Success: "success", Failure: "failure", Pending: "pending", Unknown: "unknown"}[r.Outcome]
	e := object{
		"typeURI": "http://schemas.dmtf.org/cloud/audit/1.0/event", "id": r.ID, "eventType": "activity",
		"eventTime": r.Time.UTC().Format("2006-01-02T15:04:05.000-07:00"), "action": cadfAction(r.Action), "outcome": outcome,
		"initiator": object{"id": r.Actor.ID, "name": r.Actor.ID, "typeURI": cadfActor(r.Actor.Type)},
		"target":    object{"id": cmp.Or(r.Target.ProviderID, r.Target.Credential, "pawl"), "name": cmp.Or(r.Target.Credential, "pawl"), "typeURI": "data/security/credential"},
		"observer":  object{"id": r.Install, "name": "pawl", "typeURI": "service/security"},
		"tags":      []string{string(r.Action)},
		"attachments": []object{{"name": "pawl", "typeURI": "application/json",
			"content": object{"index": r.Index, "rotation": rotationText(r), "consumer": r.Target.Consumer, "detail": r.Context.Detail}}},
	}
	if r.Context.Kind != "" {
		e["reason"] = object{"reasonType": "pawl", "reasonCode": r.Context.Kind}
	}
	return e
}

// cadfAction is the verb of CADF's taxonomy, and behind it ours.
func cadfAction(a Action) string {
	switch a {
	case RotateMinted, KeyCreated:
		return "create/" + lastWord(a)
	case RotatePropagated, RotateStored, RotateRollback, PolicyChanged, KeyRotated:
		return "update/" + lastWord(a)
	case RotateRevoked, OrphanRevoked:
		return "revoke"
	case RotateApproved, RotateRevokeAuthorised:
		return "approve"
	case RotateGlassBroken:
		return "allow/" + lastWord(a)
	case AuthDenied:
		return "deny"
	case AuthSignedIn, AuthSignedOut:
		return "authenticate/" + lastWord(a)
	case SecretRevealed, SecretClaimed, RotateProved, RotateVerified, CopiesSearched:
		return "read/" + lastWord(a)
	}
	return "monitor/" + lastWord(a)
}

func lastWord(a Action) string {
	return string(a)[strings.LastIndexByte(string(a), '.')+1:]
}

func cadfActor(kind string) string {
	if kind == "user" {
		return "data/security/account/user"
	}
	return "service/security"
}
