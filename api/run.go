package api

import (
	"time"

	"github.com/pawl-dev/pawl"
)

// A Run is a rotation as the journal has it: what it is and has come to is the
// fold over its events.
type Run struct {
	ID       string       `json:"id" example:"heroku-api-key/12"`
	Revision int64        `json:"revision"`
	Epoch    int64        `json:"epoch"`
	Outcome  pawl.Outcome `json:"outcome,omitempty"`
	Created  time.Time    `json:"created"`
	Updated  time.Time    `json:"updated"`
	Events   []pawl.Event `json:"events,omitempty" doc:"Left out where only rotations are listed."`
}

// Me is who asks, and of which installation.
type Me struct {
	Actor     pawl.Actor `json:"actor"`
	Roles     []string   `json:"roles"`
	Install   string     `json:"install" doc:"The id of this installation."`
	Version   string     `json:"version"`
	PublicKey string     `json:"public_key,omitempty" doc:"Of the audit log. Whoever means to verify it gets it by another way as well."`
}

// Checked is what a machine saw when somebody said that a step is done.
type Checked struct {
	Looked bool       `json:"looked" doc:"There was something to look at."`
	Proved bool       `json:"proved"`
	Class  pawl.Class `json:"class"`
	Detail string     `json:"detail,omitempty"`
}

// A Way is how a step is done by hand with the vendor's own tools.
type Way struct {
	Title   string `json:"title"`
	Command string `json:"command,omitempty"`
	Prints  bool   `json:"prints,omitempty" doc:"What it prints can be given as it is."`
	Note    string `json:"note,omitempty"`
}

// Taken says that a value was taken, without telling it.
type Taken struct {
	Received string `json:"received" doc:"How long it is, how it begins, its keyed digest."`
	ID       string `json:"id" doc:"The vendor's id of it."`
}

// A Remainder is what an unfinished rotation leaves behind if it is ended as it
// is.
type Remainder struct {
	Generations []Left   `json:"generations"`
	Places      []Kept   `json:"places"`
	Only        []string `json:"only" doc:"What would be lost with the journal's sealed values."`
}

// Left is one generation of a remainder.
type Left struct {
	Name  string   `json:"name"`
	ID    string   `json:"id,omitempty"`
	Label string   `json:"label,omitempty"`
	State string   `json:"state"`
	In    []string `json:"in,omitempty"`
}

// Kept is one place of a remainder.
type Kept struct {
	ID    string `json:"id"`
	Where string `json:"where"`
	Holds string `json:"holds"`
}

// An Ending ends a rotation as it is.
type Ending struct {
	Why     string `json:"why" minLength:"1" maxLength:"500"`
	Discard bool   `json:"discard,omitempty" doc:"Lose the values that are nowhere but in the journal."`
}
