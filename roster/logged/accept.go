package logged

import (
	"context"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/audit"
	"github.com/pawl-dev/pawl/roster"
)

// Accept goes on with a roster as it is, although the log knows more. It becomes
// another edition, so that the newer one is not put back unnoticed either. To
// crash before the outcome is in the log is not to have accepted it.
func (b *Book) Accept(ctx context.Context, by pawl.Actor, s Standing, why string) error {
	c := Change{By: by, Where: "the team", Detail: "accepted as it is, older than the log: " + why}
	intent := c.event(audit.Pending, b.now())
	intent.Context.Roster = audit.Edition(s.Was) // what is departed from
	if err := b.Record(ctx, intent); err != nil {
		return err
	}
	_, err := b.Roster.Renew(ctx)
	if failed := b.after(ctx, c, intent, err); err == nil {
		err = failed
	}
	return err
}

// Begin writes down that a team is begun anew, since there was no roster.
func (b *Book) Begin(ctx context.Context, by pawl.Actor) error {
	return b.Happened(ctx, Change{By: by, Where: "the team", Detail: "begun anew: there was no team.db, and everybody has to be invited again"})
}

// Lost returns what the log says was done since an edition, newest first, and at
// most so many.
func Lost(ctx context.Context, is roster.Edition, recorded Recorded, most int) ([]audit.Record, error) {
	var all []audit.Record
	for r, err := range changes(ctx, recorded) {
		if err != nil {
			return nil, err
		}
		of := r.Context.Roster
		if of.ID == is.ID && of.Number <= is.Number || len(all) == most {
			break
		}
		if of.ID != "" && (r.Outcome == audit.Success || r.Outcome == audit.Unknown) {
			all = append(all, r)
		}
	}
	return all, nil
}
