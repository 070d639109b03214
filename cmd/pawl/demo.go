package main

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/sim/world"
	"github.com/pawl-dev/pawl/terminal"
)

func newDemoCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "demo", Short: "The whole story on simulated vendors, in one process, in seconds",
		Args: names(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runDemo(cmd.Context()) },
	}
}

// runDemo rotates the simulated company's token with the same code that
// rotates a real one; only the addresses differ.
func (a *app) runDemo(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "pawl-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	w := world.New(world.Options{ReleaseDelay: 300 * time.Millisecond, BootDelay: 400 * time.Millisecond, QueueDelay: 200 * time.Millisecond,
		RunDuration: 700 * time.Millisecond, RevokeDelay: 600 * time.Millisecond, MaskTokens: true})
	urls, _, err := w.Serve(ctx, 0)
	if err != nil {
		return err
	}
	if err := w.WriteCatalog(filepath.Join(dir, "catalog"), urls); err != nil {
		return err
	}
	d := *a // the demo's own catalog, state and key: nothing of yours is touched
	d.catalogDir, d.statePath, d.keyPath = filepath.Join(dir, "catalog"), filepath.Join(dir, "state"), filepath.Join(dir, "key")
	d.noInput, d.story = true, true
	if !a.json {
		var size func() (width, height int)
		if a.told {
			size = a.size
		}
		d.scroll = terminal.New(a.out, size) // here the story is the output
		d.err = d.scroll
		a.introduce(w)
	}
	if err := d.runRotate(ctx, []string{world.Credential}, &planning{reason: string(pawl.Scheduled)}, &driving{yes: true, autoRevoke: true, timeout: time.Minute}); err != nil {
		return err
	}
	if a.json {
		return nil
	}
	return d.epilogue(ctx, w)
}

func (a *app) introduce(w *world.World) {
	a.print("A simulated company keeps one Heroku token in Infisical, in four Heroku apps, in a GitHub Actions")
	a.print("secret and in a shell. Its authorization is %s. It is 90 days old, so it is rotated now.", w.OldID)
	a.print("")
}

func (a *app) epilogue(ctx context.Context, w *world.World) error {
	a.print("")
	a.print("The audit log's last records:")
	if err := a.tailAudit(ctx, 3); err != nil {
		return err
	}
	if err := a.runAuditVerify(ctx, nil, "", ""); err != nil {
		return err
	}
	for _, wrong := range w.Check() {
		a.print("%s %s", a.sign(bad), wrong)
	}
	a.print("")
	a.print("Try next: `pawl sim` serves the same vendors, so that you can kill pawl in the middle of a rotation and")
	a.print("`pawl resume` it, stop before the revoke (`pawl rotate NAME --yes`) and go back (`pawl rollback NAME`), or")
	a.print("rehearse it all (`pawl rehearse NAME`). It breaks the vendors if it is started with a fault, before a rotation:")
	a.print("`pawl sim --fault \"heroku POST /oauth/authorizations lose x1\"`. `pawl init` writes a catalog of your own.")
	return nil
}
