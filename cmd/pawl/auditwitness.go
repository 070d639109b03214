package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/audit"
	"github.com/pawl-dev/pawl/journal/sqlite"
	"github.com/pawl-dev/pawl/witness"
)

func newAuditWitnessCommand(a *app) *cobra.Command {
	return &cobra.Command{Use: "witness WHERE...", Short: "Show the log to another place, which remembers how far it was",
		Long: `A log can be set back as a whole, by whoever can replace the state folder. A witness that they
cannot reach finds that. WHERE is

  file:PATH           a file, best on another machine's disk
  git:DIR             a commit in a repository
  https://HOST#KEY    a witness by C2SP tlog-witness, whose cosignature is checked with its KEY

A witness is shown the log only if the log continues what it has seen. pawl serve --witness does
this by itself; pawl audit verify --witness WHERE compares.

Exit status: 0 all have seen it · 1 one has seen another log, or could not be reached`,
		Args: names(1, 16),
		RunE: func(cmd *cobra.Command, args []string) error { return a.runAuditWitness(cmd.Context(), args) }}
}

func (a *app) runAuditWitness(ctx context.Context, specs []string) error {
	if a.far != nil {
		return usage("a server shows its log to its witnesses by itself: pawl serve --witness WITNESS")
	}
	if _, err := a.parseWitnesses(specs); err != nil {
		return err
	}
	key, err := a.publicKey("")
	if err != nil {
		return err
	}
	j, err := a.readState(ctx)
	if err != nil {
		return err
	}
	if j == nil {
		return usage("there is no journal yet, so there is no audit log")
	}
	defer j.Close()
	var all []error
	for _, spec := range specs {
		seen, err := a.showWitness(ctx, j, key, spec)
		if err != nil {
			all = append(all, err)
			continue
		}
		a.say("%s %s has seen %d records, %s", a.sign(good), nameOf(spec), seen.Size, seen.At.UTC().Format(time.DateTime+" UTC"))
	}
	return errors.Join(all...)
}

// nameOf is a witness's name without its key.
func nameOf(spec string) string {
	w, err := witness.Parse(spec, witness.Options{})
	if err != nil {
		return spec
	}
	return w.Name()
}

// witness is a checkpoint to hold the log against: one that was kept elsewhere,
// else the newest one beside the journal. A log that is behind it was set back.
// A witness that hands none out is asked, by show, whether the log continues
// what it has seen.
func (a *app) witness(ctx context.Context, name, key string) (kept []byte, show bool, err error) {
	if name == "" && a.far != nil {
		return nil, false, nil // it lies beside the server's journal, which is held against it there
	}
	if name == "" {
		path, err := a.stateFile()
		if err != nil || a.acceptOld {
			return nil, false, err
		}
		kept, err := sqlite.Witness(path)
		return kept, false, err
	}
	w, err := witness.Parse(name, a.witnessOptions())
	if err != nil { // the name of a file, as it was kept by hand
		kept, err := os.ReadFile(name)
		if err != nil {
			return nil, false, usage("%v", err)
		}
		return kept, false, nil
	}
	install, err := audit.InstallOf(key)
	if err != nil {
		return nil, false, err
	}
	kept, err = w.Kept(ctx, install)
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		return nil, true, nil
	case err != nil:
		return nil, false, &exit{code: exitFailed, err: fmt.Errorf("the witness could not be asked: %w", err)}
	case len(kept) == 0:
		return nil, false, &exit{code: exitUsage, err: &pawl.Error{Op: "witness", Kind: pawl.NotFound, Err: errors.New("it has seen nothing yet")},
			next: []string{"pawl audit witness " + name}}
	}
	return kept, false, nil
}
