package main

import (
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/pawl-dev/pawl/catalog"
	"github.com/pawl-dev/pawl/wording"
)

// table prints rows: aligned and with a head on a terminal, and otherwise with
// one tab between the cells and no head, for cut and awk.
func (a *app) table(head []string, rows [][]string) {
	if !a.outTerminal() {
		for _, r := range rows {
			a.print("%s", strings.Join(cells(r), "\t"))
		}
		return
	}
	w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, strings.Join(head, "\t"))
	for _, r := range rows {
		fmt.Fprintln(w, strings.Join(cells(r), "\t"))
	}
	w.Flush()
}

// outTerminal reports whether data goes to a terminal. Questions are another
// matter: those go to standard error.
func (a *app) outTerminal() bool {
	w := a.out
	if t, ok := w.(*told); ok {
		w = t.Writer
	}
	f, ok := w.(*os.File)
	return ok && isTerminal(f)
}

func cells(row []string) []string {
	out := make([]string, len(row))
	for i, c := range row {
		if out[i] = wording.Printable(c); c == "" {
			out[i] = "-"
		}
	}
	return out
}

// moment is a time in a table: to the minute by the clock on the wall for
// people, exact and with its zone for programs.
func (a *app) moment(t time.Time) string {
	switch {
	case t.IsZero():
		return ""
	case a.outTerminal():
		return t.Local().Format("2006-01-02 15:04 MST")
	}
	return t.UTC().Format(time.RFC3339)
}

// days reads a duration as the catalog does: 14d, 2w, 36h.
type days time.Duration

func (d *days) String() string { return catalog.FormatDuration(time.Duration(*d)) }
func (d *days) Type() string   { return "duration" }

func (d *days) Set(text string) error {
	parsed, err := catalog.ParseDuration(text)
	if err != nil {
		return err // it says what is wanted
	}
	*d = days(parsed)
	return nil
}
