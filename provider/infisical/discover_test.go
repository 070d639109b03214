package infisical_test

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/provider/infisical"
	"github.com/pawl-dev/pawl/provider/infisical/infisicalsim"
)

func discoverer(t *testing.T, o infisicalsim.Options) (*infisicalsim.Sim, pawl.Discoverer) {
	t.Helper()
	s := infisicalsim.New(o)
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	p := infisical.Provider()
	client, err := p.Connection.Open(connection(srv.URL, nil, infisicalsim.ClientSecret))
	if err != nil {
		t.Fatal(err)
	}
	return s, p.Connection.Discover(client)
}

func TestDiscover(t *testing.T) {
	for name, o := range map[string]infisicalsim.Options{"today": {}, "July 2024": {V3Only: true}, "hidden": {Hidden: true}} {
		t.Run(name, func(t *testing.T) {
			s, d := discoverer(t, o)
			s.Put("prod", "/", key, oldText)
			s.Put("prod", "/deploy/ci", "TOKEN", oldText)
			s.Put("staging", "/", key, "CANARY-its-own")
			s.Put("dev", "/", "LOG_LEVEL", "info")
			at, _ := json.Marshal(settings)
			q := pawl.Search{Values: []pawl.Secret{secret(oldText)}, Names: []string{key}, Listed: []pawl.Op{{Name: "infisical/secret@1", Config: at}}}
			areas, err := d.Areas(t.Context(), q)
			if err != nil || len(areas) != 3 {
				t.Fatalf("Areas = %v, %v", areas, err)
			}
			var got []string
			for _, a := range areas {
				found, err := d.Search(t.Context(), a, q)
				if err != nil {
					t.Fatalf("%s: %v", a.Name, err)
				}
				for _, f := range found {
					got = append(got, fmt.Sprintf("%s %s %v", f.Where, f.How, f.Listed))
				}
			}
			want := []string{"proj-0001/staging/" + key + " other false", "proj-0001/prod/" + key + " value true", "proj-0001/prod/deploy/ci/TOKEN value false"}
			if o.Hidden {
				want = []string{"proj-0001/staging/" + key + " name false", "proj-0001/prod/" + key + " name true"}
			}
			if !slices.Equal(got, want) {
				t.Errorf("found %q, want %q", got, want)
			}
		})
	}
}

func TestDiscoverWhatIsGone(t *testing.T) {
	_, d := discoverer(t, infisicalsim.Options{})
	if _, err := d.Search(t.Context(), pawl.Area{Name: "proj-0001/gone"}, pawl.Search{}); pawl.KindOf(err) != pawl.NotFound {
		t.Errorf("%v, want that it is not there", err)
	}
}
