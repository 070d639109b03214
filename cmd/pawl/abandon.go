package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/engine"
	"github.com/pawl-dev/pawl/wording"
)

// abandoning are the flags of pawl abandon.
type abandoning struct {
	why     string
	confirm string
	yes     bool
	discard bool
}

func newAbandonCommand(a *app) *cobra.Command {
	o := &abandoning{}
	cmd := &cobra.Command{
		Use: "abandon NAME --why TEXT", Short: "End a rotation that can never go on, and say what it leaves",
		Long: `For a rotation whose vendors are gone: where pawl resume and pawl rollback still lead to an end,
use those. It looks where each generation is, as far as that can still be seen, writes that and the
reason into the audit log, closes the rotation as failed, and deletes its sealed values.

Nothing is revoked and nothing is written anywhere. A value that is in no place that can be read, and
may be live, would be lost with the sealed values: that has to be said by --discard.
` + exits,
		Args: names(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.runAbandon(cmd.Context(), args[0], o) },
	}
	f := cmd.Flags()
	f.StringVar(&o.why, "why", "", "why it is ended; goes into the audit log")
	f.BoolVarP(&o.yes, "yes", "y", false, "do not ask; needs --confirm")
	f.StringVar(&o.confirm, "confirm", "", "with --yes: the credential's name once more")
	f.BoolVar(&o.discard, "discard", false, "lose the values that are nowhere but in the journal")
	return cmd
}

func (o *abandoning) check(name string) error {
	switch {
	case strings.TrimSpace(o.why) == "":
		return usage("say why: --why TEXT")
	case o.yes && o.confirm != name:
		return usage("--yes ends %s without a question: add --confirm %s", word(name), word(name))
	}
	return sayable(o.why)
}

func (a *app) runAbandon(ctx context.Context, name string, o *abandoning) error {
	if err := o.check(name); err != nil {
		return err
	}
	cat, err := a.loadCatalog()
	if err != nil {
		return err
	}
	if _, err := cat.Credential(name); err != nil && !a.rotated(ctx, name) {
		return err
	}
	s, err := a.openState(ctx, true)
	if err != nil {
		return err
	}
	defer s.Close()
	run, err := s.Latest(ctx, name)
	if pawl.KindOf(err) == pawl.NotFound || err == nil && run.Outcome != "" {
		return a.nothingToDo(name, run)
	}
	if err != nil {
		return err
	}
	eng, err := a.worker(ctx, cat, s)
	if err != nil {
		return err
	}
	left, err := eng.Remainder(ctx, run.ID)
	if err != nil {
		return err
	}
	if !a.json {
		a.tellRemainder(run.ID, left)
	}
	if err := a.agreeToAbandon(ctx, eng, run.ID, o, left); err != nil {
		return err
	}
	if err := eng.Abandon(ctx, run.ID, o.why, left); err != nil {
		return err
	}
	if a.json {
		return json.NewEncoder(a.out).Encode(map[string]any{"version": 1, "rotation": run.ID, "outcome": pawl.Failed, "left": left.Lines(), "lost": left.Only})
	}
	a.say("%s %s is abandoned. Nothing was revoked.", a.sign(good), run.ID)
	a.say("  Next:\n    %s\n    %s", a.pasteable("pawl verify "+name), a.pasteable("pawl rotate "+name))
	return nil
}

func (a *app) tellRemainder(id pawl.RotationID, left engine.Remainder) {
	a.say("%s leaves:", id)
	for _, g := range left.Generations {
		text := g.State
		if len(g.In) > 0 {
			text += "; in " + strings.Join(g.In, ", ")
		}
		is := orDash(wording.Printable(g.ID))
		if g.ID == "" && g.Label != "" { // an answer that never came
			is, text = "(id not known)", text+"; if its mint still lands, pawl sweep finds it"
		}
		a.say("    %-16s %-38s %s", g.Name, is, wording.Plainly(text))
		if g.Label != "" {
			a.say("    %-16s %s", "", wording.Printable(g.Label))
		}
	}
	for _, p := range left.Places {
		a.say("    %-16s %-38s %s", p.ID, wording.Printable(p.Where), wording.Plainly(p.Holds))
	}
	if len(left.Only) > 0 {
		a.say("%s Nowhere but in the journal, as far as can be seen: %s", a.sign(bad), strings.Join(left.Only, ", "))
	}
}

// agreeToAbandon asks for the name to be typed, and for more where a value
// would be lost.
func (a *app) agreeToAbandon(ctx context.Context, eng worker, id pawl.RotationID, o *abandoning, left engine.Remainder) error {
	s, err := eng.Load(ctx, id)
	if err != nil {
		return err
	}
	if len(left.Only) > 0 && !o.discard {
		again := "pawl abandon " + id.Credential + " --why " + quoted(o.why) + " --discard"
		return &exit{code: exitIncomplete, err: fmt.Errorf("%v holds values that would be lost with it: %s", id, strings.Join(left.Only, ", ")),
			safe: "Nothing was changed; " + oldKey(s) + ".", next: []string{"pawl resume " + id.Credential, "pawl rollback " + id.Credential, again}}
	}
	if o.yes {
		return nil
	}
	if !a.asks() {
		return usage("nobody can be asked here: add --yes --confirm %s", word(id.Credential))
	}
	ok, err := a.typeName(ctx, "End it as it is? Its sealed values are deleted.", id.Credential)
	if err != nil {
		return err
	}
	if !ok {
		return &exit{code: exitDeclined, err: errors.New("declined; nothing was changed"), safe: wording.Capital(oldKey(s)) + "."}
	}
	return nil
}
