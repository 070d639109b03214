package pawl

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// RotationID names one run: "heroku-api-key/12". It can be said on the phone.
type RotationID struct {
	Credential string
	Number     int
}

func (id RotationID) String() string { return id.Credential + "/" + strconv.Itoa(id.Number) }

// MarshalText implements [encoding.TextMarshaler].
func (id RotationID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (id *RotationID) UnmarshalText(text []byte) error {
	name, number, ok := strings.Cut(string(text), "/")
	n, err := strconv.Atoi(number)
	if !ok || err != nil || name == "" || n < 1 {
		return fmt.Errorf("pawl: %q is not a rotation: want NAME/NUMBER", text)
	}
	*id = RotationID{name, n}
	return nil
}

// Actor is who did something: an OS user on a host, or pawl itself.
type Actor struct {
	Type string `json:"type"` // user, system
	ID   string `json:"id"`   // "ana@laptop-7"
}

// Result is what is known of an effect once it was tried.
type Result string

const (
	Done    Result = "done"
	NotDone Result = "not-done" // certainly nothing happened
	Unsure  Result = "unknown"  // it may have happened, or may still happen; settled by looking
)

// EventType says what an [Event] is about.
type EventType string

const (
	EvPlanned    EventType = "planned"      // Plan, Label: the rotation exists; Label is its unique prefix
	EvDriving    EventType = "driving"      // a process took it up; every intent without outcome is now unknown
	EvPreflight  EventType = "preflight"    // ID, Result: the checks passed; the old generation is known (ID may be empty if it is dead already)
	EvPrior      EventType = "prior"        // Consumer, Holds: what a place held before, if not the old generation
	EvIntended   EventType = "intended"     // Step …: an effect is about to be tried
	EvEnded      EventType = "ended"        // Step …, Result: what is known of it
	EvChecked    EventType = "checked"      // Side, Kind, Detail: a generation was tried at its vendor; Kind "" means it works
	EvListed     EventType = "listed"       // Label, IDs: generations live at the vendor with our label
	EvObserved   EventType = "observed"     // Consumer, Proof, Side, Verdict …: one look
	EvConfirmed  EventType = "confirmed"    // Consumer: a person says it is done
	EvAuthorised EventType = "authorised"   // the revoke was asked for; Detail: how
	EvApproved   EventType = "approved"     // a second person agrees. Digest: to which plan; Until: how long it counts
	EvGlass      EventType = "glass-broken" // somebody goes on without the approval that is asked for. Digest, Until: as above; Reason; Detail: who is told
	EvOwed       EventType = "approval-owed"
	EvAccepted   EventType = "accepted"  // Consumer: after a leak, it may break; the revoke does not wait for it. Reason: why
	EvSoaking    EventType = "soaking"   // Until
	EvGate       EventType = "gate"      // from here on evidence for the revoke is taken; what is older does not count
	EvForward    EventType = "forward"   // a rollback is given up: the old generation is dead. Reason
	EvRollback   EventType = "rollback"  // from here on everything goes back to the old generation; Reason
	EvPaused     EventType = "paused"    // no new effects
	EvUnpaused   EventType = "unpaused"  //
	EvWatching   EventType = "watching"  // Until; the doomed generation is proved dead
	EvHandover   EventType = "handover"  // To, Reason: from here on that person looks after it
	EvStopped    EventType = "stopped"   // a process stopped driving before the end; Detail says why, Kind what is needed
	EvAbandoned  EventType = "abandoned" // somebody ends it as it is; Reason, Findings: what it leaves
	EvClosed     EventType = "closed"    // Outcome
)

// Step names an effect.
type Step string

const (
	StepMint   Step = "mint"   // Attempt, Label
	StepKill   Step = "kill"   // ID: an orphan, or an attempt that is given up
	StepSet    Step = "set"    // Consumer, Side
	StepStart  Step = "start"  // Consumer, Proof, Side
	StepNotify Step = "notify" // Consumer
	StepRevoke Step = "revoke" // Side, ID: the point of no return
)

// Outcome is how a rotation ended.
type Outcome string

const (
	Completed  Outcome = "done"
	RolledBack Outcome = "rolled-back"
	Failed     Outcome = "failed" // nothing was changed anywhere, or all of it is undone; unless somebody abandoned it
)

// An Event is one line of a rotation's journal. The state of a rotation is
// nothing but the fold over its events. Which fields are set depends on Type.
// No field ever holds a value of a credential.
type Event struct {
	Type     EventType  `json:"type"`
	At       time.Time  `json:"at"`
	Actor    Actor      `json:"actor,omitzero"`
	Step     Step       `json:"step,omitempty"`
	Consumer string     `json:"consumer,omitempty"`
	Proof    int        `json:"proof,omitempty"`   // 1-based index into Place.Proofs; 0 is the place itself
	Side     Side       `json:"side,omitempty"`    // which generation it is about
	Attempt  int        `json:"attempt,omitempty"` // which mint, 1-based
	Label    string     `json:"label,omitempty"`
	ID       string     `json:"id,omitempty"`
	IDs      []string   `json:"ids,omitempty"`
	Result   Result     `json:"result,omitempty"`
	Kind     string     `json:"kind,omitempty"` // text of an error's Kind; empty if there was none
	Verdict  Verdict    `json:"verdict,omitempty"`
	Class    Class      `json:"class,omitempty"`
	Holds    Holds      `json:"holds,omitempty"`
	Mark     string     `json:"mark,omitempty"`
	Ticket   string     `json:"ticket,omitempty"`
	Detail   string     `json:"detail,omitempty"` // for people
	Hint     string     `json:"hint,omitempty"`   // for people: what to do about it
	Reason   string     `json:"reason,omitempty"`
	Until    time.Time  `json:"until,omitzero"`
	Outcome  Outcome    `json:"outcome,omitempty"`
	Changed  bool       `json:"changed,omitempty"` // of a set: something was sent
	Pending  bool       `json:"pending,omitempty"` // of a set: the vendor waits for a person
	Findings []string   `json:"findings,omitempty"`
	Evidence []Evidence `json:"evidence,omitempty"` // of a revoke intent: what it rests on
	Plan     *Plan      `json:"plan,omitempty"`
	Digest   string     `json:"digest,omitempty"` // of the plan that is meant
	Epoch    int64      `json:"epoch,omitempty"`
	Made     time.Time  `json:"made,omitzero"` // of a preflight: when the vendor made the old generation, if it says
	Strays   []Stray    `json:"strays,omitempty"`
	Searched []Searched `json:"searched,omitempty"`
	Reminder int        `json:"reminder,omitempty"` // of a notice: 1 if half of the time is over, 2 if all of it is
	To       string     `json:"to,omitempty"`       // of a handover: who has it now
	Request  string     `json:"request,omitempty"`  // of a plan: a digest of the request that asked for it, by which its repetition is known
}
