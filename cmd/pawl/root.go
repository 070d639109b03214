package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"github.com/pawl-dev/pawl/catalog"
	"github.com/pawl-dev/pawl/connect"
	"github.com/pawl-dev/pawl/terminal"
)

// app is what all commands share: the outside world and the common flags.
type app struct {
	env
	catalogDir string
	statePath  string
	keyPath    string
	json       bool
	noInput    bool
	noColor    bool
	accessible bool
	verbose    bool
	acceptOld  bool
	scroll     *terminal.Scroll
	logger     *slog.Logger // of a server; nil: as --verbose says
	typed      typed        // the command that this is
	server     string
	tokenFile  string
	far        *far // who does the work, if it is not this process
	opened     *connect.Opener
	story      bool // of the demo: what it leaves is gone when it ends, so there is no next command
	streams    bool // with --json, it tells a stream
	streaming  bool // and has begun to
	answered   bool // with --json: why it has failed is said already
	onward     bool // the command is to rotate: to come back is no success of it
}

// run runs one command line and returns the exit code.
func run(ctx context.Context, e env, args []string) int {
	a := &app{env: e, scroll: terminal.New(e.err, e.size)}
	a.err = a.scroll
	cmd := newRootCommand(a)
	cmd.SetArgs(args)
	cmd.SetIn(e.in)
	cmd.SetOut(e.out)
	cmd.SetErr(a.err)
	ran, err := cmd.ExecuteContextC(ctx)
	a.streams = ran.Annotations[streamed] != ""
	return a.report(err)
}

func newRootCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "pawl",
		Short: "Rotate a credential everywhere it is used, and prove it before the old one is revoked",
		Long: `pawl mints a new credential, writes it to every place that holds a copy, proves
for each of them which one it uses, and only then revokes the old one. It can be
stopped or killed at any moment: pawl resume NAME goes on.

Start with:  pawl demo`,
		SilenceUsage: true, SilenceErrors: true,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(cmd, args[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.PersistentPreRunE = func(cmd *cobra.Command, args []string) error {
		a.typed, a.streams = typed{cmd, args}, cmd.Annotations[streamed] != ""
		return a.reach(cmd)
	}
	cmd.SuggestionsMinimumDistance = 2
	cmd.Version = version
	cmd.SetVersionTemplate(versionLine() + "\n")
	cmd.SetFlagErrorFunc(wrongFlag)
	f := cmd.PersistentFlags()
	f.StringVar(&a.catalogDir, "catalog", "", "folder with connections.yaml and credentials/ (default $PAWL_CATALOG, else .)")
	f.StringVar(&a.statePath, "state", "", "where pawl keeps its journal (default $PAWL_STATE, else $XDG_STATE_HOME/pawl)")
	f.StringVar(&a.keyPath, "key-file", "", "key that seals values in the journal (default $PAWL_KEY_FILE, else below $XDG_CONFIG_HOME/pawl)")
	f.BoolVar(&a.json, "json", false, "machine-readable output on stdout")
	f.BoolVar(&a.noInput, "no-input", false, "never ask; fail and name the missing flag")
	f.BoolVar(&a.noColor, "no-color", false, "no colour (also: NO_COLOR)")
	f.BoolVar(&a.accessible, "accessible", false, "one plain line a change, no signs (also: ACCESSIBLE)")
	f.BoolVarP(&a.verbose, "verbose", "v", false, "log requests to stderr, without bodies")
	f.StringVar(&a.server, "server", "", "work through this server: unix:/path/to/pawl.sock, or https://host (default $PAWL_SERVER)")
	f.StringVar(&a.tokenFile, "token-file", "", "file with the token to show to it (default $PAWL_TOKEN_FILE); over a Unix socket none is needed")
	f.BoolVar(&a.acceptOld, "accept-restored-state", false, "go on although the journal is older than it was (restored from a copy)")
	cmd.AddCommand(streams(newLeakCommand(a)))
	cmd.AddCommand(
		newDemoCommand(a), newSimCommand(a), newInitCommand(a),
		newValidateCommand(a), newPlanCommand(a), streams(newRotateCommand(a)), streams(newResumeCommand(a)), newStatusCommand(a),
		newConfirmCommand(a), newApproveCommand(a), newPauseCommand(a), newServeCommand(a), streams(newRevokeCommand(a)), streams(newRollbackCommand(a)), newAbandonCommand(a), streams(newRehearseCommand(a)),
		newVerifyCommand(a), newDiscoverCommand(a), newDoctorCommand(a), newSweepCommand(a), newAuditCommand(a), newSchemaCommand(a), newVersionCommand(a), newExitCodesTopic(),
		newListCommand(a), newShowCommand(a), newDueCommand(a), newHistoryCommand(a), newDocsCommand(a), newErrorsTopic(), newImportCommand(a),
		newHandoverCommand(a), newClaimCommand(a), newEnvCommand(a), newManCommand(a), newNotifyCommand(a),
		newTokenCommand(a), newPeopleCommand(a),
	)
	for _, c := range cmd.Commands() {
		c.Flags().SortFlags = false
	}
	helpKnowsPages(cmd)
	a.completeNames(cmd)
	sayOfCompletion(cmd)
	return cmd
}

func unknownCommand(cmd *cobra.Command, typed string) error {
	e := &exit{code: exitUsage, err: fmt.Errorf("unknown command %s", word(typed))}
	for _, near := range cmd.SuggestionsFor(typed) {
		e.next = append(e.next, "pawl "+near)
	}
	if len(e.next) == 0 {
		e.next = []string{"pawl --help"}
	}
	return e
}

// wrongFlag is the error of a flag that there is not, with the nearest there is,
// or that has no such value.
func wrongFlag(cmd *cobra.Command, err error) error {
	e := &exit{code: exitUsage, err: err}
	if missing, ok := errors.AsType[*pflag.NotExistError](err); ok && len(missing.GetSpecifiedName()) > 1 {
		var flags []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { flags = append(flags, f.Name) })
		if near, ok := catalog.Nearest(missing.GetSpecifiedName(), flags); ok {
			e.err = fmt.Errorf("%w; did you mean --%s?", err, near)
		}
		e.next = []string{cmd.CommandPath() + " --help"}
	}
	return e
}

func isTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }

// terminalSize is that of the terminal that stderr is.
func terminalSize() (width, height int) {
	width, height, err := term.GetSize(int(os.Stderr.Fd()))
	if err != nil {
		return 0, 0
	}
	return width, height
}

// asks reports whether questions may be asked.
func (a *app) asks() bool { return a.terminal && !a.noInput && !a.json }

func (a *app) color() bool {
	return a.terminal && !a.noColor && a.getenv("NO_COLOR") == "" && a.getenv("TERM") != "dumb" && !a.plain()
}

func (a *app) plain() bool { return a.accessible || a.getenv("ACCESSIBLE") != "" }

// lively reports whether lines may be repainted.
func (a *app) lively() bool {
	return a.terminal && !a.json && !a.plain() && a.getenv("TERM") != "dumb"
}

// say writes a line for people.
func (a *app) say(format string, args ...any) { fmt.Fprintf(a.err, format+"\n", args...) }

// print writes a line of data.
func (a *app) print(format string, args ...any) { fmt.Fprintf(a.out, format+"\n", args...) }

func (a *app) log() *slog.Logger {
	switch {
	case a.logger != nil:
		return a.logger
	case a.verbose:
		return newLogger(a.err, false, true)
	}
	return slog.New(slog.DiscardHandler)
}

func newLogger(to io.Writer, asJSON, debug bool) *slog.Logger {
	o := &slog.HandlerOptions{}
	if debug {
		o.Level = slog.LevelDebug
	}
	if asJSON {
		return slog.New(slog.NewJSONHandler(to, o))
	}
	return slog.New(slog.NewTextHandler(to, o))
}

// names checks the arguments of a command that takes credential names.
func names(least, most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < least || most >= 0 && len(args) > most {
			if most == 0 {
				return usage("%s takes no arguments", strings.TrimPrefix(cmd.CommandPath(), "pawl "))
			}
			return usage("%s: want %s", cmd.Name(), strings.TrimSpace(strings.TrimPrefix(cmd.Use, cmd.Name())))
		}
		return nil
	}
}
