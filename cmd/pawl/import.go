package main

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/pawl-dev/pawl/catalog"
	"github.com/pawl-dev/pawl/provider/all"
	"github.com/pawl-dev/pawl/runbook"
)

func newImportCommand(a *app) *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use: "import RUNBOOK.md", Short: "Make a catalog draft of a runbook that somebody wrote in Markdown",
		Long: `Each item of a list, and each command that belongs to none, becomes a step of a person, in
order, except those that end the old key: pawl revokes. Names of apps, variables and
repositories that were found are comments, and the rest of the text stays as notes. Nothing is
guessed: what has to be filled in says so, and pawl validate lists it. What looks like a secret
is masked.

The draft goes to standard output, or by -o to a file, which must not be there yet. It is valid
as it is, in a catalog with a connection of kind heroku; if there is no
connections.yaml beside it, one to start from is written too.`,
		Args: names(1, 1),
		RunE: func(_ *cobra.Command, args []string) error { return a.runImport(args[0], file) },
	}
	cmd.Flags().StringVarP(&file, "output", "o", "", "write the draft to this file, as credentials/NAME.yaml")
	return cmd
}

// maxRunbook is far more than anybody follows at night.
const maxRunbook = 1 << 20

func (a *app) runImport(source, file string) error {
	info, err := os.Stat(source)
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxRunbook {
		return usage("%s is not a file of at most 1 MiB that can be read", source)
	}
	markdown, err := os.ReadFile(source)
	if err != nil {
		return err
	}
	if file == "" {
		_, draft := runbook.Draft(markdown, a.herokuConnection(a.catalogFolder()))
		_, err := a.out.Write(draft)
		return err
	}
	folder := filepath.Dir(filepath.Dir(file)) // of credentials/NAME.yaml
	if filepath.Base(filepath.Dir(file)) != "credentials" {
		folder = ""
	}
	name, draft := runbook.Draft(markdown, a.herokuConnection(folder))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if errors.Is(err, os.ErrExist) {
		return usage("%s is there already; nothing was written", file)
	}
	if err != nil {
		return err
	}
	_, err = f.Write(draft)
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	a.say("%s wrote a draft of %s to %s", a.sign(good), name, file)
	if folder == "" {
		return nil
	}
	if err := write(folder, map[string]string{"connections.yaml": draftConnections}); err != nil {
		return err
	}
	a.say("  Next:\n    pawl --catalog %s validate\n    edit %s: look for FILL IN", quoted(folder), file)
	return nil
}

const draftConnections = `# How pawl signs in. No secret stands here, only where it comes from.
version: 1
connections:
  heroku: {kind: heroku, token: "netrc"}
`

// herokuConnection is the connection that a draft names until somebody says:
// one that the catalog has, or the usual name.
func (a *app) herokuConnection(folder string) string {
	cat, _ := catalog.Load(folder, all.Providers())
	if cat == nil {
		return "heroku"
	}
	for _, name := range cat.Connections() {
		if c, err := cat.Connection(name); err == nil && c.Kind == "heroku" {
			return name
		}
	}
	return "heroku"
}
