package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/journal"
	"github.com/pawl-dev/pawl/postmortem"
	"github.com/pawl-dev/pawl/rotation"
)

func newLeakReportCommand(a *app) *cobra.Command {
	file := ""
	cmd := &cobra.Command{
		Use: "report NAME[/N]", Short: "The post-mortem of a rotation, from its journal",
		Long: `Prints the post-mortem of a credential's newest rotation, or of the one of that number, as
Markdown. Nothing but the journal is read; no value is in it.

Exit status: 0 · 2 no such rotation, or none after a leak`,
		Args: names(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.runLeakReport(cmd.Context(), args[0], file) },
	}
	cmd.Flags().StringVarP(&file, "output", "o", "", "write it into this file")
	return cmd
}

func (a *app) runLeakReport(ctx context.Context, what, file string) error {
	j, err := a.readState(ctx)
	if err != nil {
		return err
	}
	if j == nil {
		return usage("nothing was ever rotated here")
	}
	defer j.Close()
	run, err := rotationNamed(ctx, j, what)
	if err != nil {
		return err
	}
	if r := rotation.Fold(run.Events).Plan.Reason; r != pawl.Leak {
		return &exit{code: exitUsage, err: fmt.Errorf("%v is no rotation after a leak (its reason is %s), so there is no post-mortem of it", run.ID, r),
			next: []string{"pawl history " + run.ID.Credential, "pawl audit show " + run.ID.Credential}}
	}
	text := postmortem.Markdown(run)
	if file == "" {
		fmt.Fprint(a.out, text)
		return nil
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return usage("%v", err)
	}
	a.say("%s %s: the post-mortem of %v", a.sign(good), file, run.ID)
	return nil
}

// rotationNamed is "NAME", the newest one, or "NAME/N".
func rotationNamed(ctx context.Context, j journal.Journal, what string) (run journal.Run, err error) {
	if strings.Contains(what, "/") {
		var id pawl.RotationID
		if err := id.UnmarshalText([]byte(what)); err != nil {
			return run, notNumbered()
		}
		run, err = j.Load(ctx, id)
	} else {
		run, err = j.Latest(ctx, what)
	}
	if pawl.KindOf(err) == pawl.NotFound {
		return run, usage("there is no such rotation here")
	}
	return run, err
}

// write writes the post-mortem of everything that was begun. That it cannot is
// said, and changes nothing else: the journal still has it.
func (in *incident) write() {
	ctx := context.Background() // it is written after an interrupt too
	var texts []string
	var of []*member
	for _, m := range in.all {
		if m.id.Number == 0 {
			continue
		}
		run, err := in.store.Load(ctx, m.id)
		if err != nil {
			in.a.say("%s no post-mortem of %s: %v", in.a.sign(warn), m.id, err)
			continue
		}
		texts, of = append(texts, postmortem.Markdown(run)), append(of, m)
	}
	if in.l.file != "" {
		in.put(in.l.file, strings.Join(texts, "\n"), of...)
		return
	}
	for i, m := range of {
		in.put(fmt.Sprintf("%s-%d-postmortem.md", m.id.Credential, m.id.Number), texts[i], m)
	}
}

func (in *incident) put(file, text string, of ...*member) {
	if text == "" {
		return
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		in.a.say("%s the post-mortem could not be written: %v. Again: pawl leak report NAME -o FILE", in.a.sign(warn), err)
		return
	}
	for _, m := range of {
		m.file = file
	}
}
