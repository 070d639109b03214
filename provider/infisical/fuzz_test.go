package infisical_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/pawl-dev/pawl"
)

// FuzzAnswer hands any answer to a read: it ends in a value that is in the
// answer, or in an error of a known kind that quotes nothing of it.
func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{
		`{"secret":{"version":7,"secretKey":"K","secretValue":"marker-CANARY","updatedAt":"2026-11-23T10:00:00.000Z"}}`,
		`{"secret":{"version":7,"secretValue":"<hidden-by-infisical>","secretValueHidden":true}}`,
		`{"approval":{"slug":"marker-CANARY"}}`,
		`{"message":"Secret with name 'K' not found","error":"NotFound"}`,
		`{"message":[{"code":"invalid_type"}],"error":{"a":1}}`,
		`{"secret":null}`, `[]`, `null`, `"`, ``, `<html>`,
	} {
		f.Add(200, []byte(seed))
		f.Add(404, []byte(seed))
	}
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		if status < 200 || status > 599 || status == http.StatusNoContent || status == http.StatusNotModified {
			t.Skip()
		}
		answer := func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/login") {
				fmt.Fprint(w, `{"accessToken":"token-CANARY"}`)
				return
			}
			w.WriteHeader(status)
			w.Write(body)
		}
		p := connect(t, "https://secrets.acme.example", &http.Client{Transport: direct{http.HandlerFunc(answer)}}, settings)
		got, err := p.Read(t.Context())
		if err == nil && (status > 299 || got.IsZero()) {
			t.Fatalf("%d %q is a success", status, body)
		}
		if err != nil && (pawl.KindOf(err) == pawl.Other || strings.Contains(err.Error()+pawl.HintOf(err), "CANARY")) {
			t.Fatalf("got %v", err)
		}
	})
}
