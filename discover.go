package pawl

import (
	"context"
	"encoding/json"
	"path"
	"strings"
	"time"
)

// A Search is what a [Discoverer] looks for: copies of a credential that the
// catalog may not have.
type Search struct {
	Values []Secret // a place that holds one of them is found, whatever it is called
	Names  []string // what copies are usually called: a place of such a name is found, whatever it holds
	Listed []Op     // the places of the plan at this vendor
}

// An Area is a part of a vendor that is searched by itself: an app, a
// repository, an environment.
type Area struct {
	Name string // unique at this vendor, for people too
	ID   string // the vendor's own
}

// How says how a place was found.
type How string

const (
	ByValue How = "value" // it holds the value
	ByName  How = "name"  // it is called so, and cannot be read
	ByOther How = "other" // it is called so, and holds another value
)

// Found is a place that a [Discoverer] found. It never holds a value.
type Found struct {
	Where   string    // unique at this vendor and the same each time: "acme-billing/HEROKU_API_KEY"
	How     How       //
	Value   int       // found by value: which of Search.Values it holds
	Changed time.Time // when it was last written; zero if the vendor does not say. What is older than a generation does not hold it
	Listed  bool      // it is one of Search.Listed

	// What would be written into a catalog: the kind, its settings, an id.
	Kind     string
	Settings json.RawMessage
	ID       string
}

// A Discoverer is the client of a connection that can look at all that it may
// see, for copies of a value. It only reads, it compares values and keeps none.
// All methods may be called concurrently.
//
// An error of Kind [Forbidden], [NotFound] or [Invalid] says that this may not,
// or cannot, be looked at. Where too few requests are left for it and for what
// a rotation needs, the error is [Throttled].
type Discoverer interface {
	// Areas lists what there is to search.
	Areas(ctx context.Context, s Search) ([]Area, error)
	// Search looks at one area.
	Search(ctx context.Context, a Area, s Search) ([]Found, error)
}

const (
	EvCensus       EventType = "census"       // Strays, Searched: every connection was searched for copies that the plan does not have
	EvAcknowledged EventType = "acknowledged" // Consumer: such a place, or a connection; Reason: why it may lose the value
)

// A Stray is a place that holds, or may hold, a generation of a credential and
// is no place of its plan: the revoke would cut it off.
type Stray struct {
	Where   string    `json:"where"` // "CONNECTION:PLACE"
	How     How       `json:"how"`
	Side    Side      `json:"side,omitempty"`   // which generation it holds, if it was found by value
	Changed time.Time `json:"changed,omitzero"` // when it was last written, if it was found by name and the vendor says
}

// Searched is what became of the search of one connection.
type Searched struct {
	Connection string `json:"connection"`
	Areas      int    `json:"areas,omitempty"`  // how many were looked at
	Blind      int    `json:"blind,omitempty"`  // how many there are that may not be looked at
	Kind       string `json:"kind,omitempty"`   // why it is not complete; empty if it is
	Detail     string `json:"detail,omitempty"` // for people
}

// Closed reports whether the vendor permits no such look, so that there is
// nothing to wait for.
func (s Searched) Closed() bool {
	switch KindNamed(s.Kind) {
	case Forbidden, NotFound, Invalid:
		return s.Kind != ""
	}
	return false
}

// An Acknowledgement says that a place which is no place of the plan may lose
// the value, and why that does no harm. It may also name a connection, which
// then need not be searched completely.
type Acknowledgement struct {
	Where string `json:"where"`
	Why   string `json:"why"`
	By    Actor  `json:"by,omitzero"`
}

// Covers reports whether a is of this stray. A * stands for any text without a
// slash; it covers only what was found by its name. A place that was seen
// holding the value has to be named exactly.
func (a Acknowledgement) Covers(s Stray) bool {
	if a.Where == s.Where {
		return true
	}
	if s.How != ByName || !strings.Contains(a.Where, "*") {
		return false
	}
	ok, err := path.Match(a.Where, s.Where)
	return ok && err == nil
}
