package catalog

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

const freezesFile = "freezes.yaml"

// A Freeze is a time in which nothing is begun by itself. Whoever begins a
// rotation by hand is not held: a freeze is no reason to live with a leak.
type Freeze struct {
	From, Until time.Time // Until is exclusive
	Why         string
	Who         string   // who decided it
	Credentials []string // empty: all
}

// Holds reports whether a freeze is about a credential.
func (f Freeze) Holds(credential string) bool {
	return len(f.Credentials) == 0 || slices.Contains(f.Credentials, credential)
}

// Contains reports whether a freeze is on at t.
func (f Freeze) Contains(t time.Time) bool { return !t.Before(f.From) && t.Before(f.Until) }

type freezesKeys struct {
	Version version      `json:"version" required:"true" doc:"Format of this file: 1."`
	Entries []freezeKeys `json:"freezes" required:"true" doc:"Times in which nothing is begun by itself."`
}

type freezeKeys struct {
	From        moment   `json:"from" required:"true" doc:"When it begins: a date, a time and a time zone, as 2026-12-18 18:00 Europe/Paris."`
	Until       moment   `json:"until" required:"true" doc:"When it ends: a date, a time and a time zone."`
	Why         string   `json:"why" required:"true" doc:"The reason, as it is shown to whoever waits for a rotation."`
	Who         string   `json:"who" doc:"Who decided it."`
	Credentials []string `json:"credentials" doc:"Which credentials are held; all if not given."`
}

// Freezes returns the freezes in order of their begin.
func (c *Catalog) Freezes() []Freeze { return slices.Clone(c.freezes) }

// Frozen is the freeze that holds a credential at t and ends last, or nil.
func (c *Catalog) Frozen(credential string, t time.Time) (on *Freeze) {
	for i, f := range c.freezes {
		if f.Holds(credential) && f.Contains(t) && (on == nil || f.Until.After(on.Until)) {
			on = &c.freezes[i]
		}
	}
	return on
}

// readFreezes reads freezes.yaml, which need not be there. Where not all files
// of credentials could be read, a name that is missing proves nothing.
func (l *loader) readFreezes(c *Catalog, whole bool) Problems {
	s := &source{file: freezesFile}
	r, root := l.optional(s, "freezes.yml")
	if root == nil {
		return s.problems
	}
	c.frozen = &File{freezesFile, s.text}
	r.checkSecrets(root)
	var keys freezesKeys
	r.mapping(root, layout{into: []any{&keys}})
	for i, k := range keys.Entries {
		n := root.get("freezes").items[i]
		c.freezes = append(c.freezes, r.freeze(k, n))
		if whole {
			r.checkHeld(k.Credentials, n.get("credentials"), c)
		}
	}
	slices.SortStableFunc(c.freezes, func(a, b Freeze) int { return a.From.Compare(b.From) })
	return s.problems
}

func (r *reader) freeze(k freezeKeys, n *node) Freeze {
	f := Freeze{From: time.Time(k.From), Until: time.Time(k.Until), Why: k.Why, Who: k.Who, Credentials: k.Credentials}
	if !f.From.IsZero() && !f.Until.IsZero() && !f.Until.After(f.From) {
		r.report(n.get("until").at, "", "it ends before it begins")
	}
	if list := n.get("credentials"); list != nil && list.kind == listNode && len(list.items) == 0 {
		r.report(list.at, "leave the key out to hold all", "this holds nothing")
	}
	return f
}

// checkHeld finds names that are not in the catalog: a slip of the pen would
// hold nothing.
func (r *reader) checkHeld(names []string, list *node, c *Catalog) {
	known := sortedKeys(c.credentials)
	for i, name := range names {
		if _, ok := c.credentials[name]; !ok && i < len(list.items) && name != "" {
			r.report(list.items[i].at, r.suggest(name, known), "no credential %q in the catalog", clip(name, 80))
		}
	}
}

// moment is a point in time as people write it, with its zone.
type moment time.Time

const momentForm = "2006-01-02 15:04"

func (m *moment) readNode(r *reader, n *node) {
	if !r.is(n, textNode) {
		return
	}
	words := strings.Fields(n.text)
	if len(words) != 3 {
		r.report(n.at, "", "not a moment: write a date, a time and a time zone, as 2026-12-18 18:00 Europe/Paris")
		return
	}
	zone, err := parseZone(words[2], r.zone)
	if wrong, ok := errors.AsType[*windowError](err); ok {
		r.report(n.at, wrong.suggestion, "%s", wrong.message)
		return
	}
	at, err := time.ParseInLocation(momentForm, words[0]+" "+words[1], zone)
	if err != nil {
		r.report(n.at, "", "%q is not a date and a time, as 2026-12-18 18:00", clip(words[0]+" "+words[1], 40))
		return
	}
	*m = moment(at)
}

func (*moment) jsonSchema(*schemas) object {
	return object{"type": "string", "pattern": `^ *[0-9]{4}-[0-9]{2}-[0-9]{2} +[0-2][0-9]:[0-5][0-9] +[A-Za-z0-9_+/-]+ *$`}
}

// String says until when it holds, and why, by the clock that it was written in.
func (f Freeze) String() string {
	text := fmt.Sprintf("frozen until %s: %s", f.Until.Format("Mon 2006-01-02 15:04 MST"), f.Why)
	if f.Who != "" {
		text += " (" + f.Who + ")"
	}
	return text
}
