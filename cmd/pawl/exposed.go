package main

import (
	"fmt"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/catalog"
	"github.com/pawl-dev/pawl/secretref"
)

// exposed lists the files of a plan's connections that everybody on this machine
// may read: whoever has one signs in as pawl does. A server's are looked at there.
func (a *app) exposed(cat *catalog.Catalog, p pawl.Plan) (all []string) {
	if a.far != nil {
		return nil
	}
	r := &secretref.Resolver{Getenv: a.getenv, Dir: a.catalogFolder()}
	for _, name := range sortedKeys(p.Endpoints) {
		c, err := cat.Connection(name)
		if err != nil {
			continue
		}
		for _, field := range sortedKeys(c.Secrets) {
			if path, mode := r.Exposed(c.Secrets[field]); path != "" {
				all = append(all, fmt.Sprintf("connection %s, %s: everybody on this machine may read %s (mode %04o): chmod 600 %s", name, field, path, mode, quoted(path)))
			}
		}
	}
	return all
}
