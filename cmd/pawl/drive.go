package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/catalog"
	"github.com/pawl-dev/pawl/engine"
	"github.com/pawl-dev/pawl/rotation"
)

// driving are the flags of every command that drives a rotation.
type driving struct {
	yes        bool
	autoRevoke bool
	timeout    time.Duration
	retell     bool // what happened so far, from the journal
	accepting
	take        bool // also if it was handed over to somebody else
	acceptStale bool
	held        map[string]bool // credentials whose revoke is not automatic after all
}

// takes adds the flag of commands that go on with what somebody else may have.
func (d *driving) takes(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&d.take, "take", false, "take it over if it was handed over to somebody else")
}

func (d *driving) flags(cmd *cobra.Command, revoke bool) {
	cmd.Flags().BoolVarP(&d.yes, "yes", "y", false, "do not ask before beginning")
	if revoke {
		cmd.Flags().BoolVar(&d.autoRevoke, "auto-revoke", false, "revoke the old credential as soon as every required consumer is proved")
		cmd.Flags().BoolVar(&d.acceptStale, "accept-stale", false, "--auto-revoke also where the last validation has expired (see stale_after)")
	}
	d.accepting.flags(cmd)
	timeoutFlag(cmd, &d.timeout, engine.DefaultTimeout)
}

// timeoutFlag is the flag that both commands that drive have.
func timeoutFlag(cmd *cobra.Command, d *time.Duration, usual time.Duration) {
	*d = usual
	cmd.Flags().Var((*length)(d), "timeout", "how long proofs are waited for before it stops safely")
}

// A length is a flag's duration, as Go writes it or as a catalog does: 1h30m, 1d.
type length time.Duration

func (l *length) String() string { return time.Duration(*l).String() }
func (l *length) Type() string   { return "duration" }

func (l *length) Set(text string) error {
	d, err := time.ParseDuration(text)
	if err != nil {
		d, err = catalog.ParseDuration(text)
	}
	if err == nil {
		*l = length(d)
	}
	return err
}

// check refuses flags that cannot be meant.
func (d *driving) check() error {
	if d.timeout <= 0 {
		return usage("--timeout %s: want a time that is left to wait, as 10m", d.timeout)
	}
	return d.accepting.check()
}

const exits = `
Exit status: 0 done · 1 failed, old credential untouched · 2 usage or catalog · 3 declined · 4 sign-in needed
5 waits for a person · 6 incomplete but safe · 7 needs a person now · 130 interrupted (pawl exit-codes)`

// A question is put to the person at the terminal when a rotation has stopped
// and waits for something that can be answered here. It reports whether it was
// answered, so that the rotation goes on; one that does not fit what is waited
// for asks nothing.
type question func(context.Context, worker, engine.Result) (answered bool, err error)

// questions are all there are, in the order in which they are tried.
func (a *app) questions() []question { return []question{a.askMint, a.askStep, a.askRevoke} }

// drive drives a rotation, and on a terminal asks for what it waits for.
func (a *app) drive(ctx context.Context, eng worker, id pawl.RotationID, d *driving, sc *screen) error {
	if err := a.acknowledge(ctx, eng, id, d.accepting); err != nil {
		return err
	}
	for {
		end := sc.live(ctx, id)
		r, err := eng.Drive(ctx, id, engine.Options{AutoRevoke: d.revokes(id.Credential), Timeout: d.timeout, Watch: sc.watch})
		end()
		if err != nil {
			return err
		}
		answered, err := a.ask(ctx, eng, r)
		if err != nil {
			return err
		}
		if !answered {
			a.instructLeft(eng, r, sc.enc)
			return a.conclude(r, sc)
		}
	}
}

// ask asks the person at the terminal, if there is one, what can be asked.
func (a *app) ask(ctx context.Context, eng worker, r engine.Result) (bool, error) {
	if !a.asks() || r.Stop != nil || r.State.Outcome != "" {
		return false, nil
	}
	for _, q := range a.questions() {
		if answered, err := q(ctx, eng, r); err != nil || answered {
			return answered, err
		}
	}
	return false, nil
}

// askRevoke asks for the revoke when nothing else is waited for. Without an
// answer the rotation stays as it is.
func (a *app) askRevoke(ctx context.Context, eng worker, r engine.Result) (bool, error) {
	if len(r.Waits) != 1 || r.Waits[0].On != rotation.OnRevoke {
		return false, nil
	}
	a.say("%s Every required consumer is proved on %s.", a.sign(good), r.State.NewID())
	ok, err := a.typeName(ctx, "Revoke "+r.State.OldID+" now? This cannot be undone.", r.ID.Credential)
	if err != nil {
		return false, nil
	}
	if !ok {
		a.say("%s Nothing was revoked.", a.sign(idle))
		return false, nil
	}
	return true, eng.Signal(ctx, r.ID, pawl.Event{Type: pawl.EvAuthorised, Detail: "asked for at the terminal"})
}
