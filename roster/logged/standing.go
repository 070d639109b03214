package logged

import (
	"context"
	"fmt"
	"iter"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/audit"
	"github.com/pawl-dev/pawl/journal"
	"github.com/pawl-dev/pawl/roster"
)

// A Standing is how a roster stands to what the log says of it.
type Standing struct {
	Is  roster.Edition
	Was roster.Edition // as the log knows it; zero: the log says nothing
}

// Older reports whether the log knows more than the roster has. A roster in which
// nobody ever was lets nobody in, whatever the log says.
func (s Standing) Older() bool {
	switch {
	case s.Was.Number == 0:
		return false
	case s.Is.ID == s.Was.ID:
		return s.Is.Number < s.Was.Number
	}
	return s.Is.Number > 0
}

// Anew reports whether a team is begun anew: the log knows of one, and this one
// was just made.
func (s Standing) Anew() bool {
	return s.Was.Number > 0 && s.Is.Number == 0 && s.Is.ID != s.Was.ID
}

// Err is what to tell of one that is older.
func (s Standing) Err() error {
	e := &OlderError{s}
	return &pawl.Error{Op: "opening team.db", Kind: pawl.Conflict, Err: e,
		Hint: "put the newest team.db back; or see what is missing in this one, and go on with it:  pawl people accept"}
}

// An OlderError says that a roster is older than the log, or another one.
type OlderError struct{ Standing }

func (e *OlderError) Error() string {
	if e.Is.ID != e.Was.ID {
		return "team.db is not the one that the audit log speaks of: it may let in who was shut out, and may be a copy of long ago"
	}
	return fmt.Sprintf("team.db is older than the audit log says: it has seen %d changes, and the log %d. Who was disabled since, or whose token was revoked, would be let in", e.Is.Number, e.Was.Number)
}

// Standing compares the roster with the log.
func (b *Book) Standing(ctx context.Context) (Standing, error) {
	if b.Recorded == nil {
		is, err := b.Roster.Edition(ctx)
		return Standing{Is: is}, err
	}
	return Compare(ctx, b.Roster.Edition, b.Recorded)
}

// Compare says how the edition that look sees stands to what a log says.
func Compare(ctx context.Context, look func(context.Context) (roster.Edition, error), recorded Recorded) (Standing, error) {
	is, err := look(ctx)
	if err != nil {
		return Standing{}, err
	}
	s, err := known(ctx, is, recorded)
	if err != nil || !s.Older() {
		return s, err
	}
	// Somebody may have changed it, and written it down, in between. What the log
	// says was in the roster before it, so what is there now decides.
	s.Is, err = look(ctx)
	return s, err
}

// near is how many of the newest records are looked at for the highest number.
// Those of two who change something at once may be in the other order.
const near = 50

// known is what a log knows. What counts is the newest roster that it names. One
// that was begun anew, and in which nothing ever happened, is no reason to refuse
// the one before it.
func known(ctx context.Context, is roster.Edition, recorded Recorded) (Standing, error) {
	s, seen := Standing{Is: is}, 0
	for ev, err := range changes(ctx, recorded) {
		if err != nil {
			return s, err
		}
		of := roster.Edition(ev.Context.Roster)
		if of.ID == "" {
			continue
		}
		settled := seen > 0 && (s.Was.Number > 0 || s.Was.ID == is.ID)
		if settled && (of.ID != s.Was.ID || seen >= near) {
			break
		}
		if of.ID != s.Was.ID {
			s.Was = of
		}
		s.Was.Number = max(s.Was.Number, of.Number)
		seen++
	}
	return s, nil
}

// changes are the records of changes, newest first.
func changes(ctx context.Context, recorded Recorded) iter.Seq2[audit.Record, error] {
	return func(yield func(audit.Record, error) bool) {
		for before := journal.Newest; before != 0; {
			page, err := recorded(ctx, journal.About{Action: audit.PolicyChanged}, before, near)
			if err != nil {
				yield(audit.Record{}, err)
				return
			}
			for _, r := range page.Records {
				if !yield(r, nil) {
					return
				}
			}
			before = page.Next
		}
	}
}
