package catalog

import (
	"strings"

	"github.com/pawl-dev/pawl"
)

// elsewhereKeys answer for a place that is no consumer and may lose the value.
type elsewhereKeys struct {
	Where string `json:"where" required:"true" doc:"The place as pawl discover says it, CONNECTION:PLACE. A * stands for any text without a slash, and covers what cannot be read only. A connection alone: it need not be searched."`
	Why   string `json:"why" required:"true" doc:"Why it does no harm that the place loses the value, or that it is not looked for there."`
}

// acknowledgements checks that every entry is of a connection that exists: a
// slip of the pen would answer for nothing.
func (r *reader) acknowledgements(keys []elsewhereKeys, list *node) (all []pawl.Acknowledgement) {
	for i, k := range keys {
		at := list
		if i < len(list.items) {
			at = list.items[i]
		}
		if named := at.get("where"); named != nil {
			at = named
		}
		connection, place, _ := strings.Cut(k.Where, ":")
		if _, found := r.conns.byName[connection]; !found && r.conns.usable && k.Where != "" {
			r.report(at.at, r.suggest(connection, r.conns.ofKind("")), "no connection %q in %s; write CONNECTION:PLACE", clip(connection, 60), connectionsFile)
		}
		if strings.Trim(place, "*/") == "" && strings.Contains(place, "*") {
			r.report(at.at, "", "this would answer for every place; name a part of it, or the connection alone")
		}
		all = append(all, pawl.Acknowledgement{Where: k.Where, Why: k.Why})
	}
	return all
}
