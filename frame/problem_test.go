package frame_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/frame"
)

// TestSentence: people are told what happened and what to do, and nothing of what
// is none of our words.
func TestSentence(t *testing.T) {
	foreign := errors.New("dial tcp 192.0.2.1: CANARY")
	for _, c := range []struct {
		err    error
		status int
		want   string
	}{
		{foreign, http.StatusInternalServerError, "Something went wrong in pawl. Try again."},
		{&pawl.Error{Op: "x", Err: foreign}, http.StatusInternalServerError, "Something went wrong in pawl. Try again."},
		{&pawl.Error{Kind: pawl.Conflict, Err: errors.New("bo has moved"), Hint: "look again"}, http.StatusConflict, "Bo has moved. Look again."},
		{&pawl.Error{Kind: pawl.Invalid, Err: errors.New("“key” is no name"), Hint: "ändern"}, http.StatusBadRequest, "“key” is no name. Ändern."},
		{&pawl.Error{Kind: pawl.Operator, Err: errors.New("too long ago")}, http.StatusForbidden, "Too long ago."},
		{&pawl.Error{Kind: pawl.Throttled}, http.StatusTooManyRequests, "Throttled."},
	} {
		if status, text := frame.StatusOf(c.err), frame.Sentence(c.err); status != c.status || text != c.want {
			t.Errorf("%v: %d %q, want %d %q", c.err, status, text, c.status, c.want)
		}
	}
}

// TestEveryKindHasAStatus: or an answer would have none.
func TestEveryKindHasAStatus(t *testing.T) {
	for k := pawl.Other; k <= pawl.Operator; k++ {
		if frame.StatusOf(&pawl.Error{Kind: k}) == 0 {
			t.Errorf("%v has none", k)
		}
	}
}
