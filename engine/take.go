package engine

import (
	"bytes"
	"context"
	"fmt"
	"regexp"

	"github.com/pawl-dev/pawl"
)

// Take is what a person's paste goes through, from whatever door it came: it is
// understood, what came in is told without telling it, and it is supplied.
// Whatever is refused changes nothing; see [Engine.Supply].
func (e *Engine) Take(ctx context.Context, id pawl.RotationID, plan pawl.Plan, given pawl.Secret, tell func(received string)) (pawl.Generation, error) {
	p, err := e.Understand(ctx, plan, given)
	if err != nil {
		return pawl.Generation{}, err
	}
	tell(Received(given, p.Value, e.Digest(p.Value)))
	return e.Supply(ctx, id, p)
}

// Received says what came in without telling it: how long it is, how it begins
// if that is a vendor's mark, its keyed digest, and what was left out.
func Received(given, value pawl.Secret, digest string) string {
	text := fmt.Sprintf("got %d characters", len(value.Reveal()))
	if mark := vendorMark.Find(value.Reveal()); mark != nil {
		text += ", starts " + string(mark)
	}
	text += ", digest " + digest
	raw := given.Reveal()
	switch trimmed := bytes.TrimSpace(raw); {
	case len(trimmed) == len(raw):
	case bytes.Equal(bytes.TrimRight(raw, "\r\n"), trimmed):
		text += " (trailing newline removed)"
	default:
		text += " (white space around it removed)"
	}
	if len(value.Reveal()) < len(bytes.TrimSpace(raw)) {
		text += " (taken out of the vendor's answer)"
	}
	return text
}

// vendorMark is a beginning that says whose value it is and nothing of the
// value: "HRKU-", "xoxb-", "ghp_". A UUID has none.
var vendorMark = regexp.MustCompile(`^[A-Za-z]{2,5}[-_]`)
