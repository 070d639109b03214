package main

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/pawl-dev/pawl/audit"
	"github.com/pawl-dev/pawl/roster"
	"github.com/pawl-dev/pawl/roster/logged"
)

func newPeopleAcceptCommand(a *app) *cobra.Command {
	var why string
	cmd := &cobra.Command{Use: "accept", Short: "Go on with a team.db that is older than the audit log says",
		Long: `Whoever puts a copy of team.db back lets in again who was disabled since it was made, and
tokens that were revoked since. pawl notices, by the audit log, and neither serves nor changes
such a team. Better than to accept it is to put the newest team.db back.

Lists what the log says was done since; with --why, goes on with the team as it is. That is in
the audit log. Then do again what has to be done again (pawl people change, pawl token revoke).

Exit status: 0 accepted, or nothing to accept · 2 usage, and --why is missing`,
		Args: names(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runPeopleAccept(cmd.Context(), why) }}
	cmd.Flags().StringVar(&why, "why", "", "why the older one is gone on with; kept in the audit log")
	return cmd
}

// mostLost is how many changes are listed.
const mostLost = 200

func (a *app) runPeopleAccept(ctx context.Context, why string) error {
	if err := sayable(why); err != nil {
		return err
	}
	return a.withTeam(ctx, func(s *store, people roster.Roster, standing logged.Standing) error {
		return a.acceptTeam(ctx, s, people, standing, why)
	})
}

func (a *app) acceptTeam(ctx context.Context, s *store, people roster.Roster, standing logged.Standing, why string) error {
	if !standing.Older() {
		a.say("%s nothing to accept: team.db has all that the audit log says", a.sign(good))
		return nil
	}
	lost, err := logged.Lost(ctx, standing.Is, s.AuditPage, mostLost)
	if err != nil {
		return err
	}
	if why == "" {
		if err := a.showLost(lost, false); err != nil {
			return err
		}
		return &exit{code: exitUsage, err: errors.New("say why an older team.db is gone on with"), safe: "Nothing was changed.", next: []string{"pawl people accept --why WHY"}}
	}
	if err := a.book(s, people).Accept(ctx, a.actor(), standing, why); err != nil {
		return err
	}
	if err := a.showLost(lost, true); err != nil {
		return err
	}
	a.say("%s accepted: the team is as this team.db says, and the audit log says why", a.sign(good))
	if len(lost) > 0 {
		a.say("  Do again what has to be done again:\n    pawl people change ID --disable\n    pawl token revoke ID")
	}
	return nil
}

// lostLine is one change that an older team has not seen, for programs.
type lostLine struct {
	At   time.Time `json:"at"`
	By   string    `json:"by"`
	What string    `json:"what"`
}

// showLost lists what an older team has not seen, the newest first.
func (a *app) showLost(lost []audit.Record, accepted bool) error {
	if a.json {
		lines := []lostLine{}
		for _, r := range lost {
			lines = append(lines, lostLine{r.Time, r.Actor.ID, r.Context.Detail})
		}
		return json.NewEncoder(a.out).Encode(map[string]any{"version": 1, "accepted": accepted, "lost": lines})
	}
	var rows [][]string
	for _, r := range lost {
		rows = append(rows, []string{a.moment(r.Time), r.Actor.ID, r.Context.Detail})
	}
	a.table([]string{"WHEN", "WHO", "WHAT THIS TEAM.DB HAS NOT SEEN"}, rows)
	if len(lost) == mostLost {
		a.say("  and more:  pawl audit show")
	}
	return nil
}
