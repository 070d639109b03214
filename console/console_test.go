package console_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/api"
	"github.com/pawl-dev/pawl/audit"
	"github.com/pawl-dev/pawl/console"
	"github.com/pawl-dev/pawl/desk/desktest"
	"github.com/pawl-dev/pawl/frame"
)

// A room is the console of an office. Who looks is what the header X-Who says.
type room struct {
	*desktest.Office
	*console.Console
	t *testing.T
}

func open(t *testing.T, creds []desktest.Cred, f func(*testing.T, *room)) {
	t.Helper()
	desktest.Open(t, creds, func(t *testing.T, o *desktest.Office) {
		stale := desktest.Who("ana", access.Operator)
		stale.Fresh = false
		people := map[string]access.Subject{
			"ana": desktest.Who("ana", access.Operator), "bo": desktest.Who("bo", access.Approver, access.Auditor),
			"eva": desktest.Who("eva", access.Viewer), "stale": stale, "max": desktest.Who("max", access.Roles()...),
		}
		c := console.New(console.Config{Desk: o.Desk, SignIn: "/sign-in", Again: "/sign-in?again", Frame: frame.Config{SignOut: "/sign-out"}, Who: func(r *http.Request) (access.Subject, error) {
			who, ok := people[r.Header.Get("X-Who")]
			if !ok {
				return who, &pawl.Error{Op: "who", Kind: pawl.Denied, Err: errors.New("nobody")}
			}
			return who, nil
		}})
		f(t, &room{Office: o, Console: c, t: t})
	})
}

func (r *room) do(req *http.Request) *httptest.ResponseRecorder {
	r.t.Helper()
	w := httptest.NewRecorder()
	r.ServeHTTP(w, req)
	if strings.Contains(w.Body.String(), "CANARY") {
		r.t.Errorf("%s %s: a value is on the page", req.Method, req.URL)
	}
	return w
}

func (r *room) get(who, path string) *httptest.ResponseRecorder {
	r.t.Helper()
	req := httptest.NewRequest("GET", path, nil)
	req.Header.Set("X-Who", who)
	return r.do(req)
}

func form(who, path string, values url.Values) *http.Request {
	req := httptest.NewRequest("POST", path, strings.NewReader(values.Encode()))
	req.Header.Set("X-Who", who)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return req
}

func (r *room) post(who, path string, values url.Values) *httptest.ResponseRecorder {
	r.t.Helper()
	return r.do(form(who, path, values))
}

var hidden = regexp.MustCompile(`<input type="hidden" name="([a-z]+)" value="([^"]*)">`)

// submit fills in the form on a page that posts to a path, as a browser without
// JavaScript does, and sends it.
func (r *room) submit(who, page, action string, more ...string) *httptest.ResponseRecorder {
	synctest.Wait() // so that the pool has nothing left to do between the look and the decision
	r.t.Helper()
	w := r.get(who, page)
	body := w.Body.String()
	at := strings.Index(body, `action="`+action+`"`)
	if at < 0 {
		r.t.Fatalf("%s shows %s no form to %s: %d %s", page, who, action, w.Code, body)
	}
	body = body[at:]
	body = body[:strings.Index(body, "</form>")]
	values := url.Values{}
	for _, m := range hidden.FindAllStringSubmatch(body, -1) {
		values.Set(m[1], m[2])
	}
	for i := 0; i < len(more); i += 2 {
		values.Set(more[i], more[i+1])
	}
	return r.post(who, action, values)
}

func (r *room) rotation(n int) api.Rotation {
	r.t.Helper()
	run, err := r.Rotation(r.t.Context(), desktest.Who("max", access.Roles()...), pawl.RotationID{Credential: "key", Number: n})
	if err != nil {
		r.t.Fatal(err)
	}
	return run
}

var withApproval = []desktest.Cred{{Name: "key", More: "approval: {from: approver}"}}

// begin plans and starts a rotation with nothing but forms.
func (r *room) begin() {
	r.t.Helper()
	w := r.post("ana", "/credentials/key/plan", url.Values{"reason": {"manual"}})
	digest := regexp.MustCompile(`name="digest" value="([^"]+)"`).FindStringSubmatch(w.Body.String())
	if digest == nil {
		r.t.Fatalf("no plan: %d %s", w.Code, w.Body)
	}
	if w := r.post("ana", "/credentials/key/start", url.Values{"planned": {"manual"}, "digest": {digest[1]}}); w.Code != 303 || w.Header().Get("Location") != "/rotations/key/1" {
		r.t.Fatalf("start: %d %s", w.Code, w.Body)
	}
	time.Sleep(time.Minute)
}

// TestWithoutJavaScript: from the plan to the end, by two people, with forms.
func TestWithoutJavaScript(t *testing.T) {
	open(t, withApproval, func(t *testing.T, r *room) {
		r.begin()
		const page = "/rotations/key/1"
		if body := r.get("eva", page).Body.String(); !strings.Contains(body, "still valid") || !strings.Contains(body, "safe to stop") || strings.Contains(body, page+"/revoke") {
			t.Errorf("a viewer sees %s", body)
		}
		if w := r.submit("bo", "/approvals", page+"/approve"); w.Code != 303 {
			t.Fatalf("approve: %d %s", w.Code, w.Body)
		}
		time.Sleep(time.Minute)
		if w := r.submit("ana", page, page+"/revoke", "name", "another"); w.Code != 400 || !strings.Contains(w.Body.String(), "You typed “another”") || !strings.Contains(w.Body.String(), `action="`+page+`/revoke"`) {
			t.Errorf("another name was typed: %d %s", w.Code, w.Body)
		}
		if w := r.submit("ana", page, page+"/revoke", "name", "key"); w.Code != 303 {
			t.Fatalf("revoke: %d %s", w.Code, w.Body)
		}
		time.Sleep(time.Minute)
		if run := r.rotation(1); run.Outcome != "done" {
			t.Errorf("%+v", run)
		}
		if body := r.get("eva", page).Body.String(); !strings.Contains(body, "the old one is refused") {
			t.Errorf("the end: %s", body)
		}
	})
}

func TestPauseAndBack(t *testing.T) {
	open(t, []desktest.Cred{{Name: "key"}}, func(t *testing.T, r *room) {
		r.begin()
		const page = "/rotations/key/1"
		if w := r.submit("ana", page, page+"/pause"); w.Code != 303 {
			t.Fatal(w.Code, w.Body)
		}
		if w := r.submit("ana", page, page+"/resume"); w.Code != 303 {
			t.Fatal(w.Code, w.Body)
		}
		if w := r.submit("ana", page, page+"/rollback", "why", "the release was slow"); w.Code != 303 {
			t.Fatal(w.Code, w.Body)
		}
		time.Sleep(time.Minute)
		if run := r.rotation(1); run.Outcome != "rolled-back" {
			t.Errorf("%+v", run)
		}
	})
}

// TestDeny: one no is enough.
func TestDeny(t *testing.T) {
	open(t, withApproval, func(t *testing.T, r *room) {
		r.begin()
		if w := r.submit("bo", "/approvals", "/rotations/key/1/deny", "why", "not this week"); w.Code != 303 {
			t.Fatal(w.Code, w.Body)
		}
		time.Sleep(time.Minute)
		if run := r.rotation(1); run.Outcome != "rolled-back" {
			t.Errorf("%+v", run)
		}
	})
}

// TestOwnApproval: who asked has no form for it, and sending one anyway is
// refused and written down.
func TestOwnApproval(t *testing.T) {
	open(t, withApproval, func(t *testing.T, r *room) {
		r.begin()
		run := r.rotation(1)
		if body := r.get("ana", "/approvals").Body.String(); strings.Contains(body, "/approve\"") || !strings.Contains(body, "somebody else has to agree") {
			t.Errorf("ana sees %s", body)
		}
		w := r.post("ana", "/rotations/key/1/approve", url.Values{"revision": {fmt.Sprint(run.Revision)}, "digest": {run.Digest}})
		if w.Code != 403 {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		if body := r.get("bo", "/audit").Body.String(); !strings.Contains(body, "auth.denied") {
			t.Error("the refusal is not in the log")
		}
	})
}

// TestBreakGlass: who may goes on without an approval, and it is said on the page;
// nobody else has a form for it.
func TestBreakGlass(t *testing.T) {
	open(t, withApproval, func(t *testing.T, r *room) {
		r.begin()
		for _, who := range []string{"ana", "bo", "eva"} {
			if body := r.get(who, "/approvals").Body.String() + r.get(who, "/rotations/key/1").Body.String(); strings.Contains(body, "break-glass") {
				t.Errorf("%s has a form for it", who)
			}
			run := r.rotation(1)
			if w := r.post(who, "/rotations/key/1/break-glass", url.Values{"revision": {fmt.Sprint(run.Revision)}, "digest": {run.Digest}, "why": {"ill"}}); w.Code != 403 {
				t.Errorf("%s: %d %s", who, w.Code, w.Body)
			}
		}
		if w := r.submit("max", "/approvals", "/rotations/key/1/break-glass", "why", ""); w.Code != 400 {
			t.Errorf("without a reason: %d %s", w.Code, w.Body)
		}
		if w := r.submit("max", "/rotations/key/1", "/rotations/key/1/break-glass", "why", "the approver is <b>ill</b>"); w.Code != 303 {
			t.Fatal(w.Code, w.Body)
		}
		time.Sleep(time.Minute)
		if body := r.get("eva", "/rotations/key/1").Body.String(); !strings.Contains(body, "no approval is waited for. Why: the approver is &lt;b&gt;ill&lt;/b&gt; (nobody is told") || !strings.Contains(body, "The glass was broken") {
			t.Error(body)
		}
		if run := r.rotation(1); run.Waits[0].On != "revoke" {
			t.Errorf("%+v", run)
		}
		if body := r.get("eva", "/rotations/key/1").Body.String(); strings.Contains(body, "<span>Approved</span>") || !strings.Contains(body, "<span>Glass broken</span>") {
			t.Error("it is said to be approved")
		}
	})
}

// TestReplayedApproval: a form that was sent once does nothing when the page is
// not what it was any more.
func TestReplayedApproval(t *testing.T) {
	open(t, withApproval, func(t *testing.T, r *room) {
		r.begin()
		run := r.rotation(1)
		values := url.Values{"revision": {fmt.Sprint(run.Revision)}, "digest": {run.Digest}}
		if w := r.post("bo", "/rotations/key/1/approve", values); w.Code != 303 {
			t.Fatal(w.Code)
		}
		if w := r.post("bo", "/rotations/key/1/approve", values); w.Code != 409 || !strings.Contains(w.Body.String(), "changed since you looked") {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		values.Set("revision", fmt.Sprint(r.rotation(1).Revision))
		values.Set("digest", "sha256:another")
		if w := r.post("bo", "/rotations/key/1/approve", values); w.Code != 409 {
			t.Errorf("another plan: %d", w.Code)
		}
	})
}

// TestStepUp: a session that is not fresh is sent to say once more who it is,
// and comes back to where it was; nothing happened meanwhile.
func TestStepUp(t *testing.T) {
	open(t, []desktest.Cred{{Name: "key"}}, func(t *testing.T, r *room) {
		r.begin()
		before := r.rotation(1)
		w := r.submit("stale", "/rotations/key/1", "/rotations/key/1/revoke", "name", "key")
		if w.Code != 303 || w.Header().Get("Location") != "/sign-in?again&next="+url.QueryEscape("/rotations/key/1?shown") {
			t.Errorf("%d %v", w.Code, w.Header())
		}
		if after := r.rotation(1); after.Revision != before.Revision {
			t.Errorf("revision %d, was %d", after.Revision, before.Revision)
		}
	})
}

// everyGet is every page that there is.
var everyGet = []string{"/", "/credentials", "/credentials?q=key&state=ok", "/credentials.csv", "/credentials/key", "/rotations/key/1", "/calendar", "/calendar?month=2026-02",
	"/approvals", "/consumers", "/consumers?of=proj-0001", "/connections", "/audit", "/audit?by=action&q=secret.rotate.planned", "/audit?by=person&q=ana%40acme.example", "/audit?by=rotation&q=key%2F1", "/audit/export", "/audit/evidence?from=1999-01-01&to=2100-01-01", "/audit/evidence?as=pack", "/settings"}

// TestPages: every page is there for who may do everything, and no GET changes
// anything.
func TestPages(t *testing.T) {
	open(t, withApproval, func(t *testing.T, r *room) {
		r.begin()
		before := r.rotation(1)
		log := len(r.get("max", "/audit/export").Body.String())
		for _, path := range everyGet {
			w := r.get("max", path)
			if w.Code != 200 || w.Body.Len() == 0 {
				t.Errorf("%s: %d %s", path, w.Code, w.Body)
			}
			if ct := w.Header().Get("Content-Type"); strings.HasPrefix(ct, "text/html") && w.Header().Get("Content-Disposition") == "" && !strings.Contains(w.Body.String(), "</html>") {
				t.Errorf("%s is cut off", path)
			}
		}
		synctest.Wait()
		if after := r.rotation(1); after.Revision != before.Revision {
			t.Errorf("a GET moved the rotation from %d to %d", before.Revision, after.Revision)
		}
		if now := len(r.get("max", "/audit/export").Body.String()); now != log {
			t.Errorf("a GET wrote to the log")
		}
	})
}

// TestNobody: without a sign-in there is nothing but the way to it.
func TestNobody(t *testing.T) {
	open(t, []desktest.Cred{{Name: "key"}}, func(t *testing.T, r *room) {
		if w := r.get("", "/events?of=all"); w.Code != 401 {
			t.Errorf("nobody follows: %d, and should be told, not led elsewhere", w.Code)
		}
		for _, path := range everyGet {
			if w := r.get("", path); w.Code != 303 || !strings.HasPrefix(w.Header().Get("Location"), "/sign-in?next=%2F") {
				t.Errorf("%s: %d %v", path, w.Code, w.Header())
			}
		}
		if w := r.post("", "/credentials/key/start", url.Values{}); w.Code != 303 || w.Header().Get("Location") != "/sign-in?next=%2F" {
			t.Errorf("%d %v", w.Code, w.Header())
		}
	})
}

// TestMayNot: what the table does not allow is a page that says so.
func TestMayNot(t *testing.T) {
	open(t, []desktest.Cred{{Name: "key"}}, func(t *testing.T, r *room) {
		for _, path := range []string{"/audit", "/audit/export", "/connections"} {
			if w := r.get("eva", path); w.Code != 403 || !strings.Contains(w.Body.String(), "Nothing was changed.") {
				t.Errorf("%s: %d %s", path, w.Code, w.Body)
			}
		}
		if body := r.get("eva", "/").Body.String(); strings.Contains(body, `href="/audit"`) {
			t.Error("a page that she may not see is in her navigation")
		}
		for _, path := range []string{"/credentials/key/plan", "/credentials/key/start"} {
			if w := r.post("eva", path, url.Values{"reason": {"manual"}, "planned": {"manual"}, "digest": {"x"}}); w.Code != 403 {
				t.Errorf("%s: %d", path, w.Code)
			}
		}
		if r.Minted != 0 {
			t.Error("something was minted")
		}
	})
}

// TestCrossSite: no other site can act in the name of who is signed in.
func TestCrossSite(t *testing.T) {
	open(t, withApproval, func(t *testing.T, r *room) {
		r.begin()
		run := r.rotation(1)
		values := url.Values{"revision": {fmt.Sprint(run.Revision)}, "digest": {run.Digest}}
		for name, head := range map[string]map[string]string{
			"cross-site": {"Sec-Fetch-Site": "cross-site"}, "same-site": {"Sec-Fetch-Site": "same-site"}, "another origin": {"Origin": "https://evil.example"},
			"opaque": {"Origin": "null"}, "says nothing": {},
		} {
			req := form("bo", "/rotations/key/1/approve", values)
			req.Header.Del("Sec-Fetch-Site")
			for k, v := range head {
				req.Header.Set(k, v)
			}
			if w := r.do(req); w.Code != 403 || r.rotation(1).Revision != run.Revision {
				t.Errorf("%s: %d", name, w.Code)
			}
		}
	})
}

// TestHostileRequests: path tricks, wrong methods, forms that are no forms, and
// bodies that do not end.
func TestHostileRequests(t *testing.T) {
	open(t, []desktest.Cred{{Name: "key"}}, func(t *testing.T, r *room) {
		r.begin()
		revision := r.rotation(1).Revision
		for path, want := range map[string]int{"/credentials/..%2f..%2fetc": 404, "/rotations/key/0": 404, "/rotations/key/1e3": 404, "/rotations/key/99999999999999999999": 404,
			"/rotations/a%2Fb/1": 404, "/rotations/key/2": 404, "/credentials/nokey": 404, "/consumers?of=nobody": 404, "/static/..%2fconsole.go": 404, "/static/none.js": 404,
			"/calendar?month=x": 400, "/events?of=": 400, "/events?of=key%2F0": 400, "/no/such/page": 404, "/credentials?after=zzz": 400, "/audit/evidence?from=x": 400, "/audit?after=-5": 400, "/audit?after=x": 400, "/audit?by=rotation&q=x": 400} {
			if w := r.get("max", path); w.Code != want {
				t.Errorf("%s: %d, want %d", path, w.Code, want)
			}
		}
		for _, method := range []string{"PUT", "DELETE", "PATCH"} {
			req := form("max", "/rotations/key/1/revoke", nil)
			req.Method = method
			if w := r.do(req); w.Code != 405 && w.Code != 404 {
				t.Errorf("%s: %d", method, w.Code)
			}
		}
		if w := r.get("max", "/rotations/key/1/revoke"); w.Code == 200 {
			t.Errorf("a GET of a form's address: %d", w.Code)
		}
		big := url.Values{"why": {strings.Repeat("x", 100<<10)}, "revision": {fmt.Sprint(revision)}}
		for _, values := range []url.Values{nil, {"revision": {"-1"}}, {"revision": {"0"}}, {"revision": {"x"}}, big, {"why": {strings.Repeat("x", 600)}, "revision": {fmt.Sprint(revision)}}} {
			if w := r.post("max", "/rotations/key/1/rollback", values); w.Code != 400 {
				t.Errorf("%.60v: %d", values, w.Code)
			}
		}
		for _, reason := range []string{"", "leak", "x"} {
			if w := r.post("max", "/credentials/key/start", url.Values{"planned": {reason}, "digest": {"sha256:x"}}); w.Code != 400 {
				t.Errorf("reason %q: %d", reason, w.Code)
			}
		}
		if now := r.rotation(1).Revision; now != revision {
			t.Errorf("revision %d, was %d", now, revision)
		}
	})
}

const wantPolicy = "default-src 'none'; script-src 'nonce-N'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; " +
	"require-trusted-types-for 'script'; trusted-types "

// TestHeaders: every answer keeps to itself; a page may run its own scripts,
// whose nonce is new each time. Where nothing is followed, nothing makes markup.
func TestHeaders(t *testing.T) {
	open(t, []desktest.Cred{{Name: "key"}}, func(t *testing.T, r *room) {
		seen := map[string]bool{}
		for _, path := range append(everyGet, "/", "/no/such/page", "/static/pawl.css") {
			w := r.get("max", path)
			for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin",
				"Cross-Origin-Resource-Policy": "same-origin", "X-Frame-Options": "DENY", "Cache-Control": "no-store"} {
				if got := w.Header().Get(name); got != want {
					t.Errorf("%s: %s is %q", path, name, got)
				}
			}
			policy := w.Header().Get("Content-Security-Policy")
			if !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") || w.Header().Get("Content-Disposition") != "" {
				continue
			}
			nonce := regexp.MustCompile(`'nonce-([^']+)'`).FindStringSubmatch(policy)
			if nonce == nil || len(nonce[1]) < 22 || seen[nonce[1]] || !strings.Contains(w.Body.String(), `nonce="`+nonce[1]+`"`) {
				t.Fatalf("%s: nonce of %q", path, policy)
			}
			seen[nonce[1]] = true
			want := wantPolicy + "'none'"
			if strings.Contains(w.Body.String(), "hx-sse:connect") {
				want = wantPolicy + "htmx"
			}
			if got := strings.ReplaceAll(policy, nonce[1], "N"); got != want {
				t.Errorf("%s: %s", path, got)
			}
		}
	})
}

// TestStatic: what a page names may be kept for ever.
func TestStatic(t *testing.T) {
	open(t, []desktest.Cred{{Name: "key"}}, func(t *testing.T, r *room) {
		for _, m := range regexp.MustCompile(`"(/static/[^"]+)"`).FindAllStringSubmatch(r.get("eva", "/").Body.String(), -1) {
			w := r.get("", m[1])
			if w.Code != 200 || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") || w.Header().Get("Content-Type") == "" {
				t.Errorf("%s: %d %v", m[1], w.Code, w.Header())
			}
		}
	})
}

// A tail is the body of a stream while it is written.
type tail struct {
	*httptest.ResponseRecorder
	mu sync.Mutex
}

func (w *tail) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ResponseRecorder.Write(p)
}

func (w *tail) text() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.Body.String()
}

// follow opens a stream until it is stopped.
func (r *room) follow(query, last string) (w *tail, stop func()) {
	ctx, cancel := context.WithCancel(r.t.Context())
	req := httptest.NewRequest("GET", "/events?"+query, nil).WithContext(ctx)
	req.Header.Set("X-Who", "eva")
	req.Header.Set("Last-Event-ID", last)
	w = &tail{ResponseRecorder: httptest.NewRecorder()}
	done := make(chan struct{})
	go func() { r.ServeHTTP(w, req); close(done) }()
	synctest.Wait()
	return w, func() { cancel(); <-done }
}

var said = regexp.MustCompile(`id: (\d+)\nevent: changed\ndata: look\n`)

// TestStream: a page is told that something has changed, never what; one that
// was cut off is told what it missed, and only then.
func TestStream(t *testing.T) {
	open(t, []desktest.Cred{{Name: "key"}}, func(t *testing.T, r *room) {
		page := r.get("eva", "/").Body.String()
		since := regexp.MustCompile(`/events\?of=all&amp;since=(\d+)`).FindStringSubmatch(page)
		if since == nil {
			t.Fatal(page)
		}
		w, stop := r.follow("of=all&since="+since[1], "")
		if said.MatchString(w.text()) {
			t.Errorf("told before anything happened: %q", w.text())
		}
		r.begin()
		all := said.FindAllStringSubmatch(w.text(), -1)
		if len(all) == 0 || strings.Contains(w.text(), "key") {
			t.Fatalf("%q", w.text())
		}
		stop()
		last := all[len(all)-1][1]
		if w, stop := r.follow("of=all&since="+since[1], last); said.MatchString(w.text()) {
			t.Errorf("told again of what it has seen: %q", w.text())
		} else {
			stop()
		}
		if w := r.submit("ana", "/rotations/key/1", "/rotations/key/1/pause"); w.Code != 303 {
			t.Fatal(w.Code)
		}
		again, stop := r.follow("of=all&since="+since[1], last)
		if !said.MatchString(again.text()) {
			t.Errorf("not told what it missed: %q", again.text())
		}
		time.Sleep(31 * time.Second)
		if n := strings.Count(again.text(), ": alive"); n != 2 {
			t.Errorf("%d signs of life in half a minute", n)
		}
		stop()
	})
}

// TestStreamEnds: the streams end when the server does.
func TestStreamEnds(t *testing.T) {
	open(t, []desktest.Cred{{Name: "key"}}, func(t *testing.T, r *room) {
		_, stop := r.follow("of=key%2F1", "")
		r.Close()
		synctest.Wait()
		stop()
	})
}

// TestVerifyAndExport: the button says what a verification came to, and what is
// exported verifies elsewhere.
func TestVerifyAndExport(t *testing.T) {
	open(t, withApproval, func(t *testing.T, r *room) {
		r.begin()
		w := r.post("bo", "/audit/verify", nil)
		if w.Code != 200 || !strings.Contains(w.Body.String(), "The log is as it was signed.") {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		out := r.get("bo", "/audit/export")
		if out.Code != 200 || !strings.Contains(out.Header().Get("Content-Disposition"), "attachment") {
			t.Fatalf("%d %v", out.Code, out.Header())
		}
		r.verifies(out.Body.String())
	})
}

func (r *room) verifies(bundle string) {
	r.t.Helper()
	if report, err := audit.VerifyBundle(strings.NewReader(bundle), r.Journal.PublicKey()); err != nil || report.Size == 0 {
		r.t.Errorf("%+v %v", report, err)
	}
}
