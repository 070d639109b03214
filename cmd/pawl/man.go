package main

import (
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

func newManCommand(a *app) *cobra.Command {
	var dir, date string
	cmd := &cobra.Command{
		Use: "man", Short: "The manual pages: pawl(1), and one for each command",
		Long: `Prints the page of pawl itself, for man -l. With -o writes pawl.1, and a page for each command,
as pawl-rotate.1, into a folder. They are made of what --help says, so they are of this version.

The same program writes the same bytes: there is no date in them, unless --date gives one.

Exit status: 0 · 2 usage, or a folder that cannot be written`,
		Args: names(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runMan(cmd.Root(), dir, date) },
	}
	cmd.Flags().StringVarP(&dir, "output", "o", "", "write all pages into this folder")
	cmd.Flags().StringVar(&date, "date", "", "date of the pages, as 2026-11-25")
	return cmd
}

func (a *app) runMan(root *cobra.Command, dir, date string) error {
	if _, err := time.Parse(time.DateOnly, date); date != "" && err != nil {
		return usage("--date: want a day as 2026-11-25")
	}
	if dir == "" {
		_, err := a.out.Write(manPage(root, date))
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return usage("%v", err)
	}
	pages := manual(root)
	for _, c := range pages {
		if err := replaceFile(filepath.Join(dir, manName(c)+".1"), manPage(c, date)); err != nil {
			return usage("%v", err)
		}
	}
	a.say("%s %d pages in %s", a.sign(good), len(pages), dir)
	return nil
}

// manual are the commands that have a page: all that people may see.
func manual(c *cobra.Command) []*cobra.Command {
	all := []*cobra.Command{c}
	for _, sub := range c.Commands() {
		if !sub.Hidden {
			all = append(all, manual(sub)...)
		}
	}
	return all
}

// manName is how man knows a command: pawl-audit-verify.
func manName(c *cobra.Command) string { return strings.ReplaceAll(c.CommandPath(), " ", "-") }
