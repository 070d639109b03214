// Package human describes the places of a value that only a person can change,
// such as a laptop: who they are, how they are told, what they are asked to do,
// and whether the revoke waits for them.
//
// A person is no [pawl.Consumer]: nothing is written there and nothing can be
// read back, so there are only settings here. Whoever drives a rotation sends
// the note and takes the answer.
package human

import (
	"errors"
	"fmt"
	"strings"

	"github.com/pawl-dev/pawl/provider"
)

// Kind is the catalog's name for such a place.
const Kind = "human"

// The values of Settings.Blocks.
const (
	Revoke  = "revoke"  // the old generation lives until the person has confirmed
	Nothing = "nothing" // the person is told, and that is all
)

// Settings are a person's part of the catalog. The zero value is not valid.
type Settings struct {
	People []string          `json:"people" doc:"Who does it: names or roles." required:"true"`
	Notify map[string]string `json:"notify,omitempty" doc:"How they are told: one kind of notifier, and to whom."`
	Ask    string            `json:"ask" doc:"What they have to do, as a sentence." required:"true"`
	Blocks string            `json:"blocks,omitempty" doc:"What waits for them: revoke (default) or nothing."`
}

var _ provider.Settings = (*Settings)(nil)

// Provider returns the vendor of people: it needs no connection and has no
// kind of its own.
func Provider() provider.Provider {
	return provider.Provider{Name: Kind, Doc: "Places that only a person can change, such as a laptop."}
}

// Validate implements [provider.Settings].
func (s *Settings) Validate() error {
	if len(s.People) == 0 {
		return errors.New("people: at least one")
	}
	seen := map[string]bool{}
	for _, who := range s.People {
		if strings.TrimSpace(who) == "" {
			return errors.New("people: a name is empty")
		}
		if seen[who] {
			return fmt.Errorf("people: %s is there twice", who)
		}
		seen[who] = true
	}
	if strings.TrimSpace(s.Ask) == "" {
		return errors.New("ask: say what they have to do")
	}
	if b := s.Blocks; b != "" && b != Revoke && b != Nothing {
		return errors.New("blocks: must be revoke or nothing")
	}
	return s.validateNotify()
}

func (s *Settings) validateNotify() error {
	if len(s.Notify) > 1 {
		return errors.New("notify: one way is enough")
	}
	for by, to := range s.Notify {
		if strings.TrimSpace(to) == "" {
			return fmt.Errorf("notify: %s: to whom", by)
		}
	}
	return nil
}

// Where implements [provider.Settings].
func (s *Settings) Where() string { return strings.Join(s.People, ", ") }

// BlocksRevoke reports whether the old generation lives until they confirm.
func (s *Settings) BlocksRevoke() bool { return s.Blocks != Nothing }
