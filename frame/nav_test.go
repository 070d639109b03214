package frame

import (
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/frame/frametest"
)

func somebody(roles ...access.Role) access.Subject {
	return access.Subject{Actor: pawl.Actor{Type: "user", ID: "ana"}, Roles: roles, Fresh: true}
}

// show draws a page of one template.
func show(t *testing.T, method, path string, who access.Subject, v View) *httptest.ResponseRecorder {
	t.Helper()
	f := New(Config{SignOut: "/sign-out", Team: "/team", Note: frametest.Hostile}, fstest.MapFS{"one.html": {Data: []byte(`{{define "body"}}<h1>{{.Data}}</h1>{{end}}`)}}, nil)
	w := httptest.NewRecorder()
	v.Name = "one"
	if err := f.Show(w, httptest.NewRequest(method, path, nil), who, v); err != nil {
		t.Fatal(err)
	}
	return w
}

// TestWhereSomebodyIs: the navigation says it on each page, and on what belongs
// to one; it leaves out what would be refused.
func TestWhereSomebodyIs(t *testing.T) {
	auditor := somebody(access.Auditor)
	for path, want := range map[string]string{
		"/": `"/" data-go="n" aria-current="page"`, "/credentials": `"/credentials" data-go="c" aria-current="page"`, "/credentials/key": `"/credentials" data-go="c" aria-current="true"`,
		"/rotations/key/1": `"/credentials" data-go="c" aria-current="true"`, "/team/me": `"/settings" data-go="s" aria-current="true"`, "/sign-in/ways": `"/sign-in/ways" aria-current="page"`,
		"/team": `"/team" aria-current="page"`, "/audit": `"/audit" data-go="l" aria-current="page"`,
	} {
		page := show(t, "GET", path, auditor, View{}).Body.String()
		if !strings.Contains(page, want) {
			t.Errorf("%s: no %s in %s", path, want, page)
		}
		if tabs := strings.Contains(page, "You and the team"); tabs != (strings.HasPrefix(path, "/team") || strings.HasPrefix(path, "/sign-in")) {
			t.Errorf("%s: tabs: %v", path, tabs)
		}
	}
	page := show(t, "GET", "/settings", somebody(access.Viewer), View{}).Body.String()
	if strings.Contains(page, `"/audit"`) || strings.Contains(page, `"/connections"`) || strings.Contains(page, `"/team"`) || !strings.Contains(page, `"/team/me"`) {
		t.Errorf("a viewer's pages: %s", page)
	}
	if page := show(t, "POST", "/team/invite", somebody(access.Admin), View{At: "/team"}).Body.String(); !strings.Contains(page, `"/team" aria-current="page"`) {
		t.Errorf("a form of the team's page: %s", page)
	}
}

// TestNobodyIsInside: without a sign-in there is nothing around a page that needs
// one, nor on a page that asks for one thing.
func TestNobodyIsInside(t *testing.T) {
	for name, w := range map[string]*httptest.ResponseRecorder{
		"nobody": show(t, "GET", "/sign-in", access.Subject{}, View{Bare: true}), "nobody, refused": show(t, "GET", "/x", access.Subject{}, View{}),
		"asked once more": show(t, "GET", "/sign-in?again", somebody(access.Roles()...), View{Bare: true}),
	} {
		if page := w.Body.String(); strings.Contains(page, "<nav") || strings.Contains(page, "Sign out") || strings.Contains(page, "data-go") {
			t.Errorf("%s: %s", name, page)
		}
	}
}

// TestPolicy: only a page that follows something may make markup of text, and
// what answers a form follows nothing.
func TestPolicy(t *testing.T) {
	live := View{Live: "/events?of=all"}
	for name, c := range map[string]struct {
		method  string
		view    View
		scripts int
		types   string
	}{
		"calm": {"GET", View{}, 1, "trusted-types 'none'"}, "live": {"GET", live, 4, "trusted-types htmx"}, "a form": {"POST", live, 1, "trusted-types 'none'"},
		"a module": {"GET", View{Modules: []string{"/sign-in/passkey.js"}}, 2, "trusted-types 'none'"},
	} {
		w := show(t, c.method, "/", somebody(access.Viewer), c.view)
		page, policy := w.Body.String(), w.Header().Get("Content-Security-Policy")
		if n := strings.Count(page, "<script"); n != c.scripts || strings.Count(page, `nonce="`) < n || !strings.HasSuffix(policy, c.types) || !strings.Contains(policy, "require-trusted-types-for 'script'") {
			t.Errorf("%s: %d scripts, %s", name, n, policy)
		}
	}
}

// TestHostileFrame: whatever somebody is called, and wherever they say that they
// are, it is text.
func TestHostileFrame(t *testing.T) {
	who := somebody(access.Roles()...)
	who.Actor.ID = frametest.Hostile
	page := show(t, "GET", "/team?shown&q=%22%3E%3Cscript%3E", who, View{Title: frametest.Hostile, Live: frametest.Hostile, Onward: frametest.Hostile, Data: frametest.Hostile}).Body.String()
	if strings.Contains(page, "<script>") || strings.Contains(page, "<img") || strings.Contains(page, "' onmouseover") || !strings.Contains(page, "&lt;script&gt;") {
		t.Error(page)
	}
}

// TestOnward: a page that leads on says where, for browsers and for people.
func TestOnward(t *testing.T) {
	if page := show(t, "GET", "/", access.Subject{}, View{Bare: true, Onward: "/approvals"}).Body.String(); !strings.Contains(page, `content="0; url=/approvals"`) {
		t.Error(page)
	}
	if got := WithNext("/sign-in?again", "/team?shown"); got != "/sign-in?again&next=%2Fteam%3Fshown" {
		t.Error(got)
	}
}
