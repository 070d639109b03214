package audit

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"time"

	"github.com/pawl-dev/pawl"
)

// Action names what a record is about.
type Action string

const (
	RotatePlanned          Action = "secret.rotate.planned"
	RotateApproved         Action = "secret.rotate.approved"
	RotateGlassBroken      Action = "secret.rotate.glass_broken" // gone on without the approval that is asked for
	RotateStarted          Action = "secret.rotate.started"
	RotateMinted           Action = "secret.rotate.minted"
	RotateVerified         Action = "secret.rotate.verified"
	RotateStored           Action = "secret.rotate.stored"
	RotatePropagated       Action = "secret.rotate.propagated"
	RotateProved           Action = "secret.rotate.proved"
	RotateConfirmed        Action = "secret.rotate.confirmed" // a person said that their part is done
	RotateAccepted         Action = "secret.rotate.accepted"  // after a leak, a place may break
	RotateRevokeAuthorised Action = "secret.rotate.revoke_authorised"
	RotateRevoked          Action = "secret.rotate.revoked"
	RotateConfirmedDead    Action = "secret.rotate.confirmed_dead"
	RotateCompleted        Action = "secret.rotate.completed"
	RotateFailed           Action = "secret.rotate.failed"
	RotateAbandoned        Action = "secret.rotate.abandoned" // ended as it was; Detail says what it leaves
	RotateRollback         Action = "secret.rotate.rollback"  // it was decided to go back
	RotateRolledBack       Action = "secret.rotate.rolled_back"
	RotateNeedsOperator    Action = "secret.rotate.needs_operator"
	RotatePaused           Action = "secret.rotate.paused"
	RotateResumed          Action = "secret.rotate.resumed"
	RotateHandedOver       Action = "secret.rotate.handed_over" // somebody else looks after it from here on
	OrphanDetected         Action = "secret.orphan.detected"
	OrphanRevoked          Action = "secret.orphan.revoked"
	DriftDetected          Action = "secret.drift.detected"
	CopiesSearched         Action = "secret.copies.searched"     // for copies outside of the plan
	CopyAcknowledged       Action = "secret.copies.acknowledged" // one of them may lose the value
	SecretRevealed         Action = "secret.revealed"
	SecretClaimed          Action = "secret.claimed"
	SecretClaimExpired     Action = "secret.claim_expired"
	AuthDenied             Action = "auth.denied"
	AuthSignedIn           Action = "auth.signed_in"
	AuthSignedOut          Action = "auth.signed_out"
	PolicyChanged          Action = "policy.changed"
	KeyCreated             Action = "key.created"
	KeyRotated             Action = "key.rotated"
	Checkpointed           Action = "audit.checkpoint"
)

// Outcome is what is known of the action when it is recorded.
type Outcome string

const (
	Success Outcome = "success"
	Failure Outcome = "failure" // refused, or certainly not done
	Unknown Outcome = "unknown" // it may have happened; a later record whose Prev is this one settles it
	Pending Outcome = "pending" // an intent: about to be tried
)

// Method says how much of a rotation a person does.
type Method string

const (
	Automated        Method = "automated"
	OperatorAssisted Method = "operator-assisted"
	ByHand           Method = "manual"
)

// An Event is one thing that somebody did or tried, before the log numbers it.
// No field ever holds a value of a credential.
type Event struct {
	ID      string     // made by [New]; stable, so that sinks can drop what they have seen
	Action  Action     // required
	Time    time.Time  // required; written down in UTC to the millisecond
	Outcome Outcome    // required
	Actor   pawl.Actor // required
	Target  Target
	Context Context
	Prev    string // ID of the intent that this record is the outcome of
}

// Target is what the action was done to.
type Target struct {
	Credential string `json:"credential,omitempty"` // name in the catalog
	Provider   string `json:"provider,omitempty"`   // the operation, as "heroku/authorization@1"
	ProviderID string `json:"provider_id,omitempty"`
	OldID      string `json:"old_id,omitempty"` // the vendor's id of the old generation
	NewID      string `json:"new_id,omitempty"`
	Consumer   string `json:"consumer,omitempty"`
	Where      string `json:"where,omitempty"` // for people: "acme-api-prod HEROKU_API_KEY"
}

// Context is under which circumstances it was done.
type Context struct {
	Rotation  pawl.RotationID `json:"rotation,omitzero"`
	Step      pawl.Step       `json:"step,omitempty"`
	Attempt   int             `json:"attempt,omitempty"`
	Epoch     int64           `json:"fence,omitempty"` // the driver's claim
	Reason    pawl.Reason     `json:"reason,omitempty"`
	Method    Method          `json:"method,omitempty"`
	Label     string          `json:"label,omitempty"` // what was put where the vendor keeps a description
	PlanHash  string          `json:"plan_hash,omitempty"`
	Approvals []string        `json:"approvals,omitempty"` // who agreed
	Owed      bool            `json:"approval_owed,omitempty"`
	Evidence  []pawl.Evidence `json:"evidence,omitempty"`
	Kind      string          `json:"error_kind,omitempty"` // text of the error's Kind
	Detail    string          `json:"detail,omitempty"`     // for people
	Duration  int64           `json:"duration_ms,omitempty"`
	Roster    Edition         `json:"roster,omitzero"`
}

// Edition is the roster that a change of who may come in was made in, and how
// many of them it had seen when this was recorded. What is recorded here is in
// the roster already, so that a roster with less is an older copy.
type Edition struct {
	ID     string `json:"id"`
	Number int64  `json:"number"`
}

// New returns an event with a fresh id.
func New(action Action, outcome Outcome, at time.Time, by pawl.Actor) Event {
	return Event{ID: NewID(at), Action: action, Outcome: outcome, Time: at, Actor: by}
}

// NewID returns a UUID of version 7 (RFC 9562 section 5.7): ids sort by time.
func NewID(at time.Time) string {
	var id [16]byte
	binary.BigEndian.PutUint64(id[:8], uint64(at.UnixMilli())<<16)
	rand.Read(id[6:])
	id[6] = id[6]&0x0f | 0x70
	id[8] = id[8]&0x3f | 0x80
	text := hex.EncodeToString(id[:])
	return text[:8] + "-" + text[8:12] + "-" + text[12:16] + "-" + text[16:20] + "-" + text[20:]
}
