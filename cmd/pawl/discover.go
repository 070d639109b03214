package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/catalog"
	"github.com/pawl-dev/pawl/engine"
	"github.com/pawl-dev/pawl/wording"
)

func newDiscoverCommand(a *app) *cobra.Command {
	var drafts, code bool
	cmd := &cobra.Command{
		Use: "discover NAME", Short: "Where else is this value? Apps, secrets, environments that are not in the catalog",
		Long: `Searches everything that the connections of the credential can see: config vars of every app and
secrets of every environment by their value, whatever they are called; what cannot be read
back, such as GitHub secrets, by its name. It reads only, and keeps and shows no value.

Exit status: 0 done · 1 failed · 2 usage or catalog · 4 sign-in needed · 6 (with --exit-code) copies that are
neither in the catalog nor acknowledged there, or not everything was searched`,
		Args: names(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.runDiscover(cmd.Context(), args[0], drafts, code)
		},
	}
	cmd.Flags().BoolVar(&drafts, "drafts", false, "print what to add to the catalog, ready to paste")
	cmd.Flags().BoolVar(&code, "exit-code", false, "exit 6 if there are copies that nobody listed")
	return cmd
}

// discoverDoc is a discovery for programs.
type discoverDoc struct {
	Version    int             `json:"version"`
	Credential string          `json:"credential"`
	OK         bool            `json:"ok"` // nothing would stop a rotation
	Places     []copyLine      `json:"places"`
	Searched   []pawl.Searched `json:"searched"`
}

type copyLine struct {
	Where    string          `json:"where"`
	How      pawl.How        `json:"how"`
	Holds    string          `json:"holds"` // current, old, new, other, unknown
	Listed   bool            `json:"listed"`
	Stops    bool            `json:"stops"` // a rotation would stop before the revoke for it
	Changed  *time.Time      `json:"changed,omitempty"`
	Kind     string          `json:"kind"`
	Settings json.RawMessage `json:"settings"`
	Draft    string          `json:"draft,omitempty"`
	Add      *moreKeys       `json:"add,omitempty"` // instead of a draft, if a consumer is there already
}

func (a *app) runDiscover(ctx context.Context, name string, drafts, code bool) error {
	cat, err := a.loadCatalog()
	if err != nil {
		return err
	}
	p, err := cat.Plan(name, pawl.Manual)
	if err != nil {
		return err
	}
	found, err := a.discover(ctx, cat, p)
	if err != nil {
		return err
	}
	doc := discovered(cat, p, found)
	failed := undiscovered(doc, code)
	switch {
	case a.json:
		text, err := json.Marshal(doc)
		if err != nil {
			return err
		}
		return a.documentWith(text, failed)
	case drafts:
		a.printDrafts(doc)
	default:
		a.showDiscovery(doc)
	}
	return failed
}

// undiscovered is how it ends where there is something that would stop a
// rotation, if that is asked for, or a connection could not be signed in to.
func undiscovered(doc discoverDoc, code bool) error {
	for _, s := range doc.Searched {
		if k := pawl.KindNamed(s.Kind); s.Kind != "" && (k == pawl.Denied || k == pawl.Operator) {
			return &exit{code: exitSignIn, err: fmt.Errorf("%s was not searched: its sign-in is refused", s.Connection), safe: "Nothing was changed.",
				next: []string{"pawl doctor " + doc.Credential + "   # what to do about it"}}
		}
	}
	if code && !doc.OK {
		return &exit{code: exitIncomplete}
	}
	return nil
}

// discover looks for the value in use or, while a rotation is open, for both of
// its values, which are in the journal.
func (a *app) discover(ctx context.Context, cat *catalog.Catalog, p pawl.Plan) (engine.Discovery, error) {
	open := pawl.RotationID{}
	if j, err := a.readState(ctx); err == nil && j != nil {
		if run, err := j.Latest(ctx, p.Credential); err == nil && run.Outcome == "" {
			open = run.ID
		}
		j.Close()
	}
	if open.Number == 0 {
		return a.looker(cat, nil).Discover(ctx, p, open)
	}
	s, err := a.openState(ctx, false)
	if err != nil {
		return engine.Discovery{}, err
	}
	defer s.Close()
	eng, err := a.worker(ctx, cat, s)
	if err != nil {
		return engine.Discovery{}, err
	}
	return eng.Discover(ctx, p, open)
}

func discovered(cat *catalog.Catalog, p pawl.Plan, found engine.Discovery) discoverDoc {
	d := discoverDoc{Version: 1, Credential: p.Credential, OK: len(found.Open) == 0, Places: []copyLine{}, Searched: found.Searched}
	taken := map[string]bool{}
	for _, c := range p.Consumers {
		taken[c.ID] = true
		for _, also := range c.Also {
			taken[also] = true
		}
	}
	for _, s := range found.Searched {
		d.OK = d.OK && (s.Kind == "" || s.Closed())
	}
	for _, c := range found.Copies {
		l := copyLine{Where: c.Place(), How: c.How, Holds: generationWord(c, found.Sides), Listed: c.Listed, Kind: c.Kind, Settings: c.Settings}
		l.Stops = slices.ContainsFunc(found.Open, func(s pawl.Stray) bool { return s.Where == l.Where })
		if !c.Changed.IsZero() {
			l.Changed = &c.Changed
		}
		if !c.Listed && c.How != pawl.ByOther {
			if l.Add = keysOf(p, c); l.Add == nil {
				l.Draft = draft(cat, c, taken)
			}
		}
		d.Places = append(d.Places, l)
	}
	return d
}

func generationWord(c engine.Copy, sides bool) string {
	switch {
	case c.How == pawl.ByName:
		return "unknown"
	case c.How == pawl.ByOther:
		return "other"
	case !sides:
		return "current"
	}
	return string(c.Side)
}

func (a *app) showDiscovery(d discoverDoc) {
	unlisted := false
	for _, l := range d.Places {
		m, word := good, "in the catalog"
		switch {
		case l.Listed:
		case l.Stops:
			m, word, unlisted = warn, "not in the catalog: a rotation stops before the revoke", true
		case l.How == pawl.ByValue:
			m, word = idle, "not in the catalog, acknowledged there"
		default:
			m, word = idle, "not in the catalog"
		}
		holds := map[string]string{"other": "another value", "unknown": "cannot be read"}[l.Holds]
		if holds == "" {
			holds = "the " + l.Holds + " value"
		}
		if l.Holds == "unknown" && l.Changed != nil {
			holds += ", written " + l.Changed.Format(time.DateOnly)
		}
		a.print("%s %-48s %-32s %s", a.sign(m), l.Where, holds, word)
	}
	a.tellSearched(d)
	if unlisted {
		a.say("  Next:")
		a.say("    %s", a.pasteable("pawl discover "+d.Credential+" --drafts   # what to add to the catalog"))
	}
}

// tellSearched says how far the search went: what was not looked at is not
// known to be clean.
func (a *app) tellSearched(d discoverDoc) {
	for _, s := range d.Searched {
		text := fmt.Sprintf("%s: %s looked at", s.Connection, wording.Count(s.Areas, "part"))
		if s.Blind > 0 {
			text += fmt.Sprintf(", %d may not be", s.Blind)
		}
		m := good
		switch {
		case s.Closed():
			m, text = warn, s.Connection+": cannot be searched: "+wording.Plainly(s.Detail)
		case s.Kind != "":
			m, text = bad, s.Connection+": not searched completely: "+wording.Plainly(s.Detail)
		case s.Blind > 0:
			m = warn
		}
		a.say("%s %s", a.sign(m), text)
	}
}
