package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pawl-dev/pawl/catalog"
	"github.com/pawl-dev/pawl/ical"
)

type dueOptions struct {
	within   days
	exitCode bool
	calendar string
}

func newDueCommand(a *app) *cobra.Command {
	o := &dueOptions{within: days(14 * 24 * time.Hour)}
	cmd := &cobra.Command{
		Use: "due", Short: "What is overdue, and what will be due; a calendar of it",
		Long: `Lists what is overdue or due within a time, the most urgent first. Nothing due is no failure.
What is on a schedule and was never rotated here is listed too, last and without a date: its
age is not known, so it is not overdue either.

--ics writes a calendar of all due dates, of the windows in which the rotations may begin and of
freezes, with the catalog's reminders. The same event keeps its UID, so that a calendar program moves
it when the credential was rotated.

Where a server began what is due (pawl serve) and has not been heard of for ten minutes, that
is said too, and counts as overdue.

Exit status: 0 · 2 usage or catalog · 8 something is overdue, or the server that should
see to it is not there (only with --exit-code)`,
		Args: names(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runDue(cmd.Context(), o) },
	}
	cmd.Flags().Var(&o.within, "within", "how far to look ahead")
	cmd.Flags().BoolVar(&o.exitCode, "exit-code", false, "exit 8 if something is overdue")
	cmd.Flags().StringVar(&o.calendar, "ics", "", "write a calendar to this file (- for standard output)")
	return cmd
}

func (a *app) runDue(ctx context.Context, opt *dueOptions) error {
	o, err := a.overview(ctx)
	if err != nil {
		return err
	}
	defer o.Close()
	all, err := o.all(func(s *standing) bool { return !s.due.IsZero() || s.unknown() })
	if err != nil {
		return err
	}
	if opt.calendar != "" {
		if err := a.writeCalendar(o, all, opt.calendar); err != nil {
			return err
		}
	}
	late := slices.ContainsFunc(all, func(s *standing) bool { return s.overdue })
	soon := slices.DeleteFunc(all, func(s *standing) bool {
		return !s.unknown() && (s.due.IsZero() || s.due.After(o.now.Add(time.Duration(opt.within))))
	})
	switch {
	case opt.calendar == "-":
	case len(soon) > 0 || a.json:
		err = a.showList(ctx, o, soon)
	default:
		a.say("%s nothing is due within %s", a.sign(good), opt.within.String())
	}
	late = a.unattended() || late
	if err == nil && late && opt.exitCode {
		return &exit{code: exitOverdue}
	}
	return err
}

func (a *app) writeCalendar(o *overview, all []*standing, file string) error {
	var text bytes.Buffer
	if err := calendar(o, all).Write(&text); err != nil {
		return err
	}
	if file == "-" {
		_, err := io.Copy(a.out, &text)
		return err
	}
	if err := os.WriteFile(file, text.Bytes(), 0o644); err != nil {
		return err
	}
	a.say("%s wrote %s", a.sign(good), file)
	return nil
}

// calendar has an event for each due date, and one for the window in which the
// rotation may begin. Their UIDs are those of the credential at this
// installation, and not of the date.
func calendar(o *overview, all []*standing) ical.Calendar {
	c := ical.Calendar{Name: "Credential rotations", Product: "-//pawl//pawl 1//EN", Made: o.now}
	for _, s := range all {
		if s.due.IsZero() {
			continue
		}
		uid := func(what string) string { return fmt.Sprintf("%s-%s@%.12s.pawl", s.cred.Name, what, o.j.Install()) }
		text := describe(*s)
		c.Events = append(c.Events, ical.Event{UID: uid("due"), Summary: s.cred.Name + " is due for rotation", Description: text,
			From: s.due, To: s.due.Add(time.Hour), Free: true, Categories: []string{"pawl", "due"}, Alarms: s.cred.Schedule.Remind})
		if from, to := s.cred.Schedule.Opening(s.last, o.now); !from.IsZero() {
			c.Events = append(c.Events, ical.Event{UID: uid("window"), Summary: s.cred.Name + " may be rotated now", Description: text,
				From: from, To: to, Free: true, Categories: []string{"pawl", "window"}})
		}
	}
	return withFreezes(c, o)
}

// withFreezes adds the times in which nothing is begun by itself, where there is
// an event at all that they could hold. One that is moved is another one.
func withFreezes(c ical.Calendar, o *overview) ical.Calendar {
	if len(c.Events) == 0 {
		return c
	}
	for _, f := range o.cat.Freezes() {
		who := "all credentials"
		if len(f.Credentials) > 0 {
			who = strings.Join(f.Credentials, ", ")
		}
		if f.Until.After(o.now) {
			c.Events = append(c.Events, ical.Event{UID: fmt.Sprintf("freeze-%x@%.12s.pawl", sha256.Sum256([]byte(f.String()+f.From.String()+who)), o.j.Install()), Summary: "No rotation begins by itself: " + f.Why,
				Description: "Holds " + who, From: f.From, To: f.Until, Free: true, Categories: []string{"pawl", "freeze"}})
		}
	}
	return c
}

func describe(s standing) string {
	var lines []string
	for _, line := range [][2]string{{"", s.cred.Title}, {"Owner: ", s.cred.Owner}, {"Window: ", s.cred.Schedule.Window.String()},
		{"Every: ", catalog.FormatDuration(s.cred.Schedule.Every)}, {"Run: ", "pawl rotate " + s.cred.Name}} {
		if line[1] != "" {
			lines = append(lines, line[0]+line[1])
		}
	}
	return strings.Join(lines, "\n")
}
