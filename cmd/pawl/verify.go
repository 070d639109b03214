package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/catalog"
	"github.com/pawl-dev/pawl/engine"
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func newVerifyCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "verify [NAME]", Short: "Look at every consumer now and change nothing: who holds what, and is it proved",
		Long: `Compares every place with the value in the store, and takes every proof that has no effect.

A place that cannot tell which value it holds, and that pawl has not written, is shown and counts for nothing.

Each place that holds the value in use has its digest and the time of the look. A place that cannot be
read back has the time when a rotation last proved it. Digests are keyed with this installation's key:
they tell values apart, here, and are worth nothing elsewhere. Without a key there are none.

Exit status: 0 no drift · 2 usage or catalog · 4 sign-in needed · 6 drift, or not provable`,
		Args: names(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.runVerify(cmd.Context(), args) },
	}
}

type verifyDoc struct {
	Credential string       `json:"credential"`
	ID         string       `json:"id,omitempty"`
	OK         bool         `json:"ok"`
	Consumers  []verifyLine `json:"consumers"`
	Problems   []string     `json:"problems,omitempty"`

	refused []error // sign-ins, so that not everything was looked at
}

type verifyLine struct {
	ID     string `json:"id"`
	Where  string `json:"where"`
	Proved bool   `json:"proved"`
	Holds  string `json:"holds"`
	Class  string `json:"class,omitempty"`
	Detail string `json:"detail,omitempty"`
	Human  bool   `json:"human,omitempty"`
	Silent bool   `json:"silent,omitempty"` // it cannot tell, and pawl did not write it

	Digest string      `json:"digest,omitempty"` // keyed, of the value in use, if that is what it holds
	At     *time.Time  `json:"at,omitempty"`     // when it was looked at
	Last   *provedLine `json:"last_proved,omitempty"`
}

// A provedLine is the latest proof in the journal of the generation in use, for
// a place that cannot be read back.
type provedLine struct {
	Class  pawl.Class `json:"class"`
	Source string     `json:"source"`
	At     time.Time  `json:"at"`
}

func (a *app) runVerify(ctx context.Context, args []string) error {
	cat, err := a.loadCatalog()
	if err != nil {
		return err
	}
	if len(args) == 0 {
		args = cat.Names()
	}
	eng := a.looker(cat, a.digests(ctx))
	docs, ok := []verifyDoc{}, true
	for _, name := range args {
		d, err := verifyOne(ctx, cat, eng, name, a.remember(ctx, name))
		if err != nil {
			return err
		}
		ok = ok && d.OK
		docs = append(docs, d)
		if !a.json {
			a.showVerify(d)
		}
	}
	failed := unverified(docs, ok)
	if !a.json {
		return failed
	}
	text, err := json.Marshal(map[string]any{"version": 1, "ok": ok, "credentials": docs})
	if err != nil {
		return err
	}
	return a.documentWith(text, failed)
}

// unverified is how it ends where something drifted, or was not to be seen. That
// a sign-in is refused comes first: it hides whether there is drift.
func unverified(docs []verifyDoc, ok bool) error {
	var refused []error
	for _, d := range docs {
		refused = append(refused, d.refused...)
	}
	switch {
	case ok:
		return nil
	case len(refused) == 0:
		return &exit{code: exitIncomplete}
	}
	e := &exit{code: exitSignIn, err: errors.New("not everything could be looked at: a sign-in is refused"), safe: "Nothing was changed."}
	for _, err := range refused {
		if h := pawl.HintOf(err); h != "" && !slices.Contains(e.next, h) {
			e.next = append(e.next, h)
		}
	}
	return e
}

// refusesSignIn reports whether an error is about who asks, and not about the
// place that was asked for.
func refusesSignIn(err error) bool {
	k := pawl.KindOf(err)
	return err != nil && (k == pawl.Denied || k == pawl.Operator)
}

func verifyOne(ctx context.Context, cat *catalog.Catalog, eng worker, name string, last remembered) (verifyDoc, error) {
	p, err := cat.Plan(name, pawl.Manual)
	if err != nil {
		return verifyDoc{}, err
	}
	report, seen, err := eng.Verify(ctx, p, last.Written)
	if err != nil {
		return verifyDoc{}, err
	}
	d := verifyDoc{Credential: name, ID: report.Old.ID, OK: len(report.Problems) == 0, Consumers: []verifyLine{}}
	for _, err := range report.Problems {
		d.Problems = append(d.Problems, err.Error())
		if refusesSignIn(err) && !report.Dead { // what is dead is refused whoever asks
			d.refused = append(d.refused, err)
		}
	}
	for i, s := range seen {
		l := verifyLine{ID: s.ID, Where: s.Where, Proved: s.Proved, Holds: holdsWord(engine.Found{Holds: s.Holds}), Class: s.Class.String(), Detail: s.Detail, Human: p.Consumers[i].Human != nil}
		if s.Err != nil {
			l.Detail = s.Err.Error()
			if refusesSignIn(s.Err) {
				d.refused = append(d.refused, s.Err)
			}
		}
		l.Silent, l.Digest = s.Silent, s.Digest
		if !s.At.IsZero() {
			at := s.At.UTC().Truncate(time.Second)
			l.At = &at
		}
		if e := last.proved[s.ID]; !s.Readable && !e.At.IsZero() && report.Old.ID != "" && last.ID == report.Old.ID {
			l.Last = &provedLine{e.Class, e.Source, e.At}
		}
		d.OK = d.OK && (s.Proved || l.Human || l.Silent)
		d.Consumers = append(d.Consumers, l)
	}
	return d, nil
}

func (a *app) showVerify(d verifyDoc) {
	a.print("%s  %s", d.Credential, d.ID)
	for _, p := range d.Problems {
		a.print("  %s %s", a.sign(bad), p)
	}
	for _, l := range d.Consumers {
		switch {
		case l.Human || l.Silent:
			a.print("  %s %-14s %s%s", a.sign(idle), l.ID, l.Detail, l.shown())
		case l.Proved:
			a.print("  %s %-14s %s: %s%s", a.sign(good), l.ID, l.Class, l.Detail, l.shown())
		default:
			a.print("  %s %-14s holds %s: %s%s", a.sign(bad), l.ID, l.Holds, l.Detail, l.shown())
		}
	}
}

// shown is which value it was, and when that was seen.
func (l verifyLine) shown() string {
	var all []string
	if l.Digest != "" {
		all = append(all, "digest "+l.Digest)
	}
	switch {
	case l.Last != nil:
		all = append(all, fmt.Sprintf("last proved %s (%s)", l.Last.At.UTC().Format(time.RFC3339), l.Last.Class))
	case l.At != nil:
		all = append(all, "seen "+l.At.Format(time.RFC3339))
	}
	if len(all) == 0 {
		return ""
	}
	return "  [" + strings.Join(all, ", ") + "]"
}

func newSweepCommand(a *app) *cobra.Command {
	w := sweeping{}
	cmd := &cobra.Command{
		Use: "sweep", Short: "Find orphans and unknown generations at the vendors (--revoke: revoke the orphans)",
		Long: `An orphan was minted by this pawl and is used by nobody. --revoke takes only orphans; an unknown
generation is for a person to look at, and goes with --revoke --id ID. What is in use, and what a
connection may sign in with (caller), is never revoked here.

Exit status: 0 done · 1 a revoke failed · 2 usage or catalog · 4 sign-in needed`,
		Args: names(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runSweep(cmd.Context(), w) },
	}
	cmd.Flags().BoolVar(&w.revoke, "revoke", false, "revoke the orphans")
	cmd.Flags().StringVar(&w.id, "id", "", "with --revoke: only this one, orphan or unknown")
	cmd.Flags().BoolVarP(&w.yes, "yes", "y", false, "do not ask")
	return cmd
}

type strayLine struct {
	Credential string `json:"credential"`
	ID         string `json:"id"`
	Label      string `json:"label"`
	Kind       string `json:"kind"` // orphan, unknown, caller
	Revoked    bool   `json:"revoked"`
	Error      string `json:"error,omitempty"`
}

func (a *app) confirmed(ctx context.Context, yes bool, question string) error {
	if yes {
		return nil
	}
	if !a.asks() {
		return usage("nobody can be asked here: add --yes")
	}
	ok, err := a.confirm(ctx, question)
	if err == nil && !ok {
		err = &exit{code: exitDeclined, err: fmt.Errorf("declined; nothing was changed")}
	}
	return err
}
