package main

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/engine"
)

// moreKeys says which consumer's keys a copy belongs to: one that is this same
// location but for the name, so that a second consumer would be one too many.
type moreKeys struct {
	Consumer string   `json:"consumer"`
	Keys     []string `json:"keys"` // all that it has then
}

func keysOf(p pawl.Plan, c engine.Copy) *moreKeys {
	where, names := withoutKeys(c.Settings)
	if names == nil {
		return nil
	}
	for _, place := range p.Consumers {
		kind, _, _ := strings.Cut(place.Op.Name, "@")
		at, keys := withoutKeys(place.Op.Config)
		if kind != c.Kind || place.Op.Connection != c.Connection || keys == nil || !bytes.Equal(at, where) {
			continue
		}
		all := append(keys, names...)
		slices.Sort(all)
		return &moreKeys{Consumer: place.ID, Keys: slices.Compact(all)}
	}
	return nil
}

// withoutKeys parts the settings of a place into where it is and its keys.
func withoutKeys(settings json.RawMessage) (where []byte, keys []string) {
	var all map[string]json.RawMessage
	if json.Unmarshal(settings, &all) != nil || json.Unmarshal(all["keys"], &keys) != nil {
		return nil, nil
	}
	delete(all, "keys")
	where, _ = json.Marshal(all) // of what was JSON; in the order of names
	return where, keys
}
