// Package journaltest is what every [journal.Journal] must do, as a test.
//
//	func TestJournal(t *testing.T) {
//		journaltest.Run(t, func(t *testing.T, s *audit.Signer) (journal.Journal, journaltest.Faults) { … })
//	}
package journaltest

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/audit"
	"github.com/pawl-dev/pawl/journal"
)

// Faults makes a journal fail.
type Faults interface {
	// FailNext makes the next write fail in this way.
	FailNext(journal.Fault)
}

// Signer returns the signer of a fresh installation.
func Signer(t testing.TB) *audit.Signer {
	t.Helper()
	key, err := audit.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	s, err := audit.ParseSigner(key)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Now is the time in all tests of the suite.
func Now() time.Time { return time.Date(2026, 11, 23, 2, 11, 5, 123_000_000, time.UTC) }

// Record returns an audit event that says what.
func Record(what string) audit.Event {
	e := audit.New(audit.RotateStarted, audit.Pending, Now(), pawl.Actor{Type: "user", ID: "ops@acme.example"})
	e.Target.Credential = "heroku-api-key"
	e.Context.Detail = what
	return e
}

// Batch returns a batch with one event and one audit record.
func Batch(what string) journal.Batch {
	return journal.Batch{
		Events: []pawl.Event{{Type: pawl.EvChecked, At: Now(), Detail: what}},
		Audit:  []audit.Event{Record(what)},
	}
}

// Run runs the suite. Each test has a fresh, empty journal from open, of this
// signer's installation, whose clock is [Now].
func Run(t *testing.T, open func(*testing.T, *audit.Signer) (journal.Journal, Faults)) {
	tests := []struct {
		name string
		test func(*testing.T, *suite)
	}{
		{"Begin", testBegin},
		{"BeginRefused", testBeginRefused},
		{"OneOpen", testOneOpen},
		{"Numbers", testNumbers},
		{"Append", testAppend},
		{"CompareAndSwap", testCompareAndSwap},
		{"Epochs", testEpochs},
		{"Signals", testSignals},
		{"Closed", testClosed},
		{"Sealed", testSealed},
		{"Meta", testMeta},
		{"AuditIsAtomic", testAuditIsAtomic},
		{"AuditVerifies", testAuditVerifies},
		{"AuditSnapshot", testAuditSnapshot},
		{"Unencodable", testUnencodable},
		{"ConcurrentAppends", testConcurrentAppends},
		{"ConcurrentBegins", testConcurrentBegins},
		{"ConcurrentRefusals", testConcurrentRefusals},
		{"List", testList},
		{"Recent", testRecent},
		{"Runs", testRuns},
		{"Tips", testTips},
		{"AuditPage", testAuditPage},
		{"AuditRange", testAuditRange},
		{"AuditHashes", testAuditHashes},
		{"EventsComeBack", testEventsComeBack},
		{"NotFound", testNotFound},
		{"Faults", testFaults},
		{"CancelledBefore", testCancelledBefore},
		{"AfterClose", testAfterClose},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			signer := Signer(t)
			j, faults := open(t, signer)
			t.Cleanup(func() {
				if err := j.Close(); err != nil {
					t.Errorf("Close: %v", err)
				}
			})
			tt.test(t, &suite{t, j, faults, signer.Public()})
		})
	}
}

// A suite is the journal under test.
type suite struct {
	t      *testing.T
	j      journal.Journal
	faults Faults
	key    string // verifies the audit log
}

func (s *suite) begin(credential string) journal.Run {
	s.t.Helper()
	run, err := s.j.Begin(s.t.Context(), credential, with(Batch("begin")))
	s.ok(err)
	return run
}

func with(b journal.Batch) func(pawl.RotationID) (journal.Batch, error) {
	return func(pawl.RotationID) (journal.Batch, error) { return b, nil }
}

func (s *suite) ok(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// want fails unless err is of this kind, as a *pawl.Error.
func (s *suite) want(kind pawl.Kind, err error) {
	s.t.Helper()
	if e, ok := errors.AsType[*pawl.Error](err); !ok || e.Kind != kind {
		s.t.Fatalf("got %v (%T), want a *pawl.Error of kind %v", err, err, kind)
	}
}

func (s *suite) append(r journal.Run, at journal.At, b journal.Batch) int64 {
	s.t.Helper()
	rev, err := s.j.Append(s.t.Context(), r.ID, at, b)
	s.ok(err)
	return rev
}

func (s *suite) load(id pawl.RotationID) journal.Run {
	s.t.Helper()
	r, err := s.j.Load(s.t.Context(), id)
	s.ok(err)
	return r
}

// details returns what the events of a rotation say, in order.
func (s *suite) details(id pawl.RotationID) []string {
	s.t.Helper()
	var out []string
	for _, e := range s.load(id).Events {
		out = append(out, e.Detail)
	}
	return out
}

// audited returns what the audit log says, in order, after verifying it.
func (s *suite) audited() []string {
	s.t.Helper()
	checkpoint, records, err := s.j.Audit(s.t.Context())
	s.ok(err)
	report, err := audit.Verify(checkpoint, s.key, records)
	s.ok(err)
	var out []string
	for line, err := range records {
		s.ok(err)
		rec, err := audit.Decode(line)
		s.ok(err)
		out = append(out, rec.Context.Detail)
	}
	if report.Size != int64(len(out)) || report.Install != s.j.Install() {
		s.t.Fatalf("verified %d of %d records of %q", report.Size, len(out), report.Install)
	}
	return out
}

func (s *suite) equal(what string, got, want any) {
	s.t.Helper()
	if g, w := fmt.Sprintf("%q", got), fmt.Sprintf("%q", want); g != w {
		s.t.Fatalf("%s: got %s, want %s", what, g, w)
	}
}

// together runs f(0), …, f(n-1) at once.
func together(n int, f func(int)) {
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-start
			f(i)
		})
	}
	close(start)
	wg.Wait()
}
