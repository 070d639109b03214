package main

import (
	"bufio"
	"context"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

// A visit is the demo, and somebody's browser.
type visit struct {
	t      *testing.T
	origin string
	links  map[string]string // by person
	http.Client
}

// visitDemo starts the demo and returns what it says. It has ended, and left
// nothing, when the test ends.
func visitDemo(t *testing.T) *visit {
	t.Helper()
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	ctx, stop := context.WithCancel(t.Context())
	out, said := io.Pipe()
	e := env{in: strings.NewReader(""), out: said, err: io.Discard, getenv: func(string) string { return "" }}
	code := make(chan int, 1)
	go func() { code <- run(ctx, e, []string{"serve", "--demo", "--listen", "127.0.0.1:0"}); said.Close() }()
	t.Cleanup(func() {
		stop()
		if c := <-code; c != 0 {
			t.Errorf("exit %d", c)
		}
		if left, _ := os.ReadDir(tmp); len(left) > 0 {
			t.Errorf("it left %v", left)
		}
	})
	v := &visit{t: t, links: map[string]string{}}
	lines := bufio.NewScanner(out)
	for len(v.links) < len(cast) && lines.Scan() {
		link, err := url.Parse(lines.Text()[strings.LastIndexByte(lines.Text(), ' ')+1:])
		if err != nil || link.Host == "" {
			t.Fatalf("the demo said %q", lines.Text())
		}
		v.links[link.Query().Get("as")] = link.String()
		v.origin = "http://" + link.Host
	}
	v.Jar, _ = cookiejar.New(nil)
	return v
}

func (v *visit) page(path string) (int, string) {
	v.t.Helper()
	r, err := v.Get(v.origin + path)
	if err != nil {
		v.t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return r.StatusCode, string(body)
}

func (v *visit) post(path string, form url.Values) (int, string) {
	v.t.Helper()
	req, err := http.NewRequest("POST", v.origin+path, strings.NewReader(form.Encode()))
	if err != nil {
		v.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", v.origin)
	r, err := v.Do(req)
	if err != nil {
		v.t.Fatal(err)
	}
	defer r.Body.Close()
	body, _ := io.ReadAll(r.Body)
	return r.StatusCode, string(body)
}

// enter comes in by the link of a person.
func (v *visit) enter(person string) string {
	v.t.Helper()
	link, _ := url.Parse(v.links[person])
	if status, body := v.page(link.RequestURI()); status != 200 || !strings.Contains(body, "<form") {
		v.t.Fatalf("%d %s", status, body)
	}
	_, body := v.post("/demo/in", url.Values{"code": {link.Query().Get("code")}, "next": {"/"}})
	return body
}

// TestServeDemo: the demo has a history worth looking at, lets each person in
// by their link, and shows every page.
func TestServeDemo(t *testing.T) {
	v := visitDemo(t)
	if status, body := v.page("/"); status != 200 || !strings.Contains(body, "<h1>Sign in</h1>") {
		t.Fatalf("without a link: %d %s", status, body)
	}
	body := v.enter("bo")
	for _, want := range []string{"heroku-ci-deploy-token/4", "heroku-log-drain-token", "overdue", "A demonstration"} {
		if !strings.Contains(body, want) {
			t.Errorf("the first page has no %q: %s", want, body)
		}
	}
	for path, want := range map[string]string{"/credentials": "heroku-support-token", "/credentials/heroku-api-key": "59bdb5ba", "/rotations/heroku-review-apps-token/2": "leak",
		"/calendar": "heroku-api-key", "/consumers?of=acme-api-prod": "heroku-api-key", "/audit": "secret.rotate", "/settings": "security"} {
		if status, body := v.page(path); status != 200 || !strings.Contains(body, want) {
			t.Errorf("%s: %d, no %q: %s", path, status, want, body)
		}
	}
	if status, body := v.post("/audit/verify", nil); status != 200 || !strings.Contains(body, "The log is as it was signed.") {
		t.Errorf("the log: %d %s", status, body)
	}
	if status, body := v.post("/demo/again", url.Values{"next": {"/approvals"}}); status != 200 || !strings.Contains(body, "Approvals") {
		t.Errorf("once more: %d %s", status, body)
	}
	v.outAndIn()
	req, _ := http.NewRequest("GET", v.origin+"/", nil)
	req.Host = "evil.example"
	if r, err := v.Do(req); err != nil || r.StatusCode != http.StatusMisdirectedRequest {
		t.Errorf("called by another name: %v %v", r, err)
	}
}

// outAndIn: who signs out is told how to come back, and the same link lets them
// in again; a link of another demo does not.
func (v *visit) outAndIn() {
	v.t.Helper()
	_, body := v.post("/sign-out", nil)
	if !strings.Contains(body, "This is a demonstration") || strings.Contains(body, "Your short name") {
		v.t.Errorf("signed out: %s", body)
	}
	if status, body := v.post("/demo/in", url.Values{"code": {"pawl_c_" + strings.Repeat("x", 30)}, "next": {"/"}}); status != 401 || !strings.Contains(body, "This is a demonstration") {
		v.t.Errorf("a link of another demo: %d %s", status, body)
	}
	if body := v.enter("bo"); !strings.Contains(body, "overdue") {
		v.t.Errorf("a link did not let somebody in again: %s", body)
	}
	_, body = v.page("/audit?by=action&q=auth.signed_in")
	for _, at := range regexp.MustCompile(`"time":"([^"]+)"`).FindAllStringSubmatch(html.UnescapeString(body), -1) {
		when, err := time.Parse(time.RFC3339Nano, at[1])
		if err != nil || time.Since(when).Abs() > 4*time.Minute {
			v.t.Errorf("the log says that somebody signed in at %s", at[1])
		}
	}
	if !strings.Contains(body, "auth.signed_in") {
		v.t.Errorf("no sign-in is in the log: %s", body)
	}
	if status, key := v.page("/audit/key"); status != 200 || strings.Count(key, "\n") != 1 {
		v.t.Errorf("the public key: %d %q", status, key)
	}
}

// TestServeDemoStaysHere: it never listens for others.
func TestServeDemoStaysHere(t *testing.T) {
	for _, addr := range []string{"0.0.0.0:0", ":8400", "192.0.2.1:8400", "example.com:80", "x"} {
		e := env{in: strings.NewReader(""), out: io.Discard, err: io.Discard, getenv: func(string) string { return "" }}
		if code := run(t.Context(), e, []string{"serve", "--demo", "--listen", addr}); code != exitUsage {
			t.Errorf("%s: exit %d", addr, code)
		}
	}
}
