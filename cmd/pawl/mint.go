package main

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/engine"
	"github.com/pawl-dev/pawl/rotation"
)

// askMint shows the person at the terminal how to make a new generation, and
// asks for its value until one is taken. A bad paste changes nothing.
func (a *app) askMint(ctx context.Context, eng worker, r engine.Result) (bool, error) {
	if r.Late || r.State.Wanted() == nil || waitOf(r.Waits, pawl.MintStep) == nil {
		return false, nil
	}
	a.instruct(ctx, eng, r)
	return a.promptForValue(ctx, eng, r.ID, r.State.Plan)
}

// promptForValue asks for the new value until one is taken, or none is given.
func (a *app) promptForValue(ctx context.Context, eng worker, id pawl.RotationID, plan pawl.Plan) (bool, error) {
	for {
		given, err := a.readHidden(ctx, "  The new value, or all that was printed (not shown; Enter alone: later): ")
		if err != nil {
			return false, err
		}
		if given.IsZero() {
			return false, nil
		}
		err = a.supply(ctx, eng, id, plan, given)
		if err == nil {
			return true, nil
		}
		if e, ok := errors.AsType[*exit](err); !ok || e.code != exitIncomplete {
			return false, err
		}
		a.report(err)
	}
}

// supply gives a value to the rotation that waits for it.
func (a *app) supply(ctx context.Context, eng worker, id pawl.RotationID, plan pawl.Plan, given pawl.Secret) error {
	g, err := eng.Take(ctx, id, plan, given, func(received string) { a.say("  %s", received) })
	if err != nil {
		return notTaken(id, err)
	}
	a.say("%s %s: the new value works, of the right account and scope: id %s", a.sign(good), id, g.ID)
	return nil
}

// refusedValue reports whether it was the value that was wrong.
func refusedValue(err error) bool {
	e, ok := errors.AsType[*pawl.Error](err)
	return ok && e.Op == "supply"
}

// notTaken is the error for a value that was refused: nothing was changed, and
// it is still waited for.
func notTaken(id pawl.RotationID, err error) error {
	if !refusedValue(err) {
		return err
	}
	e := &exit{code: exitIncomplete, err: errors.New(strings.TrimPrefix(err.Error(), "supply: ")), safe: "Nothing was changed; the old key is as it was."}
	if hint := pawl.HintOf(err); hint != "" {
		e.next = append(e.next, hint)
	}
	return e
}

// instructLeft says how the steps are done that a rotation was left for, where
// nobody could be asked.
func (a *app) instructLeft(eng worker, r engine.Result, enc *json.Encoder) {
	if a.asks() || r.State == nil || r.State.Outcome != "" {
		return
	}
	ctx := context.Background() // says only what is known; nothing to interrupt
	if !a.json {
		a.instruct(ctx, eng, r)
		return
	}
	for _, w := range r.Waits {
		if w.On == rotation.OnPerson && enc != nil {
			enc.Encode(instructionLine(ctx, eng, r, w))
		}
	}
}

// instructionLine is what instructStep says, for programs.
func instructionLine(ctx context.Context, eng worker, r engine.Result, w rotation.Wait) map[string]any {
	line := map[string]any{"type": "instructions", "rotation": r.ID.String(), "step": w.Consumer, "ask": w.Detail,
		"confirm": stepCommand(r.State, r.ID.Credential, w.Consumer)}
	if wanted := r.State.Wanted(); wanted != nil && w.Consumer == pawl.MintStep {
		line["label"] = wanted.Label
	}
	if !w.Until.IsZero() {
		line["until"] = w.Until.Format(time.RFC3339)
	}
	ways := []map[string]any{}
	all, _ := eng.Ways(ctx, r.ID, r.State, w.Consumer) // without them the step is named all the same
	for _, in := range all {
		ways = append(ways, map[string]any{"title": in.Title, "command": in.Command, "prints": in.Prints, "note": in.Note})
	}
	line["ways"] = ways
	return line
}

// instruct says how every step is done by hand that a person is waited for.
func (a *app) instruct(ctx context.Context, eng worker, r engine.Result) {
	for _, w := range r.Waits {
		if w.On == rotation.OnPerson {
			a.instructStep(ctx, eng, r.ID, r.State, w)
		}
	}
}

func (a *app) instructStep(ctx context.Context, eng worker, id pawl.RotationID, s *rotation.State, w rotation.Wait) {
	h := s.Plan.Asks(w.Consumer)
	if h == nil {
		return
	}
	a.say("%s %s: %s%s", a.sign(idle), w.Consumer, w.Detail, terms(h, w, time.Now()))
	if h.Open != "" {
		a.say("  Open %s", h.Open)
	}
	ways, err := eng.Ways(ctx, id, s, w.Consumer)
	if err != nil {
		return // what is missing to sign in is said by what needs it
	}
	for _, in := range ways {
		a.say("  %s:", in.Title)
		if in.Command != "" {
			command := in.Command
			if in.Prints {
				command += " | " + a.pasteable("pawl confirm "+id.Credential+" "+w.Consumer+" --value-stdin")
			}
			a.say("    %s", command)
		}
		if in.Note != "" {
			a.say("    %s", in.Note)
		}
	}
	if c := s.Plan.Place(w.Consumer); c != nil && c.Hand != nil {
		a.say("  The value, for you alone:")
		a.say("    %s", a.pasteable("pawl claim "+id.Credential+" --show"))
	}
}

// terms says who may do a step and by when.
func terms(h *pawl.Human, w rotation.Wait, now time.Time) string {
	var all []string
	if len(h.People) > 0 {
		all = append(all, "who: "+strings.Join(h.People, ", "))
	}
	if when := deadline(w, now); when != "" {
		all = append(all, when)
	}
	if len(all) == 0 {
		return ""
	}
	return " (" + strings.Join(all, "; ") + ")"
}

// deadline says until when a step ought to be done, or since when it is late.
func deadline(w rotation.Wait, now time.Time) string {
	switch until := w.Until.Local().Format("2006-01-02 15:04"); {
	case w.On != rotation.OnPerson || w.Until.IsZero():
		return ""
	case w.Overdue(now):
		return "overdue since " + until
	default:
		return "until " + until
	}
}

// waitOf is the wait for the person of a step, or nil.
func waitOf(waits []rotation.Wait, step string) *rotation.Wait {
	for i := range waits {
		if waits[i].On == rotation.OnPerson && waits[i].Consumer == step {
			return &waits[i]
		}
	}
	return nil
}

// stepCommand is the command by which a step is done from anywhere.
func stepCommand(s *rotation.State, name, step string) string {
	if step == pawl.MintStep && s.Plan.Hand != nil {
		return "pawl confirm " + name + " " + step + " --value-stdin"
	}
	return "pawl confirm " + name + " " + step
}
