package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pawl-dev/pawl/catalog"
	"github.com/pawl-dev/pawl/notify/webhook"
	"github.com/pawl-dev/pawl/provider/all"
	"github.com/pawl-dev/pawl/runbook"
	"github.com/pawl-dev/pawl/wording"
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
			if wrong := unreachable(cat); len(wrong) > 0 {
				return wrong
			}
			if len(cat.Names()) == 0 {
				a.say("%s there is no credential in it, so nothing is rotated: %s is empty", a.sign(warn), filepath.Join(a.catalogFolder(), "credentials"))
			}
			open := unfilled(a.catalogFolder())
			if a.json {
				return json.NewEncoder(a.out).Encode(map[string]any{"version": 1, "ok": len(open) == 0, "unfilled": open, "credentials": cat.Names(), "connections": cat.Connections()})
			}
			if len(open) > 0 {
				for _, place := range open {
					a.print("%s: FILL IN is still there", place)
				}
				a.print("valid, but a draft: %s", holdings(cat))
				return nil
			}
			a.print("ok: %s", holdings(cat))
			return nil
		},
	}
}

// holdings is how much is in a catalog.
func holdings(cat *catalog.Catalog) string {
	return wording.Count(len(cat.Names()), "credential") + ", " + wording.Count(len(cat.Connections()), "connection")
}

// unreachable are the webhooks whose address, as it is written, no message would
// be sent to.
func unreachable(cat *catalog.Catalog) (wrong catalog.Problems) {
	for _, c := range cat.Notify().Channels {
		if c.Kind != "webhook" {
			continue
		}
		if err := webhook.Reachable(c.URL, c.Networks); err != nil {
			wrong = append(wrong, catalog.Problem{File: "notify.yaml", Message: c.Name + ": no message is sent there: " + err.Error(), Suggestion: "add its network to networks, if it is meant"})
		}
	}
	return wrong
}

// unfilled lists the lines of a catalog in which a draft still waits for
// somebody. Comments wait for nobody.
func unfilled(folder string) []string {
	open := []string{}
	files, _ := filepath.Glob(filepath.Join(folder, "credentials", "*.y*ml")) // what cannot be read was said by the loader
	for _, file := range files {
		text, _ := os.ReadFile(file)
		for i, line := range strings.Split(string(text), "\n") {
			value, _, _ := strings.Cut(" "+strings.TrimSpace(line), " #")
			if strings.Contains(value, runbook.FillIn) {
				open = append(open, fmt.Sprintf("credentials/%s:%d", filepath.Base(file), i+1))
			}
		}
	}
	return open
}

func newSchemaCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "schema [credential|connections|freezes|notify|sign-in]", Short: "Print the JSON Schema that editors complete and check the catalog by",
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
			if args[0] == "freezes" {
				_, err := a.out.Write(catalog.FreezesSchema())
				return err
			}
			if args[0] == "sign-in" {
				_, err := a.out.Write(catalog.SignInSchema())
				return err
			}
			if args[0] == "notify" {
				_, err := a.out.Write(catalog.NotifySchema())
				return err
			}
			return usage("schema %q: want credential, connections, freezes, notify or sign-in", args[0])
		},
	}
}

// version and revision are set by the release build, which does not look at the
// repository, so that it is the same wherever it is made.
var version, revision = "dev", ""

func newVersionCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: names(0, 0),
		RunE: func(*cobra.Command, []string) error {
			revision, goVersion := built()
			if a.json {
				return json.NewEncoder(a.out).Encode(map[string]string{"version": version, "revision": revision, "go": goVersion})
			}
			a.print("%s", versionLine())
			return nil
		},
	}
}

// built is from which commit this program was built, if that is known, and by
// which Go.
func built() (from, goVersion string) {
	from = revision
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return from, ""
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && from == "" {
			from = s.Value
		}
	}
	return from, info.GoVersion
}

// versionLine is what "pawl version" and "pawl --version" say.
func versionLine() string {
	from, goVersion := built()
	if from != "" {
		from = " (" + from[:min(12, len(from))] + ")"
	}
	return strings.TrimSpace("pawl " + version + from + " " + goVersion)
}
