package slack_test

import (
	"slices"
	"testing"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/provider/slack/slacksim"
)

// TestPreflight: whether the token signs in is asked once, however often it is
// wanted, and only by reading.
func TestPreflight(t *testing.T) {
	n, s := open(t, slacksim.Options{})
	for range 3 {
		if _, err := n.(pawl.Preflighter).Preflight(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := s.Requests(), []string{"GET /auth.test"}; !slices.Equal(got, want) {
		t.Errorf("requests %q, want %q", got, want)
	}
}

func TestPreflightRefused(t *testing.T) {
	for body, want := range map[string]pawl.Kind{
		`{"ok":false,"error":"invalid_auth"}`:  pawl.Denied,
		`{"ok":false,"error":"xoxb-CANARY"}`:   pawl.Invalid,
		`<html>CANARY`:                         pawl.Unavailable,
		`{"ok":false,"error":"missing_scope"}`: pawl.Forbidden,
	} {
		_, err := answering(t, 200, body).(pawl.Preflighter).Preflight(t.Context())
		wantKind(t, err, want)
	}
	_, err := answering(t, 503, `{}`).(pawl.Preflighter).Preflight(t.Context())
	wantKind(t, err, pawl.Unavailable)
}
