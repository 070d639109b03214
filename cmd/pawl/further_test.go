package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/pawl-dev/pawl/sim/world"
)

// A further is a further credential of the company: in the same apps, under a
// config var of its own.
type further struct{ name, key, stem, oldID string }

// addFurther makes one, in the store and in all apps, and writes its file.
func addFurther(w *world.World, catalog, name string) (further, error) {
	c := further{name: name, key: strings.ToUpper(strings.ReplaceAll(name, "-", "_")), stem: "acme-" + name}
	id, value := w.Heroku.AddAuthorization(world.Account, c.stem+" 2026-08-20", []string{"global"})
	c.oldID = id
	w.Infisical.Put("prod", "/", c.key, value)
	text := fmt.Sprintf(`version: 1
name: %s
issuer: {kind: heroku/authorization, connection: heroku, description: %s, scope: [global]}
schedule: {every: 90d}
store: {kind: infisical/secret, connection: infisical, project: proj-0001, env: prod, key: %s}
consumers:
`, c.name, c.stem, c.key)
	for i, app := range world.Apps {
		w.Heroku.Redeploy(app, map[string]string{c.key: value})
		wave := ""
		if i == 0 {
			wave = ", wave: canary"
		}
		text += fmt.Sprintf("  - {id: %s, kind: heroku/config-var, connection: heroku, app: %s, keys: [%s]%s}\n", strings.TrimPrefix(app, "acme-"), app, c.key, wave)
	}
	return c, os.WriteFile(filepath.Join(catalog, "credentials", name+".yaml"), []byte(text), 0o600)
}

// furthers are so many more credentials.
func (f *fire) furthers(names ...string) (all []further) {
	f.t.Helper()
	for _, name := range names {
		c, err := addFurther(f.w, f.catalog, name)
		if err != nil {
			f.t.Fatal(err)
		}
		all = append(all, c)
	}
	return all
}

// scriptFurther is "further NAME...": more credentials in the same apps. The
// id of the first one's authorization is $FURTHER.
func scriptFurther(ts *testscript.TestScript, neg bool, args []string) {
	for i, name := range args {
		c, err := addFurther(stageOf(ts).w, ts.Getenv("PAWL_CATALOG"), name)
		ts.Check(err)
		if i == 0 {
			ts.Setenv("FURTHER", c.oldID)
		}
	}
}
