package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/catalog"
	"github.com/pawl-dev/pawl/wording"
)

// maxPlan bounds a plan file: the largest plan is far smaller.
const maxPlan = 16 << 20

// readPlans reads what pawl plan -o has written. A file that is something else,
// or was changed since, is refused; what it asks for is compared with the
// catalog and the vendors elsewhere.
func readPlans(file string) ([]planned, error) {
	again := file
	refuse := func(format string, args ...any) error {
		return &exit{code: exitUsage, err: fmt.Errorf("--plan %s: "+format, append([]any{file}, args...)...), safe: "Nothing was changed.",
			next: []string{"pawl plan NAME -o " + quoted(again)}}
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, refuse("%w", errors.Unwrap(err))
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxPlan+1))
	if err != nil || len(text) > maxPlan {
		again = "plan.json"
		return nil, refuse("it cannot be read, or is too big for a plan")
	}
	all := plansIn(text)
	if all == nil {
		again = "plan.json" // what this file is, it stays
		return nil, refuse("it is no plan of pawl")
	}
	seen := map[string]bool{}
	for _, d := range all {
		switch {
		case d.Version != 1 || d.Plan.Format != 1:
			return nil, refuse("it was written by another version of pawl")
		case d.Plan.Digest() != d.Digest || d.Plan.Credential != d.Credential:
			return nil, refuse("it was changed since it was written: its digest is not that of what it holds")
		case seen[d.Credential]:
			return nil, refuse("it holds %s twice", d.Credential)
		}
		seen[d.Credential] = true
	}
	return all, nil
}

// plansIn are the plans that a text holds; nil if it is something else. What its
// parser has to say may quote what is there, so it is not told.
func plansIn(text []byte) (all []planned) {
	if text = bytes.TrimSpace(text); bytes.HasPrefix(text, []byte("{")) {
		text = slices.Concat([]byte("["), text, []byte("]"))
	}
	if json.Unmarshal(text, &all) != nil || slices.ContainsFunc(all, func(d planned) bool { return d.Plan.Credential == "" || d.Digest == "" }) || len(all) == 0 {
		return nil
	}
	return all
}

// replaceable makes sure that writing a plan to a file loses nothing: there is
// none yet, or an empty one, or an older plan. What is no file, like a pipe, has
// nothing to lose.
func replaceable(file string) error {
	info, err := os.Stat(file)
	if err != nil || !info.Mode().IsRegular() || info.Size() == 0 { // that it cannot be written is found when it is
		return nil
	}
	if info.Size() <= maxPlan {
		if text, err := os.ReadFile(file); err == nil && plansIn(text) != nil {
			return nil
		}
	}
	return &exit{code: exitUsage, err: fmt.Errorf("-o %s: there is a file of that name, and it is no plan of pawl", file),
		safe: "It is as it was, and no plan was made: name another file."}
}

// load makes the plans of a plan file, from the catalog as it is now: what the
// file asks for is done only if that is the same.
func (p *planning) load(cat *catalog.Catalog, names []string) (plans []pawl.Plan, err error) {
	if p.saved, err = readPlans(p.file); err != nil {
		return nil, err
	}
	for _, d := range p.saved {
		if len(names) > 0 && !slices.Contains(names, d.Credential) {
			return nil, usage("--plan %s is of %s, which is not what is to be rotated", p.file, d.Credential)
		}
		now, err := cat.Plan(d.Credential, d.Plan.Reason)
		if err != nil {
			return nil, err
		}
		if now.Digest() != d.Digest {
			return nil, p.notAsPlanned(d.Credential, "the catalog has changed since", planChanges(d.Plan, now))
		}
		plans = append(plans, now)
	}
	for _, n := range names {
		if !slices.ContainsFunc(p.saved, func(d planned) bool { return d.Credential == n }) {
			return nil, usage("--plan %s has no plan of %s", p.file, word(n))
		}
	}
	return plans, nil
}

// notAsPlanned is the refusal to run a saved plan.
func (p *planning) notAsPlanned(credential, why string, changes []string) error {
	if len(changes) == 0 {
		changes = []string{"~ the order of the places"}
	}
	return &exit{code: exitFailed, err: fmt.Errorf("%s is not as it was planned: %s\n  %s", credential, why, strings.Join(changes, "\n  ")),
		safe: "Nothing was changed; the old credential is as it was.", next: []string{"pawl plan " + credential + " -o " + quoted(p.file)}}
}

// asPlanned looks whether the world is as the saved plans have it: the same key
// in use, the same in every place.
func (p *planning) asPlanned(ctx context.Context, a *app, cat *catalog.Catalog) error {
	eng := a.looker(cat, nil)
	for _, was := range p.saved {
		if runs := a.past(ctx, was.Credential); len(runs) > 0 && runs[0].Outcome == "" {
			return a.unfinished(runs[0].ID)
		}
		report, err := eng.Survey(ctx, was.Plan)
		if err != nil {
			return err
		}
		if len(report.Problems) > 0 {
			return problems(report)
		}
		if changes := worldChanges(was, document(was.Plan, report)); len(changes) > 0 {
			return p.notAsPlanned(was.Credential, "something has happened since", changes)
		}
	}
	return nil
}

// worldChanges says what is otherwise than it was when the plan was made.
func worldChanges(was, now planned) (all []string) {
	change := func(what, a, b string) {
		if a != b {
			all = append(all, fmt.Sprintf("~ %s: %s → %s", what, wording.Printable(orNone(a)), orNone(b)))
		}
	}
	change("the key in use", was.OldID, now.OldID)
	change("the key in use is refused by its vendor", fmt.Sprint(was.OldDead), fmt.Sprint(now.OldDead))
	held := map[string]string{}
	for _, l := range was.Places {
		held[l.ID] = l.Holds
	}
	for _, l := range now.Places {
		change(l.ID+" ("+l.Where+") holds", held[l.ID], l.Holds)
	}
	return all
}

func orNone(s string) string {
	if s == "" {
		return "(none)"
	}
	return s
}

// planChanges says line by line what one plan does otherwise than another.
func planChanges(was, now pawl.Plan) (all []string) {
	a, b := flat(was), flat(now)
	both := maps.Clone(a)
	maps.Copy(both, b)
	for _, key := range slices.Sorted(maps.Keys(both)) {
		old, had := a[key]
		value, has := b[key]
		switch {
		case had && !has:
			all = append(all, fmt.Sprintf("- %s: %s", wording.Printable(key), wording.Printable(old)))
		case !had && has:
			all = append(all, fmt.Sprintf("+ %s: %s", key, wording.Printable(value)))
		case old != value:
			all = append(all, fmt.Sprintf("~ %s: %s → %s", key, wording.Printable(old), wording.Printable(value)))
		}
	}
	return all
}

// flat is a plan as one text for each of its settings, places by their ids.
func flat(p pawl.Plan) map[string]string {
	text, err := json.Marshal(p)
	var doc any
	if err == nil {
		err = json.Unmarshal(text, &doc)
	}
	all := map[string]string{}
	if err != nil { // a Plan holds only what can be marshaled
		return all
	}
	flatten(doc, "", all)
	return all
}

func flatten(v any, path string, all map[string]string) {
	below := func(key string) string { return strings.TrimPrefix(path+"."+key, ".") }
	switch v := v.(type) {
	case map[string]any:
		for key, x := range v {
			flatten(x, below(key), all)
		}
	case []any:
		for i, x := range v {
			key := fmt.Sprint(i + 1)
			if m, ok := x.(map[string]any); ok && m["id"] != nil {
				key = fmt.Sprint(m["id"])
			}
			flatten(x, below(key), all)
		}
	case float64:
		all[path] = fmt.Sprint(v)
		if slices.Contains([]string{"soak", "watch", "every"}, path) {
			all[path] = time.Duration(v).String()
		}
	default:
		all[path] = fmt.Sprint(v)
	}
}
