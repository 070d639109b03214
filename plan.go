package pawl

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"
)

// Reason says why a rotation is made. It decides how much may be waited for.
type Reason string

const (
	Scheduled   Reason = "scheduled"
	Manual      Reason = "manual"
	Leak        Reason = "leak"        // no soak, one wave, approval after the fact
	Offboarding Reason = "offboarding" // somebody who could read the value left
	Rehearsal   Reason = "rehearsal"   // up to the gate, then back
)

// Reasons lists the reasons a person may give.
func Reasons() []Reason { return []Reason{Scheduled, Manual, Leak, Offboarding, Rehearsal} }

// A Plan is everything a rotation will do, as data. It is frozen in the
// journal when the rotation starts, so that a rotation that waited a week is
// finished as it was begun, by whichever binary then runs. It holds no secret.
type Plan struct {
	Format     int           `json:"format"` // 1
	Credential string        `json:"credential"`
	Title      string        `json:"title,omitempty"`
	Owner      string        `json:"owner,omitempty"`
	Role       string        `json:"role,omitempty"` // who may run it
	Reason     Reason        `json:"reason"`
	Issuer     Op            `json:"issuer"`
	Consumers  []Place       `json:"consumers"` // the store first if there is one, then by wave
	Approval   *Approval     `json:"approval,omitempty"`
	Soak       time.Duration `json:"soak,omitempty"`  // between the last proof and the revoke
	Watch      time.Duration `json:"watch,omitempty"` // after the old generation is dead
	Every      time.Duration `json:"every,omitempty"` // the schedule; a new generation must live longer than this
	Warnings   []string      `json:"warnings,omitempty"`
	Hand       *Human        `json:"hand,omitempty"` // set if only a person can mint; pawl checks, keeps and revokes

	// Elsewhere are places outside of the plan that may lose the value.
	Elsewhere []Acknowledgement `json:"elsewhere,omitempty"`

	// Incident is what is known of a leak when the rotation starts; nil for
	// every other reason, and where nobody said more than that.
	Incident *Incident `json:"incident,omitempty"`

	// Endpoints are the API roots of the connections by name. A rotation is
	// finished at the vendors at which it was begun, or not at all.
	Endpoints map[string]string `json:"endpoints,omitempty"`
}

// An Incident is a leak as it was reported. It holds no value.
type Incident struct {
	Reported time.Time `json:"reported"` // from here on the exposure is counted
	Why      string    `json:"why,omitempty"`
}

// An Op is an operation of a provider: what it is, through which connection,
// with which settings.
type Op struct {
	Name       string          `json:"name"` // "heroku/config-var@1"
	Connection string          `json:"connection,omitempty"`
	Config     json.RawMessage `json:"config,omitempty"` // the provider's own settings, canonical JSON
	Starts     bool            `json:"starts,omitempty"` // of a proof: it has to be set going first (a [Starter])
}

// A Place is one consumer of the plan: a location that is written by one call,
// with what has to be shown of it. Catalog entries that share a location (keys
// of one app) are one Place, so that the app restarts once.
type Place struct {
	ID      string   `json:"id"`
	Also    []string `json:"also,omitempty"` // further catalog entries that are this same location
	Op      Op       `json:"op"`
	Where   string   `json:"where"` // for people: "acme-api-prod HEROKU_API_KEY"
	Store   bool     `json:"store,omitempty"`
	Wave    int      `json:"wave"` // 0 for the store, then 1, 2, …
	Require Class    `json:"require"`
	Proofs  []Op     `json:"proofs,omitempty"`
	Human   *Human   `json:"human,omitempty"` // set if the place is a person
	Hand    *Human   `json:"hand,omitempty"`  // set if only a person can write there; pawl looks whether it was done

	// Accepted says that the place may break ([EvAccepted]). It is never part
	// of a plan that is frozen, only of what is opened and looked at for one.
	Accepted bool `json:"-"`
}

// Human is the part of a plan that only a person can do.
type Human struct {
	People  []string `json:"people,omitempty"`
	Ask     string   `json:"ask"`
	Notify  *Op      `json:"notify,omitempty"`
	To      string   `json:"to,omitempty"`
	Blocks  bool     `json:"blocks"` // the revoke waits for it
	Machine bool     `json:"machine,omitempty"`

	Open   string        `json:"open,omitempty"`   // the page on which it is done
	Within time.Duration `json:"within,omitempty"` // how long it may take; zero: as long as it takes
}

// Required reports whether the revoke waits for this place.
func (p Place) Required() bool { return p.Human == nil || p.Human.Blocks }

// Approval says who else has to agree before the revoke.
type Approval struct {
	From  string `json:"from"`
	Count int    `json:"count"`
	Alone bool   `json:"alone,omitempty"` // a team of one: who asked for the rotation may agree to it
}

// Digest returns "sha256:" and the hex digest of the plan. Two plans with one
// digest do the same.
func (p Plan) Digest() string {
	text, err := json.Marshal(p)
	if err != nil { // a Plan holds only marshalable fields; RawMessage is validated when it is made
		panic("pawl: plan: " + err.Error())
	}
	sum := sha256.Sum256(text)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// Place returns the place with this consumer id, or nil. The ids of merged
// entries find the place they were merged into.
func (p *Plan) Place(id string) *Place {
	for i := range p.Consumers {
		if p.Consumers[i].ID == id {
			return &p.Consumers[i]
		}
		for _, also := range p.Consumers[i].Also {
			if also == id {
				return &p.Consumers[i]
			}
		}
	}
	return nil
}
