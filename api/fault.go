package api

import (
	"errors"
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
	if len(p.Next) > 0 {
		e.Hint = strings.Join(p.Next, "\n")
	}
	return e
}

// kinds are the kinds by their code.
var kinds = map[string]pawl.Kind{"invalid": pawl.Invalid, "too-large": pawl.Invalid, "key-reused": pawl.Invalid, "sign-in": pawl.Denied, "forbidden": pawl.Forbidden,
	"not-found": pawl.NotFound, "conflict": pawl.Conflict, "moved": pawl.Conflict, "open": pawl.Conflict, "in-progress": pawl.Unavailable, "mismatch": pawl.Mismatch,
	"throttled": pawl.Throttled, "unavailable": pawl.Unavailable, "unknown": pawl.Unknown, "step-up": pawl.Operator}
