package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/desk"
	"github.com/pawl-dev/pawl/journal/sqlite"
	"github.com/pawl-dev/pawl/roster"
	"github.com/pawl-dev/pawl/roster/logged"
	teamfile "github.com/pawl-dev/pawl/roster/sqlite"
	"github.com/pawl-dev/pawl/wording"
)

// teamPath is who belongs to the team of a state.
func teamPath(dir string) string { return filepath.Join(dir, "team.db") }

// openTeam opens who belongs to the team of a state. One that is older than the
// audit log says is an error.
func (a *app) openTeam(ctx context.Context, s *store) (roster.Roster, logged.Standing, error) {
	people, standing, err := a.standing(ctx, s)
	if err == nil && standing.Older() {
		err = errors.Join(standing.Err(), people.Close())
	}
	if err != nil {
		return nil, standing, err
	}
	return people, standing, nil
}

// standing opens the team of a state, and says how it stands to the audit log.
// That it is begun anew is in the log then.
func (a *app) standing(ctx context.Context, s *store) (roster.Roster, logged.Standing, error) {
	people, err := teamfile.Open(ctx, teamPath(s.dir))
	if err != nil {
		return nil, logged.Standing{}, err
	}
	book := a.book(s, people)
	standing, err := book.Standing(ctx)
	if err == nil && standing.Anew() {
		err = book.Begin(ctx, a.actor())
	}
	if err != nil {
		return nil, standing, errors.Join(err, people.Close())
	}
	return people, standing, nil
}

// tellAnew says that nobody is in the team any more, if the log knows of one.
func (a *app) tellAnew(s logged.Standing) {
	if s.Anew() {
		a.alarm("team.db was not there, and the audit log knows of a team: nobody of it can come in. Put the newest team.db back before anybody is invited, or invite everybody again", "changes", s.Was.Number)
	}
}

// book is where changes of the team are written down.
func (a *app) book(s *store, people roster.Roster) *logged.Book {
	return &logged.Book{Roster: people, Record: s.Record, Recorded: s.AuditPage, Log: a.log()}
}

// olderTeam reports whether the team was refused because it is older than the log.
func olderTeam(err error) bool {
	_, ok := errors.AsType[*logged.OlderError](err)
	return ok
}

// asOwner opens the team of the state for a command on the server's own machine.
// Who can write the state folder may do everything; if the roster knows them as
// somebody, they are that somebody. A team that is older than the log can be looked
// at, and not be changed.
func (a *app) asOwner(ctx context.Context, f func(*desk.Team, access.Subject) error) error {
	return a.withTeam(ctx, func(s *store, people roster.Roster, standing logged.Standing) error {
		a.tellAnew(standing)
		if standing.Older() {
			a.alarm(standing.Err().Error() + ":  pawl people accept")
		}
		who, err := a.owner(ctx, people)
		if err != nil {
			return err
		}
		return f(desk.NewTeam(desk.TeamConfig{Book: a.book(s, people), Refusals: s.refusals, Log: a.log()}), who)
	})
}

// withTeam opens the state and its team, also one that is older than the log.
func (a *app) withTeam(ctx context.Context, f func(*store, roster.Roster, logged.Standing) error) error {
	s, err := a.openState(ctx, false)
	if err != nil {
		return err
	}
	defer s.Close()
	people, standing, err := a.standing(ctx, s)
	if err != nil {
		return err
	}
	defer people.Close()
	return f(s, people, standing)
}

// owner is who can write the state folder.
func (a *app) owner(ctx context.Context, people roster.Roster) (access.Subject, error) {
	who := access.Subject{Actor: a.actor(), Roles: access.Roles(), Fresh: true}
	p, err := people.PersonOf(ctx, roster.UnixLogin(a.userName()))
	switch {
	case err == nil:
		who.Actor.ID, who.Teams = p.ID, p.Teams
	case pawl.KindOf(err) != pawl.NotFound:
		return who, err
	}
	return who, nil
}

// lookAtTeam says how the team of a state stands to the audit log, without opening
// it for changes; a team.db that is missing is not made.
func lookAtTeam(ctx context.Context, dir string, recorded logged.Recorded) (s logged.Standing, missing bool, err error) {
	s, err = logged.Compare(ctx, func(ctx context.Context) (roster.Edition, error) {
		is, err := teamfile.Look(ctx, teamPath(dir))
		if missing = pawl.KindOf(err) == pawl.NotFound; missing {
			return roster.Edition{}, nil
		}
		return is, err
	}, recorded)
	return s, missing, err
}

// team checks that who may come in is what the audit log says.
func (x *examination) team(ctx context.Context, dir string, j *sqlite.Journal) check {
	s, missing, err := lookAtTeam(ctx, dir, j.AuditPage)
	switch {
	case err != nil:
		return failed("team", "it could not be compared with the audit log: "+wording.Plainly(err.Error()), pawl.HintOf(err))
	case s.Older():
		return failed("team", s.Err().Error(), "put the newest team.db back; or see what is missing, and go on with this one:  pawl people accept")
	case s.Anew():
		return warned("team", fmt.Sprintf("nobody is in team.db, and the audit log knows of a team (%d changes)", s.Was.Number), "put the newest team.db back, or invite everybody again:  pawl people invite")
	case missing:
		return skipped("team", "there is none")
	}
	return fine("team", fmt.Sprintf("%d changes, as many as the audit log says, or more", s.Is.Number))
}
