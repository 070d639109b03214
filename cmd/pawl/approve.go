package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
	teamfile "github.com/pawl-dev/pawl/roster/sqlite"
	"github.com/pawl-dev/pawl/rotation"
	"github.com/pawl-dev/pawl/wording"
)

// approvalCounts is how long an approval is one: for the rotation that it was
// given to, and not for whatever is left of it weeks later.
const approvalCounts = 24 * time.Hour

// approving is what the command line says.
type approving struct {
	yes, glass bool
	why        string
}

func newApproveCommand(a *app) *cobra.Command {
	o := &approving{}
	cmd := &cobra.Command{
		Use: "approve NAME", Short: "Agree, as a second person, to the revoke of the old credential",
		Long: `Approves the plan that the open rotation was begun with, by its digest, for 24 hours. Who
asked for the rotation cannot approve it, unless the catalog says approval: {alone: true}.

Where nobody can be asked and it cannot wait, a superadmin breaks the glass at a server: the
rotation goes on without the approval, and everybody is told who did it and why.

Exit status: 0 approved · 2 nothing to approve · 3 declined`,
		Args: names(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.runApprove(cmd.Context(), args[0], o) },
	}
	cmd.Flags().BoolVarP(&o.yes, "yes", "y", false, "do not ask")
	cmd.Flags().BoolVar(&o.glass, "break-glass", false, "go on without an approval; everybody is told")
	cmd.Flags().StringVar(&o.why, "why", "", "with --break-glass: why it cannot wait")
	return cmd
}

func (a *app) runApprove(ctx context.Context, name string, o *approving) error {
	if o.glass {
		if err := a.alarming(name, o.why); err != nil {
			return err
		}
		return a.signal(ctx, name, func(ctx context.Context, eng worker, id pawl.RotationID, s *rotation.State) error {
			return a.breakGlass(ctx, eng, id, s, o.yes, o.why)
		})
	}
	if o.why != "" {
		return usage("--why goes with --break-glass")
	}
	if err := a.teamless(ctx, name); err != nil {
		return err
	}
	return a.signal(ctx, name, func(ctx context.Context, eng worker, id pawl.RotationID, s *rotation.State) error {
		return a.approve(ctx, eng, id, s, o.yes)
	})
}

// teamless reports whether approvals can be given on the state folder itself. Not
// where a team is known: its server knows who somebody is by whichever way they
// come, and who belongs to whom an approval is asked of. Without it one person
// could be two. That its file is gone, or an older one, makes it no less known.
func (a *app) teamless(ctx context.Context, name string) error {
	if a.far != nil {
		return nil
	}
	s, err := a.openState(ctx, false)
	if err != nil {
		return err
	}
	defer s.Close()
	stands, missing, err := lookAtTeam(ctx, s.dir, s.AuditPage)
	switch {
	case err != nil:
		return err
	case stands.Older():
		return stands.Err()
	case stands.Anew():
		return &exit{code: exitUsage, err: errors.New("the audit log knows of a team, and nobody is in team.db"), safe: "Nothing was changed.",
			next: []string{"put the newest team.db back, or invite everybody again:  pawl people invite"}}
	case missing:
		return nil
	}
	people, err := teamfile.Open(ctx, teamPath(s.dir))
	if err != nil {
		return err
	}
	defer people.Close()
	all, err := people.People(ctx)
	if err != nil || len(all) == 0 {
		return err
	}
	return &exit{code: exitUsage, err: errors.New("a team is known here, and its approvals are given at its server"), safe: "Nothing was changed.",
		next: []string{"pawl serve", "pawl --server unix:" + filepath.Join(s.dir, "pawl.sock") + " approve " + name + "   # or in its console"}}
}

// noApproval is the error where none is waited for.
func noApproval(format string, args ...any) error {
	return &exit{code: exitUsage, err: fmt.Errorf(format, args...), safe: "Nothing was changed.", page: helpWaitsApproval}
}

func (a *app) approve(ctx context.Context, eng worker, id pawl.RotationID, s *rotation.State, yes bool) error {
	want, digest := s.Plan.Approval, s.Plan.Digest()
	switch {
	case s.Outcome != "":
		return noApproval("%s is finished: there is nothing to approve", id)
	case want == nil:
		return noApproval("%s asks for no approval", id)
	case access.Behind(a.actor().ID) == access.Behind(s.By.ID) && !want.Alone:
		return &exit{code: exitUsage, err: fmt.Errorf("%s was asked for by you, so somebody else of %s has to approve it", id, want.From),
			safe: wording.Capital(oldKey(s)) + ".", next: []string{"pawl status " + id.Credential}, page: helpWaitsApproval}
	}
	a.say("%s · %s · asked for by %s", id, s.Plan.Reason, s.By.ID)
	a.say("Plan %s revokes %s of %s; %s.", digest, orDash(s.OldID), id.Credential, wording.Count(len(s.Plan.Consumers), "place"))
	if err := a.confirmed(ctx, yes, "Approve?"); err != nil {
		return err
	}
	ev := pawl.Event{Type: pawl.EvApproved, Digest: digest, Until: time.Now().Add(approvalCounts).UTC()}
	if want.Alone {
		ev.Detail = "a team of one: approved by who asked for it"
	}
	if err := eng.Signal(ctx, id, ev); err != nil {
		return err
	}
	a.say("%s %s: approved by %s until %s", a.sign(good), id, a.actor().ID, ev.Until.Local().Format("2006-01-02 15:04"))
	a.say("  If nobody drives it:  pawl resume %s", id.Credential)
	return a.settled(id, "approved")
}
