package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/api"
	"github.com/pawl-dev/pawl/desk/desktest"
	"github.com/pawl-dev/pawl/server"
)

// A door is the API of an office. Who asks is what the header X-Who says.
type door struct {
	*desktest.Office
	*server.Server
	t      *testing.T
	keys   int
	people map[string]access.Subject
}

func open(t *testing.T, creds []desktest.Cred, f func(*testing.T, *door)) {
	t.Helper()
	desktest.Open(t, creds, func(t *testing.T, o *desktest.Office) {
		people := map[string]access.Subject{
			"ana": desktest.Who("ana", access.Operator), "bo": desktest.Who("bo", access.Approver, access.Auditor), "eva": desktest.Who("eva", access.Viewer), "sue": desktest.Who("sue", access.Superadmin),
		}
		s := server.New(server.Config{Desk: o.Desk, Version: "test", Who: func(r *http.Request) (access.Subject, error) {
			who, ok := people[r.Header.Get("X-Who")]
			if !ok {
				return who, &pawl.Error{Op: "who", Kind: pawl.Denied, Err: errors.New("nobody")}
			}
			return who, nil
		}})
		f(t, &door{Office: o, Server: s, t: t, people: people})
	})
}

// call makes a request as somebody and decodes the answer. head are further
// headers, name and value in turn.
func (d *door) call(who, method, path string, body any, into any, head ...string) *httptest.ResponseRecorder {
	d.t.Helper()
	var text []byte
	switch b := body.(type) {
	case nil:
	case string:
		text = []byte(b)
	default:
		text, _ = json.Marshal(b)
	}
	r := httptest.NewRequest(method, path, bytes.NewReader(text))
	r.Header.Set("X-Who", who)
	if method == http.MethodPost {
		d.keys++
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Idempotency-Key", fmt.Sprint("key-", d.keys))
	}
	for i := 0; i < len(head); i += 2 {
		r.Header.Set(head[i], head[i+1])
	}
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	if into != nil {
		if err := json.Unmarshal(w.Body.Bytes(), into); err != nil {
			d.t.Fatalf("%s %s: %d %q: %v", method, path, w.Code, w.Body, err)
		}
	}
	if strings.Contains(w.Body.String(), "CANARY") {
		d.t.Errorf("%s %s: the answer holds a value: %s", method, path, w.Body)
	}
	return w
}

var withApproval = []desktest.Cred{{Name: "key", More: "approval: {from: approver}"}}

// TestRotationOverHTTP: from the plan to the end, by two people.
func TestRotationOverHTTP(t *testing.T) {
	open(t, withApproval, func(t *testing.T, d *door) {
		var plan api.Planned
		if w := d.call("ana", "POST", "/api/v1/credentials/key/plans", "{}", &plan); w.Code != 200 || plan.OldID != "id-old-key" {
			t.Fatal(w.Code, w.Body)
		}
		var r api.Rotation
		w := d.call("ana", "POST", "/api/v1/rotations", api.Start{Credential: "key", Digest: plan.Digest, AutoRevoke: true}, &r)
		if w.Code != 200 || r.ID != "key/1" {
			t.Fatal(w.Code, w.Body)
		}
		time.Sleep(time.Minute)
		w = d.call("bo", "GET", "/api/v1/rotations/key/1", nil, &r)
		tag := w.Header().Get("ETag")
		if tag == "" || r.Phase != "APPROVAL" || fmt.Sprint(r.Choices) != "[approve deny]" {
			t.Fatalf("%s %+v", tag, r)
		}
		if w := d.call("bo", "POST", "/api/v1/rotations/key/1/approve", api.Decision{Digest: r.Digest}, nil, "If-Match", `"1"`); w.Code != 412 {
			t.Errorf("a decision about what is not there any more: %d %s", w.Code, w.Body)
		}
		if w := d.call("bo", "POST", "/api/v1/rotations/key/1/approve", api.Decision{Digest: r.Digest}, &r, "If-Match", tag); w.Code != 200 {
			t.Fatal(w.Code, w.Body)
		}
		time.Sleep(time.Minute)
		d.call("eva", "GET", "/api/v1/rotations/key/1", nil, &r)
		if r.Outcome != "done" {
			t.Errorf("%+v", r)
		}
		var ended api.Rotation
		if d.call("ana", "GET", "/api/v1/rotations/key/1", nil, &ended); len(ended.Choices) != 0 {
			t.Errorf("%q can be asked for", ended.Choices)
		}
		var lines api.Page[api.Line]
		d.call("eva", "GET", "/api/v1/rotations/key/1/events?after=2", nil, &lines)
		if len(lines.Items) == 0 || lines.Items[0].Number != 3 {
			t.Errorf("%+v", lines)
		}
		var view api.CredentialView
		d.call("eva", "GET", "/api/v1/credentials/key", nil, &view)
		if view.State != api.Fine || view.Consumers[0].Holds != "new" || !view.Consumers[0].Proved || len(view.Runs) != 1 {
			t.Errorf("%+v", view)
		}
		var records api.Page[api.Record]
		if w := d.call("bo", "GET", "/api/v1/audit/records?limit=5", nil, &records); w.Code != 200 || len(records.Items) != 5 || records.Next != strconv.Itoa(records.Items[4].Index) {
			t.Error(w.Code, w.Body)
		}
	})
}

// TestRefusals: each in the form of a problem, and none repeats what was sent.
func TestRefusals(t *testing.T) {
	open(t, withApproval, func(t *testing.T, d *door) {
		for what, c := range map[string]struct {
			who, method, path string
			body              any
			head              []string
			status            int
			code              string
		}{
			"nobody":          {"mallory", "GET", "/api/v1/credentials", nil, nil, 401, "sign-in"},
			"viewer starts":   {"eva", "POST", "/api/v1/rotations", api.Start{Credential: "key"}, nil, 403, "forbidden"},
			"no such":         {"ana", "POST", "/api/v1/rotations", api.Start{Credential: "none"}, nil, 404, "not-found"},
			"no such, viewer": {"eva", "POST", "/api/v1/rotations", api.Start{Credential: "none"}, nil, 403, "forbidden"},
			"no key":          {"ana", "POST", "/api/v1/rotations", api.Start{Credential: "key"}, []string{"Idempotency-Key", ""}, 400, "invalid"},
			"secret in enum":  {"ana", "POST", "/api/v1/rotations", `{"credential":"key","reason":"CANARY-reason"}`, nil, 422, "invalid"},
			"secret as key":   {"ana", "POST", "/api/v1/rotations", `{"credential":"key","CANARY-field":1}`, nil, 422, "invalid"},
			"not JSON":        {"ana", "POST", "/api/v1/rotations", `CANARY-garbage`, nil, 400, "invalid"},
			"wrong type":      {"ana", "POST", "/api/v1/rotations", `{"credential":["CANARY-list"]}`, nil, 422, "invalid"},
			"too large":       {"ana", "POST", "/api/v1/rotations", strings.Repeat("CANARY", 20_000), nil, 413, "too-large"},
			"bad ETag":        {"ana", "POST", "/api/v1/rotations/key/1/pause", "{}", []string{"If-Match", "CANARY"}, 400, "invalid"},
			"no rotation":     {"ana", "GET", "/api/v1/rotations/key/7", nil, nil, 404, "not-found"},
			"bad number":      {"ana", "GET", "/api/v1/rotations/key/CANARY", nil, nil, 422, "invalid"},
			"bad stream":      {"ana", "GET", "/api/v1/events?rotation=CANARY", nil, nil, 400, "invalid"},
			"audit":           {"eva", "GET", "/api/v1/audit/records", nil, nil, 403, "forbidden"},
		} {
			var p api.Problem
			w := d.call(c.who, c.method, c.path, c.body, &p, c.head...)
			if w.Code != c.status || p.Status != c.status || p.Code != c.code || w.Header().Get("Content-Type") != "application/problem+json" || !strings.HasSuffix(p.Type, "/"+c.code) || len(p.Next) == 0 || p.Safe == nil || !*p.Safe {
				t.Errorf("%s: %d %s", what, w.Code, w.Body)
			}
		}
		if d.Minted != 0 {
			t.Errorf("%d were minted", d.Minted)
		}
	})
}

// TestTwice: a request that is repeated is answered again and done once.
func TestTwice(t *testing.T) {
	open(t, withApproval, func(t *testing.T, d *door) {
		key := []string{"Idempotency-Key", "7f3a"}
		var first, second api.Rotation
		d.call("ana", "POST", "/api/v1/rotations", api.Start{Credential: "key"}, &first, key...)
		time.Sleep(time.Minute)
		w := d.call("ana", "POST", "/api/v1/rotations", api.Start{Credential: "key"}, &second, key...)
		if w.Code != 200 || second.ID != first.ID || second.Revision != first.Revision {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		var p api.Problem
		if w := d.call("ana", "POST", "/api/v1/rotations", api.Start{Credential: "key", Reason: "leak"}, &p, key...); w.Code != 422 || p.Code != "key-reused" {
			t.Errorf("another request with the key: %d %s", w.Code, w.Body)
		}
		if w := d.call("ana", "POST", "/api/v1/rotations", api.Start{Credential: "key"}, &p); w.Code != 409 || p.Code != "open" || len(p.Next) == 0 {
			t.Errorf("a second rotation: %d %s", w.Code, w.Body)
		}
		time.Sleep(25 * time.Hour)
		if w := d.call("ana", "POST", "/api/v1/rotations", api.Start{Credential: "key"}, &p, key...); w.Code != 409 {
			t.Errorf("after a day: %d %s", w.Code, w.Body)
		}
	})
}

// TestStream: a client that was cut off goes on with the event after the last
// one that it saw.
func TestStream(t *testing.T) {
	open(t, withApproval, func(t *testing.T, d *door) {
		d.call("ana", "POST", "/api/v1/rotations", api.Start{Credential: "key"}, nil)
		time.Sleep(time.Minute)
		listen := func(last string) string {
			ctx, cut := context.WithCancel(t.Context())
			r := httptest.NewRequestWithContext(ctx, "GET", "/api/v1/events?rotation=key/1", nil)
			r.Header.Set("X-Who", "eva")
			r.Header.Set("Last-Event-ID", last)
			w := httptest.NewRecorder()
			done := make(chan struct{})
			go func() { d.ServeHTTP(w, r); close(done) }()
			time.Sleep(40 * time.Second)
			cut()
			<-done
			return w.Body.String()
		}
		all := listen("")
		if !strings.Contains(all, "id: 1\nevent: event\ndata: {") || strings.Count(all, ": alive") != 2 {
			t.Fatal(all)
		}
		n := strings.Count(all, "event: event")
		d.call("ana", "POST", "/api/v1/rotations/key/1/pause", "{}", nil)
		time.Sleep(time.Second)
		rest := listen(fmt.Sprint(n))
		if strings.Contains(rest, fmt.Sprintf("id: %d\n", n)) || !strings.Contains(rest, fmt.Sprintf("id: %d\n", n+1)) || !strings.Contains(rest, `"paused"`) {
			t.Error(rest)
		}
		synctest.Wait()
	})
}

// TestStreamEnds: who is signed out, or may not see any more, is told nothing
// from the next beat on.
func TestStreamEnds(t *testing.T) {
	desktest.Open(t, withApproval, func(t *testing.T, o *desktest.Office) {
		type answer struct {
			who access.Subject
			err error
		}
		var now atomic.Pointer[answer]
		s := server.New(server.Config{Desk: o.Desk, Who: func(*http.Request) (access.Subject, error) { a := now.Load(); return a.who, a.err }})
		for what, then := range map[string]answer{
			"signed out": {err: &pawl.Error{Kind: pawl.Denied, Err: errors.New("over")}},
			"no role":    {who: desktest.Who("eva")},
		} {
			now.Store(&answer{who: desktest.Who("eva", access.Viewer)})
			done := make(chan struct{})
			go func() {
				s.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), "GET", "/api/v1/events", nil))
				close(done)
			}()
			time.Sleep(20 * time.Second)
			synctest.Wait()
			select {
			case <-done:
				t.Fatalf("%s: the stream has ended before", what)
			default:
			}
			now.Store(&then)
			time.Sleep(15 * time.Second)
			synctest.Wait()
			select {
			case <-done:
			default:
				t.Errorf("%s: the stream goes on", what)
			}
		}
		s.Close()
	})
}

// TestOpenAPI: the description that is committed is the one of the code.
func TestOpenAPI(t *testing.T) {
	s := server.New(server.Config{})
	got, err := s.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	const name = "../api/openapi.yaml"
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(name, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s is out of date: UPDATE=1 go test ./server (%v)", name, err)
	}
}
