package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/catalog"
	"github.com/pawl-dev/pawl/engine"
	"github.com/pawl-dev/pawl/rotation"
	"github.com/pawl-dev/pawl/wording"
)

// leaking are the flags of pawl leak.
type leaking struct {
	driving
	reported   string
	connection string
	accept     []string
	incident   string // what happened
	file       string
}

// leakTimeout is how long proofs are waited for after a leak: as long as a
// restart and a workflow take, and no longer.
const leakTimeout = 10 * time.Minute

func newLeakCommand(a *app) *cobra.Command {
	l := &leaking{}
	cmd := &cobra.Command{
		Use: "leak NAME...", Short: "After a leak: replace credentials as fast as is safe, and write the post-mortem",
		Long: `Rotates the named credentials, or with --connection everything that a connection issues, at
once and without soak, waves or a wait for an approval (it is owed). Says first what will break,
and counts the exposure from the report until each old key is proved dead.

The revoke waits for every place that it would break, unless that is accepted by name: on the
terminal, or by --accept PLACE (NAME/PLACE if several credentials have one of that name). An
accepted place is tried once and not waited for. The revoke itself is part of the command.

A second run goes on with what is unfinished, and may accept more. The post-mortem is written
into NAME-N-postmortem.md, whatever happens; pawl leak report NAME[/N] writes it again.
` + exits,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return a.runLeak(cmd.Context(), args, l) },
	}
	cmd.Flags().StringVar(&l.reported, "reported-at", "", "when it was reported: 14:30, \"2h ago\", 2026-11-25T14:30:00Z; now if not given")
	cmd.Flags().StringVar(&l.connection, "connection", "", "everything that this connection issues")
	cmd.Flags().StringArrayVar(&l.accept, "accept", nil, "a place that may break: the revoke does not wait for it")
	cmd.Flags().StringVar(&l.incident, "why", "", "what happened, for the post-mortem; never the value")
	cmd.Flags().StringVarP(&l.file, "postmortem", "o", "", "write the post-mortem into this file")
	cmd.Flags().BoolVarP(&l.yes, "yes", "y", false, "do not ask before beginning")
	timeoutFlag(cmd, &l.timeout, leakTimeout)
	cmd.AddCommand(newLeakReportCommand(a))
	return cmd
}

// An incident is one run of pawl leak.
type incident struct {
	*batch
	l        *leaking
	reported time.Time
	found    map[*member]*exposed
}

// exposed is what is known of a leaked credential before anything is done.
type exposed struct {
	report   engine.Report
	unlisted []string // findings of copies that the catalog does not have
	copies   int      // places and people, and unlisted copies
	open     bool     // an unfinished rotation after a leak is taken up
}

func (a *app) runLeak(ctx context.Context, args []string, l *leaking) error {
	reported, err := l.checked(time.Now())
	if err != nil {
		return err
	}
	cat, err := a.loadCatalog()
	if err != nil {
		return err
	}
	plans, err := l.plans(cat, args, reported)
	if err != nil {
		return err
	}
	if !l.yes && !a.asks() {
		return usage("nobody can be asked here: add --yes to begin without a question, and --accept for each place that may break")
	}
	s, err := a.openState(ctx, true)
	if err != nil {
		return err
	}
	defer s.Close()
	b, err := a.newBatch(ctx, cat, s, plans, &l.driving)
	if err != nil {
		return err
	}
	in := &incident{batch: b, l: l, reported: reported, found: map[*member]*exposed{}}
	b.clock = in.exposedSince
	b.question = in.askAccept
	return in.run(ctx)
}

func (l *leaking) checked(now time.Time) (reported time.Time, err error) {
	if err := l.check(); err != nil {
		return time.Time{}, err
	}
	if err := sayable(l.incident); err != nil {
		return time.Time{}, err
	}
	return parseReported(l.reported, now)
}

// sayable refuses a reason that would be kept for ever and may hold a value.
func sayable(why string) error {
	if utf8.RuneCountInString(why) > 500 || catalog.LooksSecret(why) {
		return usage("--why is too long, or holds what looks like a secret: say it without the value")
	}
	return nil
}

// plans are those of the named credentials and of all that the connection
// issues.
func (l *leaking) plans(cat *catalog.Catalog, names []string, reported time.Time) (plans []pawl.Plan, err error) {
	if l.connection != "" {
		if _, err := cat.Connection(l.connection); err != nil {
			return nil, err
		}
		for _, name := range cat.Names() {
			if c, err := cat.Credential(name); err == nil && c.Issuer.Op.Connection == l.connection {
				names = append(names, name)
			}
		}
	}
	if names = distinctNames(names); len(names) == 0 && l.connection != "" {
		return nil, usage("no credential is issued through connection %s", l.connection)
	} else if len(names) == 0 {
		return nil, usage("leak: want NAME..., or --connection NAME for all that it issues")
	}
	for _, name := range names {
		plan, err := cat.Plan(name, pawl.Leak)
		if err != nil {
			return nil, err
		}
		plan.Incident = &pawl.Incident{Reported: reported.UTC().Truncate(time.Second), Why: l.incident}
		plans = append(plans, plan)
	}
	l.places, l.why = nil, ""
	for _, place := range l.accept {
		if strings.Contains(place, ":") { // outside of the plan, as a search names it
			l.places, l.why = append(l.places, place), l.incident
		} else if err := acceptIn(plans, place); err != nil {
			return nil, err
		}
	}
	return plans, l.accepting.check()
}

// acceptIn marks a place that may break in the plans that have it.
func acceptIn(plans []pawl.Plan, place string) error {
	credential, id, qualified := strings.Cut(place, "/")
	if !qualified {
		id = place
	}
	found := false
	for i := range plans {
		if qualified && plans[i].Credential != credential {
			continue
		}
		p := plans[i].Place(id)
		if p == nil {
			continue
		}
		if p.Store {
			return usage("--accept %s: the store has to hold the new value, or it would be on record nowhere", word(id))
		}
		p.Accepted, found = true, true
	}
	if !found {
		return usage("--accept %s: there is no such place; there is %s", word(id), strings.Join(acceptable(plans), ", "))
	}
	return nil
}

func acceptable(plans []pawl.Plan) (ids []string) {
	for _, p := range plans {
		for _, c := range p.Consumers {
			if !c.Store && !slices.Contains(ids, c.ID) {
				ids = append(ids, c.ID)
			}
		}
	}
	return ids
}

// exposedSince is the clock before each line.
func (in *incident) exposedSince() string {
	return fmt.Sprintf("+%-8s ", time.Since(in.reported).Round(time.Second))
}

func (in *incident) run(ctx context.Context) error {
	for _, m := range in.all {
		in.found[m] = &exposed{}
		m.err = in.takeUp(ctx, m)
	}
	in.look(ctx)
	if err := in.settle(ctx); err != nil {
		return err
	}
	in.begin(ctx, func(m *member) (pawl.RotationID, error) { return in.start(ctx, m) })
	in.drive(ctx)
	in.write()
	return in.conclude()
}

// takeUp finds an unfinished rotation: one after a leak is gone on with, any
// other one has to be decided on by a person.
func (in *incident) takeUp(ctx context.Context, m *member) error {
	run, err := in.store.Latest(ctx, m.plan.Credential)
	if pawl.KindOf(err) == pawl.NotFound || err == nil && run.Outcome != "" {
		return nil
	}
	if err != nil {
		return err
	}
	s, name := rotation.Fold(run.Events), run.ID.Credential
	if s.Plan.Reason != pawl.Leak {
		return &exit{code: exitIncomplete, err: fmt.Errorf("%v (%s) is not finished", run.ID, s.Plan.Reason), safe: "Nothing was begun.", next: in.firstEnd(name, s)}
	}
	wanted := m.plan
	m.id = run.ID
	in.follow(m, s.AsAccepted())
	for i := range m.plan.Consumers { // what is accepted now, too
		if p := wanted.Place(m.plan.Consumers[i].ID); p != nil && p.Accepted {
			m.plan.Consumers[i].Accepted = true
		}
	}
	in.found[m].open = true
	if i := m.plan.Incident; i != nil && i.Reported.Before(in.reported) {
		in.reported = i.Reported
	}
	return nil
}

// firstEnd are the commands that end an unfinished rotation so that the leaked
// key dies. One that goes back, as a rehearsal does whatever happens, leaves it
// alive: then it is rotated after that.
func (in *incident) firstEnd(name string, s *rotation.State) []string {
	take := in.a.taking(s)
	forward := "pawl revoke " + name + " --yes" + take + "   # finishes it, and kills the old key"
	back := "pawl rollback " + name + " --yes" + take + " && pawl leak " + name
	switch {
	case s.Plan.Reason == pawl.Rehearsal, s.Target == pawl.Old:
		return []string{back}
	case s.Past():
		return []string{forward}
	}
	return []string{forward, back}
}

// look does every check that changes nothing, and orders what was found: who is
// alive before who is dead, more copies before fewer, older before younger.
func (in *incident) look(ctx context.Context) {
	in.each(in.begun(), func(m *member) {
		x := in.found[m]
		x.copies = len(m.plan.Consumers)
		if x.open {
			return // half of its places have moved: what they hold now tells nothing
		}
		report, err := in.eng.Survey(ctx, m.plan)
		if err != nil {
			m.err = err
			return
		}
		x.report, x.unlisted = report, nil
		for _, f := range report.Findings {
			if strings.Contains(f, "not in the catalog") {
				x.unlisted = append(x.unlisted, f)
				names, _, _ := strings.Cut(f[strings.LastIndex(f, ": ")+1:], ";")
				x.copies += strings.Count(names, ", ") + 1
			}
		}
	})
	slices.SortStableFunc(in.all, func(a, b *member) int {
		x, y := in.found[a], in.found[b]
		return cmp.Or(boolean(x.report.Dead)-boolean(y.report.Dead), y.copies-x.copies, x.report.Old.Created.Compare(y.report.Old.Created))
	})
}

func boolean(b bool) int {
	if b {
		return 1
	}
	return 0
}

// settle says what will break, and asks for what has to be accepted. What
// cannot begin after that says why.
func (in *incident) settle(ctx context.Context) error {
	in.say()
	if !in.l.yes {
		if again, err := in.askForEach(ctx); err != nil {
			return err
		} else if again {
			in.look(ctx) // without what was accepted
		}
	}
	for _, m := range in.begun() {
		if x := in.found[m]; !x.open && len(x.report.Problems) > 0 {
			m.err = in.refused(m, x)
		}
	}
	if in.l.yes || len(in.begun()) == 0 {
		return nil
	}
	name := "all"
	if all := in.begun(); len(all) == 1 {
		name = all[0].plan.Credential
	}
	ok, err := in.a.typeName(ctx, fmt.Sprintf("Replace and revoke %s now? The revoke cannot be undone.", wording.Count(len(in.begun()), "key")), name)
	if err != nil {
		return err
	}
	if !ok {
		return &exit{code: exitDeclined, err: errors.New("declined; nothing was changed"), safe: "The leaked keys still work."}
	}
	return nil
}

// refused is the error of a member that the checks refuse, with what to accept
// if that is what keeps it.
func (in *incident) refused(m *member, x *exposed) error {
	e, ok := errors.AsType[*exit](problems(x.report))
	if !ok {
		return problems(x.report)
	}
	for i, f := range x.report.Places {
		if f.Problem != nil && !m.plan.Consumers[i].Store {
			e.next = append(e.next, "pawl leak "+m.plan.Credential+" --accept "+f.ID+"   # if "+f.ID+" may break")
		}
	}
	e.safe = "Nothing was changed: the leaked key still works."
	return e
}

// start opens a rotation, or takes the open one up, and writes down what was
// accepted and that the revoke was asked for.
func (in *incident) start(ctx context.Context, m *member) (id pawl.RotationID, err error) {
	id = m.id
	if !in.found[m].open {
		if id, err = in.eng.Start(ctx, m.plan, false); err != nil {
			return id, err
		}
	}
	s, err := in.eng.Load(ctx, id)
	if err != nil {
		return id, err
	}
	for i, c := range m.plan.Consumers {
		if c.Accepted && !s.Accepted(i) {
			if err := in.eng.Signal(ctx, id, pawl.Event{Type: pawl.EvAccepted, Consumer: c.ID, Reason: in.l.incident}); err != nil {
				return id, err
			}
		}
	}
	if s.Authorised == (pawl.Actor{}) || s.Once {
		err = in.eng.Signal(ctx, id, pawl.Event{Type: pawl.EvAuthorised, Detail: "pawl leak"})
	}
	return id, err
}
