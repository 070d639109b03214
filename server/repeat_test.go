package server_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/api"
	"github.com/pawl-dev/pawl/desk/desktest"
	"github.com/pawl-dev/pawl/server"
)

// restart is a process after this one, which remembers nothing.
func (d *door) restart() {
	d.Server = server.New(server.Config{Desk: d.Desk, Version: "test", Who: func(r *http.Request) (access.Subject, error) {
		return d.people[r.Header.Get("X-Who")], nil
	}})
}

// TestStartRepeatedAfterRestart: whoever repeats a start is told of the rotation
// that it has begun, while that is open and after it has ended, and no second one
// is begun; another key, another person and another day are other requests.
func TestStartRepeatedAfterRestart(t *testing.T) {
	open(t, []desktest.Cred{{Name: "key"}}, func(t *testing.T, d *door) {
		d.people["carl"] = desktest.Who("carl", access.Operator)
		start := func(who, key string, ask api.Start) (r api.Rotation, code int) {
			code = d.call(who, "POST", "/api/v1/rotations", ask, &r, "Idempotency-Key", key).Code
			return r, code
		}
		ask := api.Start{Credential: "key", AutoRevoke: true}
		if r, code := start("ana", "7f3a", ask); code != 200 || r.ID != "key/1" {
			t.Fatal(code, r)
		}
		d.restart()
		if r, code := start("ana", "7f3a", ask); code != 200 || r.ID != "key/1" {
			t.Errorf("while it is open: %d %q", code, r.ID)
		}
		time.Sleep(time.Minute)
		d.restart()
		if r, code := start("ana", "7f3a", ask); code != 200 || r.ID != "key/1" || r.Outcome != "done" {
			t.Errorf("after it has ended: %d %q %q", code, r.ID, r.Outcome)
		}
		if d.Minted != 1 {
			t.Fatalf("%d were minted", d.Minted)
		}
		for i, other := range []struct {
			who, key, id string
			ask          api.Start
		}{{"carl", "7f3a", "key/2", ask}, {"ana", "9c", "key/3", ask}, {"ana", "7f3a", "key/4", api.Start{Credential: "key", AutoRevoke: true, Why: "again"}}} {
			d.restart()
			if r, code := start(other.who, other.key, other.ask); code != 200 || r.ID != other.id {
				t.Errorf("%d: %d %q", i, code, r.ID)
			}
			time.Sleep(time.Minute)
		}
		d.restart()
		if r, _ := start("ana", "7f3a", ask); r.ID != "key/1" {
			t.Errorf("after others were begun: %q", r.ID)
		}
		time.Sleep(24 * time.Hour)
		d.restart()
		if r, _ := start("ana", "7f3a", ask); r.ID != "key/5" {
			t.Errorf("after a day: %q", r.ID)
		}
	})
}

// TestStartIsWhole: what was asked for with the start is in the journal with it,
// in one write.
func TestStartIsWhole(t *testing.T) {
	open(t, withApproval, func(t *testing.T, d *door) {
		d.Stop() // nobody drives, so that what is there was written by the request
		d.call("ana", "POST", "/api/v1/rotations", api.Start{Credential: "key", AutoRevoke: true}, nil)
		run, err := d.Journal.Load(t.Context(), pawl.RotationID{Credential: "key", Number: 1})
		if err != nil || run.Revision != 1 || len(run.Events) != 2 || run.Events[1].Type != pawl.EvAuthorised || run.Events[1].Actor != run.Events[0].Actor {
			t.Errorf("%v %+v", err, run)
		}
		d.Run()
	})
}
