package server_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/pawl-dev/pawl/api"
)

// TestNoRoute: a path or a method that there is not is a problem too, and says
// which methods there are; nobody is told who is not let in.
func TestNoRoute(t *testing.T) {
	open(t, withApproval, func(t *testing.T, d *door) {
		for what, c := range map[string]struct {
			who, method, path string
			status            int
			code, allow       string
		}{
			"path":          {"ana", "GET", "/api/v1/nothing", 404, "not-found", ""},
			"trailing":      {"ana", "GET", "/api/v1/credentials/", 404, "not-found", ""},
			"posted path":   {"ana", "POST", "/api/v1/nothing", 404, "not-found", ""},
			"method":        {"ana", "DELETE", "/api/v1/credentials", 405, "method", "GET, HEAD"},
			"posted method": {"ana", "POST", "/api/v1/credentials/key", 405, "method", "GET, HEAD"},
			"for anybody":   {"mallory", "DELETE", "/api/v1/version", 405, "method", "GET, HEAD"},
			"nobody":        {"mallory", "GET", "/api/v1/nothing", 401, "sign-in", ""},
		} {
			var p api.Problem
			w := d.call(c.who, c.method, c.path, nil, &p)
			if w.Code != c.status || p.Code != c.code || len(p.Next) == 0 || w.Header().Get("Allow") != c.allow || w.Header().Get("Content-Type") != "application/problem+json" {
				t.Errorf("%s: %d %s %s", what, w.Code, w.Header(), w.Body)
			}
		}
		if w := d.call("ana", "HEAD", "/api/v1/credentials", nil, nil); w.Code != 200 {
			t.Errorf("HEAD: %d", w.Code)
		}
	})
}

// TestAmbiguousBodies: what two readers may read differently is refused, before
// anything is done, and what is wrong is said without what was sent.
func TestAmbiguousBodies(t *testing.T) {
	open(t, withApproval, func(t *testing.T, d *door) {
		for body, want := range map[string]string{
			`{"credential":"key","credential":"key"}`:                           "a key stands there twice",
			`{"credential":"key","accept":["a",{"CANARY":1,"CANARY":2}]}`:       "a key stands there twice",
			`{"credential":"key","CREDENTIAL":"key"}`:                           "a key that is not known",
			`{"Credential":"key"}`:                                              "a key that is not known",
			"{\"credential\":\"key\",\"why\":\"CANARY\xff\"}":                   "not UTF-8",
			`{"credential":"key","why":"` + strings.Repeat("CANARY", 90) + `"}`: "body.why: expected length <= 500",
		} {
			var p api.Problem
			if w := d.call("ana", "POST", "/api/v1/rotations", body, &p); w.Code/100 != 4 || !strings.Contains(p.Detail, want) || p.Safe == nil || !*p.Safe {
				t.Errorf("%s: %d %s", body, w.Code, w.Body)
			}
		}
		if w := d.call("ana", "POST", "/api/v1/rotations", api.Start{Credential: "key"}, nil, "Content-Encoding", "gzip"); w.Code != 415 {
			t.Errorf("compressed: %d %s", w.Code, w.Body)
		}
		var all api.Page[api.Rotation]
		if d.call("ana", "GET", "/api/v1/rotations", nil, &all); len(all.Items) != 0 {
			t.Errorf("begun: %+v", all)
		}
		if w := d.call("ana", "POST", "/api/v1/rotations", `{"credential":"key","accept":[],"why":"key key"}`, nil); w.Code != 200 {
			t.Errorf("as it should be: %d %s", w.Code, w.Body)
		}
	})
}

// TestBodyCutOff: a body that ends before it should is not called too large, and
// nothing is done; the same key is good for it when it comes whole.
func TestBodyCutOff(t *testing.T) {
	open(t, withApproval, func(t *testing.T, d *door) {
		r := httptest.NewRequest("POST", "/api/v1/rotations", io.MultiReader(strings.NewReader(`{"credential":`), iotest.ErrReader(io.ErrUnexpectedEOF)))
		r.Header.Set("X-Who", "ana")
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Idempotency-Key", "7f3a")
		w := httptest.NewRecorder()
		d.ServeHTTP(w, r)
		if w.Code != 400 || !strings.Contains(w.Body.String(), "did not come whole") {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		if w := d.call("ana", "POST", "/api/v1/rotations", api.Start{Credential: "key"}, nil, "Idempotency-Key", "7f3a"); w.Code != 200 {
			t.Errorf("whole: %d %s", w.Code, w.Body)
		}
	})
}

// TestEvidenceOfNothing: of a name that nobody has heard of, or in a form that
// there is not, nothing is signed.
func TestEvidenceOfNothing(t *testing.T) {
	open(t, withApproval, func(t *testing.T, d *door) {
		for query, status := range map[string]int{"": 200, "?credential=key": 200, "?format=html": 200, "?format=jsonl": 200,
			"?credential=keys": http.StatusNotFound, "?credential=../key": http.StatusNotFound, "?format=pdf": 400, "?from=CANARY": 400} {
			if w := d.call("bo", "GET", "/api/v1/audit/evidence"+query, nil, nil); w.Code != status {
				t.Errorf("%s: %d %s", query, w.Code, w.Body)
			}
		}
	})
}

// TestCodesAreDocumented: each code has its line in the documentation.
func TestCodesAreDocumented(t *testing.T) {
	text, err := os.ReadFile("../docs/server.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range api.Codes() {
		if len(api.Usual(code)) == 0 || !strings.Contains(string(text), "| `"+code+"` |") {
			t.Errorf("%s: not in docs/server.md, or nothing to do about it", code)
		}
	}
}
