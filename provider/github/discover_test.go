package github_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/provider/github"
	"github.com/pawl-dev/pawl/provider/github/githubsim"
)

func (w *world) discoverer() pawl.Discoverer {
	return github.Provider().Connection.Discover(w.client(githubsim.Token))
}

func listed(settings string) pawl.Search {
	return pawl.Search{Names: []string{"HEROKU_API_KEY"}, Listed: []pawl.Op{{Name: "github/actions-secret@1", Config: []byte(settings)}}}
}

// discover searches all areas, and says in which it may not.
func discover(t *testing.T, d pawl.Discoverer, q pawl.Search) (found []string, blind []string) {
	t.Helper()
	areas, err := d.Areas(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range areas {
		got, err := d.Search(t.Context(), a, q)
		if pawl.KindOf(err) == pawl.Forbidden {
			blind = append(blind, a.Name)
		} else if err != nil {
			t.Fatalf("%s: %v", a.Name, err)
		}
		for _, f := range got {
			found = append(found, fmt.Sprintf("%s %s %v %s", f.Where, f.How, f.Listed, f.Changed.Format(time.DateOnly)))
		}
	}
	return found, blind
}

func TestDiscover(t *testing.T) {
	w := newWorld(t, githubsim.Options{})
	w.sim.AddOrg("acme")
	for i := range 120 { // more than a page
		w.sim.AddRepo(fmt.Sprintf("acme/lib-%03d", i))
	}
	w.sim.AddRepo("acme/old")
	w.sim.AddRepo("acme/closed")
	w.sim.AddEnvironment("acme/lib-117", "production")
	w.sim.SetSecret("acme/api", "", "HEROKU_API_KEY", oldValue)
	w.sim.SetSecret("acme/api", "", "OTHER", oldValue)
	w.sim.SetSecret("acme/old", "", "HEROKU_API_KEY", oldValue)
	w.sim.Archive("acme/old")
	w.sim.Close("acme/closed")
	w.sim.SetSecret("acme/lib-117", "production", "heroku_api_key", oldValue)
	w.sim.SetSecret("acme", "", "HEROKU_API_KEY", oldValue)
	found, blind := discover(t, w.discoverer(), listed(`{"repo":"acme/api","secret":"heroku_api_key"}`))
	want := []string{"acme/HEROKU_API_KEY name false 2026-03-02", "acme/api/HEROKU_API_KEY name true 2026-03-02",
		"acme/lib-117@production/HEROKU_API_KEY name false 2026-03-02"}
	if !slices.Equal(found, want) || !slices.Equal(blind, []string{"acme/closed"}) {
		t.Errorf("found %q, blind in %q; want %q", found, blind, want)
	}
}

// TestDiscoverOfAPerson: whose repositories are no organization's.
func TestDiscoverOfAPerson(t *testing.T) {
	w := newWorld(t, githubsim.Options{})
	w.sim.AddRepo("somebody/else")
	w.sim.SetSecret("acme/api", "", "HEROKU_API_KEY", oldValue)
	w.sim.SetSecret("somebody/else", "", "HEROKU_API_KEY", oldValue)
	found, _ := discover(t, w.discoverer(), listed(`{"repo":"acme/web","secret":"HEROKU_API_KEY"}`))
	if want := []string{"acme/api/HEROKU_API_KEY name false 2026-03-02"}; !slices.Equal(found, want) {
		t.Errorf("found %q, want %q", found, want)
	}
}

func TestDiscoverWhereThereIsNoList(t *testing.T) {
	w := newWorld(t, githubsim.Options{})
	for status, want := range map[int]pawl.Kind{http.StatusNotFound: pawl.NotFound, http.StatusForbidden: pawl.Forbidden} {
		w.meddle = func(rw http.ResponseWriter, r *http.Request) bool {
			if strings.HasSuffix(r.URL.Path, "/repos") {
				rw.WriteHeader(status)
				return true
			}
			return false
		}
		if _, err := w.discoverer().Areas(t.Context(), listed(`{"repo":"acme/api","secret":"A"}`)); pawl.KindOf(err) != want {
			t.Errorf("%d: %v, want %v", status, err, want)
		}
	}
}

func TestDiscoverLeavesARest(t *testing.T) {
	w := newWorld(t, githubsim.Options{})
	w.meddle = func(rw http.ResponseWriter, r *http.Request) bool {
		rw.Header().Set("X-RateLimit-Limit", "5000")
		rw.Header().Set("X-RateLimit-Remaining", "499")
		rw.Header().Set("X-RateLimit-Reset", "1900000000")
		return false
	}
	if _, err := w.discoverer().Areas(t.Context(), listed(`{"repo":"acme/api","secret":"A"}`)); pawl.KindOf(err) != pawl.Throttled {
		t.Errorf("%v, want it kept for the rotation", err)
	}
}
