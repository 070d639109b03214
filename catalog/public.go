package catalog

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"iter"

	"github.com/pawl-dev/pawl"
)

// A File is a part of a catalog as it may be handed on.
type File struct {
	Name string // relative to the catalog's folder
	Text []byte
}

// elsewhere stands where a connection says where its secrets come from.
const elsewhere = "env:HELD_ELSEWHERE"

// Files are the files that make the same catalog somewhere else: everything
// that is planned comes out the same there, and nothing can be signed in to.
// Where the secrets of connections come from is left out; no file of a catalog
// ever holds one. A file that was changed since it was read is
// [pawl.Conflict]: it is not what this catalog was made of.
func (c *Catalog) Files() iter.Seq2[File, error] {
	return func(yield func(File, error) bool) {
		if !yield(File{connectionsFile, c.publicConnections()}, nil) {
			return
		}
		if c.frozen != nil && !yield(*c.frozen, nil) {
			return
		}
		for _, name := range c.names {
			cred := c.credentials[name]
			text, err := readAtMost(c.fsys, cred.File, maxFile+1)
			text = bytes.TrimPrefix(text, bom)
			if err != nil || sha256.Sum256(text) != cred.sum {
				err = &pawl.Error{Op: "catalog.Files", Kind: pawl.Conflict, Err: errors.New(cred.File + ": it was changed since it was read"),
					Hint: "pawl serve reads it again within seconds, if it has no mistake: pawl validate"}
			}
			if !yield(File{cred.File, text}, err) || err != nil {
				return
			}
		}
	}
}

// publicConnections is connections.yaml without where secrets come from. What
// is JSON is YAML.
func (c *Catalog) publicConnections() []byte {
	all := map[string]map[string]string{}
	for name, x := range c.connections {
		entry := map[string]string{"kind": x.Kind}
		if x.URL != c.kinds.connections[x.Kind].URL {
			entry["url"] = x.URL
		}
		for field := range x.Secrets {
			entry[field] = elsewhere
		}
		all[name] = entry
	}
	text, err := json.MarshalIndent(map[string]any{"version": 1, "connections": all}, "", "  ")
	if err != nil { // maps of strings
		panic("catalog: " + err.Error())
	}
	return append(text, '\n')
}
