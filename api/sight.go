package api

import (
	"encoding/json"
	"time"

	"github.com/pawl-dev/pawl"
)

// A Generation is one minted value of a credential, as its vendor knows it.
type Generation struct {
	ID      string    `json:"id,omitempty"`
	Label   string    `json:"label,omitempty"`
	Created time.Time `json:"created,omitzero"`
	Expires time.Time `json:"expires,omitzero"`
}

// A Report is what was found without any effect.
type Report struct {
	Old      Generation `json:"old" doc:"The generation in use."`
	Dead     bool       `json:"dead,omitempty" doc:"It is refused already."`
	Places   []Found    `json:"places" doc:"In the order of the plan."`
	Findings []string   `json:"findings,omitempty" doc:"Remarks that stop nothing."`
	Problems []*Fault   `json:"problems,omitempty" doc:"What a rotation would be refused for."`
}

// Found is what one place holds now.
type Found struct {
	ID       string     `json:"id"`
	Where    string     `json:"where"`
	Holds    pawl.Holds `json:"holds" doc:"Of the generation in use: want, other, nothing, or empty if it does not say."`
	Readable bool       `json:"readable"`
	Detail   string     `json:"detail,omitempty"`
	Problem  *Fault     `json:"problem,omitempty"`
}

// An Outlook is what a plan costs, and what is to be known before it is run.
type Outlook struct {
	Requests []Demand `json:"requests"`
	Restarts []string `json:"restarts" doc:"Places whose processes restart, once each."`
	Takes    Takes    `json:"takes"`
	Open     *Open    `json:"open,omitempty" doc:"A rotation that is not finished: another one would be refused."`
	Notes    []string `json:"notes,omitempty"`
}

// A Demand is how many requests a plan takes of one vendor.
type Demand struct {
	Connection string `json:"connection,omitempty"`
	Vendor     string `json:"vendor"`
	AtLeast    int    `json:"at_least"`
	Left       *int   `json:"left,omitempty" doc:"Of the vendor's budget, where it says."`
}

// Takes is how long it will be.
type Takes struct {
	Seconds int64 `json:"seconds"`
	Runs    int   `json:"runs" doc:"Recorded ones that it is the median of; 0: it is a guess."`
}

// Open is an unfinished rotation.
type Open struct {
	Rotation string `json:"rotation"`
	Phase    string `json:"phase"`
	OldValid bool   `json:"old_valid"`
}

// A Look says what to look at as if it were to be rotated.
type Look struct {
	Reason   string     `json:"reason,omitempty" enum:"scheduled,manual,leak,offboarding,rehearsal"`
	Reported *time.Time `json:"reported,omitempty" doc:"Of a leak: when it was reported."`
	Why      string     `json:"why,omitempty" maxLength:"500" doc:"Of a leak: what happened. Never the value."`
	Accept   []string   `json:"accept,omitempty" maxItems:"200" doc:"Of a leak: places that may break."`
}

// A Sighting is what one place shows now of the generation in use.
type Sighting struct {
	ID       string     `json:"id"`
	Where    string     `json:"where"`
	Proved   bool       `json:"proved"`
	Class    pawl.Class `json:"class"`
	Holds    pawl.Holds `json:"holds"`
	Silent   bool       `json:"silent,omitempty" doc:"It cannot tell, and nothing is known of the last write."`
	Detail   string     `json:"detail,omitempty"`
	Fault    *Fault     `json:"fault,omitempty"`
	Readable bool       `json:"readable,omitempty"`
	Digest   string     `json:"digest,omitempty" doc:"Keyed, of the value in use, if it holds that; worth nothing elsewhere."`
	At       time.Time  `json:"at,omitzero"`
}

// Sightings are what a look at every place came to.
type Sightings struct {
	Report Report     `json:"report"`
	Seen   []Sighting `json:"seen"`
}

// A Copy is a place that a search found, in the catalog or not.
type Copy struct {
	Connection string          `json:"connection"`
	Where      string          `json:"where"`
	How        pawl.How        `json:"how"`
	Side       pawl.Side       `json:"side,omitempty"`
	Value      int             `json:"value,omitempty"`
	Changed    time.Time       `json:"changed,omitzero"`
	Listed     bool            `json:"listed"`
	Kind       string          `json:"kind,omitempty"`
	Settings   json.RawMessage `json:"settings,omitempty"`
	ID         string          `json:"id,omitempty"`
}

// A Search is what a search of every connection found.
type Search struct {
	Copies   []Copy          `json:"copies"`
	Searched []pawl.Searched `json:"searched"`
	Open     []pawl.Stray    `json:"open" doc:"Those that a rotation would stop for."`
	Sides    bool            `json:"sides" doc:"A rotation is open: copies are of its old or its new generation."`
}

// A Leftover is a generation at the vendor that nobody ought to be using.
type Leftover struct {
	Generation
	Ours   bool `json:"ours" doc:"Minted by this installation: an orphan."`
	Caller bool `json:"caller" doc:"The connection may sign in with it."`
}

// Leftovers are what a sweep found.
type Leftovers struct {
	Report Report     `json:"report"`
	Items  []Leftover `json:"items"`
}

// A Kill names a leftover that is to be revoked.
type Kill struct {
	ID    string `json:"id" minLength:"1" maxLength:"200"`
	Label string `json:"label,omitempty" maxLength:"500" doc:"What it was called when it was seen; if given, it has to be called so still."`
}

// Killed is what came of it.
type Killed struct {
	Killed bool   `json:"killed"`
	Fault  *Fault `json:"fault,omitempty"`
}
