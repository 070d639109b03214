package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/history"
	"github.com/pawl-dev/pawl/journal"
	"github.com/pawl-dev/pawl/wording"
)

func newHistoryCommand(a *app) *cobra.Command {
	var last int
	cmd := &cobra.Command{
		Use: "history [NAME]", Short: "Past rotations: outcome, how long they took, what was proved, how soon the old key was dead",
		Long: `Everything is computed from the journal. The time is that in which a process drove the
rotation: nights in which nobody revoked do not count. With a name, the steps' usual times
are shown too (pawl history NAME --json has all of them).`,
		Args: names(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if last < 1 {
				return usage("--last %d: want a number of rotations, as 20", last)
			}
			return a.runHistory(cmd.Context(), args, last)
		},
	}
	cmd.Flags().IntVar(&last, "last", history.Enough, "how many of the newest rotations")
	return cmd
}

func (a *app) runHistory(ctx context.Context, args []string, last int) error {
	j, err := a.readState(ctx)
	if err != nil {
		return err
	}
	if j != nil {
		defer j.Close()
	}
	var runs []journal.Run
	switch {
	case j == nil:
	case len(args) == 1:
		runs, err = j.Recent(ctx, args[0], last)
	default:
		runs, err = a.newest(ctx, j, last)
	}
	if err != nil {
		return err
	}
	if len(args) == 1 && len(runs) == 0 {
		if err := a.notRecorded(ctx, args[0]); err != nil {
			return err
		}
	}
	h := history.Of(runs)
	if a.json {
		return a.document(historyDocument(args, h))
	}
	if len(runs) == 0 {
		a.say("%s no rotations yet", a.sign(good))
		return nil
	}
	a.showRuns(h.Runs)
	if len(args) == 1 {
		a.showUsual(h)
	}
	return nil
}

// newest are the newest rotations of all credentials, with their events.
func (a *app) newest(ctx context.Context, j journal.Journal, last int) ([]journal.Run, error) {
	runs, err := j.List(ctx, false)
	if err != nil {
		return nil, err
	}
	slices.Reverse(runs)
	runs = runs[:min(last, len(runs))]
	for i, r := range runs {
		if runs[i], err = j.Load(ctx, r.ID); err != nil {
			return nil, err
		}
	}
	return runs, nil
}

// notRecorded is the error for a name without a history, unless the catalog has
// it.
func (a *app) notRecorded(ctx context.Context, name string) error {
	var id pawl.RotationID
	if id.UnmarshalText([]byte(name)) == nil && a.rotated(ctx, id.Credential) {
		return &exit{code: exitUsage, err: fmt.Errorf("a history is of a credential, and not of %v alone", id), next: []string{"pawl history " + id.Credential, "pawl status " + id.String()}}
	}
	return a.neverHeardOf(name)
}

func (a *app) showRuns(runs []history.Run) {
	var rows [][]string
	for _, r := range runs {
		outcome := string(r.Outcome)
		if outcome == "" {
			outcome = "open: " + phaseWord(r.At(time.Now()))
		}
		dead := ""
		if r.Revoked {
			dead = wording.Took(r.ToDeath)
		}
		rows = append(rows, []string{r.ID.String(), string(r.Reason), outcome, a.moment(r.Started), wording.Took(r.Driven),
			fmt.Sprintf("%d/%d", r.Proved, r.Required), dead, r.By.ID, r.Failure})
	}
	a.table([]string{"ROTATION", "REASON", "OUTCOME", "STARTED", "TOOK", "PROVED", "DEAD AFTER", "BY", "FAILURE"}, rows)
}

// showUsual says what the steps usually take. It is for people, so it is not
// among the data.
func (a *app) showUsual(h history.History) {
	if t := h.Took(); t.N > 0 {
		a.say("usually takes %s (median of %d completed; nine of ten within %s)", wording.Took(t.Median), t.N, wording.Took(t.P90))
	}
	v := h.Validated()
	if v.Method != history.ReadOnly {
		a.say("last validated %s by %s (%v)", v.At.Local().Format("2006-01-02 15:04 MST"), v.Method, v.Run.ID)
	} else {
		a.say("never validated: no rotation or rehearsal went all the way")
	}
}

func historyDocument(args []string, h history.History) map[string]any {
	runs := []map[string]any{}
	for _, r := range h.Runs {
		runs = append(runs, runDocument(r))
	}
	doc := map[string]any{"version": 1, "rotations": runs}
	if len(args) == 0 {
		return doc
	}
	v := h.Validated()
	doc["credential"], doc["total"], doc["usual"], doc["rehearsal"] = args[0], h.Total, spanDocument(h.Took()), spanDocument(h.Rehearsal())
	validated := map[string]any{"by": v.Method}
	if v.Method != history.ReadOnly {
		validated["at"], validated["rotation"] = v.At.UTC(), v.Run.ID
	}
	doc["validated"] = validated
	steps := map[string]any{}
	for _, r := range h.Runs {
		for _, s := range r.Steps {
			if usual := h.Step(s.Name); usual.N > 0 {
				steps[s.Name] = spanDocument(usual)
			}
		}
	}
	doc["steps"] = steps
	return doc
}

func spanDocument(s history.Span) map[string]any {
	return map[string]any{"n": s.N, "median_seconds": seconds(s.Median), "p90_seconds": seconds(s.P90)}
}

func seconds(d time.Duration) float64 { return d.Round(time.Millisecond).Seconds() }

func runDocument(r history.Run) map[string]any {
	steps := []map[string]any{}
	for _, s := range r.Steps {
		if s.Done {
			steps = append(steps, map[string]any{"step": s.Name, "seconds": seconds(s.Took)})
		}
	}
	classes := map[string]int{}
	for c, n := range r.Classes {
		classes[c.String()] = n
	}
	phase, _ := r.At(time.Now())
	doc := map[string]any{"rotation": r.ID, "reason": r.Reason, "outcome": r.Outcome, "phase": phase, "by": r.By, "started": r.Started.UTC(),
		"driven_seconds": seconds(r.Driven), "shows": r.Method, "proved": r.Proved, "required": r.Required, "evidence": classes, "steps": steps, "plan": r.Digest}
	if r.Outcome != "" {
		doc["ended"], doc["wall_seconds"] = r.Ended.UTC(), seconds(r.Wall())
	}
	if r.Revoked {
		doc["revoke_to_refused_seconds"] = seconds(r.ToDeath)
	}
	if r.Outcome == pawl.Failed {
		doc["failure"] = r.Failure
	}
	return doc
}
