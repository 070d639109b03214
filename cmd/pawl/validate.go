package main

import (
	"encoding/json"
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/pawl-dev/pawl/catalog"
	"github.com/pawl-dev/pawl/provider/all"
)

func newValidateCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "validate", Short: "Check the catalog; says every mistake with its line and the nearest valid word",
		Args: names(0, 0),
		RunE: func(*cobra.Command, []string) error {
			cat, err := a.loadCatalog()
			if err != nil {
				return err
			}
			if a.json {
				return json.NewEncoder(a.out).Encode(map[string]any{"version": 1, "ok": true, "credentials": cat.Names(), "connections": cat.Connections()})
			}
			a.print("ok: %d credentials, %d connections", len(cat.Names()), len(cat.Connections()))
			return nil
		},
	}
}

func newSchemaCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "schema [credential|connections]", Short: "Print the JSON Schema that editors complete and check the catalog by",
		Args: names(0, 1),
		RunE: func(_ *cobra.Command, args []string) error {
			switch {
			case len(args) == 0 || args[0] == "credential":
				_, err := a.out.Write(catalog.CredentialSchema(all.Providers()))
				return err
			case args[0] == "connections":
				_, err := a.out.Write(catalog.ConnectionsSchema(all.Providers()))
				return err
			}
			return usage("schema %q: want credential or connections", args[0])
		},
	}
}

// version is set by the release build.
var version = "dev"

func newVersionCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: names(0, 0),
		RunE: func(*cobra.Command, []string) error {
			revision, goVersion := "", ""
			if info, ok := debug.ReadBuildInfo(); ok {
				goVersion = info.GoVersion
				for _, s := range info.Settings {
					if s.Key == "vcs.revision" {
						revision = s.Value
					}
				}
			}
			if a.json {
				return json.NewEncoder(a.out).Encode(map[string]string{"version": version, "revision": revision, "go": goVersion})
			}
			fmt.Fprintf(a.out, "pawl %s", version)
			if revision != "" {
				fmt.Fprintf(a.out, " (%s)", revision[:min(12, len(revision))])
			}
			fmt.Fprintf(a.out, " %s\n", goVersion)
			return nil
		},
	}
}
