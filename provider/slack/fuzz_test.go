package slack_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pawl-dev/pawl"
)

// FuzzAnswer lets Slack answer anything to everything: a message was sent, or
// the error is of a known kind and quotes nothing.
func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{`{"ok":true,"channel":"D0CANARY","user":{"id":"U0CANARY"}}`, `{"ok":false,"error":"ratelimited"}`, `{"ok":true,"channel":{"id":"D01"},"user":{"id":"U01"}}`,
		`{"ok":false,"error":"CANARY"}`, `{"ok":1}`, `{"ok":true,"user":{"id":7}}`, `null`, `[]`, `<html>CANARY`, ``, `{"ok":true`} {
		f.Add(200, seed, "1")
		f.Add(429, seed, "-1")
		f.Add(503, seed, "")
	}
	f.Fuzz(func(t *testing.T, status int, body, after string) {
		if status < 200 || status > 599 || strings.ContainsAny(after, "\r\n\x00") {
			return
		}
		err := answering(t, status, body, "Retry-After", after).Notify(t.Context(), "ops@acme.example", message)
		if text := fmt.Sprintf("%v %+v %#v %s", err, err, err, pawl.HintOf(err)); strings.Contains(text, "CANARY") {
			t.Errorf("the error shows what was answered: %s", text)
		}
		if err == nil && (status > 299 || !strings.Contains(body, "ok")) {
			t.Errorf("sent, by %d %q", status, body)
		}
	})
}
