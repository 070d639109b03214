package main

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/catalog"
	"github.com/pawl-dev/pawl/engine"
)

// draft is the catalog entry of a copy, as one line of YAML below "consumers".
func draft(cat *catalog.Catalog, c engine.Copy, taken map[string]bool) string {
	text := fmt.Sprintf("{id: %s, kind: %s, connection: %s, %s", freeID(c.ID, taken), c.Kind, c.Connection, inFlow(string(c.Settings)))
	if proof := cat.Needs(c.Kind); proof != "" {
		// A proof cannot be guessed. This one is weaker, and the plan says so.
		text += ", require: " + pawl.Timestamp.String()
	}
	return text + "}"
}

var (
	jsonKey = regexp.MustCompile(`(,?)"(\w+)":`)
	notID   = regexp.MustCompile(`[^A-Za-z0-9._-]+`)
)

// inFlow writes a JSON object without its braces the way people write YAML. A
// text in it stays in its quotes.
func inFlow(object string) string {
	object = strings.TrimSuffix(strings.TrimPrefix(object, "{"), "}")
	return strings.TrimSpace(jsonKey.ReplaceAllStringFunc(object, func(m string) string {
		parts := jsonKey.FindStringSubmatch(m)
		if parts[1] == "" {
			return parts[2] + ": "
		}
		return ", " + parts[2] + ": "
	}))
}

// freeID is an id that no consumer of the credential has.
func freeID(wish string, taken map[string]bool) string {
	wish = strings.Trim(notID.ReplaceAllString(wish, "-"), "-._")
	if wish == "" {
		wish = "copy"
	}
	wish = wish[:min(len(wish), 56)]
	id := wish
	for n := 2; taken[id]; n++ {
		id = fmt.Sprintf("%s-%d", wish, n)
	}
	taken[id] = true
	return id
}

// printDrafts prints entries to paste below consumers, and what to write
// instead where a copy is to be left alone.
func (a *app) printDrafts(d discoverDoc) {
	any := false
	for _, l := range d.Places {
		if l.Draft == "" || !l.Stops {
			continue
		}
		if !any {
			a.print("consumers:")
		}
		any = true
		a.print("  # %s", l.Where)
		a.print("  - %s", l.Draft)
	}
	for _, l := range d.Places {
		if l.Add != nil && l.Stops {
			any = true
			a.print("# %s: change the keys of %s to  keys: [%s]", l.Where, l.Add.Consumer, strings.Join(l.Add.Keys, ", "))
		}
	}
	if !any {
		a.say("%s nothing to add", a.sign(good))
		return
	}
	a.tellSearched(d)
	a.say("  Paste them below consumers of %s. One that is to lose the value goes below elsewhere, with where: and why:", d.Credential)
}
