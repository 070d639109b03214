package wire_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/pawl-dev/pawl/provider/wire"
)

// TestTally: every request is counted under what came of it, by whichever
// client of the process it was sent.
func TestTally(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			w.WriteHeader(http.StatusTooManyRequests)
		}
	}))
	var tally wire.Tally
	get := func(vendor, path string) {
		c := wire.NewClient(wire.Options{Vendor: vendor, Tally: &tally})
		if resp, err := c.Get(srv.URL + path); err == nil {
			resp.Body.Close()
		}
	}
	get("heroku", "/")
	get("heroku", "/")
	get("heroku", "/much")
	get("github", "/")
	srv.Close()
	get("github", "/")
	var got []string
	tally.Each(func(vendor, code string, n int) { got = append(got, fmt.Sprint(vendor, " ", code, " ", n)) })
	slices.Sort(got)
	if want := []string{"github 200 1", "github none 1", "heroku 200 2", "heroku 429 1"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
