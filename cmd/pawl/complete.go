package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pawl-dev/pawl/journal/sqlite"
	"github.com/pawl-dev/pawl/rotation"
)

// completeNames gives every command that takes names of credentials their
// completion: from the files of the catalog and the journal, never from a
// vendor, and never with a word of error, since somebody is typing.
func (a *app) completeNames(root *cobra.Command) {
	for _, c := range root.Commands() {
		if c.ValidArgsFunction != nil || !strings.Contains(c.Use, "NAME") {
			continue
		}
		many, step := strings.Contains(c.Use, "NAME..."), strings.Contains(c.Use, "STEP")
		c.ValidArgsFunction = func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			switch {
			case len(args) == 0 || many:
				return slices.DeleteFunc(a.typedNames(), func(n string) bool { return slices.Contains(args, n) }), cobra.ShellCompDirectiveNoFileComp
			case step && len(args) == 1:
				return a.steps(cmd.Context(), args[0]), cobra.ShellCompDirectiveNoFileComp
			}
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
	}
}

// sayOfCompletion says of cobra's own command what it completes here.
func sayOfCompletion(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		if c.Name() == "completion" {
			c.Short = "Print a shell's completion of commands, flags, credentials and people's steps"
			c.Long = `Prints what a shell has to read to complete commands, flags, the names of credentials, and the
steps that wait for a person. Names come from the catalog's files and the journal: no vendor is asked.

How to load it for good is in the help of each shell: pawl completion bash --help`
			c.Args = func(cmd *cobra.Command, args []string) error {
				if len(args) == 0 {
					return nil
				}
				e := &exit{code: exitUsage, err: fmt.Errorf("completion: there is none for %s", word(args[0]))}
				for _, shell := range cmd.Commands() {
					e.next = append(e.next, shell.CommandPath())
				}
				return e
			}
			c.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
		}
	}
}

// typedNames are the names in the catalog's files, read line by line: a catalog
// with a mistake in it, or a hundred thousand files, is still completed.
func (a *app) typedNames() (all []string) {
	files, _ := filepath.Glob(filepath.Join(a.catalogFolder(), "credentials", "*.y*ml"))
	for _, file := range files {
		if name := nameIn(file); name != "" {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func nameIn(file string) string {
	f, err := os.Open(file)
	if err != nil {
		return ""
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if name, ok := strings.CutPrefix(lines.Text(), "name:"); ok {
			name, _, _ = strings.Cut(name, "#")
			return strings.Trim(strings.TrimSpace(name), `"'`)
		}
	}
	return ""
}

// steps are the steps of people of a credential's rotation, those that are not
// confirmed.
func (a *app) steps(ctx context.Context, name string) (all []string) {
	path, err := a.stateFile()
	if err != nil {
		return nil
	}
	j, err := sqlite.Open(ctx, sqlite.Options{Path: path, ReadOnly: true, AcceptRollback: true})
	if err != nil {
		return nil
	}
	defer j.Close()
	run, err := j.Latest(ctx, name)
	if err != nil || run.Outcome != "" {
		return nil
	}
	return unconfirmed(rotation.Fold(run.Events))
}
