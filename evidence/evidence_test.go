package evidence_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/audit"
	"github.com/pawl-dev/pawl/evidence"
	"github.com/pawl-dev/pawl/journal"
	"github.com/pawl-dev/pawl/journal/journaltest"
)

var start = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

func day(n int) time.Time { return start.AddDate(0, 0, n) }

// A book is a log in the making.
type book struct {
	t      testing.TB
	signer *audit.Signer
	j      *journal.Memory
}

func newBook(t testing.TB) *book {
	signer := journaltest.Signer(t)
	return &book{t, signer, journal.NewMemory(signer, func() time.Time { return start })}
}

// say adds a record about a rotation.
func (b *book) say(at time.Time, who, rotation string, action audit.Action, outcome audit.Outcome, more func(*audit.Event)) {
	b.t.Helper()
	ev := audit.New(action, outcome, at, pawl.Actor{Type: "user", ID: who})
	if err := ev.Context.Rotation.UnmarshalText([]byte(rotation)); err == nil {
		ev.Target.Credential = ev.Context.Rotation.Credential
	}
	if more != nil {
		more(&ev)
	}
	if err := b.j.Record(b.t.Context(), ev); err != nil {
		b.t.Fatal(err)
	}
}

// rotate adds the records of a rotation that went by itself.
func (b *book) rotate(at time.Time, who, rotation string) {
	b.t.Helper()
	say := func(action audit.Action, more func(*audit.Event)) {
		at = at.Add(time.Minute)
		b.say(at, who, rotation, action, audit.Success, more)
	}
	say(audit.RotatePlanned, func(e *audit.Event) { e.Context.PlanHash, e.Context.Reason = "sha256:01", pawl.Scheduled })
	say(audit.RotateMinted, func(e *audit.Event) { e.Target.OldID, e.Target.NewID = "id-1", "id-2" })
	say(audit.RotateApproved, func(e *audit.Event) { e.Actor.ID = "bo@acme.example" })
	say(audit.RotateRevoked, func(e *audit.Event) {
		e.Target.ProviderID = "id-1"
		e.Context.Evidence = []pawl.Evidence{{Consumer: "api-prod", Side: pawl.New, Class: pawl.Running, Source: "heroku/config-var", Detail: "release v412, 3 of 3 up", At: at}}
	})
	say(audit.RotateConfirmedDead, func(e *audit.Event) { e.Context.Detail = "401 three times in a row" })
	say(audit.RotateCompleted, nil)
}

func (b *book) input() evidence.Input {
	checkpoint, records, err := b.j.Audit(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	return evidence.Input{Signer: b.signer, Checkpoint: checkpoint, Records: records, Hashes: b.j.AuditHashes(context.Background()),
		Made: day(120), By: pawl.Actor{Type: "user", ID: "udo@acme.example"}, Every: map[string]time.Duration{"api": 30 * 24 * time.Hour}}
}

func build(t testing.TB, in evidence.Input) *evidence.Pack {
	t.Helper()
	p, err := evidence.Build(in)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func numbers(p *evidence.Pack) (all []int64) {
	for _, e := range p.Entries {
		all = append(all, e.Record.Index)
	}
	return all
}

// TestPartOfTheLog takes a month out of a log.
func TestPartOfTheLog(t *testing.T) {
	b := newBook(t)
	b.rotate(day(0), "ana@acme.example", "api/1")  // 0-5
	b.rotate(day(10), "ana@acme.example", "web/1") // 6-11
	b.say(day(38), "ana@acme.example", "api/2", audit.RotatePlanned, audit.Success, nil)
	b.say(day(41), "pawl", "api/2", audit.RotateNeedsOperator, audit.Pending, func(e *audit.Event) { e.Context.Detail = "the vendor asks for a second factor" })
	b.say(day(41), "eve@acme.example", "", audit.AuthDenied, audit.Failure, func(e *audit.Event) { e.Context.Detail = "revoke" })
	b.say(day(41), "ana@acme.example", "api/2", audit.RotateApproved, audit.Pending, func(e *audit.Event) { e.Context.Owed = true })
	b.say(day(41), "sue@acme.example", "api/2", audit.RotateGlassBroken, audit.Success, func(e *audit.Event) { e.Context.Detail = "the approver is ill" })
	b.say(day(42), "pawl", "api/2", audit.RotateCompleted, audit.Success, nil)
	b.rotate(day(60), "ana@acme.example", "web/2")
	in := b.input()
	in.From, in.To = day(40), day(50)
	p := build(t, in)
	if got, want := fmt.Sprint(numbers(p)), "[5 12 13 14 15 16 17]"; got != want { // 5 tells when it was due, 12 began before
		t.Errorf("records %s, want %s", got, want)
	}
	r := p.Report
	if len(r.Rotations) != 1 || r.Rotations[0].ID != "api/2" || r.Rotations[0].Outcome != "done" || !r.Rotations[0].Owed || r.Summary.Owed != 1 || r.Summary.Broken != 1 || r.Rotations[0].Broken.Detail != "the approver is ill" || r.Summary.Completed != 1 {
		t.Errorf("rotations %+v", r.Rotations)
	}
	if len(r.Refused) != 1 || r.Refused[0].By != "eve@acme.example" {
		t.Errorf("refused %+v", r.Refused)
	}
	if len(r.Late) != 1 || r.Late[0].Due != day(30).Add(6*time.Minute) || r.Late[0].By != int64(day(42).Sub(r.Late[0].Due)/time.Second) {
		t.Fatalf("late %+v", r.Late)
	}
	why := strings.Join(r.Late[0].Why, "\n")
	for _, part := range []string{"#12 2026-04-08 09:00:00: begun 7 days after it was due", "#13", "second factor"} {
		if !strings.Contains(why, part) {
			t.Errorf("%q is not among the reasons:\n%s", part, why)
		}
	}
	in.Every["mail"] = time.Hour
	if got := build(t, in).Report.Never; fmt.Sprint(got) != "[mail]" {
		t.Errorf("never rotated: %v", got)
	}
	in.Credential = "web"
	if got := fmt.Sprint(numbers(build(t, in))); got != "[]" {
		t.Errorf("of web in that time: %s", got)
	}
	in.From, in.To = time.Time{}, time.Time{}
	if got := build(t, in); len(got.Report.Rotations) != 2 || got.Report.Summary.Dead != 2 || got.Report.Rotations[1].Places[0].Class != "running" ||
		got.Report.Rotations[0].Doomed != "id-1" || got.Report.Rotations[0].Dead.Detail != "401 three times in a row" ||
		got.Report.Rotations[0].Approvals[0].By != "bo@acme.example" || len(got.Report.Late) != 0 {
		t.Errorf("web %+v", got.Report)
	}
	in.Credential = "api"
	if got := build(t, in).Report; len(got.Late) != 2 || got.Late[0].Done != nil || !strings.Contains(got.Late[0].Why[0], "no rotation of it was begun") {
		t.Errorf("still late %+v", got.Late)
	}
}

// small is a pack of two records in a log of five.
func small(t testing.TB) (*book, *evidence.Pack) {
	b := newBook(t)
	for i := range 5 {
		b.say(day(i), "ana", "api/1", audit.RotateProved, audit.Success, nil)
	}
	b.say(day(6), "<script>alert(1)</script>", "web/1", audit.RotateProved, audit.Success, func(e *audit.Event) { e.Context.Detail = "</pre> & <b>“x”</b>" })
	b.say(day(7), "ana", "web/1", audit.RotateCompleted, audit.Success, nil)
	in := b.input()
	in.Credential = "web"
	return b, build(t, in)
}

// TestEveryBit flips each bit of a pack, and one of each letter of a page.
func TestEveryBit(t *testing.T) {
	b, p := small(t)
	page, err := p.Page(b.signer)
	if err != nil {
		t.Fatal(err)
	}
	key := b.signer.Public()
	for name, text := range map[string][]byte{"pack": p.Text(), "page": page} {
		if _, err := evidence.Verify(text, key); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		step := 1
		if name == "page" {
			step = 11
		}
		var wg sync.WaitGroup
		for half := range 2 {
			wg.Go(func() {
				changed := bytes.Clone(text)
				for bit := half * step; bit < 8*len(text); bit += 2 * step {
					changed[bit/8] ^= 1 << (bit % 8)
					if _, err := evidence.Verify(changed, key); err == nil {
						t.Errorf("%s: bit %d of %q: not found", name, bit%8, text[max(0, bit/8-9):min(bit/8+9, len(text))])
					}
					changed[bit/8] ^= 1 << (bit % 8)
				}
			})
		}
		wg.Wait()
	}
}

// TestLinesMoved drops, repeats, swaps and cuts lines, and lies with the right
// key in the hand.
func TestLinesMoved(t *testing.T) {
	b, p := small(t)
	lines := bytes.SplitAfter(p.Text(), []byte("\n"))
	lines = lines[:len(lines)-1]
	other, otherPack := small(t)
	with := func(order ...int) []byte {
		var out []byte
		for _, i := range order {
			out = append(out, lines[i]...)
		}
		return out
	}
	_, foreign := evidence.Verify(otherPack.Text(), b.signer.Public())
	if foreign == nil {
		t.Error("a pack of another installation was accepted")
	}
	for name, text := range map[string][]byte{
		"dropped": with(0, 1, 3, 4), "dropped first": with(0, 2, 3, 4), "repeated": with(0, 1, 1, 2, 3, 4), "swapped": with(0, 2, 1, 3, 4),
		"no report": with(0, 1, 2, 4), "no seal": with(0, 1, 2, 3), "cut": p.Text()[:len(p.Text())-1], "more": append(bytes.Clone(p.Text()), '\n'),
		"another's seal": append(with(0, 1, 2, 3), bytes.SplitAfter(otherPack.Text(), []byte("\n"))[4]...), "empty": nil, "other": []byte("{}\n{}\n{}\n"),
	} {
		if _, err := evidence.Verify(text, b.signer.Public()); err == nil {
			t.Errorf("%s: not found", name)
		}
	}
	if _, err := evidence.Verify(p.Text(), other.signer.Public()); err == nil {
		t.Error("verified with another key")
	}
}

// TestPageIsText has a record that tries to be markup.
func TestPageIsText(t *testing.T) {
	b, p := small(t)
	page, err := p.Page(b.signer)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(page, []byte("<script")) || !bytes.Contains(page, []byte("&lt;script&gt;alert(1)")) {
		t.Error("markup of a record is markup of the page")
	}
	if bytes.Contains(page, []byte("src=")) || bytes.Contains(page, []byte("http://")) || bytes.Contains(page, []byte("https://")) {
		t.Error("the page needs something from elsewhere")
	}
	got, err := evidence.Verify(page, b.signer.Public())
	if err != nil || !bytes.Equal(got.Text(), p.Text()) {
		t.Errorf("the pack in the page is another one: %v", err)
	}
}

func FuzzVerify(f *testing.F) {
	b, p := small(f)
	page, err := p.Page(b.signer)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(p.Text())
	f.Add(page)
	f.Add([]byte(`{"pawl_evidence":1}` + "\n{}\n{}\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if _, err := evidence.Verify(text, b.signer.Public()); err == nil && !bytes.Equal(text, p.Text()) && !bytes.Equal(text, page) {
			t.Errorf("verified %q", text)
		}
	})
}
