package pawl

import (
	"fmt"
	"time"
)

// Class ranks what a piece of evidence is worth, weakest first. The catalog
// says which class each consumer must reach before the old generation may be
// revoked.
type Class uint8

const (
	NoEvidence   Class = iota
	Claimed            // a person says so
	Acknowledged       // the write was accepted
	Timestamp          // the vendor shows an update after ours
	ReadBack           // the stored value, read again, equals
	Running            // every live process booted after the write
	Attested           // the consumer itself returned a digest of the value in use
	Exercised          // the consumer authenticated at the vendor with it, seen
)

var classText = [...]string{"none", "claimed", "acknowledged", "timestamp", "read-back", "running", "attested", "exercised"}

func (c Class) String() string {
	if int(c) < len(classText) {
		return classText[c]
	}
	return "none"
}

// Classes lists the names of all classes that can be required, weakest first.
func Classes() []string { return classText[1:] }

// MarshalText implements [encoding.TextMarshaler].
func (c Class) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler]. An unknown name is an
// error, so that a class written by a newer pawl is never taken for a weaker
// one.
func (c *Class) UnmarshalText(text []byte) error {
	for i, t := range classText {
		if t == string(text) {
			*c = Class(i)
			return nil
		}
	}
	return fmt.Errorf("pawl: no evidence class %q", text)
}

// Holds says which generation a place holds, as far as it can be told.
type Holds string

const (
	HoldsUnknown Holds = ""        // it does not say
	HoldsWant    Holds = "want"    // the generation that was asked for
	HoldsNot     Holds = "not"     // the other generation of this rotation
	HoldsOther   Holds = "other"   // some third value: drift
	HoldsNothing Holds = "nothing" // no value at all
)

// Verdict is what one look came to.
type Verdict string

const (
	Waiting Verdict = ""        // not shown yet; look again later
	Proved  Verdict = "proved"  // shown, at the observation's class
	Refuted Verdict = "refuted" // waiting will not bring it: a failed release, a failed workflow
)

// An Observation is what one look at a consumer, or one proof, showed. It
// never holds a value.
type Observation struct {
	Verdict Verdict
	Class   Class  // strongest class shown for the wanted generation; meaningful when Proved
	Holds   Holds  // which generation is there
	Mark    string // the vendor's own mark of what is there (a version, a time), to see later changes
	Detail  string // for people: "release v412 succeeded, 3 of 3 dynos up"
}

// Evidence is an observation that counts: which consumer, which generation,
// how it was shown, when and by what.
type Evidence struct {
	Consumer string    `json:"consumer"`
	Side     Side      `json:"side"`
	Class    Class     `json:"class"`
	Source   string    `json:"source"` // the proof, as "heroku/config-var" or "http https://…"
	Detail   string    `json:"detail,omitempty"`
	At       time.Time `json:"at"`
}
