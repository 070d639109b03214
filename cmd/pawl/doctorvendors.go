package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/catalog"
	"github.com/pawl-dev/pawl/provider"
	"github.com/pawl-dev/pawl/wording"
)

// clockOff is from when a clock is wrong: evidence and soaks are measured by it.
const clockOff = 30 * time.Second

// connections checks that each connection signs in, and the clock against
// theirs.
func (x *examination) connections(ctx context.Context, cat *catalog.Catalog, args []string, offline bool) {
	named := x.named(cat, args)
	if offline {
		x.add(skipped("clock", "--offline"))
		for _, name := range named {
			x.add(skipped("connection "+name, "--offline"))
		}
		return
	}
	opener := x.a.opener(cat)
	checks, off := make([]check, len(named)), make([]time.Duration, len(named))
	known := make([]bool, len(named))
	var all sync.WaitGroup
	for i, name := range named {
		all.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
			defer cancel()
			exam, told, err := opener.Examine(ctx, name)
			checks[i] = examined("connection "+name, exam, told, err)
			if !exam.At.IsZero() {
				off[i], known[i] = time.Since(exam.At), true
			}
		})
	}
	all.Wait()
	x.add(clocks(named, off, known))
	x.add(checks...)
}

// named are the connections of the credential that is asked for, or all.
func (x *examination) named(cat *catalog.Catalog, args []string) []string {
	if len(args) == 0 {
		return cat.Connections()
	}
	p, err := cat.Plan(args[0], pawl.Manual)
	if err != nil {
		return nil
	}
	return sortedKeys(p.Endpoints)
}

func examined(name string, e provider.Exam, told bool, err error) check {
	if err != nil {
		return failed(name, unnamed(wording.Plainly(err.Error()), name, ", "), unnamed(pawl.HintOf(err), name, "; "))
	}
	if !told {
		return skipped(name, "its secrets are there; the vendor tells nothing more without an effect")
	}
	text := "signs in as " + e.Who
	if e.May != "" {
		text += "; may " + e.May
	}
	if e.Left >= 0 {
		text += fmt.Sprintf("; %d requests left", e.Left)
	}
	switch {
	case len(e.Findings) > 0:
		return warned(name, text+"; "+strings.Join(e.Findings, "; "), "")
	case e.Left >= 0 && e.Left < 200:
		return warned(name, text, "wait: a rotation takes some hundred requests")
	}
	return fine(name, text)
}

// unnamed is what is said of a connection in a line that names it already: without
// what says where the secret is wanted, up to a sign.
func unnamed(text, name, upTo string) string {
	if _, rest, ok := strings.Cut(text, upTo); ok && strings.HasPrefix(text, name+", ") {
		return rest
	}
	return text
}

// clocks compares this machine's clock with those of the vendors. One alone may
// be wrong itself.
func clocks(named []string, off []time.Duration, known []bool) check {
	least, worst, by := time.Duration(-1), time.Duration(0), ""
	for i, d := range off {
		if !known[i] {
			continue
		}
		if d = d.Abs(); least < 0 || d < least {
			least = d
		}
		if d >= worst {
			worst, by = d, named[i]
		}
	}
	switch {
	case !slices.Contains(known, true):
		return skipped("clock", "no vendor told the time")
	case least > clockOff:
		return failed("clock", fmt.Sprintf("it is off by %s", least.Round(time.Second)), "set the clock (timedatectl set-ntp true): evidence is as old as the clock says")
	case worst > clockOff:
		return warned("clock", fmt.Sprintf("it differs by %s from that of %s, and agrees with others", worst.Round(time.Second), by), "")
	}
	return fine("clock", fmt.Sprintf("within %s of the vendors'", max(worst.Round(time.Second), time.Second)))
}
