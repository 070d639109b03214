package pawl_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/pawl-dev/pawl"
)

// TestOfErrors: what is told of an error is said by the outermost of ours that
// says it.
func TestOfErrors(t *testing.T) {
	plain := errors.New("no space left")
	inner := &pawl.Error{Op: "journal", Kind: pawl.Unavailable, Hint: "free some space", Err: plain}
	for what, c := range map[string]struct {
		err         error
		kind        pawl.Kind
		hint, cause string
	}{
		"none":              {nil, pawl.Other, "", ""},
		"somebody else's":   {plain, pawl.Other, "", ""},
		"ours":              {inner, pawl.Unavailable, "free some space", "no space left"},
		"ours in another's": {fmt.Errorf("beginning: %w", inner), pawl.Unavailable, "free some space", "no space left"},
		"ours in ours":      {&pawl.Error{Op: "desk", Kind: pawl.Conflict, Err: inner}, pawl.Conflict, "free some space", inner.Error()},
		"without a cause":   {&pawl.Error{Op: "desk", Kind: pawl.Denied}, pawl.Denied, "", ""},
	} {
		if kind, hint, cause := pawl.KindOf(c.err), pawl.HintOf(c.err), pawl.CauseOf(c.err); kind != c.kind || hint != c.hint || cause != c.cause {
			t.Errorf("%s: %v, %q, %q", what, kind, hint, cause)
		}
	}
}
