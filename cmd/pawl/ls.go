package main

import (
	"context"
	"encoding/json"
	"time"

	"github.com/spf13/cobra"

	"github.com/pawl-dev/pawl/wording"
)

func newListCommand(a *app) *cobra.Command {
	var due bool
	cmd := &cobra.Command{
		Use: "ls", Short: "List the credentials: how old, when due, and whether the way to rotate them is known to work",
		Long: `One line a credential, what is due first on top: name, state, age since the last completed
rotation, when the next one is due, mode, last validation, title. Reads the catalog and the
journal; asks nobody else.

States: ok · due soon (within the longest reminder) · overdue · rotating · never (not rotated
here yet) · unscheduled. Validated is how long ago a completed rotation or rehearsal showed
that it works; it is stale after the catalog's stale_after (180d).`,
		Args: names(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runList(cmd.Context(), due) },
	}
	cmd.Flags().BoolVar(&due, "due", false, "only what is overdue, due soon, or was never rotated though it has a schedule")
	return cmd
}

// listed is one credential, for programs.
type listed struct {
	Name        string     `json:"name"`
	Title       string     `json:"title,omitempty"`
	Owner       string     `json:"owner,omitempty"`
	State       string     `json:"state"`
	Rotation    string     `json:"rotation,omitempty"` // that is open
	Mode        string     `json:"mode"`
	Completed   *time.Time `json:"completed,omitempty"`
	Age         int64      `json:"age_seconds,omitempty"`
	Due         *time.Time `json:"due,omitempty"`
	Overdue     bool       `json:"overdue"`
	Validated   *time.Time `json:"validated,omitempty"`
	ValidatedBy string     `json:"validated_by"`
	Validation  string     `json:"validation"` // fresh, stale, never
}

func (a *app) runList(ctx context.Context, due bool) error {
	o, err := a.overview(ctx)
	if err != nil {
		return err
	}
	defer o.Close()
	all, err := o.all(func(s *standing) bool { return !due || s.wanted() })
	if err != nil {
		return err
	}
	if len(all) == 0 && !a.json {
		a.say("%s %s", a.sign(good), map[bool]string{true: "nothing is due", false: "the catalog has no credentials"}[due])
		return nil
	}
	return a.showList(ctx, o, all)
}

func (a *app) showList(ctx context.Context, o *overview, all []*standing) error {
	docs, rows := []listed{}, [][]string{}
	for _, s := range all {
		v, err := o.validation(ctx, *s)
		if err != nil {
			return err
		}
		c := s.cred
		if a.json {
			d := listed{Name: c.Name, Title: c.Title, Owner: c.Owner, State: string(s.state), Mode: string(s.mode), Completed: timeOrNil(s.last),
				Due: timeOrNil(s.due), Overdue: s.overdue, Validated: timeOrNil(v.At), ValidatedBy: string(v.Method), Validation: string(v.Age(c.StaleAfter, o.now))}
			if s.open != nil {
				d.Rotation = s.open.String()
			}
			if !s.last.IsZero() {
				d.Age = int64(o.now.Sub(s.last).Seconds())
			}
			docs = append(docs, d)
			continue
		}
		age := ""
		if !s.last.IsZero() {
			age = wording.Ago(o.now.Sub(s.last))
		}
		rows = append(rows, []string{c.Name, string(s.state), age, a.moment(s.due), string(s.mode), o.validWord(v, c), c.Title})
	}
	if a.json {
		return a.document(map[string]any{"version": 1, "credentials": docs})
	}
	a.table([]string{"NAME", "STATE", "AGE", "DUE", "MODE", "VALIDATED", "TITLE"}, rows)
	return nil
}

// document writes one document for programs.
func (a *app) document(doc any) error {
	enc := json.NewEncoder(a.out)
	enc.SetIndent("", "  ")
	return enc.Encode(doc)
}

func timeOrNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}
