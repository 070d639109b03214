package frame

import (
	"errors"
	"net/http"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/wording"
)

// statuses is the one table from what went wrong to the status of a page.
var statuses = map[pawl.Kind]int{
	pawl.Other:       http.StatusInternalServerError,
	pawl.Invalid:     http.StatusBadRequest,
	pawl.Denied:      http.StatusUnauthorized,
	pawl.Forbidden:   http.StatusForbidden,
	pawl.NotFound:    http.StatusNotFound,
	pawl.Conflict:    http.StatusConflict,
	pawl.Mismatch:    http.StatusUnprocessableEntity,
	pawl.Throttled:   http.StatusTooManyRequests,
	pawl.Unavailable: http.StatusServiceUnavailable,
	pawl.Unknown:     http.StatusBadGateway,
	pawl.Operator:    http.StatusForbidden,
}

// StatusOf is the status of a page that says what went wrong.
func StatusOf(err error) int { return statuses[pawl.KindOf(err)] }

// Sentence is an error for people: what happened, and what to do. Of what is not
// an error of ours nothing is said but that it was one.
func Sentence(err error) string {
	e, ok := errors.AsType[*pawl.Error](err)
	if !ok || e.Kind == pawl.Other {
		return "Something went wrong in pawl. Try again."
	}
	text := e.Kind.String()
	if e.Err != nil {
		text = e.Err.Error()
	}
	text = wording.Capital(text) + "."
	if hint := pawl.HintOf(err); hint != "" {
		text += " " + wording.Capital(hint) + "."
	}
	return text
}
