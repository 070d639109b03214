// Package provider says how a vendor is plugged in: which connections it
// needs, and which kinds of issuer, consumer, proof and notifier it offers.
// Adding a vendor is one folder below this one and one line in provider/all.
//
// A kind's settings are a Go struct. Its json tags are the keys of the catalog,
// its other tags document and check them:
//
//	App  string   `json:"app"  doc:"Name or id of the app." required:"true"`
//	Keys []string `json:"keys" doc:"Config vars that hold the value." required:"true"`
package provider

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/pawl-dev/pawl"
)

// A Provider is everything that one vendor offers.
type Provider struct {
	Name       string      // "heroku"; also the kind of its connections
	Doc        string      // one sentence
	Connection *Connecting // nil if the vendor needs none
	Issuers    []IssuerKind
	Consumers  []ConsumerKind
	Provers    []ProverKind
	Notifiers  []NotifierKind
}

// Connecting says what a connection to the vendor consists of.
type Connecting struct {
	URL     string   // the API's root where the catalog gives none; empty: the catalog must give one
	Secrets []Secret // what it signs in with
	Scopes  string   // for people: the permissions that are needed

	// PerSecond is how many requests a second the vendor takes well; 0: 20.
	PerSecond float64
	Open      func(Connection) (any, error)

	// Discover returns what searches everything that a client may see for
	// copies of a value; nil if the vendor has no such look.
	Discover func(client any) pawl.Discoverer

	// Examine asks the vendor whom a client signs in as; nil if it cannot tell.
	Examine func(ctx context.Context, client any) (Exam, error)
}

// A Secret is one secret field of a connection.
type Secret struct {
	Name string // the key in connections.yaml
	Doc  string
}

// A Connection is an entry of connections.yaml with its secrets resolved.
// Opening it does no I/O.
type Connection struct {
	Name    string
	URL     string // no trailing slash
	Secrets map[string]pawl.Secret
	HTTP    *http.Client // bounded, never follows redirects; made by package wire
}

// Settings is implemented by a pointer to a kind's settings.
type Settings interface {
	// Validate reports what is wrong beyond missing and unknown keys, naming
	// the key, as "keys: at least one".
	Validate() error
	// Where names the place for people: "acme-api-prod HEROKU_API_KEY".
	Where() string
}

// Shorthand is implemented by a pointer to a struct of settings that may also be
// written as a text alone, which stands for the whole of it.
type Shorthand interface{ Short(text string) }

// Showing settings of a proof say the strongest evidence that it can give, where
// that depends on them.
type Showing interface{ Shows() pawl.Class }

// Located settings name the one location that they write to. Two catalog
// entries with a common location are a mistake.
type Located interface{ Locations() []string }

// Named settings tell what copies of the value are called there, such as the
// name of a config var: copies elsewhere are often called the same.
type Named interface{ Names() []string }

// Grouped settings share one call with others of the same group, such as the
// keys of one app. Merge adds another of the same group.
type Grouped interface {
	Group() string
	Merge(other Settings) error
}

// An Effort is how many requests something takes in a rotation, at least: what
// is polled comes on top. It is said before one begins.
type Effort struct {
	Check    int  // once, before anything is changed
	Write    int  // a mint and a revoke, a write, a start, a message
	Look     int  // one whole look at it
	Restarts bool // of a consumer: writing it restarts what runs there
}

// Total is the effort of one rotation: proofs are taken after the write, for
// the revoke, and after it. Going back is as much again, without the checks.
func (e Effort) Total(back bool) int {
	n := e.Check + e.Write + 3*e.Look
	if back {
		n += e.Write + 2*e.Look
	}
	return n
}

// An IssuerKind makes issuers.
type IssuerKind struct {
	Name     string // "heroku/authorization"
	Version  int
	Doc      string
	Effort   Effort
	Settings func() Settings // new, zero
	New      func(client any, settings json.RawMessage) (pawl.Issuer, error)
}

// A ConsumerKind makes consumers.
type ConsumerKind struct {
	Name     string // "heroku/config-var"
	Version  int
	Doc      string
	Require  pawl.Class // the evidence that is required where the catalog does not say
	Effort   Effort
	Proof    string // not empty: Require is only reached by a proof of this kind, so one has to be listed
	Settings func() Settings
	New      func(client any, settings json.RawMessage) (pawl.Consumer, error)
}

// A ProverKind makes provers. Its name is the first key of an entry below
// "prove", whose value is the setting of the same name.
type ProverKind struct {
	Name       string // "http"
	Version    int
	Doc        string
	Connection string // the kind of connection it needs; empty: none
	Optional   bool   // it does without a connection where none is named
	Starts     bool   // its provers are [pawl.Starter]s
	Effort     Effort
	Inherit    []string // settings taken from the consumer where the proof does not give them
	Settings   func() Settings
	New        func(client any, settings json.RawMessage) (pawl.Prover, error)
}

// A NotifierKind makes notifiers. Its name is the key below "notify", whose
// value says to whom.
type NotifierKind struct {
	Name   string // "slack"
	Effort Effort
	New    func(client any) (pawl.Notifier, error)
}

// Issuer returns an [IssuerKind] from a constructor with concrete types.
func Issuer[C, S any, P interface {
	*S
	Settings
}](name string, version int, doc string, open func(C, S) pawl.Issuer) IssuerKind {
	return IssuerKind{Name: name, Version: version, Doc: doc, Settings: func() Settings { return P(new(S)) },
		New: func(client any, raw json.RawMessage) (pawl.Issuer, error) {
			c, s, err := decode[C, S](name, client, raw)
			if err != nil {
				return nil, err
			}
			return open(c, s), nil
		}}
}

// Consumer returns a [ConsumerKind] from a constructor with concrete types.
func Consumer[C, S any, P interface {
	*S
	Settings
}](name string, version int, doc string, require pawl.Class, open func(C, S) pawl.Consumer) ConsumerKind {
	return ConsumerKind{Name: name, Version: version, Doc: doc, Require: require, Settings: func() Settings { return P(new(S)) },
		New: func(client any, raw json.RawMessage) (pawl.Consumer, error) {
			c, s, err := decode[C, S](name, client, raw)
			if err != nil {
				return nil, err
			}
			return open(c, s), nil
		}}
}

// Prover returns a [ProverKind] from a constructor with concrete types.
func Prover[C, S any, P interface {
	*S
	Settings
}](name string, version int, doc string, open func(C, S) pawl.Prover) ProverKind {
	return ProverKind{Name: name, Version: version, Doc: doc, Settings: func() Settings { return P(new(S)) },
		New: func(client any, raw json.RawMessage) (pawl.Prover, error) {
			c, s, err := decode[C, S](name, client, raw)
			if err != nil {
				return nil, err
			}
			return open(c, s), nil
		}}
}

func decode[C, S any](name string, client any, raw json.RawMessage) (c C, s S, err error) {
	c, ok := client.(C)
	if !ok {
		return c, s, &pawl.Error{Op: name, Kind: pawl.Invalid, Err: fmt.Errorf("a connection of another kind (%T)", client)}
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&s); err != nil {
		return c, s, &pawl.Error{Op: name, Kind: pawl.Invalid, Err: fmt.Errorf("reading settings: %w", err)}
	}
	return c, s, nil
}
