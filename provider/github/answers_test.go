package github_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/provider/github/githubsim"
)

// FuzzAnswer lets GitHub answer anything to everything, with any Link to a next
// page: each call ends, and its error is of ours and quotes nothing.
func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{`{"key_id":"1","key":"aGVsbG8CANARY"}`, `{"key_id":"1","key":"` + strings.Repeat("A", 43) + `="}`, `{"name":"HEROKU_API_KEY","updated_at":"2026-11-23T09:00:00Z"}`,
		`{"total_count":2,"workflow_runs":[{"id":7,"status":"queued","created_at":"2026-11-23T09:00:00Z"}]}`, `{"message":"CANARY"}`, `[]`, `null`, `{`, ``, `<html>CANARY`} {
		f.Add(200, seed, `</next>; rel="next"`, "1")
		f.Add(201, seed, `<https://other.acme.example/?page=2>; rel="next"`, "-1")
		f.Add(403, seed, `<`, "0")
		f.Add(404, seed, "", "")
	}
	f.Fuzz(func(t *testing.T, status int, body, link, remaining string) {
		if status < 200 || status > 599 || strings.ContainsAny(link+remaining, "\r\n\x00") {
			return
		}
		w := newWorld(t, githubsim.Options{})
		calls := 0
		w.meddle = func(rw http.ResponseWriter, _ *http.Request) bool {
			calls++
			rw.Header().Set("Link", link)
			rw.Header().Set("X-RateLimit-Remaining", remaining)
			rw.WriteHeader(status)
			rw.Write([]byte(body))
			return true
		}
		c := w.consumer(repoSecret)
		_, err := c.Set(t.Context(), pawl.Write{To: content(newValue)})
		fuzzed(t, err)
		_, err = c.Observe(t.Context(), pawl.Look{Want: content(newValue), Since: w.now.Add(-time.Hour)})
		fuzzed(t, err)
		_, err = w.prover(deploy).(pawl.Starter).Start(t.Context(), pawl.Look{Want: content(newValue)})
		fuzzed(t, err)
		if calls > 300 {
			t.Errorf("%d requests", calls)
		}
	})
}

func fuzzed(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	if _, ours := errors.AsType[*pawl.Error](err); !ours {
		t.Errorf("%T: %v", err, err)
	}
	clean(t, err.Error(), pawl.HintOf(err))
}
