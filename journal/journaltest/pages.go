package journaltest

import (
	"fmt"
	"slices"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/audit"
	"github.com/pawl-dev/pawl/journal"
)

// ended begins a rotation and ends it.
func (s *suite) ended(credential string, as pawl.Outcome) {
	s.t.Helper()
	s.append(s.begin(credential), journal.At{Revision: 1}, journal.Batch{Close: as})
}

func (s *suite) runs(which journal.Which) (out []string) {
	s.t.Helper()
	runs, err := s.j.Runs(s.t.Context(), which)
	s.ok(err)
	for _, r := range runs {
		if r.Events != nil {
			s.t.Errorf("%v has events in a list", r.ID)
		}
		out = append(out, r.ID.String()+" "+string(r.Outcome))
	}
	return out
}

func testRuns(t *testing.T, s *suite) {
	s.ended("api", pawl.Completed)
	s.ended("web", pawl.Failed)
	s.ended("api", pawl.RolledBack)
	s.begin("web")
	s.begin("mail")
	second := pawl.RotationID{Credential: "api", Number: 2}
	for name, tt := range map[string]struct {
		which journal.Which
		want  []string
	}{
		"all":           {journal.Which{Most: 9}, []string{"mail/1 ", "web/2 ", "api/2 rolled-back", "web/1 failed", "api/1 done"}},
		"first page":    {journal.Which{Most: 3}, []string{"mail/1 ", "web/2 ", "api/2 rolled-back"}},
		"second page":   {journal.Which{Most: 3, Before: second}, []string{"web/1 failed", "api/1 done"}},
		"after the end": {journal.Which{Most: 3, Before: pawl.RotationID{Credential: "api", Number: 1}}, nil},
		"never there":   {journal.Which{Most: 3, Before: pawl.RotationID{Credential: "api", Number: 7}}, nil},
		"open":          {journal.Which{Most: 9, Open: true}, []string{"mail/1 ", "web/2 "}},
		"open, paged":   {journal.Which{Most: 9, Open: true, Before: pawl.RotationID{Credential: "mail", Number: 1}}, []string{"web/2 "}},
		"of one":        {journal.Which{Most: 9, Credential: "web"}, []string{"web/2 ", "web/1 failed"}},
		"of one, older": {journal.Which{Most: 9, Credential: "web", Before: second}, []string{"web/1 failed"}},
		"of one, open":  {journal.Which{Most: 9, Credential: "web", Open: true}, []string{"web/2 "}},
		"by name":       {journal.Which{Most: 9, Text: "ai"}, []string{"mail/1 "}},
		"no pattern":    {journal.Which{Most: 9, Text: "%"}, nil},
		"none":          {journal.Which{}, nil},
	} {
		s.equal(name, s.runs(tt.which), tt.want)
	}
}

func testTips(t *testing.T, s *suite) {
	for range 3 {
		s.ended("api", pawl.Completed)
	}
	s.ended("web", pawl.Completed)
	s.ended("api", pawl.RolledBack)
	s.ended("web", pawl.Completed)
	s.begin("api")
	tips, err := s.j.Tips(t.Context())
	s.ok(err)
	var out []string
	for _, r := range tips {
		out = append(out, r.ID.String()+" "+string(r.Outcome))
	}
	s.equal("tips", out, []string{"api/3 done", "api/4 rolled-back", "web/2 done", "api/5 "})
}

// about is a record that can be searched for.
func about(credential string, number int, who string, action audit.Action) audit.Event {
	e := audit.New(action, audit.Success, Now(), pawl.Actor{Type: "user", ID: who})
	e.Target.Credential, e.Context.Rotation = credential, pawl.RotationID{Credential: credential, Number: number}
	return e
}

// pages reads all pages and returns the numbers that are on them.
func (s *suite) pages(about journal.About, most int) (out []int64) {
	s.t.Helper()
	for before := journal.Newest; before != 0; {
		page, err := s.j.AuditPage(s.t.Context(), about, before, most)
		s.ok(err)
		if len(page.Records) > most || len(page.Lines) != len(page.Records) || page.Next != 0 && before > 0 && page.Next >= before {
			s.t.Fatalf("page before %d: %d records, %d lines, next %d", before, len(page.Records), len(page.Lines), page.Next)
		}
		for i, r := range page.Records {
			again, err := audit.Decode(page.Lines[i])
			s.ok(err)
			s.equal("line", again.Index, r.Index)
			out = append(out, r.Index)
		}
		before = page.Next
	}
	return out
}

func testAuditPage(t *testing.T, s *suite) {
	s.equal("empty log", s.pages(journal.About{}, 2), []int64(nil))
	who := []string{"ana@acme.example", "ben@acme.example", "pawl"}
	actions := []audit.Action{audit.RotateStarted, audit.RotateProved}
	var all []audit.Event
	for i := range 60 {
		all = append(all, about(fmt.Sprint("c", i%5), 1+i%2, who[i%3], actions[i%2]))
	}
	s.ok(s.j.Record(t.Context(), all...))
	for _, q := range []journal.About{
		{}, {Credential: "c1"}, {Person: "pawl"}, {Action: audit.RotateProved}, {Rotation: pawl.RotationID{Credential: "c3", Number: 2}},
		{Credential: "c1", Person: "ben@acme.example"}, {Credential: "c2", Person: "pawl", Action: audit.RotateStarted},
		{Credential: "c1", Rotation: pawl.RotationID{Credential: "c2", Number: 1}}, {Person: "nobody"}, {Credential: "pawl"},
	} {
		var want []int64
		for i, e := range slices.Backward(all) {
			if q.Matches(e) {
				want = append(want, int64(i))
			}
		}
		for _, most := range []int{1, 7, 100} {
			s.equal(fmt.Sprintf("%+v by %d", q, most), s.pages(q, most), want)
		}
	}
	page, err := s.j.AuditPage(t.Context(), journal.About{}, 3, 2)
	s.ok(err)
	s.equal("before 3", []int64{page.Records[0].Index, page.Records[1].Index, page.Next, page.Size}, []int64{2, 1, 1, 60})
	page, err = s.j.AuditPage(t.Context(), journal.About{}, 1000, 0)
	s.ok(err)
	s.equal("nothing asked for", []int64{int64(len(page.Records)), page.Size}, []int64{0, 60})
}

func testAuditRange(t *testing.T, s *suite) {
	for i := range 6 {
		s.ok(s.j.Record(t.Context(), Record(fmt.Sprint(i))))
	}
	for _, tt := range []struct {
		from, to int64
		want     []int64
	}{{0, 6, []int64{0, 1, 2, 3, 4, 5}}, {2, 4, []int64{2, 3}}, {4, 99, []int64{4, 5}}, {-3, 1, []int64{0}}, {4, 2, nil}, {9, 12, nil}, {-4, -2, nil}} {
		var got []int64
		for line, err := range s.j.AuditRange(t.Context(), tt.from, tt.to) {
			s.ok(err)
			rec, err := audit.Decode(line)
			s.ok(err)
			got = append(got, rec.Index)
		}
		s.equal(fmt.Sprint(tt.from, " to ", tt.to), got, tt.want)
	}
}

// testAuditHashes proves each record by the hashes alone.
func testAuditHashes(t *testing.T, s *suite) {
	for i := range 11 {
		s.ok(s.j.Record(t.Context(), Record(fmt.Sprint(i))))
	}
	checkpoint, records, err := s.j.Audit(t.Context())
	s.ok(err)
	head, err := audit.ParseCheckpoint(checkpoint, s.key)
	s.ok(err)
	at := int64(0)
	for line, err := range records {
		s.ok(err)
		proof, err := tlog.ProveRecord(head.Tree.N, at, s.j.AuditHashes(t.Context()))
		s.ok(err)
		s.ok(tlog.CheckRecord(proof, head.Tree.N, head.Tree.Hash, at, tlog.RecordHash(line)))
		at++
	}
	_, err = s.j.AuditHashes(t.Context()).ReadHashes([]int64{tlog.StoredHashCount(at)})
	s.want(pawl.Invalid, err)
}
