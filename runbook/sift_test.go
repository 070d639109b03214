package runbook_test

import (
	"strings"
	"testing"

	"github.com/pawl-dev/pawl/runbook"
)

// TestDraftRevokesNothing: what ends the old key, and what is for another
// situation, is no step.
func TestDraftRevokesNothing(t *testing.T) {
	name, draft := runbook.Draft([]byte(`---
title: Something else
owner: ops
---
# Rotate it

1. Write it down.
2. Delete the old token in the console.
3. It answers 401.

## Then

- Look at the graphs.

## Finish

Do it:

    heroku authorizations:revoke ID

## If it went wrong

### At night

1. Wake ana.

## When somebody leaves

- [ ] Take the laptop.
`), "heroku")
	if name != "rotate-it" {
		t.Errorf("named %s", name)
	}
	var asks []string
	for line := range strings.Lines(string(draft)) {
		if strings.Contains(line, "kind: human") && !strings.HasPrefix(line, "#") {
			asks = append(asks, line)
		}
	}
	got := strings.Join(asks, "")
	if len(asks) != 2 || !strings.Contains(got, "Write it down.") || !strings.Contains(got, "Look at the graphs.") {
		t.Errorf("steps:\n%s", got)
	}
	for _, want := range []string{"by: operator", "# owner: ops", "once every place is proved: Delete the old token", "after the revoke: It answers 401.", "# - Wake ana.", "authorizations:revoke ID"} {
		if !strings.Contains(string(draft), want) {
			t.Errorf("no %q in\n%s", want, draft)
		}
	}
	if problems := load(draft); problems != nil {
		t.Error(problems)
	}
}
