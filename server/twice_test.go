package server_test

import (
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/api"
	"github.com/pawl-dev/pawl/desk/desktest"
)

// TestTwiceIsForWhoAskedThen: whoever may less by now, or comes by another token
// of the same name, is not given what was answered before.
func TestTwiceIsForWhoAskedThen(t *testing.T) {
	open(t, withApproval, func(t *testing.T, d *door) {
		key := []string{"Idempotency-Key", "7f3a", "Authorization", "Bearer one"}
		program := access.Subject{Actor: pawl.Actor{Type: "api_token", ID: "ana/ci"}, Service: true, Roles: []access.Role{access.Operator}}
		for what, who := range map[string]access.Subject{"ana": desktest.Who("ana", access.Operator), "ci": program} {
			d.people[what] = who
			plan := func(head ...string) int {
				return d.call(what, "POST", "/api/v1/credentials/key/plans", "{}", nil, head...).Code
			}
			if code := plan(key...); code != 200 {
				t.Fatal(what, code)
			}
			less := who
			less.Roles = []access.Role{access.Viewer}
			d.people[what] = less
			if code := plan(key...); code != 403 {
				t.Errorf("%s, a viewer by now, is answered %d", what, code)
			}
			d.people[what] = who
			if code := plan(key...); code != 200 {
				t.Errorf("%s, as before: %d", what, code)
			}
		}
		// What another token was answered is not what a new one of its name gets.
		start := func(token string) int {
			return d.call("ci", "POST", "/api/v1/rotations", api.Start{Credential: "key"}, nil, "Idempotency-Key", "9c", "Authorization", "Bearer "+token).Code
		}
		for i, want := range []struct {
			token string
			code  int
		}{{"one", 200}, {"one", 200}, {"two", 409}} {
			if code := start(want.token); code != want.code {
				t.Errorf("%d: by token %s: %d, want %d", i, want.token, code, want.code)
			}
		}
	})
}

// TestRefusalsAreNotRemembered: the same request with the same key goes through
// once it may.
func TestRefusalsAreNotRemembered(t *testing.T) {
	open(t, withApproval, func(t *testing.T, d *door) {
		start := func() int {
			return d.call("ana", "POST", "/api/v1/rotations", api.Start{Credential: "key"}, nil, "Idempotency-Key", "7f3a").Code
		}
		d.call("ana", "POST", "/api/v1/rotations", api.Start{Credential: "key"}, nil)
		if code := start(); code != 409 {
			t.Fatal(code)
		}
		if code := d.call("bo", "POST", "/api/v1/rotations/key/1/deny", api.Decision{}, nil).Code; code != 200 {
			t.Fatal(code)
		}
		time.Sleep(time.Minute)
		if code := start(); code != 200 {
			t.Errorf("once nothing is open any more: %d", code)
		}
	})
}
