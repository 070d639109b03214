package heroku_test

import (
	"slices"
	"testing"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/provider/heroku/herokusim"
)

// A copy of the value under a name that the catalog does not have would be cut
// off by the revoke.
func TestElsewhere(t *testing.T) {
	a := newAccount(t, herokusim.Options{})
	held := a.Config(app)[key]
	a.Redeploy(app, map[string]string{"OTHER_TOKEN": held, "ANOTHER": "CANARY-else"})
	c, _ := a.write(t)
	s, ok := c.(pawl.Searcher)
	if !ok {
		t.Fatal("config vars cannot be searched")
	}
	got, err := s.Elsewhere(t.Context(), pawl.NewSecret([]byte(held)))
	if err != nil || !slices.Equal(got, []string{app + "/OTHER_TOKEN"}) {
		t.Errorf("Elsewhere = %q, %v; want only OTHER_TOKEN", got, err)
	}
}
