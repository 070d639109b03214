package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/engine"
	"github.com/pawl-dev/pawl/wording"
)

// accepting are the flags by which somebody answers for places outside of the
// plan.
type accepting struct {
	places []string
	why    string
}

func (f *accepting) flags(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&f.places, "accept", nil, "let this place outside of the plan be cut off by the revoke, or do without searching this connection; needs --why")
	cmd.Flags().StringVar(&f.why, "why", "", "why that does no harm; it goes into the audit log")
}

func (f *accepting) check() error {
	switch why := strings.TrimSpace(f.why); {
	case len(f.places) == 0 && f.why != "":
		return usage("--why belongs to --accept PLACE")
	case len(f.places) > 0 && why == "":
		return usage("--accept needs --why TEXT: why it does no harm if %s loses the key", word(f.places[0]))
	}
	for _, p := range f.places {
		if strings.TrimSpace(p) == "" || strings.Contains(p, "*") {
			return usage("--accept %s: name one place as it was said, without *; patterns go into the catalog (elsewhere)", word(p))
		}
	}
	return sayable(f.why)
}

// acknowledge journals what was accepted on the command line.
func (a *app) acknowledge(ctx context.Context, eng worker, id pawl.RotationID, f accepting) error {
	for _, p := range f.places {
		if err := eng.Signal(ctx, id, pawl.Event{Type: pawl.EvAcknowledged, Consumer: p, Reason: f.why}); err != nil {
			return err
		}
		if !a.json {
			a.say("%s Accepted: %s, by %s: %s", a.sign(idle), wording.Printable(p), a.actor().ID, wording.Printable(f.why))
		}
	}
	return nil
}

// censusWords tells of a search before the revoke. What stands against it is
// said by what is waited for.
func censusWords(u engine.Update) (mark, string, string) {
	areas, open, where := 0, len(u.State.Strays()), "searched"
	for _, x := range u.Event.Searched {
		if x.Kind != "" && !x.Closed() {
			return warn, "Copies", "not searched completely: " + x.Connection + ": " + x.Detail
		}
		if x.Closed() || x.Blind > 0 {
			where = "searched as far as it may be"
		}
		areas += x.Areas
	}
	if open > 0 {
		return warn, "Copies", fmt.Sprintf("%d outside of the plan would be cut off", open)
	}
	return good, "Copies", fmt.Sprintf("none outside of the plan that would be cut off (%s: %s)", where, wording.Count(areas, "part"))
}
