package team_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/audit"
	"github.com/pawl-dev/pawl/desk"
	"github.com/pawl-dev/pawl/roster"
	"github.com/pawl-dev/pawl/roster/logged"
	"github.com/pawl-dev/pawl/team"
)

// A house is the pages with a team behind them. Who asks is what X-Who says, and
// they are fresh unless X-Stale is there.
type house struct {
	*team.Team
	t      *testing.T
	people *roster.Memory
	log    []audit.Event
}

func open(t *testing.T) *house {
	h := &house{t: t, people: roster.NewMemory()}
	for id, roles := range map[string][]access.Role{"ana": {access.Admin}, "bo": {access.Operator}, "eva": {access.Viewer}, "root": {access.Superadmin}} {
		if _, err := h.people.PutPerson(t.Context(), roster.Person{ID: id, Name: `<script>alert("` + id + `")</script>`, Roles: roles, Created: time.Now()}); err != nil {
			t.Fatal(err)
		}
	}
	d := desk.NewTeam(desk.TeamConfig{Book: &logged.Book{Roster: h.people, Record: func(_ context.Context, all ...audit.Event) error { h.log = append(h.log, all...); return nil }}})
	h.Team = team.New(team.Config{Team: d, Who: func(r *http.Request) (access.Subject, error) {
		switch who := r.Header.Get("X-Who"); who {
		case "":
			return access.Subject{}, &pawl.Error{Kind: pawl.Denied, Err: errors.New("nobody is signed in")}
		case "elsewhere":
			return access.Subject{}, &pawl.Error{Kind: pawl.Forbidden, Err: errors.New("this request comes from another site")}
		case "ci":
			return access.Subject{Actor: pawl.Actor{Type: "api_token", ID: "ana/ci"}, Service: true, Roles: access.Roles()}, nil
		default:
			p, err := h.people.Person(r.Context(), who)
			if err != nil {
				return access.Subject{}, err
			}
			return p.Subject(r.Header.Get("X-Stale") == "")
		}
	}})
	return h
}

func (h *house) do(who, method, path string, form url.Values, stale bool) *httptest.ResponseRecorder {
	h.t.Helper()
	r := httptest.NewRequestWithContext(h.t.Context(), method, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("X-Who", who)
	if stale {
		r.Header.Set("X-Stale", "yes")
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if strings.Contains(w.Body.String(), "<script>") {
		h.t.Errorf("%s %s: a name has become markup", method, path)
	}
	return w
}

func (h *house) get(who, path string) string { return h.do(who, "GET", path, nil, false).Body.String() }

var secretForm = regexp.MustCompile(`pawl_[a-z][0-9A-Za-z]{36}`)

// TestInvitation: the code is in the answer to the form, and nowhere else.
func TestInvitation(t *testing.T) {
	h := open(t)
	w := h.do("ana", "POST", "/team/invite", url.Values{"id": {" kim "}, "role": {"approver", "auditor"}, "teams": {"security, platform"}}, false)
	code := secretForm.FindString(w.Body.String())
	if w.Code != 200 || code == "" {
		t.Fatal(w.Code, w.Body)
	}
	kim, err := h.people.Person(t.Context(), "kim")
	if err != nil || len(kim.Roles) != 2 || len(kim.Teams) != 2 {
		t.Fatalf("%+v %v", kim, err)
	}
	if taken, err := h.people.TakeCode(t.Context(), roster.HashOf(pawl.NewSecret([]byte(code))), time.Now()); err != nil || taken.Person != "kim" {
		t.Errorf("%+v %v", taken, err)
	}
	if page := h.get("ana", "/team"); secretForm.MatchString(page) || !strings.Contains(page, "kim") {
		t.Error(page)
	}
	for who, sees := range map[string][2]bool{"ana": {true, true}, "root": {true, true}, "bo": {true, false}, "eva": {false, false}} {
		page := h.get(who, "/team")
		if got := strings.Contains(page, "<strong>kim</strong>"); got != sees[0] {
			t.Errorf("%s sees people: %v", who, got)
		}
		if got := strings.Contains(page, "Let somebody in"); got != sees[1] {
			t.Errorf("%s may invite: %v", who, got)
		}
	}
	if page := h.get("ana", "/team"); strings.Contains(page, "Change root") || strings.Contains(page, `value="superadmin"`) || !strings.Contains(page, "Change bo") {
		t.Error("ana is offered what she may not do")
	}
}

// TestRefused: each form, by who may not, changes nothing and says why.
func TestRefused(t *testing.T) {
	h := open(t)
	for what, c := range map[string]struct {
		who, path string
		form      url.Values
		stale     bool
		status    int
		want      string
	}{
		"nobody":             {"", "/team/invite", url.Values{"id": {"kim"}}, false, 303, ""},
		"from another site":  {"elsewhere", "/team/invite", url.Values{"id": {"kim"}}, false, 403, "another site"},
		"a program":          {"ci", "/team/invite", url.Values{"id": {"kim"}}, false, 403, "for people"},
		"a viewer invites":   {"eva", "/team/invite", url.Values{"id": {"kim"}}, false, 403, "may not people"},
		"stale":              {"ana", "/team/invite", url.Values{"id": {"kim"}}, true, 403, "/sign-in?again&amp;next=%2Fteam"},
		"a role above":       {"ana", "/team/invite", url.Values{"id": {"kim"}, "role": {"superadmin"}}, false, 403, "neither give nor take"},
		"a made-up role":     {"root", "/team/invite", url.Values{"id": {"kim"}, "role": {"root"}}, false, 403, "neither give nor take"},
		"a bad name":         {"ana", "/team/invite", url.Values{"id": {"Kim Li"}}, false, 400, "lower-case"},
		"herself":            {"ana", "/team/change", url.Values{"id": {"ana"}, "version": {"1"}, "role": {"operator"}}, false, 403, ""},
		"an old page":        {"ana", "/team/change", url.Values{"id": {"bo"}, "version": {"7"}}, false, 409, "changed since"},
		"no version":         {"ana", "/team/change", url.Values{"id": {"bo"}}, false, 400, "not whole"},
		"a role bo has not":  {"bo", "/team/me/tokens", url.Values{"name": {"ci"}, "role": {"admin"}, "days": {"9"}}, false, 403, "its maker has not"},
		"a stale token":      {"bo", "/team/me/tokens", url.Values{"name": {"ci"}, "role": {"operator"}, "days": {"9"}}, true, 403, "/sign-in?again&amp;next=%2Fteam%2Fme"},
		"a token for ever":   {"bo", "/team/me/tokens", url.Values{"name": {"ci"}, "role": {"operator"}, "days": {"9999"}}, false, 400, "366"},
		"no token like this": {"bo", "/team/me/tokens/revoke", url.Values{"id": {"CANARY"}}, false, 403, ""},
		"no session named":   {"bo", "/team/me/sessions/end", nil, false, 400, "not whole"},
		"too large":          {"ana", "/team/invite", url.Values{"id": {strings.Repeat("x", 20_000)}}, false, 413, ""},
	} {
		w := h.do(c.who, "POST", c.path, c.form, c.stale)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.want) || secretForm.MatchString(w.Body.String()) {
			t.Errorf("%s: %d %s", what, w.Code, w.Body)
		}
	}
	if all, _ := h.people.People(t.Context()); len(all) != 4 {
		t.Errorf("%d people", len(all))
	}
	if all, _ := h.people.Tokens(t.Context()); len(all) != 0 {
		t.Errorf("%d tokens", len(all))
	}
	if w := h.do("ana", "GET", "/team/change", nil, false); w.Code != 405 {
		t.Errorf("a GET that changes: %d", w.Code)
	}
}

// TestChangeSomebody: what the form says is what they are from then on.
func TestChangeSomebody(t *testing.T) {
	h := open(t)
	w := h.do("ana", "POST", "/team/change", url.Values{"id": {"bo"}, "version": {"1"}, "name": {"Bo"}, "role": {"operator", "approver"}, "teams": {"platform"}, "disabled": {"yes"}}, false)
	bo, err := h.people.Person(t.Context(), "bo")
	if w.Code != 303 || err != nil || !bo.Disabled || len(bo.Roles) != 2 || bo.Name != "Bo" || bo.Teams[0] != "platform" {
		t.Errorf("%d %+v %v", w.Code, bo, err)
	}
	if page := h.get("ana", "/team"); !strings.Contains(page, "disabled</span>") {
		t.Error(page)
	}
}

// TestOwn: one's own tokens and sessions.
func TestOwn(t *testing.T) {
	h := open(t)
	w := h.do("bo", "POST", "/team/me/tokens", url.Values{"name": {"ci"}, "role": {"operator"}, "scope": {"see", "plan"}, "days": {"30"}}, false)
	value := secretForm.FindString(w.Body.String())
	tok, err := h.people.Token(t.Context(), roster.HashOf(pawl.NewSecret([]byte(value))))
	if w.Code != 200 || err != nil || len(tok.Scope) != 2 || tok.Person != "bo" || tok.Expires.Sub(tok.Created) != 30*24*time.Hour {
		t.Fatalf("%d %+v %v", w.Code, tok, err)
	}
	page := h.get("bo", "/team/me")
	if secretForm.MatchString(page) || !strings.Contains(page, `<th scope="row">ci</th>`) || !strings.Contains(page, "operator for see, plan") {
		t.Error(page)
	}
	if strings.Contains(h.get("ana", "/team/me"), `<th scope="row">ci</th>`) {
		t.Error("ana sees bo's token as her own")
	}
	now := time.Now()
	for i, id := range []string{"one", "two", "three"} {
		h.people.AddSession(t.Context(), roster.Session{ID: id, Hash: roster.Hash{byte(i)}, Person: "bo", Method: "passkey", From: "192.0.2." + id, Created: now, Seen: now, Agent: "<script>"}, roster.Hash{9})
	}
	if w := h.do("bo", "POST", "/team/me/sessions/end", url.Values{"id": {"one"}}, true); w.Code != 303 {
		t.Error(w.Code, w.Body)
	}
	if page := h.get("bo", "/team/me"); strings.Contains(page, "192.0.2.one") || !strings.Contains(page, "192.0.2.two") {
		t.Error(page)
	}
	h.do("bo", "POST", "/team/me/sessions/end", url.Values{"all": {"yes"}}, true)
	if all, _ := h.people.SessionsOf(t.Context(), "bo"); len(all) != 0 {
		t.Errorf("%d sessions", len(all))
	}
	if w := h.do("bo", "POST", "/team/me/tokens/revoke", url.Values{"id": {tok.ID}}, true); w.Code != 303 {
		t.Error(w.Code, w.Body)
	}
	if tok, _ := h.people.Token(t.Context(), tok.Hash); tok.Good(now) {
		t.Error("revoked, and good")
	}
}
