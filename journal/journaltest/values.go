package journaltest

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/audit"
	"github.com/pawl-dev/pawl/journal"
)

func testSealed(t *testing.T, s *suite) {
	run, other := s.begin("a"), s.begin("b")
	put := func(rev int64, values ...journal.Sealed) {
		s.append(run, journal.At{Revision: rev}, journal.Batch{Seal: values})
	}
	get := func(name string) string {
		text, err := s.j.Sealed(t.Context(), run.ID, name)
		s.ok(err)
		return string(text)
	}
	put(1, journal.Sealed{Name: "old", Ciphertext: []byte("one")}, journal.Sealed{Name: "new/1", Ciphertext: []byte{0, 255, '\n'}})
	s.equal("old", get("old"), "one")
	s.equal("new/1", get("new/1"), "\x00\xff\n")
	put(2, journal.Sealed{Name: "old", Ciphertext: []byte("two")})
	s.equal("replaced", get("old"), "two")
	s.append(other, journal.At{Revision: 1}, journal.Batch{Seal: []journal.Sealed{{Name: "old", Ciphertext: []byte("kept")}}})

	s.append(run, journal.At{Revision: 3}, journal.Batch{Wipe: true, Seal: []journal.Sealed{{Name: "late", Ciphertext: []byte("x")}}})
	for _, name := range []string{"old", "new/1", "late", "never"} {
		_, err := s.j.Sealed(t.Context(), run.ID, name)
		s.want(pawl.NotFound, err)
	}
	kept, err := s.j.Sealed(t.Context(), other.ID, "old")
	s.ok(err)
	s.equal("value of another rotation", string(kept), "kept")
}

func testMeta(t *testing.T, s *suite) {
	none, err := s.j.Meta(t.Context(), "keyset")
	s.ok(err)
	if none != nil {
		t.Fatalf("got %q, want nothing", none)
	}
	for _, value := range []string{"first", "second"} {
		there, err := s.j.SetMeta(t.Context(), "keyset", []byte(value))
		s.ok(err)
		s.equal("SetMeta", string(there), "first")
	}
	there, err := s.j.Meta(t.Context(), "keyset")
	s.ok(err)
	s.equal("Meta", string(there), "first")
}

func testAuditIsAtomic(t *testing.T, s *suite) {
	run := s.begin("a")
	bad := Batch("never written")
	bad.Audit = append(bad.Audit, audit.Event{}) // the second of two cannot be encoded
	_, err := s.j.Append(t.Context(), run.ID, journal.At{Revision: 1}, bad)
	s.want(pawl.Invalid, err)
	s.want(pawl.Invalid, s.j.Record(t.Context(), Record("nor this"), audit.Event{}))
	_, err = s.j.Begin(t.Context(), "b", with(bad))
	s.want(pawl.Invalid, err)
	s.equal("events", s.details(run.ID), []string{"begin"})
	s.equal("audit", s.audited(), []string{"begin"})
	_, err = s.j.Latest(t.Context(), "b")
	s.want(pawl.NotFound, err)
	s.append(run, journal.At{Revision: 1}, Batch("next"))
	s.equal("audit", s.audited(), []string{"begin", "next"})
}

func testUnencodable(t *testing.T, s *suite) {
	run := s.begin("a")
	for _, v := range []journal.Sealed{{Name: "", Ciphertext: []byte("x")}, {Name: "old"}} {
		_, err := s.j.Append(t.Context(), run.ID, journal.At{Revision: 1}, journal.Batch{Seal: []journal.Sealed{v}})
		s.want(pawl.Invalid, err)
	}
	at, err := s.j.Position(t.Context(), run.ID)
	s.ok(err)
	s.equal("revision", at.Revision, 1)
}

func testAuditVerifies(t *testing.T, s *suite) {
	s.equal("empty log", len(s.audited()), 0)
	var want []string
	for i := range 20 {
		what := fmt.Sprint("record ", i)
		want = append(want, what)
		s.ok(s.j.Record(t.Context(), Record(what)))
	}
	s.ok(s.j.Record(t.Context(), Record("two"), Record("at once")))
	s.equal("audit", s.audited(), append(want, "two", "at once"))
}

func testAuditSnapshot(t *testing.T, s *suite) {
	s.ok(s.j.Record(t.Context(), Record("one"), Record("two")))
	_, records, err := s.j.Audit(t.Context())
	s.ok(err)
	n := 0
	for _, err := range records {
		s.ok(err)
		s.ok(s.j.Record(t.Context(), Record("later")))
		n++
	}
	s.equal("records seen", n, 2)
	s.equal("audit", s.audited(), []string{"one", "two", "later", "later"})
}

func testConcurrentAppends(t *testing.T, s *suite) {
	const writers, each = 8, 10
	runs := make([]journal.Run, writers)
	for i := range runs {
		runs[i] = s.begin(fmt.Sprint("credential-", i))
	}
	together(writers, func(i int) {
		for n := range each {
			if _, err := s.j.Append(t.Context(), runs[i].ID, journal.At{Revision: int64(n + 1)}, Batch(fmt.Sprint(n))); err != nil {
				t.Errorf("append: %v", err)
				return
			}
		}
	})
	for _, r := range runs {
		s.equal("events", s.details(r.ID), []string{"begin", "0", "1", "2", "3", "4", "5", "6", "7", "8", "9"})
	}
	s.equal("audit records", len(s.audited()), writers*(each+1))
}

func testConcurrentBegins(t *testing.T, s *suite) {
	var begun, refused atomic.Int32
	together(8, func(int) {
		_, err := s.j.Begin(t.Context(), "a", with(Batch("begin")))
		_, open := errors.AsType[*journal.OpenError](err)
		switch {
		case err == nil:
			begun.Add(1)
		case open:
			refused.Add(1)
		default:
			t.Errorf("begin: %v", err)
		}
	})
	s.equal("begun, refused", []int32{begun.Load(), refused.Load()}, []int32{1, 7})
	s.equal("audit", s.audited(), []string{"begin"})
}

// testConcurrentRefusals has all writers race for the same revisions: of each
// revision exactly one wins, and the losers leave nothing.
func testConcurrentRefusals(t *testing.T, s *suite) {
	run := s.begin("a")
	const revisions = 10
	var won atomic.Int32
	together(6, func(i int) {
		for rev := int64(1); rev <= revisions; rev++ {
			_, err := s.j.Append(t.Context(), run.ID, journal.At{Revision: rev}, Batch(fmt.Sprint(rev)))
			switch {
			case err == nil:
				won.Add(1)
			case pawl.KindOf(err) != pawl.Conflict:
				t.Errorf("append: %v", err)
			}
		}
	})
	details, records := s.details(run.ID), s.audited()
	s.equal("winners", int(won.Load()), len(details)-1)
	s.equal("audit", records, details)
	if !slices.Contains(details, "1") {
		t.Error("nobody won revision 1")
	}
}

// testFaults makes every write fail in every way: failed and nothing happened,
// and failed but it happened.
func testFaults(t *testing.T, s *suite) {
	kinds := map[journal.Fault]pawl.Kind{
		journal.FaultRefused: pawl.Unavailable, journal.FaultLost: pawl.Unknown, journal.FaultHappened: pawl.Unknown,
	}
	for fault, kind := range kinds {
		happened := fault == journal.FaultHappened
		name := fmt.Sprint("credential-", fault)
		before := len(s.audited())

		s.faults.FailNext(fault)
		_, err := s.j.Begin(t.Context(), name, with(Batch("begin")))
		s.want(kind, err)
		_, err = s.j.Latest(t.Context(), name)
		s.equal("begun", err == nil, happened)
		if !happened {
			s.begin(name)
		}
		run, err := s.j.Latest(t.Context(), name)
		s.ok(err)

		s.faults.FailNext(fault)
		_, err = s.j.Claim(t.Context(), run.ID)
		s.want(kind, err)
		s.equal("claimed", s.load(run.ID).Epoch == 1, happened)

		s.faults.FailNext(fault)
		b := Batch("append")
		b.Seal = []journal.Sealed{{Name: "old", Ciphertext: []byte("sealed")}}
		_, err = s.j.Append(t.Context(), run.ID, journal.At{Revision: 1}, b)
		s.want(kind, err)
		s.equal("appended", len(s.details(run.ID)) == 2, happened)
		_, err = s.j.Sealed(t.Context(), run.ID, "old")
		s.equal("sealed", err == nil, happened)

		s.faults.FailNext(fault)
		s.want(kind, s.j.Record(t.Context(), Record("record")))
		s.faults.FailNext(fault)
		_, err = s.j.SetMeta(t.Context(), name, []byte("x"))
		s.want(kind, err)
		meta, err := s.j.Meta(t.Context(), name)
		s.ok(err)
		s.equal("meta", meta != nil, happened)

		grown := 1 // begin, in any case
		if happened {
			grown = 3
		}
		s.equal("audit records", len(s.audited())-before, grown)
	}
}
