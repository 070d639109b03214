package runbook

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/audit"
	"github.com/pawl-dev/pawl/catalog"
	"github.com/pawl-dev/pawl/history"
	"github.com/pawl-dev/pawl/provider"
)

// A Subject is everything that a runbook is written from.
type Subject struct {
	Credential *catalog.Credential
	Plan       pawl.Plan // for the reason manual
	Mode       audit.Method
	History    history.History
	Validation history.Validation
	Providers  []provider.Provider
}

// Write returns the runbook, with empty notes.
func Write(s Subject) []byte {
	w := &writer{Subject: s}
	w.frontMatter()
	w.intro()
	w.before()
	w.steps()
	w.after()
	w.contacts()
	w.lastRuns()
	w.line("## Notes\n\n%s\n%s", notesBegin, notesEnd)
	return []byte(w.text.String())
}

// A writer is a runbook in the making.
type writer struct {
	Subject
	text  strings.Builder
	count int // steps so far
}

func (w *writer) line(format string, args ...any) { fmt.Fprintf(&w.text, format+"\n", args...) }

func (w *writer) intro() {
	c := w.Credential
	title := c.Title
	if title == "" {
		title = c.Name
	}
	w.line("# %s\n", oneLine(title))
	w.line("## In one sentence\n")
	names := c.Name
	if len(c.AppliesTo) > 0 {
		names = strings.Join(c.AppliesTo, ", ")
	}
	w.line("Make a new %s at %s, put it into %s, prove that each of them uses it, and only then revoke the old one.",
		oneLine(names), kindName(w.Plan.Issuer.Name), count(len(w.Plan.Consumers), "place"))
	if c.Why != "" {
		w.line("\n%s", oneLine(c.Why))
	}
	w.line("\nWith pawl: `pawl rotate %s`. Everything below is for doing it without.\n", c.Name)
}

func (w *writer) before() {
	c := w.Credential
	w.line("## Before you start\n")
	if c.Role != "" {
		w.line("- You need the role **%s**.", oneLine(c.Role))
	}
	if c.Approval != nil {
		w.line("- Before the revoke, %s of **%s** has to agree.", count(c.Approval.Count, "person", "people"), oneLine(c.Approval.From))
	}
	if text := c.Schedule.Window.String(); text != "" {
		w.line("- Begin in the window %s, unless it has leaked.", text)
	}
	w.line("- A trusted machine with bash, curl, jq and the tools that are named below. Nothing that is typed here holds a value: values are read")
	w.line("  without being shown, and stay in variables of the one shell in which you do all of this.")
	w.line("- That nobody else is at it: `pawl status %s` if pawl works, otherwise ask %s.\n", c.Name, orText(oneLine(c.Owner), "the owner"))
	for i, s := range w.signIns() {
		w.step(fmt.Sprintf("Sign-in %d", i+1), s, "")
	}
}

// signIns are those of all places, each once.
func (w *writer) signIns() (all []provider.Step) {
	add := func(op pawl.Op) {
		for _, s := range w.handbook(op).SignIn {
			if !slices.ContainsFunc(all, func(have provider.Step) bool { return have.Do == s.Do && slices.Equal(have.Run, s.Run) }) {
				all = append(all, s)
			}
		}
	}
	add(w.Plan.Issuer)
	for _, c := range w.Plan.Consumers {
		add(c.Op)
		for _, p := range c.Proofs {
			add(p)
		}
	}
	return all
}

// handbook is what the kind of an operation says of doing it by hand; empty if
// it says nothing.
func (w *writer) handbook(op pawl.Op) provider.Handbook {
	settings := settingsOf(w.Providers, kindName(op.Name))
	if settings == nil || len(op.Config) > 0 && json.Unmarshal(op.Config, settings) != nil {
		return provider.Handbook{}
	}
	if m, ok := settings.(provider.Manual); ok {
		return m.Manual(w.Plan.Endpoints[op.Connection])
	}
	return provider.Handbook{}
}

// settingsOf returns new settings of a kind, or nil.
func settingsOf(all []provider.Provider, kind string) provider.Settings {
	for _, p := range all {
		for _, k := range p.Issuers {
			if k.Name == kind {
				return k.Settings()
			}
		}
		for _, k := range p.Consumers {
			if k.Name == kind {
				return k.Settings()
			}
		}
		for _, k := range p.Provers {
			if k.Name == kind {
				return k.Settings()
			}
		}
	}
	return nil
}

func kindName(op string) string {
	name, _, _ := strings.Cut(op, "@")
	return name
}

func count(n int, words ...string) string {
	switch {
	case n == 1:
		return "1 " + words[0]
	case len(words) > 1:
		return fmt.Sprintf("%d %s", n, words[1])
	}
	return fmt.Sprintf("%d %ss", n, words[0])
}

func orText(text, other string) string {
	if text == "" {
		return other
	}
	return text
}

// oneLine is somebody's text inside of a line: no line of it can become a
// marker, a heading or front matter.
func oneLine(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	return strings.NewReplacer("<!--", "&lt;!--", "-->", "--&gt;").Replace(text)
}
