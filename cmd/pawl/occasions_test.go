package main

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/catalog"
	"github.com/pawl-dev/pawl/notify"
	"github.com/pawl-dev/pawl/notify/webhook"
)

// TestOccasionsHaveTypes: every occasion is told by a type of its own, by which a
// receiver knows it.
func TestOccasionsHaveTypes(t *testing.T) {
	seen := map[string]bool{"": true}
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var b webhook.Body
		if err := json.NewDecoder(r.Body).Decode(&b); err != nil || seen[b.Type] {
			t.Errorf("%q: none, or that of another occasion (%v)", b.Type, err)
		}
		seen[b.Type] = true
	}))
	defer srv.Close()
	key := pawl.NewSecret([]byte("whsec_" + base64.StdEncoding.EncodeToString([]byte("CANARY-key-of-thirty-two-bytes-!"))))
	s, err := webhook.New(webhook.Config{URL: srv.URL, Secret: key, Networks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	if err != nil {
		t.Fatal(err)
	}
	for _, occasion := range catalog.Occasions() {
		if _, err := s.Tell(t.Context(), notify.Note{ID: "x", Occasion: occasion, Title: "x"}); err != nil {
			t.Errorf("%s: %v", occasion, err)
		}
	}
}
