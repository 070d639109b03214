package logged_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/audit"
	"github.com/pawl-dev/pawl/journal"
	"github.com/pawl-dev/pawl/roster"
	"github.com/pawl-dev/pawl/roster/logged"
)

var (
	day = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	ana = pawl.Actor{Type: "user", ID: "ana"}
)

// A house has a log, and rosters that are put in place of each other.
type house struct {
	t *testing.T
	j *journal.Memory
}

func newHouse(t *testing.T) *house {
	key, err := audit.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	signer, err := audit.ParseSigner(key)
	if err != nil {
		t.Fatal(err)
	}
	return &house{t, journal.NewMemory(signer, func() time.Time { return day })}
}

func (h *house) with(r roster.Roster) *logged.Book {
	return &logged.Book{Roster: r, Record: h.j.Record, Recorded: h.j.AuditPage, Now: func() time.Time { return day }, Log: slog.New(slog.DiscardHandler)}
}

// A copied roster is as its original was at that edition, as far as the log can
// tell, until it is renewed.
type copied struct {
	roster.Roster
	at roster.Edition
}

func (c *copied) Edition(context.Context) (roster.Edition, error) { return c.at, nil }

func (c *copied) Renew(context.Context) (roster.Edition, error) {
	c.at = roster.Edition{ID: roster.NewEditionID(), Number: c.at.Number + 1}
	return c.at, nil
}

// backup is a copy of a roster as it is now.
func (h *house) backup(r roster.Roster) *copied { return &copied{r, h.edition(r)} }

func (h *house) edition(r roster.Roster) roster.Edition {
	is, err := r.Edition(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	return is
}

// lets somebody in.
func (h *house) lets(r roster.Roster, ids ...string) {
	h.t.Helper()
	for _, id := range ids {
		if err := h.try(r, id); err != nil {
			h.t.Fatal(err)
		}
	}
}

func (h *house) try(r roster.Roster, id string) error {
	return h.with(r).Change(h.t.Context(), logged.Change{By: ana, Where: "person " + id, Detail: "let in"}, func() error {
		_, err := r.PutPerson(h.t.Context(), roster.Person{ID: id})
		return err
	})
}

func (h *house) standing(r roster.Roster) logged.Standing {
	h.t.Helper()
	s, err := h.with(r).Standing(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	return s
}

func (h *house) want(what string, r roster.Roster, older, anew bool) {
	h.t.Helper()
	if s := h.standing(r); s.Older() != older || s.Anew() != anew {
		h.t.Errorf("%s: %+v is older: %v, anew: %v", what, s, s.Older(), s.Anew())
	}
}

// TestOlderIsNoticed: whoever asks, and nothing is changed in it.
func TestOlderIsNoticed(t *testing.T) {
	h, team := newHouse(t), roster.NewMemory()
	h.want("a new one beside a new log", team, false, false)
	h.lets(team, "ana")
	old := h.backup(team)
	h.want("a copy that nothing has happened since", old, false, false)
	h.lets(team, "bo", "eva")
	h.want("the newest", team, false, false)
	h.want("a copy of before", old, true, false)

	err := h.try(old, "kim")
	if _, ok := errors.AsType[*logged.OlderError](err); !ok || pawl.KindOf(err) != pawl.Conflict || !strings.Contains(pawl.HintOf(err), "pawl people accept") {
		t.Errorf("a change in it: %v", err)
	}
	if _, err := team.Person(t.Context(), "kim"); pawl.KindOf(err) != pawl.NotFound {
		t.Errorf("it was made: %v", err)
	}
	lost, err := logged.Lost(t.Context(), old.at, h.j.AuditPage, 100)
	if err != nil || len(lost) != 2 || lost[0].Target.Where != "person eva" || lost[1].Target.Where != "person bo" {
		t.Errorf("%+v %v", lost, err)
	}
	if one, err := logged.Lost(t.Context(), old.at, h.j.AuditPage, 1); err != nil || len(one) != 1 {
		t.Errorf("%+v %v", one, err)
	}
}

// TestCrash: at whichever of its moments a change is cut off, the roster that is
// there is as good as the log, and somebody can go on.
func TestCrash(t *testing.T) {
	h, team := newHouse(t), roster.NewMemory()
	h.lets(team, "ana")
	crash := errors.New("killed")
	full := false
	cut := h.with(team)
	cut.Record = func(ctx context.Context, all ...audit.Event) error {
		if full {
			return crash
		}
		return h.j.Record(ctx, all...)
	}
	for what, change := range map[string]func() error{
		"before it": func() error { full = true; return crash },
		"after it": func() error {
			full = true
			_, err := team.PutPerson(t.Context(), roster.Person{ID: "bo"})
			return err
		},
	} {
		full = false
		cut.Change(t.Context(), logged.Change{By: ana, Where: "person bo", Detail: "let in"}, change)
		h.want(what, team, false, false)
		h.lets(team, strings.ReplaceAll(what, " ", "-"))
	}

	// Also of the very first change of a team that is begun anew.
	first := roster.NewMemory()
	cut.Roster, full = first, false
	cut.Change(t.Context(), logged.Change{By: ana, Where: "person bo", Detail: "let in"}, func() error {
		full = true
		_, err := first.PutPerson(t.Context(), roster.Person{ID: "bo"})
		return err
	})
	h.want("the first one", first, false, false)
	h.lets(first, "eva")
}

// TestLookedAtMeanwhile: who looks while somebody else changes something is not
// told that it is older.
func TestLookedAtMeanwhile(t *testing.T) {
	h, team := newHouse(t), roster.NewMemory()
	h.lets(team, "ana")
	b, once := h.with(team), true
	b.Recorded = func(ctx context.Context, about journal.About, before int64, most int) (journal.Page, error) {
		if once {
			once = false
			h.lets(team, "bo")
		}
		return h.j.AuditPage(ctx, about, before, most)
	}
	if s, err := b.Standing(t.Context()); err != nil || s.Older() {
		t.Errorf("%+v %v", s, err)
	}
}

// TestFullLog: nothing is changed that cannot be written down first.
func TestFullLog(t *testing.T) {
	h := newHouse(t)
	b := h.with(roster.NewMemory())
	b.Record = func(context.Context, ...audit.Event) error { return errors.New("full") }
	if err := b.Change(t.Context(), logged.Change{By: ana}, func() error { t.Error("it is changed"); return nil }); err == nil {
		t.Error("and nobody is told")
	}
}

// TestBegunAnew: whoever has lost the roster invites people again; that is
// possible, and said. The lost one is good again as long as nobody did.
func TestBegunAnew(t *testing.T) {
	h, team := newHouse(t), roster.NewMemory()
	h.lets(team, "ana", "bo")
	anew := roster.NewMemory()
	h.want("none at all", &copied{team, roster.Edition{}}, false, true)
	h.want("in place of the lost one", anew, false, true)
	if err := h.with(anew).Begin(t.Context(), ana); err != nil {
		t.Fatal(err)
	}
	h.want("once that is said", anew, false, false)
	h.want("the lost one", team, false, false)
	h.want("a copy of it", &copied{team, roster.Edition{ID: h.edition(team).ID, Number: 1}}, true, false)
	h.lets(anew, "ana")
	h.want("the new one", anew, false, false)
	h.want("the lost one, since somebody was invited again", team, true, false)
	if lost, err := logged.Lost(t.Context(), h.edition(team), h.j.AuditPage, 100); err != nil || len(lost) != 2 {
		t.Errorf("%+v %v", lost, err)
	}
}

// TestAccepted: knowingly, with a reason that is in the log; and the newer one is
// not put back unnoticed then.
func TestAccepted(t *testing.T) {
	h, team := newHouse(t), roster.NewMemory()
	h.lets(team, "ana")
	old := h.backup(team)
	h.lets(team, "bo")

	b := h.with(old)
	b.Record = func(ctx context.Context, all ...audit.Event) error { // to crash before the outcome
		if all[0].Outcome != audit.Pending {
			return errors.New("killed")
		}
		return h.j.Record(ctx, all...)
	}
	if err := b.Accept(t.Context(), ana, h.standing(old), "the disk died"); err == nil {
		t.Error("accepted, and the log does not say so")
	}
	h.want("cut off", old, true, false)
	if err := h.with(old).Accept(t.Context(), ana, h.standing(old), "the disk died"); err != nil {
		t.Fatal(err)
	}
	h.want("accepted", old, false, false)
	h.want("the newer one", team, true, false)
	h.lets(old, "eva")
	h.want("accepted, and changed", old, false, false)
	page, err := h.j.AuditPage(t.Context(), journal.About{Action: audit.PolicyChanged}, journal.Newest, 10)
	if err != nil {
		t.Fatal(err)
	}
	if d := page.Records[2].Context.Detail; !strings.Contains(d, "the disk died") {
		t.Errorf("the log says %q", d)
	}
}

// TestOldLog: records of before there were numbers say nothing, also if there
// are many.
func TestOldLog(t *testing.T) {
	h, team := newHouse(t), roster.NewMemory()
	for range 60 {
		if err := h.j.Record(t.Context(), audit.New(audit.PolicyChanged, audit.Success, day, ana)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := team.PutPerson(t.Context(), roster.Person{ID: "ana"}); err != nil {
		t.Fatal(err)
	}
	h.want("a roster of then", team, false, false)
	old := h.backup(team)
	h.lets(team, "bo")
	for range 60 {
		if err := h.j.Record(t.Context(), audit.New(audit.PolicyChanged, audit.Success, day, ana)); err != nil {
			t.Fatal(err)
		}
	}
	h.want("a copy of then", old, true, false)
}

// TestOutOfOrder: of two who change something at once, the later one may be
// written down first.
func TestOutOfOrder(t *testing.T) {
	h, team := newHouse(t), roster.NewMemory()
	h.lets(team, "ana")
	b := h.with(team)
	var late audit.Event
	b.Record = func(ctx context.Context, all ...audit.Event) error {
		if all[0].Outcome == audit.Success {
			late = all[0]
			return nil
		}
		return h.j.Record(ctx, all...)
	}
	if err := b.Change(t.Context(), logged.Change{By: ana, Where: "person bo"}, func() error { _, err := team.PutPerson(t.Context(), roster.Person{ID: "bo"}); return err }); err != nil {
		t.Fatal(err)
	}
	old := h.backup(team)
	h.lets(team, "eva")
	if err := h.j.Record(t.Context(), late); err != nil {
		t.Fatal(err)
	}
	h.want("the newest", team, false, false)
	h.want("a copy of in between", old, true, false)
}
