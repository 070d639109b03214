package main

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/rotation"
	"github.com/pawl-dev/pawl/wording"
)

func newHandoverCommand(a *app) *cobra.Command {
	var to, note string
	cmd := &cobra.Command{
		Use: "handover NAME --to WHO", Short: "Give an unfinished rotation to somebody else",
		Long: `Writes down who looks after the rotation from here on, and what there is to know. Whoever
else goes on with it is told, and has to take it over (--take).`,
		Args: names(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.runHandover(cmd.Context(), args[0], to, note) },
	}
	cmd.Flags().StringVar(&to, "to", "", "who has it from here on: a user name, or user@host")
	cmd.Flags().StringVar(&note, "note", "", "what they have to know, in a sentence; never a value")
	return cmd
}

// whoPattern is the name of a user, with or without a host. How long they may be
// is not in it: one that counts takes half a millisecond of every start of pawl.
var whoPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*(@[A-Za-z0-9][A-Za-z0-9.-]*)?$`)

func isWho(text string) bool {
	const most = 63
	user, host, _ := strings.Cut(text, "@")
	return whoPattern.MatchString(text) && len(user) <= most && len(host) <= most
}

const maxNote = 300

func (a *app) runHandover(ctx context.Context, name, to, note string) error {
	switch {
	case to == "":
		return usage("--to is missing: to whom?")
	case !isWho(to):
		return usage("--to %s: want a user name, or user@host", word(to))
	case len(note) > maxNote || strings.ContainsFunc(note, unicode.IsControl):
		return usage("--note: want one line of at most %d characters", maxNote)
	}
	return a.signal(ctx, name, func(ctx context.Context, eng worker, id pawl.RotationID, s *rotation.State) error {
		if s.Outcome != "" {
			return usage("%v is finished: there is nothing to hand over", id)
		}
		if err := eng.Signal(ctx, id, pawl.Event{Type: pawl.EvHandover, To: to, Reason: note}); err != nil {
			return err
		}
		a.say("%s %v: %s has it from here on. %s.", a.sign(good), id, to, wording.Capital(oldKey(s)))
		a.say("  They go on with:  %s", a.pasteable("pawl resume "+name))
		return a.settled(id, "handed over to "+to)
	})
}

// holds reports whether somebody is the one that a rotation was handed to.
func holds(holder, who string) bool {
	user, _, _ := strings.Cut(who, "@")
	return strings.EqualFold(holder, who) || strings.EqualFold(holder, user)
}

// heldBy says who looks after a rotation; "" if it was never handed over.
func heldBy(s *rotation.State) string {
	if s.Holder == "" {
		return ""
	}
	text := fmt.Sprintf("with %s, handed over by %s at %s", s.Holder, s.HandedBy.ID, s.HandedAt.Local().Format("2006-01-02 15:04"))
	if s.Note != "" {
		text += ": " + wording.Printable(s.Note)
	}
	return text
}

// taking is the flag without which whoever runs this cannot go on with a
// rotation that is with somebody else.
func (a *app) taking(s *rotation.State) string {
	if s.Holder == "" || holds(s.Holder, a.actor().ID) {
		return ""
	}
	return " --take"
}

// mine makes sure that whoever goes on with a rotation is the one who has it.
// Somebody else has to take it over, by --take or by typing its name.
func (a *app) mine(ctx context.Context, eng worker, id pawl.RotationID, s *rotation.State, take bool) error {
	if a.taking(s) == "" {
		return nil
	}
	if !take {
		if !a.asks() {
			return &exit{code: exitWaits, err: fmt.Errorf("%v is %s", id, heldBy(s)), safe: "Nothing was begun. " + wording.Capital(oldKey(s)) + ".",
				next: []string{"pawl resume " + id.Credential + " --take   # if they cannot go on"}}
		}
		ok, err := a.typeName(ctx, fmt.Sprintf("%v is %s. Take it over?", id, heldBy(s)), id.Credential)
		if err != nil {
			return err
		}
		if !ok {
			return &exit{code: exitDeclined, err: fmt.Errorf("declined; %s still has it", s.Holder), safe: wording.Capital(oldKey(s)) + "."}
		}
	}
	return eng.Signal(ctx, id, pawl.Event{Type: pawl.EvHandover, To: a.actor().ID, Reason: "taken over from " + s.Holder})
}
