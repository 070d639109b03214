package catalog_test

import (
	"bytes"
	"testing"
	"testing/fstest"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/catalog"
)

// handedOn is what a catalog hands on, up to the first error.
func handedOn(c *catalog.Catalog) (fstest.MapFS, error) {
	fsys := fstest.MapFS{}
	for f, err := range c.Files() {
		if err != nil {
			return fsys, err
		}
		fsys[f.Name] = &fstest.MapFile{Data: f.Text}
	}
	return fsys, nil
}

// TestFilesMakeTheSamePlans: whoever was handed the files plans exactly the same,
// and does not learn where secrets come from.
func TestFilesMakeTheSamePlans(t *testing.T) {
	c := acme(t)
	fsys, err := handedOn(c)
	if err != nil {
		t.Fatal(err)
	}
	again, problems := catalog.LoadFS(fsys, vendors())
	if problems != nil {
		t.Fatal(problems)
	}
	for _, name := range c.Names() {
		a, err := c.Plan(name, pawl.Manual)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := again.Plan(name, pawl.Manual); err != nil || b.Digest() != a.Digest() {
			t.Errorf("%s is planned otherwise: %v", name, err)
		}
	}
	for _, name := range c.Connections() {
		x, _ := c.Connection(name)
		for field, ref := range x.Secrets {
			if y, err := again.Connection(name); err != nil || y.URL != x.URL || y.Secrets[field].String() == ref.String() {
				t.Errorf("%s, %s: %v %v", name, field, y, err)
			}
			if bytes.Contains(fsys["connections.yaml"].Data, []byte(ref.String())) {
				t.Errorf("%s is told where %s comes from", name, field)
			}
		}
	}
}

// TestFilesOfAnotherCatalog: a file that was changed meanwhile is not handed on
// as if the catalog had been made of it.
func TestFilesOfAnotherCatalog(t *testing.T) {
	fsys := world(t, head+"store: {kind: heroku/config-var, connection: heroku, app: acme, keys: [A]}\n")
	fsys["freezes.yaml"] = &fstest.MapFile{Data: []byte(`{version: 1, freezes: [{from: "2026-12-20 00:00 UTC", until: "2027-01-04 00:00 UTC", why: nobody is here}]}`)}
	c, problems := catalog.LoadFS(fsys, vendors())
	if problems != nil {
		t.Fatal(problems)
	}
	if files, err := handedOn(c); err != nil || files["freezes.yaml"] == nil {
		t.Fatal(files, err)
	}
	fsys["credentials/a.yaml"].Data = append(fsys["credentials/a.yaml"].Data, "# changed\n"...)
	if _, err := handedOn(c); pawl.KindOf(err) != pawl.Conflict {
		t.Errorf("got %v", err)
	}
	delete(fsys, "credentials/a.yaml")
	if _, err := handedOn(c); pawl.KindOf(err) != pawl.Conflict {
		t.Errorf("got %v", err)
	}
}
