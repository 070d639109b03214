package rotation

import (
	"time"

	"github.com/pawl-dev/pawl"
)

// State is what is known of one rotation: a fold over its events. Build it
// with [Fold] or by calling Apply on the zero State; never set its fields.
type State struct {
	Plan    pawl.Plan
	Label   string // prefix of every label of this rotation; unique among all installations
	Started time.Time
	Last    time.Time // time of the newest event
	Epoch   int64

	Ready      bool      // preflight passed
	OldDead    bool      // it was dead before this began
	OldID      string    // the vendor's id of the old generation; empty if it was dead already
	OldMade    time.Time // when the vendor made it; zero if it does not say
	Attempts   []Attempt
	Places     []Place   // as Plan.Consumers
	Minted     int       // mints tried since a process took it up
	Found      time.Time // the last search for the attempt in use
	FindFails  int       // searches in a row that failed
	FindKind   pawl.Kind
	FindDetail string
	Kills      []Kill // generations that must go: orphans and given-up attempts
	Old, New   Check  // what the vendor said of each generation's value

	Target     pawl.Side
	Back       string // why it is rolled back; empty going forward
	Aborted    bool   // rolled back because the rotation failed, not because somebody asked
	SoakUntil  time.Time
	Authorised pawl.Actor
	Once       bool       // Authorised holds for the process that asked only
	By         pawl.Actor // who asked for it
	Approvals  []Assent
	Owed       bool      // the approval is given after the fact
	Glass      Glass     // somebody went on without it
	Revoke     Effect    // of the doomed generation
	Sent       bool      // a revoke was sent that may have happened, whatever later ones came to
	Sends      int       // how often it was sent
	Census     Census    // the search for copies outside of the plan
	Gate       time.Time // evidence for the revoke counts from here on; zero: it is not being taken
	BackAt     time.Time // when the rollback was asked for
	Dead       time.Time
	WatchUntil time.Time
	Swept      time.Time // the last listing by Label
	Unsettled  time.Time // no final sweep before this: an effect of ours may still land

	Holder   string // who looks after it since it was handed over; empty: whoever began it
	HandedBy pawl.Actor
	HandedAt time.Time
	Note     string // what was said with it

	Paused    bool
	Abandoned string // why somebody ended it as it was; empty if nobody did
	Outcome   pawl.Outcome
	Failure   pawl.Event // the refusal or failure that ended it, for people
}

// ForThisRun is the Reason of an [pawl.EvAuthorised] that holds only as long as
// the process that appended it drives: a flag of its command line.
const ForThisRun = "for this run"

// Status is what is known of an effect.
type Status string

const (
	Untried  Status = ""
	Intended Status = "intended" // some process is trying it right now
	Done     Status = "done"
	NotDone  Status = "not-done"
	Unsure   Status = "unsure"
)

// An Effect is something done to the outside world.
type Effect struct {
	Status Status
	Begun  time.Time // the latest intent
	At     time.Time // the latest change
	Fails  int       // outcomes other than done, in a row
	Kind   pawl.Kind // of the latest failure
	Detail string
	Hint   string
}

// An Attempt is one try to mint. Where a person mints, it is Intended from when
// they are asked until the value is there, however many processes come and go.
type Attempt struct {
	Effect
	Told
	Number  int
	Label   string
	ID      string
	Expires time.Time // zero: never
	Works   time.Time // when its value was first seen working; zero: never
	GivenUp string    // why it will not be used; empty while it may
}

// nothingMade is why an attempt was given up whose answer was lost.
const nothingMade = "the vendor made nothing"

// MadeNothing reports whether the answer to a mint was lost, and nothing that it
// made was found for as long as was looked.
func (a Attempt) MadeNothing() bool { return a.Status == Unsure && a.GivenUp == nothingMade }

// A Kill is a generation that must be revoked although no consumer was ever
// asked to use it.
type Kill struct {
	Effect
	ID  string
	Why string
}

// A Check is what the vendor said when a value was tried.
type Check struct {
	At      time.Time // the latest answer
	Works   bool      // the latest answer was yes
	Refused int       // consecutive refusals
	First   time.Time // the first of them
	Kind    pawl.Kind // of the latest answer that was not a yes
	Detail  string
	Tries   int // looks since the last decisive answer
}

// A Place is the state of one consumer.
type Place struct {
	Write   Effect
	Side    pawl.Side               // what Write wrote
	Attempt int                     // which mint, if Side is New
	Mark    string                  // the vendor's mark of the write
	Pending string                  // the vendor holds the write back for a person
	Asked   int                     // how often that person was asked, in a row
	Unsure  map[pawl.Side]time.Time // until when a write of that side may still land
	Touched bool                    // a write of the new generation was ever intended
	Prior   pawl.Holds              // what it held before, if not the old generation
	Heals   int                     // how often it had to be written again
	Look    Seen
	Proofs  []Proof
	Told
	Accepted    pawl.Actor // who accepted that it may break; after a leak only
	Doubt       string     // why the latest claim of a person was not believed
	Confirmed   pawl.Side
	By          pawl.Actor
	ConfirmedAt time.Time
}

// Told is the state of telling a person what they are waited for.
type Told struct {
	Notice   Effect
	Reminded int // the latest reminder that was sent, or given up
	Reminder Effect
}

// A Proof is the state of one proof of a place.
type Proof struct {
	Start  Effect
	Ticket string
	Seen
}

// Seen is the latest look at something.
type Seen struct {
	Side    pawl.Side // which generation was asked for
	At      time.Time
	Verdict pawl.Verdict
	Class   pawl.Class
	Holds   pawl.Holds
	Kind    pawl.Kind // the look itself failed
	Mark    string
	Detail  string
	Hint    string
}

// Doomed is the side that is revoked at the end.
func (s *State) Doomed() pawl.Side { return s.Target.Other() }

// Attempt returns the mint in use, or nil.
func (s *State) Attempt() *Attempt {
	if n := len(s.Attempts); n > 0 {
		return &s.Attempts[n-1]
	}
	return nil
}

// NewID is the vendor's id of the new generation, or "".
func (s *State) NewID() string {
	if a := s.Attempt(); a != nil && a.GivenUp == "" {
		return a.ID
	}
	return ""
}

// ID is the vendor's id of one side.
func (s *State) ID(side pawl.Side) string {
	if side == pawl.Old {
		return s.OldID
	}
	return s.NewID()
}

// Checked returns what the vendor said of one side.
func (s *State) Checked(side pawl.Side) *Check {
	if side == pawl.Old {
		return &s.Old
	}
	return &s.New
}

// Past reports whether the point of no return is behind: the revoke of the
// doomed generation was intended at least once.
func (s *State) Past() bool {
	return s.Sent || s.Revoke.Status != Untried || !s.Dead.IsZero()
}

// gone reports whether the doomed generation may be revoked already. An intent
// whose call was certainly not made changed nothing.
func (s *State) gone() bool {
	return s.Sent || s.Revoke.Status != Untried && s.Revoke.Status != NotDone || !s.Dead.IsZero()
}

// OldValid reports whether the old generation is certainly untouched by this
// rotation: "is the old key still valid?" of every screen. A revoke that the
// vendor has refused leaves it so, although there is no way back any more.
func (s *State) OldValid() bool {
	return !s.OldDead && s.Old.Refused < Refusals && (s.Target == pawl.Old || !s.Sent && s.Revoke.Status != Intended && s.Dead.IsZero())
}

// wrote reports whether a place holds, by our own last write, what the target
// asks of it.
func (s *State) wrote(p *Place) bool {
	if p.Write.Status != Done || p.Side != s.Target {
		return false
	}
	return s.Target == pawl.Old || p.Attempt == len(s.Attempts)
}
