package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/engine"
	"github.com/pawl-dev/pawl/journal"
	"github.com/pawl-dev/pawl/journal/sqlite"
	"github.com/pawl-dev/pawl/rotation"
	"github.com/pawl-dev/pawl/wording"
)

func newStatusCommand(a *app) *cobra.Command {
	watch := false
	cmd := &cobra.Command{
		Use: "status [NAME[/N]]", Short: "Where rotations are, who is waited for, and whether the old key is still valid",
		Long: `Reads the journal only, and works while another process drives.

--watch tells a rotation as the process tells it that drives it, from its beginning, and ends
when that one ends, with its exit status. With --json it is the same stream.`,
		Args: names(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if watch {
				return a.runWatch(cmd.Context(), args)
			}
			return a.runStatus(cmd.Context(), args)
		},
	}
	cmd.Flags().BoolVarP(&watch, "watch", "w", false, "tell it as it goes, until it ends")
	return cmd
}

// readState opens the journal to read, or returns nil if there is none yet.
func (a *app) readState(ctx context.Context) (journal.Journal, error) {
	if a.far != nil {
		return farJournal{f: a.far}, nil
	}
	j, err := a.readFile(ctx)
	if j == nil { // and not an interface that holds nothing
		return nil, err
	}
	return j, err
}

// readFile is [app.readState] for the file of this machine.
func (a *app) readFile(ctx context.Context) (*sqlite.Journal, error) {
	path, err := a.stateFile()
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	return sqlite.Open(ctx, sqlite.Options{Path: path, ReadOnly: true, AcceptRollback: a.acceptOld})
}

// statusDoc is one rotation, for programs.
type statusDoc struct {
	Rotation   string              `json:"rotation"`
	Credential string              `json:"credential"`
	Reason     pawl.Reason         `json:"reason"`
	Phase      rotation.Phase      `json:"phase"`
	Outcome    pawl.Outcome        `json:"outcome,omitempty"`
	Started    time.Time           `json:"started"`
	Updated    time.Time           `json:"updated"`
	OldID      string              `json:"old_id,omitempty"`
	NewID      string              `json:"new_id,omitempty"`
	OldValid   bool                `json:"old_valid"`
	SafeToStop bool                `json:"safe_to_stop"`
	Consumers  []consumerDoc       `json:"consumers"`
	Waits      []map[string]string `json:"waits"`
	Driver     string              `json:"driver,omitempty"`
	Stopped    string              `json:"stopped,omitempty"` // why the last process left it
	Gone       *time.Time          `json:"gone,omitempty"`    // the last process ended without a word; when it was last heard of
	Unknown    []string            `json:"unknown,omitempty"` // effects of which it is found out first, when it is resumed, whether they happened
	Mode       pawl.Mode           `json:"mode"`
	Holder     string              `json:"holder,omitempty"`       // to whom it was handed over
	Overdue    []string            `json:"overdue,omitempty"`      // steps of people that have taken too long
	Glass      string              `json:"glass_broken,omitempty"` // who goes on without the approval, and why
	Failure    string              `json:"failure,omitempty"`      // why it failed
	Next       []string            `json:"next,omitempty"`
	key        string              // of the old key, for people
	phase      string              // for people
	text, safe string
	held       string
	unproved   bool // it stopped for lack of a proof
}

type consumerDoc struct {
	ID       string `json:"id"`
	Where    string `json:"where"`
	Required bool   `json:"required"`
	Written  bool   `json:"written"`
	Proved   bool   `json:"proved"`
	Class    string `json:"class,omitempty"`
	Detail   string `json:"detail,omitempty"`
	human    bool
}

func (a *app) runStatus(ctx context.Context, args []string) error {
	j, err := a.readState(ctx)
	if err != nil {
		return err
	}
	docs := []statusDoc{}
	if j != nil {
		defer j.Close()
		if docs, err = a.collect(ctx, j, args); err != nil {
			return err
		}
	}
	if len(docs) == 0 && len(args) == 1 {
		if err := a.notFound(ctx, args[0]); err != nil {
			return err
		}
	}
	late := []overdueLine{}
	if len(args) == 0 {
		late = a.late(ctx)
	}
	if a.json {
		enc := json.NewEncoder(a.out)
		enc.SetIndent("", "  ")
		doc := map[string]any{"version": 1, "rotations": docs}
		if len(late) > 0 {
			doc["overdue"] = late
		}
		return enc.Encode(doc)
	}
	switch {
	case len(docs) == 0 && len(args) == 1:
		a.say("%s %s was never rotated here", a.sign(idle), args[0])
	case len(docs) == 0:
		a.say("%s no rotations yet", a.sign(good))
	}
	for _, d := range docs {
		if len(args) == 0 && d.Outcome != "" {
			a.print("%s  %s  %s  %s", d.Rotation, d.Reason, d.phase, d.Updated.Local().Format("2006-01-02 15:04:05"))
			if d.Outcome == pawl.Failed {
				a.print("  why, and what next:  %s", a.pasteable("pawl status "+d.Credential))
			}
			continue
		}
		a.showStatus(d)
	}
	for _, l := range late {
		a.print("%s %s is overdue since %s:  %s", a.sign(warn), l.Credential, day(l.Due), a.pasteable("pawl rotate "+l.Credential))
	}
	return nil
}

type overdueLine struct {
	Credential string    `json:"credential"`
	Due        time.Time `json:"due"`
}

// late lists what should have been rotated by now and is not being rotated. That
// there is no catalog here to tell it by is no reason not to say the rest.
func (a *app) late(ctx context.Context) (all []overdueLine) {
	o, err := a.overview(ctx)
	if err != nil {
		return nil
	}
	defer o.Close()
	standings, err := o.all(func(s *standing) bool { return s.overdue && s.open == nil })
	if err != nil {
		return nil
	}
	for _, s := range standings {
		all = append(all, overdueLine{s.cred.Name, s.due})
	}
	return all
}

// collect gathers the rotation that is asked for, or all open ones and the
// last of each credential.
func (a *app) collect(ctx context.Context, j journal.Journal, args []string) ([]statusDoc, error) {
	wanted := map[string]bool{}
	if len(args) == 1 && strings.Contains(args[0], "/") {
		return a.collectOne(ctx, j, args[0])
	} else if len(args) == 1 {
		wanted[args[0]] = true
	} else {
		runs, err := j.List(ctx, false)
		if err != nil {
			return nil, err
		}
		for _, r := range runs {
			wanted[r.ID.Credential] = true
		}
	}
	docs := []statusDoc{}
	for _, name := range sortedKeys(wanted) {
		run, err := j.Latest(ctx, name)
		if pawl.KindOf(err) == pawl.NotFound {
			continue
		}
		if err != nil {
			return nil, err
		}
		docs = append(docs, a.statusOf(run))
	}
	slices.SortStableFunc(docs, func(x, y statusDoc) int { // what is open first
		return cmp.Compare(min(len(x.Outcome), 1), min(len(y.Outcome), 1))
	})
	return docs, nil
}

// collectOne gathers a rotation by its number. What to do next is said of the
// newest one only: after an older one it was done, or was not, long ago.
func (a *app) collectOne(ctx context.Context, j journal.Journal, what string) ([]statusDoc, error) {
	var id pawl.RotationID
	if id.UnmarshalText([]byte(what)) != nil {
		return nil, notNumbered()
	}
	run, err := j.Load(ctx, id)
	if pawl.KindOf(err) == pawl.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	d := a.statusOf(run)
	if last, err := j.Latest(ctx, id.Credential); err == nil && last.ID != id {
		d.Next = nil
	}
	return []statusDoc{d}, nil
}

func (a *app) statusOf(run journal.Run) statusDoc {
	s := rotation.FollowAll(run.Events)
	dec := rotation.Decide(s, time.Now())
	d := statusDoc{Rotation: run.ID.String(), Credential: run.ID.Credential, Reason: s.Plan.Reason, Phase: dec.Phase, Outcome: s.Outcome,
		Started: s.Started, Updated: s.Last, OldID: s.OldID, NewID: s.NewID(), OldValid: s.OldValid(), SafeToStop: true, Waits: waitLines(dec.Waits), Mode: s.Plan.Mode(), phase: phaseWord(dec.Phase, dec.Waits)}
	for i, c := range s.Plan.Consumers {
		p := s.Places[i]
		proved := s.Holds(i)
		d.Consumers = append(d.Consumers, consumerDoc{ID: c.ID, Where: c.Where, Required: c.Required(), Written: p.Write.Status == rotation.Done || p.Confirmed != "",
			Proved: proved, Class: classWord(s, i), Detail: p.Look.Detail, human: c.Human != nil})
	}
	if s.Outcome == pawl.Failed {
		v := judge(engine.Result{ID: run.ID, State: s, Phase: dec.Phase})
		d.Failure, d.text, d.safe, d.Next = wording.Plainly(s.Failure.Detail), v.text, v.safe, a.pasteables(afterFailure(v, s, run.ID.Credential))
	}
	if s.Outcome == "" {
		d.Holder, d.held = s.Holder, heldBy(s)
		if s.Glass.Why != "" {
			d.Glass = s.Glass.By.ID + ": " + wording.Printable(s.Glass.Why)
		}
		for _, w := range dec.Waits {
			if w.Overdue(time.Now()) {
				d.Overdue = append(d.Overdue, w.Consumer)
			}
		}
		d.key, d.Stopped = oldKey(s), lastWords(run.Events)
		v := judge(engine.Result{ID: run.ID, State: s, Phase: dec.Phase, Waits: dec.Waits})
		d.text, d.Next, d.unproved = v.text, a.pasteables(v.next), v.code != exitWaits
		d.Driver = a.driver(run.Events)
		if n := len(run.Events); a.far == nil && d.Driver == "" && n > 0 && !leaves(run.Events[n-1]) && !tookLeave(run.Events) {
			d.Gone, d.Unknown = &run.Events[n-1].At, unsettled(s)
		}
	}
	return d
}

// afterFailure is what mends the reason of a failure, and what is done once more
// then.
func afterFailure(v verdict, s *rotation.State, name string) []string {
	switch {
	case s.Abandoned != "" || slices.ContainsFunc(v.next, begins): // which has a next step of its own
		return v.next
	case s.Plan.Reason == pawl.Rehearsal:
		return append(v.next, "pawl rehearse "+name)
	case s.Plan.Reason == pawl.Leak:
		return append(v.next, "pawl leak "+name)
	}
	return append(v.next, "pawl rotate "+name)
}

// begins reports whether a next step is another rotation already.
func begins(next string) bool {
	return strings.Contains(next, "pawl rotate ") || strings.Contains(next, "pawl leak ")
}

// driver is who drives a rotation right now; empty: nobody.
func (a *app) driver(events []pawl.Event) string {
	if a.far != nil {
		if n := len(events); n == 0 || leaves(events[n-1]) {
			return ""
		}
		return "the server"
	}
	path, err := a.stateFile()
	if err != nil {
		return ""
	}
	h, held, err := sqlite.DriverLockHolder(filepath.Dir(path))
	if err != nil || !held {
		return ""
	}
	return h.String()
}

// leaves reports whether an event is the last of a process that ended as it
// should, or of none at all.
func leaves(ev pawl.Event) bool {
	switch ev.Type {
	case pawl.EvStopped, pawl.EvPlanned, pawl.EvConfirmed, pawl.EvAuthorised, pawl.EvApproved, pawl.EvGlass, pawl.EvPaused, pawl.EvUnpaused, pawl.EvRollback:
		return true
	}
	return false
}

// tookLeave reports whether the process that drove last has said that it ends: what
// came after that is from somebody who gave a value, and drove nothing.
func tookLeave(events []pawl.Event) bool {
	for _, ev := range slices.Backward(events) {
		switch ev.Type {
		case pawl.EvStopped:
			return true
		case pawl.EvDriving:
			return false
		}
	}
	return false
}

// unsettled lists the effects that were begun and of which nobody has written
// down what came of them. Whoever resumes looks, before anything else is done.
func unsettled(s *rotation.State) (all []string) {
	add := func(f rotation.Effect, what string) {
		if f.Status == rotation.Intended || f.Status == rotation.Unsure {
			all = append(all, what)
		}
	}
	for _, at := range s.Attempts {
		add(at.Effect, "a new key may have been made: it is looked for by its label, revoked, and made again")
	}
	for i, c := range s.Plan.Consumers {
		p := &s.Places[i]
		add(p.Write, c.ID+" may have been written: it is compared, and written again if need be")
		for j, pr := range p.Proofs {
			add(pr.Start, c.ID+": a proof may have been started ("+kindName(c.Proofs[j].Name)+")")
		}
		add(p.Notice, c.ID+" may have been told")
	}
	for _, k := range s.Kills {
		add(k.Effect, k.ID+" may have been revoked: it is revoked again")
	}
	add(s.Revoke, "the "+string(s.Doomed())+" key may have been revoked: it is tried at its vendor, and revoked again")
	return all
}

// lastWords is what the process that stopped last was waiting for: it saw more
// than the journal keeps. What happened since is newer than that.
func lastWords(events []pawl.Event) string {
	if n := len(events); n > 0 && events[n-1].Type == pawl.EvStopped {
		return events[n-1].Detail
	}
	return ""
}

func classWord(s *rotation.State, i int) string {
	if c := s.Strength(i); c != pawl.NoEvidence {
		return c.String()
	}
	return ""
}

func (a *app) showStatus(d statusDoc) {
	a.print("%s  %s  %s  %s", d.Rotation, d.Reason, d.phase, d.Updated.Local().Format("2006-01-02 15:04:05"))
	if d.Outcome == "" {
		a.print("  %s", d.key)
	}
	if d.Mode != pawl.Automated {
		a.print("  %s", d.Mode)
	}
	if d.Glass != "" {
		a.print("  The glass was broken by %s", d.Glass)
	}
	if d.held != "" {
		a.print("  %s", d.held)
	}
	if d.Driver != "" {
		a.print("  driven by %s", d.Driver)
	}
	for _, c := range d.Consumers {
		m, word := idle, "not written yet"
		switch {
		case c.human && c.Proved:
			m, word = good, "confirmed"
		case c.human:
			word = "not confirmed"
			if !c.Required {
				word += " (blocks nothing)"
			}
		case c.Proved:
			m, word = good, "proved ("+c.Class+")"
		case c.Written:
			word = "written, not proved"
		}
		a.print("  %s %-14s %-22s %s", a.sign(m), c.ID, word, c.Detail)
	}
	switch d.Outcome {
	case "":
	case pawl.Failed:
		a.print("  %s %s", a.sign(bad), strings.ReplaceAll(wording.Plainly(d.text), "\n", "\n    "))
		a.print("  %s", d.safe)
		a.showNext(d.Next)
		return
	default:
		return
	}
	if d.Driver != "" {
		for _, w := range d.Waits {
			a.print("  %s waits for %s%s", a.sign(busy), colon(w["consumer"]), wording.Plainly(w["detail"]))
		}
		return
	}
	a.print("  %s %s", a.sign(idle), d.text)
	if d.Gone != nil {
		a.print("      nobody drives it: the last process ended without a word, and was last heard of at %s", d.Gone.Local().Format("15:04:05"))
		for _, u := range d.Unknown {
			a.print("      not known yet: %s", u)
		}
	}
	if d.Stopped != "" && (d.unproved || len(d.Waits) == 0) { // nothing is waited for: what was in the way may be gone, and is tried again
		a.print("      when it stopped: %s", wording.Plainly(d.Stopped))
	} else {
		for _, w := range d.Waits {
			if text := waitText(w, 14) + byWhen(w, d.Overdue); text != d.text {
				a.print("      %s", text)
			}
		}
	}
	a.showNext(d.Next)
}

func (a *app) showNext(next []string) {
	if len(next) == 0 {
		return
	}
	a.print("  Next:")
	for _, n := range next {
		a.print("    %s", n)
	}
}
