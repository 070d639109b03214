package server_test

import (
	"archive/zip"
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/api"
	"github.com/pawl-dev/pawl/desk/desktest"
)

// give sends a value to a step.
func (d *door) give(who, step, value string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("POST", "/api/v1/rotations/key/1/steps/"+step+"/value", strings.NewReader(value))
	r.Header.Set("X-Who", who)
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	if strings.Contains(w.Body.String(), "CANARY") {
		d.t.Errorf("the answer holds a value: %s", w.Body)
	}
	return w
}

// asked is what the rotation asks a person to label a new generation with.
func (d *door) asked() (label string) {
	var run api.Run
	d.call("ana", "GET", "/api/v1/runs/key/1", nil, &run)
	for _, ev := range run.Events {
		if ev.Step == pawl.StepMint {
			label = ev.Label
		}
	}
	return label
}

// TestValueGoesInAndNeverOut: the one way in for a value, and all that is wrong
// with what comes in by it.
func TestValueGoesInAndNeverOut(t *testing.T) {
	open(t, []desktest.Cred{{Name: "key", Hand: true}}, func(t *testing.T, d *door) {
		d.call("ana", "POST", "/api/v1/rotations", api.Start{Credential: "key"}, nil)
		time.Sleep(time.Minute)
		label := d.asked()
		for what, c := range map[string]struct {
			who, step, value string
			status           int
		}{
			"viewer":         {"eva", "mint", "CANARY-id-1", http.StatusForbidden},
			"nobody":         {"mallory", "mint", "CANARY-id-1", http.StatusUnauthorized},
			"another step":   {"ana", "store", "CANARY-id-1", http.StatusNotFound},
			"nothing":        {"ana", "mint", "", http.StatusBadRequest},
			"too large":      {"ana", "mint", strings.Repeat("CANARY", 20_000), http.StatusBadRequest},
			"no value of it": {"ana", "mint", "CANARY-garbage", http.StatusUnauthorized},
			"the old one":    {"ana", "mint", "CANARY-old-key", http.StatusUnprocessableEntity},
		} {
			if w := d.give(c.who, c.step, c.value); w.Code != c.status && !(what == "the old one" && w.Code >= 400 && w.Code < 500) {
				t.Errorf("%s: %d %s", what, w.Code, w.Body)
			}
		}
		if d.asked() != label || d.Minted != 0 {
			t.Fatal("what was refused has changed something")
		}
		value := d.MintByHand(label)
		for range 2 { // the answer may have been lost
			if w := d.give("ana", "mint", value); w.Code != 200 || !strings.Contains(w.Body.String(), `"id":"id-1"`) {
				t.Fatal(w.Code, w.Body)
			}
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if d.Holds["key"] != value {
			t.Error("the value that was given is not where it belongs")
		}
	})
}

// TestCatalogIsHandedOn: whoever may see may have it, and does not learn where
// secrets come from.
func TestCatalogIsHandedOn(t *testing.T) {
	open(t, withApproval, func(t *testing.T, d *door) {
		if w := d.call("mallory", "GET", "/api/v1/catalog", nil, nil); w.Code != 401 {
			t.Error(w.Code)
		}
		w := d.call("eva", "GET", "/api/v1/catalog", nil, nil)
		z, err := zip.NewReader(bytes.NewReader(w.Body.Bytes()), int64(w.Body.Len()))
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		var all bytes.Buffer
		for _, f := range z.File {
			names = append(names, f.Name)
			r, _ := f.Open()
			all.ReadFrom(r)
		}
		if strings.Join(names, " ") != "connections.yaml credentials/key.yaml" || strings.Contains(all.String(), "env:HEROKU") {
			t.Errorf("%v\n%s", names, &all)
		}
	})
}

// TestLooksThroughTheAPI: what a command line looks at.
func TestLooksThroughTheAPI(t *testing.T) {
	open(t, withApproval, func(t *testing.T, d *door) {
		var s api.Sightings
		if w := d.call("ana", "POST", "/api/v1/credentials/key/sight", "{}", &s); w.Code != 200 || s.Report.Old.ID != "id-old-key" || len(s.Seen) != 1 || !s.Seen[0].Proved {
			t.Error(w.Code, w.Body)
		}
		d.MintByHand("acme") // of the credential's description, and in no place
		var l api.Leftovers
		if w := d.call("ana", "POST", "/api/v1/credentials/key/sweep", "{}", &l); w.Code != 200 || len(l.Items) != 1 || l.Items[0].ID != "id-1" || l.Items[0].Ours {
			t.Fatal(w.Code, w.Body)
		}
		if w := d.call("ana", "POST", "/api/v1/credentials/key/sweep/revoke", api.Kill{ID: "id-1"}, nil); w.Code != 403 {
			t.Error("an operator revokes strays:", w.Code)
		}
		var k api.Killed
		if w := d.call("sue", "POST", "/api/v1/credentials/key/sweep/revoke", api.Kill{ID: "id-old-key"}, nil); w.Code != 409 || d.Live["CANARY-old-key"] == "" {
			t.Error("what is in use is a stray:", w.Code, w.Body)
		}
		if w := d.call("sue", "POST", "/api/v1/credentials/key/sweep/revoke", api.Kill{ID: "id-1", Label: "of yesterday"}, nil); w.Code != 409 || d.Live["CANARY-id-1"] == "" {
			t.Error("what is called otherwise than it was seen:", w.Code, w.Body)
		}
		if w := d.call("sue", "POST", "/api/v1/credentials/key/sweep/revoke", api.Kill{ID: "id-1", Label: "acme"}, &k); w.Code != 200 || !k.Killed || d.Live["CANARY-id-1"] != "" {
			t.Error(w.Code, w.Body)
		}
		var me api.Me
		if d.call("eva", "GET", "/api/v1/me", nil, &me); me.Actor.ID != "eva@acme.example" || me.Install == "" || len(me.Roles) != 1 {
			t.Errorf("%+v", me)
		}
	})
}

// TestRunsAreTheJournal: what a command line folds is what the journal has.
func TestRunsAreTheJournal(t *testing.T) {
	open(t, []desktest.Cred{{Name: "key"}, {Name: "other"}}, func(t *testing.T, d *door) {
		d.call("ana", "POST", "/api/v1/rotations", api.Start{Credential: "key"}, nil)
		time.Sleep(time.Second)
		d.call("ana", "POST", "/api/v1/rotations", api.Start{Credential: "other", AutoRevoke: true}, nil)
		time.Sleep(time.Minute)
		var all, open, one api.Page[api.Run]
		d.call("eva", "GET", "/api/v1/runs", nil, &all)
		d.call("eva", "GET", "/api/v1/runs?open=true", nil, &open)
		d.call("eva", "GET", "/api/v1/runs?credential=other&limit=3", nil, &one)
		if len(all.Items) != 2 || all.Items[0].ID != "other/1" || all.Items[0].Outcome != pawl.Completed || all.Items[0].Events != nil {
			t.Errorf("%+v", all)
		}
		if len(open.Items) != 1 || open.Items[0].ID != "key/1" {
			t.Errorf("%+v", open)
		}
		if len(one.Items) != 1 || len(one.Items[0].Events) < 10 || one.Items[0].Revision != all.Items[0].Revision {
			t.Errorf("%+v", one)
		}
	})
}

// TestHandedOverAndGivenUp: what else can be said to a rotation.
func TestHandedOverAndGivenUp(t *testing.T) {
	open(t, withApproval, func(t *testing.T, d *door) {
		d.call("ana", "POST", "/api/v1/rotations", api.Start{Credential: "key"}, nil)
		time.Sleep(time.Minute)
		at := "/api/v1/rotations/key/1/"
		for what, c := range map[string]struct {
			who, verb string
			body      any
			status    int
		}{
			"to nobody":      {"ana", "handover", api.Decision{}, 400},
			"by a viewer":    {"eva", "handover", api.Decision{To: "bo"}, 403},
			"a value":        {"ana", "handover", api.Decision{To: "bo", Why: "use ghp_" + strings.Repeat("x9Z", 12)}, 400},
			"accept, no why": {"ana", "accept", api.Decision{Place: "heroku:acme/KEY"}, 400},
			"accept a place": {"ana", "accept", api.Decision{Consumer: "store", Why: "x"}, 409},
			"handover":       {"ana", "handover", api.Decision{To: "bo", Why: "until Monday"}, 200},
		} {
			if w := d.call(c.who, "POST", at+c.verb, c.body, nil); w.Code != c.status {
				t.Errorf("%s: %d %s", what, w.Code, w.Body)
			}
		}
		var left api.Remainder
		if w := d.call("ana", "POST", at+"remainder", "{}", &left); w.Code != 200 || len(left.Generations) != 2 {
			t.Error(w.Code, w.Body)
		}
		if w := d.call("eva", "POST", at+"abandon", api.Ending{Why: "x"}, nil); w.Code != 403 {
			t.Error(w.Code, w.Body)
		}
		if w := d.call("ana", "POST", at+"abandon", api.Ending{Why: "the vendor is gone", Discard: true}, &left); w.Code != 200 {
			t.Error(w.Code, w.Body)
		}
		var r api.Rotation
		if d.call("eva", "GET", "/api/v1/rotations/key/1", nil, &r); r.Outcome != "failed" {
			t.Errorf("%+v", r)
		}
	})
}
