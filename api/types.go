package api

import (
	"encoding/json"
	"time"

	"github.com/pawl-dev/pawl"
)

// A Page is a part of a list.
type Page[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty" doc:"Hand it back as after to go on; absent on the last page."`
}

// State is how a credential is, in one word.
type State string

const (
	Fine     State = "ok"
	Soon     State = "due"     // within the first of its reminders
	Overdue  State = "overdue" //
	Rotating State = "rotating"
	Waiting  State = "waiting" // a rotation is open, and waits for somebody
	Never    State = "never"   // it was never rotated here
)

// A Credential is a catalog entry with what the journal knows of it.
type Credential struct {
	Name      string     `json:"name" example:"heroku-api-key"`
	Title     string     `json:"title,omitempty"`
	Why       string     `json:"why,omitempty"`
	Owner     string     `json:"owner,omitempty"`
	Role      string     `json:"role,omitempty" doc:"Who may rotate it."`
	Mode      string     `json:"mode" doc:"automated, operator-assisted or manual; derived from the catalog."`
	AppliesTo []string   `json:"applies_to,omitempty"`
	State     State      `json:"state"`
	Last      *time.Time `json:"last_rotated,omitempty" doc:"When the last completed rotation ended."`
	Due       *time.Time `json:"due,omitempty"`
	Every     int64      `json:"every_seconds,omitempty"`
	Open      string     `json:"open,omitempty" doc:"The unfinished rotation, if there is one." example:"heroku-api-key/12"`
	Places    int        `json:"places"`
}

// A CredentialView is a credential with its places and what each holds as far
// as the journal knows.
type CredentialView struct {
	Credential
	Consumers []Place    `json:"consumers"`
	Runs      []Rotation `json:"runs" doc:"The newest rotations, newest first."`
	Current   string     `json:"current,omitempty" doc:"The vendor's id of the generation in use; absent while a rotation is open, and where it is not known."`
}

// A Place is one consumer, in the catalog or in a rotation.
type Place struct {
	ID       string     `json:"id"`
	Kind     string     `json:"kind" example:"heroku/config-var"`
	Where    string     `json:"where"`
	Store    bool       `json:"store,omitempty"`
	Wave     int        `json:"wave"`
	Require  string     `json:"require" doc:"The evidence class that is required before the revoke."`
	Required bool       `json:"required" doc:"The revoke waits for it."`
	Person   bool       `json:"person,omitempty"`
	Ask      string     `json:"ask,omitempty" doc:"Of a person: what to do."`
	Holds    string     `json:"holds" doc:"old, new, other, nothing or unknown: the generation that was last seen there."`
	Written  bool       `json:"written"`
	Proved   bool       `json:"proved"`
	Class    string     `json:"class,omitempty" doc:"The strongest evidence that was seen."`
	Detail   string     `json:"detail,omitempty" doc:"How it was shown."`
	Seen     *time.Time `json:"seen,omitempty" doc:"When."`

	Generation string `json:"generation,omitempty" doc:"The vendor's id of the generation that was last seen there."`
}

// A Wait is something that keeps a rotation from going on.
type Wait struct {
	On       string     `json:"on" doc:"proof, effect, timer, person, approval, revoke, vendor, death, help or pause."`
	Consumer string     `json:"consumer,omitempty"`
	Place    string     `json:"place,omitempty" doc:"Outside of the plan: what can be accepted to go on."`
	Kind     string     `json:"kind,omitempty" doc:"What kind of error it is, if it is one."`
	Detail   string     `json:"detail"`
	Hint     string     `json:"hint,omitempty"`
	Until    *time.Time `json:"until,omitempty"`
}

// A Rotation is one run.
type Rotation struct {
	ID         string     `json:"id" example:"heroku-api-key/12"`
	Credential string     `json:"credential"`
	Number     int        `json:"number"`
	Reason     string     `json:"reason"`
	By         string     `json:"by" doc:"Who asked for it."`
	Phase      string     `json:"phase" example:"PROVING"`
	Outcome    string     `json:"outcome,omitempty" doc:"done, rolled-back or failed; absent while it is open."`
	Started    time.Time  `json:"started"`
	Updated    time.Time  `json:"updated"`
	Digest     string     `json:"plan_digest"`
	OldID      string     `json:"old_id,omitempty"`
	NewID      string     `json:"new_id,omitempty"`
	OldValid   bool       `json:"old_valid" doc:"The old generation is certainly untouched by this rotation."`
	Safe       bool       `json:"safe_to_stop"`
	Proved     int        `json:"proved"`
	Required   int        `json:"required"`
	Waits      []Wait     `json:"waits"`
	Places     []Place    `json:"places,omitempty"`
	Choices    []string   `json:"choices,omitempty" doc:"What the caller may ask for now."`
	Checked    *Checked   `json:"checked,omitempty" doc:"After a confirmation: what a machine saw."`
	Approval   *Approval  `json:"approval,omitempty"`
	Revision   int64      `json:"revision" doc:"Also the ETag."`
	Ended      *time.Time `json:"ended,omitempty"`
}

// An Approval is what a second person is asked for.
type Approval struct {
	From  string   `json:"from"`
	Count int      `json:"count"`
	Given []string `json:"given"`
	Owed  bool     `json:"owed,omitempty"`
	Glass *Glass   `json:"glass_broken,omitempty" doc:"Somebody goes on without it."`
}

// A Glass is that somebody goes on without the approval that is asked for.
type Glass struct {
	By    string    `json:"by"`
	Why   string    `json:"why"`
	At    time.Time `json:"at"`
	Told  string    `json:"told,omitempty" doc:"Who is told of it, for people."`
	Until time.Time `json:"until" doc:"It counts no longer than this."`
}

// A Line is one event of a rotation with its number, counted from 1.
type Line struct {
	Rotation string     `json:"rotation"`
	Number   int        `json:"number"`
	Event    pawl.Event `json:"event"`
}

// A Planned is what a rotation would do, and whether it could.
type Planned struct {
	Credential string    `json:"credential"`
	Digest     string    `json:"digest"`
	Plan       pawl.Plan `json:"plan"`
	OldID      string    `json:"old_id,omitempty"`
	OldDead    bool      `json:"old_dead,omitempty"`
	Places     []Place   `json:"places"`
	Findings   []string  `json:"findings,omitempty"`
	Problems   []string  `json:"problems,omitempty"`
	Report     Report    `json:"report" doc:"The same, as it was found."`
	Outlook    *Outlook  `json:"outlook,omitempty"`
}

// A Start asks for a rotation.
type Start struct {
	Credential string `json:"credential" minLength:"1" maxLength:"64"`
	Reason     string `json:"reason,omitempty" enum:"scheduled,manual,leak,offboarding,rehearsal"`
	Digest     string `json:"plan_digest,omitempty" maxLength:"80" doc:"Of the plan that was looked at. If the catalog has changed since, the answer is 409."`
	AutoRevoke bool   `json:"auto_revoke,omitempty" doc:"Revoke as soon as every required consumer is proved. Needs the right to revoke."`

	Reported *time.Time `json:"reported,omitempty" doc:"Of a leak: when it was reported."`
	Why      string     `json:"why,omitempty" maxLength:"500" doc:"Of a leak: what happened. Never the value."`
	Accept   []string   `json:"accept,omitempty" maxItems:"200" doc:"Of a leak: places that may break."`
}

// A Decision is what somebody says to a rotation.
type Decision struct {
	Consumer string `json:"consumer,omitempty" maxLength:"64" doc:"The human step, where one is meant."`
	Place    string `json:"place,omitempty" maxLength:"300" doc:"Of something accepted: a place outside of the plan, or a connection."`
	Why      string `json:"why,omitempty" maxLength:"500"`
	To       string `json:"to,omitempty" maxLength:"200" doc:"Of a hand-over: to whom."`
	Digest   string `json:"plan_digest,omitempty" maxLength:"80" doc:"Of an approval or a broken glass: the plan that is meant."`
}

// A Problem is an error, after RFC 9457. It never repeats what was sent.
type Problem struct {
	Type   string   `json:"type" doc:"Stable: one for each code. docs/server.md says what each means."`
	Title  string   `json:"title"`
	Status int      `json:"status"`
	Detail string   `json:"detail,omitempty"`
	Code   string   `json:"code" doc:"The kind of error, in a word."`
	Next   []string `json:"next,omitempty" doc:"What to do next."`
	Safe   *bool    `json:"safe,omitempty" doc:"This request changed nothing: an old credential that was valid is valid. Absent where that is not known."`
	Op     string   `json:"op,omitempty" doc:"What was being attempted."`
	Open   string   `json:"open,omitempty" doc:"The rotation that is not finished, if that is what is wrong."`

	Received string `json:"received,omitempty" doc:"Of a value that was refused: what came in, without telling it."`
}

func (p *Problem) Error() string {
	if p.Detail == "" {
		return p.Title
	}
	return p.Title + ": " + p.Detail
}

// A Record is one line of the audit log as it was signed.
type Record struct {
	Index int             `json:"index"`
	Body  json.RawMessage `json:"body"`
}
