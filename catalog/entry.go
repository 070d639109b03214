package catalog

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/provider"
)

// storeID is the id of the store among the places of a plan.
const storeID = "store"

// An Entry is one place of a credential as the catalog has it: the issuer, the
// store or a consumer.
type Entry struct {
	ID      string // empty for the issuer
	Kind    string
	Op      pawl.Op
	Where   string     // for people: "acme-api-prod HEROKU_API_KEY"
	Wave    string     // as written
	Require pawl.Class // what has to be shown of it
	Proofs  []pawl.Op
	Human   *pawl.Human // set if it is a person
	Hand    *pawl.Human // set if only a person can do it

	standard  pawl.Class // what its kind requires
	locations []string
	group     string // not empty: shares a call with others of the group
	at        position
}

type issuerKeys struct {
	handKeys
	Kind       string `json:"kind" required:"true" doc:"The kind of issuer."`
	Connection string `json:"connection" doc:"The connection it is reached through."`
}

type storeKeys struct {
	handKeys
	Kind       string `json:"kind" required:"true" doc:"The kind of place."`
	Connection string `json:"connection" doc:"The connection it is reached through."`
}

type consumerKeys struct {
	handKeys
	ID         entryID  `json:"id" required:"true" doc:"Short name, unique in this file."`
	Kind       string   `json:"kind" required:"true" doc:"The kind of place, or human."`
	Connection string   `json:"connection" doc:"The connection it is reached through."`
	Wave       string   `json:"wave" doc:"Consumers with a wave come first, wave by wave in the order in which waves first appear."`
	Prove      rawList  `json:"prove" doc:"What shows from outside that it uses the new generation."`
	Require    evidence `json:"require" doc:"The evidence that has to be there before the revoke, if not the usual one of the kind."`
}

type issuerEntry struct{ Entry }

func (e *issuerEntry) readNode(r *reader, n *node) {
	offer, known := kindOf(r, n, r.kinds.issuers, "issuer")
	var keys issuerKeys
	settings, seen := r.settings(n, known, offer.kind.Settings, &keys)
	r.connect(n, seen, keys.Kind, offer.vendor, known, offer.connects)
	e.fill(n, keys.Kind, offer.kind.Version, keys.Connection, settings)
	e.Hand = r.hand(keys.handKeys, seen, "Make a new one by hand, and give its value.")
}

type storeEntry struct{ Entry }

func (e *storeEntry) readNode(r *reader, n *node) {
	offer, known := kindOf(r, n, r.kinds.consumers, "store")
	var keys storeKeys
	settings, seen := r.settings(n, known, offer.kind.Settings, &keys)
	r.connect(n, seen, keys.Kind, offer.vendor, known, offer.connects)
	e.fill(n, keys.Kind, offer.kind.Version, keys.Connection, settings)
	e.ID, e.Require, e.standard = storeID, offer.kind.Require, offer.kind.Require
	e.byHand(r, keys.handKeys, seen)
}

type consumerEntry struct{ Entry }

func (e *consumerEntry) readNode(r *reader, n *node) {
	if kind := n.get("kind"); kind != nil && kind.text == humanKind {
		e.readHuman(r, n)
		return
	}
	offer, known := kindOf(r, n, r.kinds.consumers, "consumer")
	var keys consumerKeys
	settings, seen := r.settings(n, known, offer.kind.Settings, &keys)
	r.connect(n, seen, keys.Kind, offer.vendor, known, offer.connects)
	e.fill(n, keys.Kind, offer.kind.Version, keys.Connection, settings)
	e.ID, e.Wave = string(keys.ID), keys.Wave
	e.standard, e.Require = offer.kind.Require, offer.kind.Require
	if seen["require"] != nil {
		e.Require = pawl.Class(keys.Require)
	}
	if id := seen["id"]; id != nil {
		e.at = id.at
	}
	e.byHand(r, keys.handKeys, seen)
	proofs := r.proofs(keys.Prove.items, e.Op)
	e.Proofs = proofs.ops
	if known && offer.kind.Proof != "" {
		e.provable(r, n, offer.kind, proofs, seen["require"])
	}
}

// provable sees to it that the evidence which is required can be reached by the
// proofs that are listed. Where the catalog does not say what is required, it is
// the kind's default, or what its proofs show if that is less: what a run
// attests is not less than what the default stands for, only something else.
func (e *consumerEntry) provable(r *reader, n *node, kind provider.ConsumerKind, proofs proofs, require *node) {
	shows, listed := proofs.kinds[kind.Proof]
	if listed && require == nil && shows < kind.Require {
		e.standard, e.Require = shows, shows
	}
	switch {
	case !listed && e.Require >= kind.Require:
		r.report(n.at, fmt.Sprintf("add prove: [{%s: …}], or accept weaker evidence, as require: %s", kind.Proof, pawl.Timestamp),
			"that it is %s can only be shown by a proof of kind %s, and none is listed", kind.Require, kind.Proof)
	case listed && e.Require > shows:
		r.report(require.at, "", "the proofs that are listed show at most %s", shows)
	}
}

// settings reads the common keys of an entry and the settings of its kind.
// The result is nil if the kind is not known or something was reported.
func (r *reader) settings(n *node, known bool, fresh func() provider.Settings, keys any) (provider.Settings, map[string]*node) {
	l := layout{into: []any{keys}, open: !known}
	var settings provider.Settings
	if known {
		settings = fresh()
		l.into = append(l.into, settings)
	}
	before := len(r.problems)
	seen := r.mapping(n, l)
	if !known || len(r.problems) > before || !r.validate(n, settings) {
		return nil, seen
	}
	return settings, seen
}

// validate reports what a kind has to say about its settings, at the key that
// it names.
func (r *reader) validate(n *node, settings provider.Settings) bool {
	err := settings.Validate()
	if err == nil {
		return true
	}
	errs := []error{err}
	if several, ok := err.(interface{ Unwrap() []error }); ok {
		errs = several.Unwrap()
	}
	for _, err := range errs {
		at := n
		key, _, _ := strings.Cut(err.Error(), ":")
		for part := range strings.SplitSeq(key, ".") {
			inner := at.get(strings.TrimSpace(part))
			if inner == nil {
				break
			}
			at = inner
		}
		r.report(at.at, "", "%s", err)
	}
	return false
}

// fill sets what is common to all entries. Without settings there was a problem.
func (e *Entry) fill(n *node, kind string, version int, connection string, settings provider.Settings) {
	e.Kind, e.at = kind, n.at
	e.Op = pawl.Op{Name: fmt.Sprintf("%s@%d", kind, version), Connection: connection}
	if settings == nil {
		return
	}
	e.Op.Config, e.Where = canonical(settings), settings.Where()
	if located, ok := settings.(provider.Located); ok {
		e.locations = located.Locations()
	}
	if grouped, ok := settings.(provider.Grouped); ok {
		e.group = kind + "\x00" + connection + "\x00" + grouped.Group()
	}
}

// canonical returns settings as JSON: the keys in the order of the struct, so
// that equal settings are equal bytes.
func canonical(settings provider.Settings) json.RawMessage {
	text, err := json.Marshal(settings)
	if err != nil { // settings were read from plain data and hold nothing else
		panic("pawl: catalog: settings that cannot be written as JSON: " + err.Error())
	}
	return text
}

// connect checks the connection of an entry.
func (r *reader) connect(n *node, seen map[string]*node, kind, vendor string, known, connects bool) {
	given := seen["connection"]
	switch {
	case n.kind != mapNode:
	case known && connects && given == nil:
		r.report(n.at, r.suggest("", r.conns.ofKind(vendor)), "missing key %q: %s needs a connection of kind %s", "connection", kind, vendor)
	case known && !connects && given != nil:
		r.report(given.at, "", "%s needs no connection", kind)
	case given != nil && given.kind == textNode:
		r.checkConnection(given, kind, vendor)
	}
}

// checkConnection reports a connection that does not exist or is of another
// kind than vendor; an empty vendor takes any kind.
func (r *reader) checkConnection(named *node, kind, vendor string) bool {
	conn, found := r.conns.byName[named.text]
	switch {
	case !found && !r.conns.usable:
		return false // the file is reported already
	case !found:
		r.report(named.at, r.suggest(named.text, r.conns.ofKind(vendor)), "no connection %q in %s", clip(named.text, 60), connectionsFile)
		return false
	case vendor != "" && conn.Kind != "" && conn.Kind != vendor:
		r.report(named.at, r.suggest(named.text, r.conns.ofKind(vendor)), "connection %q is of kind %s, %s needs one of kind %s", named.text, conn.Kind, kind, vendor)
		return false
	}
	return true
}

// ofKind lists the connections of a kind, or all of them.
func (c *connections) ofKind(kind string) []string {
	var names []string
	for _, name := range sortedKeys(c.byName) {
		if kind == "" || c.byName[name].Kind == kind {
			names = append(names, name)
		}
	}
	return names
}

var idPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

// entryID is the id of a consumer.
type entryID string

func (id *entryID) readNode(r *reader, n *node) {
	if !r.is(n, textNode) {
		return
	}
	if len(n.text) > maxName || !idPattern.MatchString(n.text) {
		r.report(n.at, "", "an id has letters, digits, dots, dashes and underscores only, and at most %d of them", maxName)
		return
	}
	*id = entryID(n.text)
}

// evidence is the class of evidence that a consumer must reach.
type evidence pawl.Class

func (e *evidence) readNode(r *reader, n *node) {
	if !r.is(n, textNode) {
		return
	}
	var class pawl.Class
	if err := class.UnmarshalText([]byte(n.text)); err != nil || class == pawl.NoEvidence {
		r.report(n.at, r.suggest(n.text, pawl.Classes()), "no class of evidence %q", clip(n.text, 60))
		return
	}
	*e = evidence(class)
}

// rawList is a list that is looked at later.
type rawList struct{ items []*node }

func (x *rawList) readNode(r *reader, n *node) {
	if r.is(n, listNode) {
		x.items = n.items
	}
}
