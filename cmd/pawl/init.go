package main

import (
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/pawl-dev/pawl/catalog"
	"github.com/pawl-dev/pawl/provider/all"
	"github.com/pawl-dev/pawl/sim/world"
)

//go:embed starter/connections.yaml
var starterConnections string

//go:embed starter/credential.yaml
var starterCredential string

func newInitCommand(a *app) *cobra.Command {
	var simulated bool
	cmd := &cobra.Command{
		Use: "init [DIR]", Short: "Write a catalog to start from (--sim: wired to pawl sim)",
		Args: names(0, 1),
		RunE: func(_ *cobra.Command, args []string) error {
			dir := a.catalogFolder()
			if len(args) == 1 {
				dir = args[0]
			}
			return a.runInit(dir, simulated)
		},
	}
	cmd.Flags().BoolVar(&simulated, "sim", false, "wired to the simulated vendors")
	return cmd
}

func (a *app) runInit(dir string, simulated bool) error {
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		return &exit{code: exitUsage, err: fmt.Errorf("%s is a file, and no folder; nothing was written", word(dir)), next: []string{"pawl init A_NEW_FOLDER"}}
	}
	if _, err := os.Stat(filepath.Join(dir, "connections.yaml")); !errors.Is(err, os.ErrNotExist) {
		return usage("%s has a catalog already; nothing was written", dir)
	}
	if simulated {
		if err := world.New(world.Options{}).WriteCatalog(dir, world.Addresses(simPort)); err != nil {
			return err
		}
	} else if err := write(dir, map[string]string{"connections.yaml": starterConnections, "credentials/heroku-api-key.yaml": starterCredential}); err != nil {
		return err
	}
	if err := write(dir, map[string]string{
		"schema/credential.v1.json":  string(catalog.CredentialSchema(all.Providers())),
		"schema/connections.v1.json": string(catalog.ConnectionsSchema(all.Providers())),
		"schema/freezes.v1.json":     string(catalog.FreezesSchema()),
		"schema/sign-in.v1.json":     string(catalog.SignInSchema()),
		"schema/notify.v1.json":      string(catalog.NotifySchema()),
	}); err != nil {
		return err
	}
	a.say("%s wrote a catalog to %s", a.sign(good), dir)
	a.say("  Next:")
	if simulated {
		a.say("    pawl sim --port %d &", simPort)
	} else {
		a.say("    edit %s and %s", filepath.Join(dir, "connections.yaml"), filepath.Join(dir, "credentials", "heroku-api-key.yaml"))
		a.say("    pawl --catalog %s validate", dir)
	}
	a.say("    pawl --catalog %s plan heroku-api-key", dir)
	return nil
}

// write writes files that are not there yet.
func write(dir string, files map[string]string) error {
	for _, name := range sortedKeys(files) {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
		if errors.Is(err, os.ErrExist) {
			continue
		}
		if err != nil {
			return err
		}
		_, err = f.WriteString(files[name])
		if err := errors.Join(err, f.Close()); err != nil {
			return err
		}
	}
	return nil
}
