package heroku_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/provider/heroku"
	"github.com/pawl-dev/pawl/provider/heroku/herokusim"
)

func (a *account) discoverer(t *testing.T) pawl.Discoverer {
	p, client := open(t, a.url, a.token, a.clock.now)
	return p.Connection.Discover(client)
}

// discover searches all areas, as a caller would.
func discover(t *testing.T, d pawl.Discoverer, q pawl.Search) (found []pawl.Found) {
	t.Helper()
	areas, err := d.Areas(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	for _, area := range areas {
		got, err := d.Search(t.Context(), area, q)
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, got...)
	}
	return found
}

// TestDiscover: the value is found in every app of a long list, under whatever
// name; another value only under the name of a copy.
func TestDiscover(t *testing.T) {
	a := newAccount(t, herokusim.Options{PageSize: 3})
	for i := range 7 {
		a.AddApp(fmt.Sprintf("acme-worker-%d", i), map[string]string{"LOG_LEVEL": "info"})
	}
	a.AddApp("acme-billing", map[string]string{"DEPLOY_TOKEN": a.old, "OTHER": "CANARY-other"})
	a.AddApp("acme-legacy", map[string]string{key: "CANARY-its-own"})
	q := pawl.Search{Values: []pawl.Secret{secret("CANARY-unused"), secret(a.old)}, Names: []string{key},
		Listed: []pawl.Op{{Name: "heroku/config-var@1", Config: encode(t, heroku.ConfigVar{App: app, Keys: []string{key}})}}}
	var got []string
	for _, f := range discover(t, a.discoverer(t), q) {
		got = append(got, fmt.Sprintf("%s %s %d %v", f.Where, f.How, f.Value, f.Listed))
		if want := encode(t, heroku.ConfigVar{App: f.ID, Keys: []string{f.Where[len(f.ID)+1:]}}); f.Kind != "heroku/config-var" || string(f.Settings) != string(want) {
			t.Errorf("%s would be listed as %s %s, want %s", f.Where, f.Kind, f.Settings, want)
		}
	}
	want := []string{app + "/" + key + " value 1 true", "acme-billing/DEPLOY_TOKEN value 1 false", "acme-legacy/" + key + " other 0 false"}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("found %q, want %q", got, want)
	}
}

// TestDiscoverByID: the catalog may name an app by its id.
func TestDiscoverByID(t *testing.T) {
	a := newAccount(t, herokusim.Options{})
	d := a.discoverer(t)
	areas, err := d.Areas(t.Context(), pawl.Search{})
	if err != nil || len(areas) != 1 || areas[0].Name != app || areas[0].ID == "" {
		t.Fatalf("Areas = %+v, %v", areas, err)
	}
	q := pawl.Search{Values: []pawl.Secret{secret(a.old)},
		Listed: []pawl.Op{{Name: "heroku/config-var@1", Config: encode(t, heroku.ConfigVar{App: areas[0].ID, Keys: []string{key}})}}}
	if found := discover(t, d, q); len(found) != 1 || !found[0].Listed {
		t.Errorf("found %+v, want the one that is listed", found)
	}
}

func TestDiscoverLeavesARest(t *testing.T) {
	a := newAccount(t, herokusim.Options{})
	d := a.discoverer(t)
	a.SetRateLimit(201)
	_, err := d.Areas(t.Context(), pawl.Search{})
	wantKind(t, err, pawl.Throttled)
	a.SetRateLimit(100)
	_, err = d.Search(t.Context(), pawl.Area{Name: app}, pawl.Search{})
	wantKind(t, err, pawl.Throttled)
}

func TestDiscoverIsRefused(t *testing.T) {
	a := newAccount(t, herokusim.Options{})
	_, a.token = a.AddAuthorization(email, "narrow", []string{"identity"})
	_, err := a.discoverer(t).Areas(t.Context(), pawl.Search{})
	wantKind(t, err, pawl.Forbidden)
	_, a.token = a.AddAuthorization(email, "narrow", []string{"read"})
	d := a.discoverer(t)
	if _, err := d.Areas(t.Context(), pawl.Search{}); err != nil {
		t.Fatal(err)
	}
	_, err = d.Search(t.Context(), pawl.Area{Name: app}, pawl.Search{})
	wantKind(t, err, pawl.Forbidden)
	_, err = d.Search(t.Context(), pawl.Area{Name: "acme-gone"}, pawl.Search{})
	wantKind(t, err, pawl.Forbidden)
}
