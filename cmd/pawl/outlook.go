package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/api"
	"github.com/pawl-dev/pawl/connect"
	"github.com/pawl-dev/pawl/history"
	"github.com/pawl-dev/pawl/journal"
	"github.com/pawl-dev/pawl/rotation"
	"github.com/pawl-dev/pawl/wording"
)

// An outlook is what a plan costs, and what is to be known before it is run.
type outlook struct {
	api.Outlook
	people bool // it waits for some, for a time that nobody knows
}

// outlook is of a plan that was surveyed: only then have the vendors said what
// is left.
func (a *app) outlook(ctx context.Context, o *connect.Opener, p pawl.Plan) outlook {
	out := outlook{Outlook: api.Outlook{Requests: []api.Demand{}, Restarts: []string{}}, people: awaits(p)}
	for _, d := range o.Demands(p) {
		l := api.Demand{Connection: d.Connection, Vendor: d.Vendor, AtLeast: d.Requests}
		if d.Known {
			l.Left = &d.Left
			if d.Left < d.Requests {
				out.Notes = append(out.Notes, fmt.Sprintf("%s has %d requests left, and this takes at least %d", d.Connection, d.Left, d.Requests))
			}
		}
		out.Requests = append(out.Requests, l)
	}
	for _, c := range p.Consumers {
		if o.Restarts(c.Op) {
			out.Restarts = append(out.Restarts, c.ID)
		}
	}
	runs := a.past(ctx, p.Credential)
	h := history.Of(runs)
	took := expects(h, p)
	out.Takes = api.Takes{Seconds: int64(took.Median.Seconds()), Runs: took.N}
	if took.N == 0 {
		out.Takes.Seconds = int64(guess(o, p).Seconds())
	}
	if h.Validated().At.IsZero() {
		out.Notes = append(out.Notes, "never shown to work here: pawl rehearse "+p.Credential+" does all of it, and puts everything back")
	}
	if len(runs) > 0 && runs[0].Outcome == "" {
		s := rotation.FollowAll(runs[0].Events)
		out.Open = &api.Open{Rotation: runs[0].ID.String(), Phase: string(rotation.Decide(s, time.Now()).Phase), OldValid: s.OldValid()}
	}
	return out
}

// expects is how long a plan will take, as far as earlier runs tell: the work
// as it was, and the waits of this plan.
func expects(h history.History, p pawl.Plan) history.Span {
	if p.Reason == pawl.Rehearsal {
		return h.Rehearsal()
	}
	s := h.Work()
	if waits := p.Soak + p.Watch; s.N > 0 && p.Reason != pawl.Leak {
		s.Median, s.P90 = s.Median+waits, s.P90+waits
	}
	return s
}

// awaits reports whether a plan waits for people.
func awaits(p pawl.Plan) bool {
	blocks := func(c pawl.Place) bool { return c.Asks() != nil && c.Required() }
	return p.Reason != pawl.Rehearsal && (p.Hand != nil || p.Approval != nil || slices.ContainsFunc(p.Consumers, blocks))
}

// uncounted is what an estimate leaves out.
func uncounted(people bool) string {
	if people {
		return "; the time of people is not counted"
	}
	return ""
}

// past is what the journal has of a credential, newest first, if there is a
// journal.
func (a *app) past(ctx context.Context, name string) []journal.Run {
	j, err := a.readState(ctx)
	if err != nil || j == nil {
		return nil
	}
	defer j.Close()
	runs, err := j.Recent(ctx, name, history.Enough)
	if err != nil {
		return nil
	}
	return runs
}

// What a step takes where nothing was recorded: a restart of an app, and a
// workflow run.
const (
	guessRestart = 30 * time.Second
	guessProof   = 2 * time.Minute
)

// guess is how long a plan takes that was never run: what it waits for by
// itself, and for each wave its slowest place.
func guess(o *connect.Opener, p pawl.Plan) time.Duration {
	waves := map[int]time.Duration{}
	for _, c := range p.Consumers {
		takes := time.Second
		if o.Restarts(c.Op) {
			takes = guessRestart
		}
		for _, proof := range c.Proofs {
			if proof.Starts {
				takes = max(takes, guessProof)
			}
		}
		waves[c.Wave] = max(waves[c.Wave], takes)
	}
	total := time.Duration(0)
	for _, t := range waves {
		total += t
	}
	switch p.Reason {
	case pawl.Rehearsal:
		return 2 * total
	case pawl.Leak:
		return total
	}
	return total + p.Soak + p.Watch
}

// show tells it to people, below the plan.
func (o outlook) show(a *app, w io.Writer) {
	if n := len(o.Restarts); n > 0 {
		fmt.Fprintf(w, "  restart  %d, once each: %s\n", n, strings.Join(o.Restarts, ", "))
	}
	var parts []string
	for _, d := range o.Requests {
		name := d.Connection
		if name == "" {
			name = "health endpoints"
		}
		text := fmt.Sprintf("%s at least %d", name, d.AtLeast)
		if d.Left != nil {
			text += " of " + wording.Thousands(*d.Left) + " left"
		}
		parts = append(parts, text)
	}
	if len(parts) > 0 {
		fmt.Fprintf(w, "  requests %s\n", strings.Join(parts, " · "))
	}
	d := time.Duration(o.Takes.Seconds) * time.Second
	switch n := o.Takes.Runs; n {
	case 0:
		fmt.Fprintf(w, "  time     about %s, which is a guess: no run was completed here yet%s\n", wording.About(d), uncounted(o.people))
	default:
		fmt.Fprintf(w, "  time     about %s (median of %d%s)\n", wording.About(d), n, uncounted(o.people))
	}
	for _, text := range o.Notes {
		fmt.Fprintf(w, "  %s %s\n", a.sign(warn), text)
	}
	if o.Open != nil {
		key := "the old key is still valid"
		if !o.Open.OldValid {
			key = "the old key is not valid any more"
		}
		fmt.Fprintf(w, "  %s %s is not finished (%s, %s): another one cannot begin, and what is in use may be its new key\n", a.sign(warn), o.Open.Rotation, phaseWord(rotation.Phase(o.Open.Phase), nil), key)
		fmt.Fprintf(w, "    %s\n", a.pasteable("pawl resume "+credentialOf(o.Open.Rotation)))
	}
}

func credentialOf(rotation string) string {
	name, _, _ := strings.Cut(rotation, "/")
	return name
}
