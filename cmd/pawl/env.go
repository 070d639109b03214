package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/audit"
	"github.com/pawl-dev/pawl/catalog"
)

func newEnvCommand(a *app) *cobra.Command {
	var as string
	cmd := &cobra.Command{
		Use: "env NAME [--as VAR] -- COMMAND [ARGS]...", Short: "Run a command with the value in use in its environment",
		Long: `Reads the value in use from the store and runs the command with it in one environment
variable: VAR, else the first of the catalog's applies_to, else the store's key. It is in
the environment of that command and of what that starts, because you ask for it, and nowhere
else: not on disk, not in argv. The command takes pawl's place, so its input, output and exit
status are its own.

Exit status: the command's · 2 usage or catalog, or no such command · 4 sign-in needed`,
		Args: func(cmd *cobra.Command, args []string) error {
			if cmd.ArgsLenAtDash() != 1 || len(args) < 2 {
				return usage("env: want NAME -- COMMAND [ARGS]...")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.runEnv(cmd.Context(), args[0], as, args[1:])
		},
	}
	cmd.Flags().StringVar(&as, "as", "", "name of the variable")
	return cmd
}

func (a *app) runEnv(ctx context.Context, name, as string, argv []string) error {
	cat, err := a.loadCatalog()
	if err != nil {
		return err
	}
	cred, err := cat.Credential(name)
	if err != nil {
		return err
	}
	variable, err := variableOf(cred, as)
	if err != nil {
		return err
	}
	program, err := exec.LookPath(argv[0])
	if err != nil {
		return usage("%s cannot be run: %v", argv[0], errors.Unwrap(err))
	}
	value, err := a.valueForChild(ctx, cat, name, variable, argv[0])
	if err != nil {
		return err
	}
	if err := syscall.Exec(program, argv, childEnv(os.Environ(), variable, value)); err != nil {
		return usage("%s cannot be run: %v", argv[0], err)
	}
	return nil // not reached: the command has taken the place of this program
}

// valueForChild reads the value in use, and says in the audit log what for.
func (a *app) valueForChild(ctx context.Context, cat *catalog.Catalog, name, variable, program string) (pawl.Secret, error) {
	plan, err := cat.Plan(name, pawl.Manual)
	if err != nil {
		return pawl.Secret{}, err
	}
	s, err := a.openState(ctx, false)
	if err != nil {
		return pawl.Secret{}, err
	}
	defer s.Close()
	eng, _, err := a.engine(ctx, cat, s)
	if err != nil {
		return pawl.Secret{}, err
	}
	value, err := eng.Current(ctx, plan)
	if err != nil {
		return pawl.Secret{}, err
	}
	return value, eng.Record(ctx, audit.SecretRevealed, audit.Success, audit.Target{Credential: name, Where: "environment of " + program},
		audit.Context{Detail: "pawl env, as " + variable})
}

// childEnv is an environment with one variable set, whatever it was before.
func childEnv(env []string, variable string, value pawl.Secret) []string {
	var all []string
	for _, kv := range env {
		if !strings.HasPrefix(kv, variable+"=") {
			all = append(all, kv)
		}
	}
	return append(all, variable+"="+string(value.Reveal()))
}
