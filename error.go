package pawl

import (
	"errors"
	"strings"
	"time"
)

// Kind is what a caller needs to know about an error to decide what to do
// next.
type Kind uint8

const (
	Other       Kind = iota // unclassified; treat as a bug
	Invalid                 // the request can never succeed as made
	Denied                  // the credential used for the call was refused (401)
	Forbidden               // the credential is good, but may not do this (403)
	NotFound                // the thing does not exist
	Conflict                // somebody else changed it, or more than one thing matches
	Mismatch                // it works, but is not what the catalog says it is
	Throttled               // not now; nothing was changed
	Unavailable             // not now; nothing was changed
	Unknown                 // the change may or may not have happened
	Operator                // only a person can go on: a second factor, an approval, a sign-in
)

var kindText = [...]string{
	Other:       "error",
	Invalid:     "invalid",
	Denied:      "denied",
	Forbidden:   "forbidden",
	NotFound:    "not found",
	Conflict:    "conflict",
	Mismatch:    "mismatch",
	Throttled:   "throttled",
	Unavailable: "unavailable",
	Unknown:     "outcome unknown",
	Operator:    "needs a person",
}

func (k Kind) String() string {
	if int(k) < len(kindText) {
		return kindText[k]
	}
	return "error"
}

// KindNamed is the inverse of [Kind.String]. An unknown text is [Other].
func KindNamed(text string) Kind {
	for k, t := range kindText {
		if t == text {
			return Kind(k)
		}
	}
	return Other
}

// Unchanged reports whether an error of this kind promises that the vendor
// changed nothing and that the same call may succeed later. These are the only
// kinds that may be retried blindly.
func (k Kind) Unchanged() bool { return k == Throttled || k == Unavailable }

// Error is the one error type that crosses package boundaries.
//
// Neither Hint nor Err may quote a vendor's response body: for a rotator that
// is where the newly issued token is.
type Error struct {
	Op    string        // what was being attempted, as "heroku.Mint"
	Kind  Kind          // what the caller should do now
	Hint  string        // for people: what to do about it; may be empty
	After time.Duration // the vendor asked to wait this long; zero if it did not say
	Err   error         // cause, for the operator
}

func (e *Error) Error() string {
	parts := []string{}
	if e.Op != "" {
		parts = append(parts, e.Op)
	}
	if e.Kind != Other || e.Err == nil {
		parts = append(parts, e.Kind.String())
	}
	if e.Err != nil {
		parts = append(parts, e.Err.Error())
	}
	return strings.Join(parts, ": ")
}

func (e *Error) Unwrap() error { return e.Err }

// KindOf returns the outermost Kind in err's chain, or Other.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return Other
}

// HintOf returns the outermost hint in err's chain, or "".
func HintOf(err error) string {
	for err != nil {
		e, ok := errors.AsType[*Error](err)
		if !ok {
			return ""
		}
		if e.Hint != "" {
			return e.Hint
		}
		err = e.Err
	}
	return ""
}

// CauseOf returns what happened, as the outermost *Error in err's chain says it,
// without what was being attempted and its kind; "" if there is none, or it does
// not say.
func CauseOf(err error) string {
	if e, ok := errors.AsType[*Error](err); ok && e.Err != nil {
		return e.Err.Error()
	}
	return ""
}
