package api

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/pawl-dev/pawl"
)

// A Fault is an error that is part of an answer, such as a reason for which a
// rotation would be refused.
type Fault struct {
	Text string `json:"text" doc:"All of it, for people."`
	Kind string `json:"kind" doc:"What kind of error it is."`
	Op   string `json:"op,omitempty"`
	Hint string `json:"hint,omitempty" doc:"What to do about it."`
}

// FaultOf is an error as it crosses the wire; nil for none.
func FaultOf(err error) *Fault {
	if err == nil {
		return nil
	}
	f := &Fault{Text: err.Error(), Kind: pawl.KindOf(err).String(), Hint: pawl.HintOf(err)}
	if e, ok := errors.AsType[*pawl.Error](err); ok {
		f.Op = e.Op
	}
	return f
}

// Err is the error again: of the same text, kind and hint. Of no fault it is
// nil.
func (f *Fault) Err() error {
	if f == nil {
		return nil
	}
	return &told{f.Text, &pawl.Error{Op: f.Op, Kind: pawl.KindNamed(f.Kind), Hint: f.Hint}}
}

// told is an error that happened elsewhere.
type told struct {
	text string
	is   *pawl.Error
}

func (t *told) Error() string { return t.text }
func (t *told) Unwrap() error { return t.is }

// Err is the problem as the error that it was made of: of its kind, with its
// hint, and of the same words.
func (p *Problem) Err() error {
	if p.Code == "internal" {
		return &pawl.Error{Op: "server", Err: errors.New(p.Error()), Hint: "look into the server's log"}
	}
	e := &pawl.Error{Op: p.Op, Kind: kinds[p.Code], Err: errors.New(p.Detail)}
	if p.Detail == "" {
		e.Err = errors.New(p.Title)
	}
	if len(p.Next) > 0 && !slices.Equal(p.Next, Usual(p.Code)) { // a command line has better words for its own ways to stop
		e.Hint = strings.Join(p.Next, "\n")
	}
	return e
}

// kinds are the kinds by their code.
var kinds = map[string]pawl.Kind{"invalid": pawl.Invalid, "too-large": pawl.Invalid, "key-reused": pawl.Invalid, "sign-in": pawl.Denied, "forbidden": pawl.Forbidden,
	"not-found": pawl.NotFound, "conflict": pawl.Conflict, "moved": pawl.Conflict, "open": pawl.Conflict, "in-progress": pawl.Unavailable, "mismatch": pawl.Mismatch,
	"throttled": pawl.Throttled, "unavailable": pawl.Unavailable, "unknown": pawl.Unknown, "step-up": pawl.Operator}

// Usual is what to do about a problem of this code where there is nothing more
// to say about the one that it is.
func Usual(code string) []string {
	if next, ok := usual[code]; ok {
		return []string{next}
	}
	return nil
}

// Codes are all codes of problems.
func Codes() []string { return slices.Sorted(maps.Keys(usual)) }

var usual = map[string]string{
	"invalid":     "send what GET /api/v1/openapi.yaml says",
	"too-large":   "send at most 64 KiB",
	"method":      "use one of the methods that the header Allow names",
	"key-reused":  "use a fresh Idempotency-Key for a new request",
	"in-progress": "send the same again in a second, with the same Idempotency-Key",
	"sign-in":     "sign in, or send a token that is good:  pawl token create",
	"forbidden":   "ask somebody who may:  pawl people ls",
	"step-up":     "a person has to do it, after saying once more who they are",
	"not-found":   "look at what there is: GET /api/v1/credentials and GET /api/v1/rotations",
	"open":        "finish the one that is open, or roll it back",
	"conflict":    "look at it as it is now, and decide again",
	"moved":       "look at it as it is now, and decide again with its new ETag",
	"mismatch":    "correct the catalog, or what is at the vendor, so that they agree",
	"throttled":   "send the same again later, with the same Idempotency-Key",
	"unavailable": "send the same again later, with the same Idempotency-Key",
	"unknown":     "look whether it has happened before asking again",
	"internal":    "look into the server's log",
}
