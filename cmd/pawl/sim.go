package main

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/pawl-dev/pawl/provider/github/githubsim"
	"github.com/pawl-dev/pawl/provider/infisical/infisicalsim"
	"github.com/pawl-dev/pawl/provider/slack/slacksim"
	"github.com/pawl-dev/pawl/sim"
	"github.com/pawl-dev/pawl/sim/world"
)

// simPort is where the simulators listen for "pawl init --sim".
const simPort = 47290

func newSimCommand(a *app) *cobra.Command {
	o := &simOptions{}
	cmd := &cobra.Command{
		Use: "sim", Short: "Serve the simulated vendors on loopback ports until stopped",
		Long: `Heroku, Infisical, GitHub, Slack and the company's own apps, each on a port of its own. They keep
state and refuse what the vendors refuse. A catalog that is wired to them is written as well.

Started again with the same --dir, the ports and your edits of that catalog are kept. The company
is not: it begins anew, with its first key everywhere, and none that was made since. The first
rotation, if it was under way, is undone there by pawl rollback NAME; a later one, whose old key is
gone with the company, and one that has begun its revoke are ended by pawl abandon NAME. A folder with a catalog that is not the simulators' is refused.

--fault breaks them at their front door: VENDOR METHOD PATH FAULT [xN] [after=N], as
  --fault "heroku POST /oauth/authorizations lose x1"    the answer to the first mint is lost
  --fault "github * ** throttle after=3"                 429 from the fourth request on`,
		Args: names(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runSim(cmd.Context(), o) },
	}
	cmd.Flags().StringArrayVar(&o.faults, "fault", nil, "a fault; may be given several times")
	cmd.Flags().IntVar(&o.port, "port", 0, "first of five ports (default: those of --dir from the last time, else free ones)")
	cmd.Flags().StringVar(&o.dir, "dir", "", "where to write the catalog (default: a new temporary folder)")
	cmd.Flags().DurationVar(&o.release, "release", 200*time.Millisecond, "how long a release takes")
	cmd.Flags().DurationVar(&o.boot, "boot", 300*time.Millisecond, "how long processes take to boot")
	cmd.Flags().DurationVar(&o.run, "run", 500*time.Millisecond, "how long a workflow run takes")
	cmd.Flags().DurationVar(&o.revoke, "revoke", 0, "how long a revoked token goes on working")
	cmd.Flags().BoolVar(&o.mask, "mask-tokens", false, "show tokens only once, as newer accounts do")
	return cmd
}

type simOptions struct {
	faults                     []string
	port                       int
	dir                        string
	release, boot, run, revoke time.Duration
	mask                       bool
}

var simVendors = []string{"heroku", "infisical", "github", "slack", "apps"}

func (o *simOptions) world() (*world.World, error) {
	rules := &sim.Rules{}
	for _, text := range o.faults {
		r, err := sim.ParseRule(text, simVendors...)
		if err != nil {
			return nil, usage("--fault %q: %v", text, err)
		}
		rules.Add(r)
	}
	return world.New(world.Options{ReleaseDelay: o.release, BootDelay: o.boot, RunDuration: o.run, RevokeDelay: o.revoke, MaskTokens: o.mask,
		Front: func(vendor string, h http.Handler) http.Handler { return sim.Front(vendor, h, rules) }}), nil
}

func (a *app) runSim(ctx context.Context, o *simOptions) error {
	w, err := o.world()
	if err != nil {
		return err
	}
	dir := o.dir
	if dir == "" {
		if dir, err = os.MkdirTemp("", "pawl-sim-"); err != nil {
			return err
		}
		defer os.RemoveAll(dir) // it holds nothing but simulated secrets
	}
	f, err := openSimFolder(dir)
	if err != nil {
		return err
	}
	urls, wait, err := f.serve(ctx, w, o.port)
	if err != nil {
		return err
	}
	kept, err := f.write(w, urls)
	if err != nil {
		return err
	}
	a.tellKept(f, urls, kept)
	a.tellSim(w, urls, dir)
	wait()
	return nil
}

// tellSim says where everything is. With --json it is one line, whose fields
// are a contract.
func (a *app) tellSim(w *world.World, urls map[string]string, dir string) {
	if a.json {
		json.NewEncoder(a.out).Encode(map[string]any{
			"heroku":    map[string]string{"url": urls["heroku"], "token": w.HerokuToken(), "app": world.Apps[1]},
			"github":    map[string]string{"url": urls["github"], "token": githubsim.Token, "repo": world.Repo},
			"infisical": map[string]string{"url": urls["infisical"], "client_id": infisicalsim.ClientID, "client_secret": infisicalsim.ClientSecret, "project": world.Project},
			"slack":     map[string]string{"url": urls["slack"], "token": slacksim.Token},
			"apps":      map[string]string{"url": urls["apps"]},
			"catalog":   dir,
		})
		return
	}
	for _, name := range simVendors {
		a.print("%-10s %s", name, urls[name])
	}
	a.print("catalog    %s", dir)
	a.say("Serving until stopped. In another terminal:")
	a.say("  pawl --catalog %s plan %s", dir, world.Credential)
	a.say("  pawl --catalog %s rotate %s --yes --auto-revoke", dir, world.Credential)
}
