package server_test

import (
	"bytes"
	"net/http"
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/api"
	"github.com/pawl-dev/pawl/desk"
	"github.com/pawl-dev/pawl/desk/desktest"
	"github.com/pawl-dev/pawl/roster"
	"github.com/pawl-dev/pawl/roster/logged"
	"github.com/pawl-dev/pawl/server"
)

// TestTeam: who belongs to the team, and tokens; no value of one.
func TestTeam(t *testing.T) {
	open(t, withApproval, func(t *testing.T, d *door) {
		people := roster.NewMemory()
		for _, id := range []string{"ana", "bo"} {
			if _, err := people.PutPerson(t.Context(), roster.Person{ID: id, Roles: []access.Role{access.Operator}, Created: time.Now()}); err != nil {
				t.Fatal(err)
			}
		}
		team := desk.NewTeam(desk.TeamConfig{Book: &logged.Book{Roster: people, Record: d.Journal.Record}})
		ana := access.Subject{Actor: pawl.Actor{Type: "user", ID: "ana"}, Roles: []access.Role{access.Operator}, Teams: []string{"platform"}, Fresh: true}
		tok, value, err := team.MakeToken(t.Context(), ana, desk.TokenAsk{Name: "ci", Roles: []access.Role{access.Operator}})
		if err != nil {
			t.Fatal(err)
		}
		who := map[string]access.Subject{"ana": ana, "eva": desktest.Who("eva", access.Viewer)}
		d.Server = server.New(server.Config{Desk: d.Desk, Team: team, Who: func(r *http.Request) (access.Subject, error) { return who[r.Header.Get("X-Who")], nil }})

		var all api.Page[api.Person]
		if d.call("ana", "GET", "/api/v1/people", nil, &all); len(all.Items) != 2 || all.Items[1].ID != "bo" {
			t.Errorf("%+v", all)
		}
		if w := d.call("eva", "GET", "/api/v1/people", nil, nil); w.Code != 403 {
			t.Errorf("a viewer sees people: %d", w.Code)
		}
		var tokens api.Page[api.Token]
		w := d.call("ana", "GET", "/api/v1/tokens", nil, &tokens)
		if len(tokens.Items) != 1 || tokens.Items[0].Name != "ci" || bytes.Contains(w.Body.Bytes(), value.Reveal()) {
			t.Errorf("%s", w.Body)
		}
		if d.call("eva", "GET", "/api/v1/tokens", nil, &tokens); len(tokens.Items) != 0 {
			t.Errorf("a viewer sees others' tokens: %+v", tokens)
		}
		if w := d.call("eva", "POST", "/api/v1/tokens/"+tok.ID+"/revoke", "{}", nil); w.Code != 403 {
			t.Errorf("a viewer revokes others' tokens: %d", w.Code)
		}
		if d.call("ana", "POST", "/api/v1/tokens/ci/revoke", "{}", &tok); tok.State != "revoked" {
			t.Errorf("%+v", tok)
		}
	})
}
