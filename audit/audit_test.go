package audit_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"iter"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/audit"
)

func at() time.Time { return time.Date(2026, 11, 23, 2, 11, 5, 123_000_000, time.UTC) }

func completed() audit.Event {
	return audit.Event{
		ID: "01990000-0000-7000-8000-000000000001", Action: audit.RotateCompleted, Time: at(), Outcome: audit.Success,
		Actor:  pawl.Actor{Type: "user", ID: "ops@acme.example"},
		Target: audit.Target{Credential: "heroku-api-key", Provider: "heroku/authorization@1", OldID: "old-authorization", NewID: "new-authorization"},
		Context: audit.Context{
			Rotation: pawl.RotationID{Credential: "heroku-api-key", Number: 12}, Step: pawl.StepRevoke, Attempt: 2, Epoch: 7, Reason: pawl.Scheduled,
			Method: audit.OperatorAssisted, PlanHash: "sha256:00", Approvals: []string{"sec@acme.example"}, Owed: true,
			Evidence: []pawl.Evidence{{Consumer: "api", Side: pawl.New, Class: pawl.Running, Source: "heroku/config-var", Detail: "release v412", At: at()}},
			Detail:   "all 6 consumers proved",
		},
		Prev: "01990000-0000-7000-8000-000000000000",
	}
}

// TestFormat is what third parties rely on. Adding to it is fine; changing it
// is not.
func TestFormat(t *testing.T) {
	got, err := completed().Encode("7f3a", 10423)
	must(t, err)
	want := `{"specversion":"1.0","id":"01990000-0000-7000-8000-000000000001","source":"urn:pawl:install:7f3a","type":"secret.rotate.completed",` +
		`"time":"2026-11-23T02:11:05.123Z","subject":"credential/heroku-api-key","datacontenttype":"application/json",` +
		`"data":{"action":"secret.rotate.completed","outcome":"success","actor":{"type":"user","id":"ops@acme.example"},` +
		`"target":{"credential":"heroku-api-key","provider":"heroku/authorization@1","old_id":"old-authorization","new_id":"new-authorization"},` +
		`"context":{"rotation":"heroku-api-key/12","step":"revoke","attempt":2,"fence":7,"reason":"scheduled","method":"operator-assisted",` +
		`"plan_hash":"sha256:00","approvals":["sec@acme.example"],"approval_owed":true,` +
		`"evidence":[{"consumer":"api","side":"new","class":"running","source":"heroku/config-var","detail":"release v412","at":"2026-11-23T02:11:05.123Z"}],` +
		`"detail":"all 6 consumers proved"},"prev":"01990000-0000-7000-8000-000000000000","log":{"index":10423}}}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestRoundTrip(t *testing.T) {
	line, err := completed().Encode("7f3a", 5)
	must(t, err)
	got, err := audit.Decode(line)
	must(t, err)
	if want := (audit.Record{Event: completed(), Install: "7f3a", Index: 5}); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// TestOneLine has an event try to look like two, and to steer a terminal.
func TestOneLine(t *testing.T) {
	e := completed()
	e.Context.Detail = "a\n{\"specversion\":\"1.0\"}\r\x1b[2J\x00\x7f\u0085\u2028\u202e\u2066\ufeff\U000e0041<&>é\xff"
	line, err := e.Encode("7f3a", 0)
	must(t, err)
	for _, r := range string(line) {
		if r < ' ' || r >= 0x7f && r != 'é' && r != '\ufffd' {
			t.Errorf("%q is not escaped", r)
		}
	}
	got, err := audit.Decode(line)
	must(t, err)
	if want := strings.ToValidUTF8(e.Context.Detail, "\ufffd"); got.Context.Detail != want {
		t.Errorf("got %q, want %q", got.Context.Detail, want)
	}
}

func TestIncomplete(t *testing.T) {
	for name, spoil := range map[string]func(*audit.Event){
		"ID":      func(e *audit.Event) { e.ID = "" },
		"Action":  func(e *audit.Event) { e.Action = "" },
		"Outcome": func(e *audit.Event) { e.Outcome = "" },
		"Time":    func(e *audit.Event) { e.Time = time.Time{} },
		"Actor":   func(e *audit.Event) { e.Actor = pawl.Actor{} },
	} {
		e := completed()
		spoil(&e)
		if _, err := e.Encode("7f3a", 0); pawl.KindOf(err) != pawl.Invalid {
			t.Errorf("without %s: got %v, want Invalid", name, err)
		}
	}
}

func TestNewID(t *testing.T) {
	a, b := audit.NewID(at()), audit.NewID(at())
	if a == b {
		t.Error("two events with one id")
	}
	for _, id := range []string{a, b} {
		if len(id) != 36 || id[14] != '7' || !strings.ContainsRune("89ab", rune(id[19])) {
			t.Errorf("%s is not a UUID of version 7", id)
		}
	}
	if later := audit.NewID(at().Add(time.Millisecond)); later < a {
		t.Errorf("%s sorts before %s", later, a)
	}
}

// A log is a log in memory.
type log struct {
	signer     *audit.Signer
	records    [][]byte
	hashes     []tlog.Hash
	checkpoint []byte
}

func newLog(t testing.TB, size int) *log {
	t.Helper()
	key, err := audit.GenerateKey()
	must(t, err)
	signer, err := audit.ParseSigner(key)
	must(t, err)
	l := &log{signer: signer}
	l.grow(t, size)
	return l
}

func (l *log) grow(t testing.TB, n int) {
	t.Helper()
	events := make([]audit.Event, n)
	for i := range events {
		events[i] = audit.New(audit.RotateMinted, audit.Success, at(), pawl.Actor{ID: "pawl"})
	}
	old := tlog.HashReaderFunc(func(indexes []int64) (out []tlog.Hash, _ error) {
		for _, i := range indexes {
			out = append(out, l.hashes[i])
		}
		return out, nil
	})
	g, err := audit.Grow(l.signer.Install(), int64(len(l.records)), old, events)
	must(t, err)
	l.checkpoint, err = l.signer.Head(g.Size(), g.Over(old))
	must(t, err)
	l.records = append(l.records, g.Records...)
	l.hashes = append(l.hashes, g.Hashes...)
}

func seq(records [][]byte) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for _, r := range records {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func (l *log) verify(records [][]byte) (audit.Report, error) {
	return audit.Verify(l.checkpoint, l.signer.Public(), seq(records))
}

func TestVerify(t *testing.T) {
	for size := range 20 {
		l := newLog(t, size)
		report, err := l.verify(l.records)
		if err != nil || report.Size != int64(size) || report.Install != l.signer.Install() || size > 0 && !report.Last.Equal(at()) {
			t.Errorf("%d records: %+v, %v", size, report, err)
		}
		root, err := tlog.TreeHash(int64(size), tlog.HashReaderFunc(func(indexes []int64) (out []tlog.Hash, _ error) {
			for _, i := range indexes {
				out = append(out, l.hashes[i])
			}
			return out, nil
		}))
		if err != nil || root != report.Root {
			t.Errorf("%d records: root %v, tlog says %v, %v", size, report.Root, root, err)
		}
	}
}

// tampered fails unless err says that the log was, from this record on.
func tampered(t *testing.T, what string, err error, index int64) {
	t.Helper()
	e, ok := errors.AsType[*audit.TamperError](err)
	if !ok || pawl.KindOf(err) != pawl.Conflict || e.Index != index {
		t.Errorf("%s: got %v, want a TamperError at %d", what, err, index)
	}
}

// bits are the bits of so many bytes; without -every, a different one of each
// byte.
func bits(bytes int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for bit := range bytes * 8 {
			if (*every || bit%8 == bit/8*3%8) && !yield(bit) {
				return
			}
		}
	}
}

var every = flag.Bool("every", false, "flip every bit, not one of each byte")

func TestEveryBitOfRecords(t *testing.T) {
	l := newLog(t, 5)
	for i, record := range l.records {
		for bit := range bits(len(record)) {
			flipped := bytes.Clone(record)
			flipped[bit/8] ^= 1 << (bit % 8)
			records := slices.Clone(l.records)
			records[i] = flipped
			if _, err := l.verify(records); !isTampered(err) {
				t.Fatalf("bit %d of record %d: %v", bit, i, err)
			}
		}
	}
}

func isTampered(err error) bool {
	_, ok := errors.AsType[*audit.TamperError](err)
	return ok
}

func TestEveryBitOfCheckpoint(t *testing.T) {
	l := newLog(t, 3)
	for bit := range bits(len(l.checkpoint)) {
		flipped := bytes.Clone(l.checkpoint)
		flipped[bit/8] ^= 1 << (bit % 8)
		if _, err := audit.Verify(flipped, l.signer.Public(), seq(l.records)); !isTampered(err) {
			t.Errorf("bit %d, %q: %v", bit, flipped, err)
		}
	}
}

func TestEveryBitOfBundle(t *testing.T) {
	l := newLog(t, 2)
	bundle := l.export(t)
	for bit := range bits(len(bundle)) {
		flipped := bytes.Clone(bundle)
		flipped[bit/8] ^= 1 << (bit % 8)
		if _, err := audit.VerifyBundle(bytes.NewReader(flipped), l.signer.Public()); err == nil {
			t.Errorf("bit %d (%q) is not noticed", bit, bundle[bit/8])
		}
	}
}

func TestRearranged(t *testing.T) {
	l := newLog(t, 6)
	r := l.records
	for name, tt := range map[string]struct {
		records [][]byte
		index   int64
	}{
		"Truncated":  {r[:5], 5},
		"Emptied":    {nil, 0},
		"First gone": {r[1:], 0},
		"Dropped":    {slices.Concat(r[:2], r[3:]), 2},
		"Swapped":    {[][]byte{r[0], r[2], r[1], r[3], r[4], r[5]}, 1},
		"Repeated":   {slices.Concat(r[:3], r[2:]), 3},
		"Added":      {slices.Concat(r, r[5:]), 6},
		"Blank line": {slices.Concat(r[:1], [][]byte{{}}, r[1:]), 1},
		"Other log":  {slices.Concat(r[:4], newLog(t, 6).records[4:]), 4},
	} {
		_, err := l.verify(tt.records)
		tampered(t, name, err, tt.index)
	}
}

// TestRewritten replaces a record by another of the same index: only the root
// tells.
func TestRewritten(t *testing.T) {
	l := newLog(t, 6)
	forged, err := completed().Encode(l.signer.Install(), 2)
	must(t, err)
	records := slices.Clone(l.records)
	records[2] = forged
	_, err = l.verify(records)
	tampered(t, "rewritten", err, -1)
}

func TestOtherKey(t *testing.T) {
	l, other := newLog(t, 3), newLog(t, 3)
	_, err := audit.Verify(l.checkpoint, other.signer.Public(), seq(l.records))
	tampered(t, "other key", err, -1)
	if _, err := audit.Verify(l.checkpoint, "not a key", seq(l.records)); pawl.KindOf(err) != pawl.Invalid {
		t.Errorf("no key: %v", err)
	}
}

// TestVerifyAgainst cuts a log and gives it the checkpoint it had then: that
// verifies by itself, and only a newer witness tells.
func TestVerifyAgainst(t *testing.T) {
	l := newLog(t, 4)
	old, oldRecords := l.checkpoint, slices.Clone(l.records)
	l.grow(t, 3)
	key := l.signer.Public()

	report, err := audit.VerifyAgainst(old, l.checkpoint, key, seq(l.records))
	if err != nil || report.Size != 7 || report.Witnessed != 4 {
		t.Errorf("a log that went on: %+v, %v", report, err)
	}
	if _, err := audit.VerifyAgainst(l.checkpoint, l.checkpoint, key, seq(l.records)); err != nil {
		t.Errorf("the same checkpoint: %v", err)
	}
	if _, err := audit.Verify(old, key, seq(oldRecords)); err != nil {
		t.Errorf("the old log by itself: %v", err)
	}
	_, err = audit.VerifyAgainst(l.checkpoint, old, key, seq(oldRecords))
	tampered(t, "set back", err, 4)

	// Whoever has the signing key can make another history, but not unsay this one.
	fork := &log{signer: l.signer}
	fork.grow(t, 9)
	_, err = audit.VerifyAgainst(l.checkpoint, fork.checkpoint, key, seq(fork.records))
	tampered(t, "another history", err, -1)
	_, err = audit.VerifyAgainst([]byte("no checkpoint"), l.checkpoint, key, seq(l.records))
	tampered(t, "no witness", err, -1)
}

// TestWitnessAtTheEnd has the forked log end exactly where the witness looked.
func TestWitnessAtTheEnd(t *testing.T) {
	l := newLog(t, 4)
	fork := &log{signer: l.signer}
	fork.grow(t, 4)
	_, err := audit.VerifyAgainst(l.checkpoint, fork.checkpoint, l.signer.Public(), seq(fork.records))
	tampered(t, "another history", err, -1)
}

func (l *log) export(t testing.TB) []byte {
	t.Helper()
	var out bytes.Buffer
	must(t, audit.Export(&out, l.signer.Public(), l.checkpoint, seq(l.records)))
	return out.Bytes()
}

func TestBundle(t *testing.T) {
	for _, size := range []int{0, 1, 5} {
		l := newLog(t, size)
		bundle := l.export(t)
		if report, err := audit.VerifyBundle(bytes.NewReader(bundle), l.signer.Public()+"\n"); err != nil || report.Size != int64(size) {
			t.Errorf("%d records: %+v, %v", size, report, err)
		}
		if report, err := audit.VerifyBundleItself(bytes.NewReader(bundle)); err != nil || report.Size != int64(size) {
			t.Errorf("%d records, own key: %+v, %v", size, report, err)
		}
		for _, line := range bytes.Split(bytes.TrimSuffix(bundle, []byte("\n")), []byte("\n")) {
			if !json.Valid(line) {
				t.Errorf("not JSON: %s", line)
			}
		}
	}
}

// TestForgedBundle is whole and signed, by somebody else.
func TestForgedBundle(t *testing.T) {
	l, forger := newLog(t, 3), newLog(t, 3)
	_, err := audit.VerifyBundle(bytes.NewReader(forger.export(t)), l.signer.Public())
	tampered(t, "forged", err, -1)
	if _, err := audit.VerifyBundle(bytes.NewReader(forger.export(t)), ""); pawl.KindOf(err) != pawl.Invalid {
		t.Errorf("without a key: %v", err)
	}
}

func TestCutBundle(t *testing.T) {
	l := newLog(t, 3)
	bundle := l.export(t)
	for n := range len(bundle) {
		if _, err := audit.VerifyBundle(bytes.NewReader(bundle[:n]), l.signer.Public()); err == nil {
			t.Fatalf("the first %d of %d bytes verify", n, len(bundle))
		}
	}
}

func TestSigner(t *testing.T) {
	key, err := audit.GenerateKey()
	must(t, err)
	a, err := audit.ParseSigner(key)
	must(t, err)
	b, err := audit.ParseSigner(pawl.NewSecret(append(key.Reveal(), '\n')))
	must(t, err)
	if a.Public() != b.Public() || a.Install() != b.Install() || len(a.Install()) != 32 {
		t.Errorf("%s and %s", a.Public(), b.Public())
	}
	for _, bad := range []string{"", "PRIVATE+KEY+CANARY", "PRIVATE+KEY+other/1+00000000+CANARY", a.Public()} {
		_, err := audit.ParseSigner(pawl.NewSecret([]byte(bad)))
		if pawl.KindOf(err) != pawl.Invalid || strings.Contains(err.Error(), "CANARY") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	line, err := completed().Encode("7f3a", 3)
	must(f, err)
	f.Add(line)
	f.Add([]byte(`{"specversion":"1.0","data":{}}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		rec, err := audit.Decode(line)
		if err != nil {
			return
		}
		again, err := rec.Encode(rec.Install, rec.Index)
		if err != nil {
			return // a time that has no text, such as year 10000
		}
		if bytes.ContainsFunc(again, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			t.Errorf("control characters in %q", again)
		}
		back, err := audit.Decode(again)
		if err != nil || back.Index != rec.Index || back.ID != rec.ID || back.Context.Detail != rec.Context.Detail {
			t.Errorf("%s became %s: %v", line, again, err)
		}
	})
}

func FuzzVerifyBundle(f *testing.F) {
	l := newLog(f, 3)
	f.Add(l.export(f))
	f.Add([]byte("{}\n"))
	f.Fuzz(func(t *testing.T, bundle []byte) {
		audit.VerifyBundleItself(bytes.NewReader(bundle)) // must not panic
	})
}
