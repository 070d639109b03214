package journal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/audit"
)

// A Fault is how the next write fails.
type Fault uint8

const (
	NoFault       Fault = iota
	FaultRefused        // Unavailable: nothing was written
	FaultLost           // Unknown, and nothing was written
	FaultHappened       // Unknown, and everything was written
)

// A Memory is a [Journal] that forgets everything when the process ends. It is
// for tests and demonstrations; it can be told to fail.
type Memory struct {
	signer *audit.Signer
	now    func() time.Time

	mu      sync.Mutex
	closed  bool
	fault   Fault
	runs    []*memoryRun // in the order of Begin
	byID    map[pawl.RotationID]*memoryRun
	latest  map[string]*memoryRun
	meta    map[string][]byte
	records [][]byte
	hashes  []tlog.Hash
}

var _ Journal = (*Memory)(nil)

// memoryRun keeps events as text, as a database would: what is loaded shares
// no memory with what was appended.
type memoryRun struct {
	run    Run
	events [][]byte
	sealed map[string][]byte
}

// NewMemory returns an empty journal of the signer's installation.
func NewMemory(signer *audit.Signer, now func() time.Time) *Memory {
	return &Memory{
		signer: signer,
		now:    now,
		byID:   map[pawl.RotationID]*memoryRun{},
		latest: map[string]*memoryRun{},
		meta:   map[string][]byte{},
	}
}

// FailNext makes the next write fail in this way.
func (m *Memory) FailNext(f Fault) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fault = f
}

// write runs prepare, which looks and says what to change, and then the change,
// unless a fault is due. Nothing is changed before everything is known to fit.
func (m *Memory) write(ctx context.Context, op string, prepare func() (func(), error)) error {
	if ctx.Err() != nil {
		return &pawl.Error{Op: op, Kind: pawl.Unavailable, Err: context.Cause(ctx)}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return conflict(op, errors.New("the journal is closed"))
	}
	change, err := prepare()
	if err != nil {
		return err
	}
	fault := m.fault
	m.fault = NoFault
	if fault == NoFault || fault == FaultHappened {
		change()
	}
	switch fault {
	case FaultRefused:
		return &pawl.Error{Op: op, Kind: pawl.Unavailable, Err: errors.New("simulated: refused")}
	case FaultLost, FaultHappened:
		return &pawl.Error{Op: op, Kind: pawl.Unknown, Err: errors.New("simulated: no answer to the commit")}
	}
	return nil
}

// Install implements [Journal].
func (m *Memory) Install() string { return m.signer.Install() }

// PublicKey returns the key that verifies the audit log.
func (m *Memory) PublicKey() string { return m.signer.Public() }

// Begin implements [Journal].
func (m *Memory) Begin(ctx context.Context, credential string, first func(pawl.RotationID) (Batch, error)) (Run, error) {
	const op = "journal.Begin"
	for {
		id, err := m.next(op, credential)
		if err != nil {
			return Run{}, err
		}
		b, err := first(id)
		if err != nil {
			return Run{}, err
		}
		run, moved, err := m.begin(ctx, op, id, b)
		if err != nil {
			return Run{}, err
		}
		if !moved {
			return run, nil
		}
	}
}

// begin makes the rotation id unless the next one is called otherwise by now.
func (m *Memory) begin(ctx context.Context, op string, id pawl.RotationID, b Batch) (run Run, moved bool, err error) {
	err = m.write(ctx, op, func() (func(), error) {
		now, err := m.nextLocked(op, id.Credential)
		if err != nil {
			return nil, err
		}
		if moved = now != id; moved {
			return func() {}, nil
		}
		at := stamp(m.now())
		r := &memoryRun{run: Run{ID: id, Created: at, Updated: at}, sealed: map[string][]byte{}}
		change, err := m.extend(op, r, b)
		return func() {
			m.runs = append(m.runs, r)
			m.byID[id] = r
			m.latest[id.Credential] = r
			change()
			run = r.load()
		}, err
	})
	return run, moved, err
}

func (m *Memory) next(op, credential string) (pawl.RotationID, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.nextLocked(op, credential)
}

func (m *Memory) nextLocked(op, credential string) (pawl.RotationID, error) {
	if credential == "" || strings.Contains(credential, "/") {
		return pawl.RotationID{}, invalid(op, fmt.Errorf("%q cannot be the name of a credential", credential))
	}
	last := m.latest[credential]
	switch {
	case last == nil:
		return pawl.RotationID{Credential: credential, Number: 1}, nil
	case last.run.Outcome == "":
		return pawl.RotationID{}, conflict(op, &OpenError{last.run.ID})
	}
	return pawl.RotationID{Credential: credential, Number: last.run.ID.Number + 1}, nil
}

// Claim implements [Journal].
func (m *Memory) Claim(ctx context.Context, id pawl.RotationID) (run Run, err error) {
	const op = "journal.Claim"
	err = m.write(ctx, op, func() (func(), error) {
		r, err := m.open(op, id)
		return func() {
			r.run.Epoch++
			r.run.Updated = stamp(m.now())
			run = r.load()
		}, err
	})
	return run, err
}

// Append implements [Journal].
func (m *Memory) Append(ctx context.Context, id pawl.RotationID, at At, b Batch) (revision int64, err error) {
	const op = "journal.Append"
	err = m.write(ctx, op, func() (func(), error) {
		r, err := m.open(op, id)
		if err != nil {
			return nil, err
		}
		if at.Revision != r.run.Revision || at.Epoch != 0 && at.Epoch != r.run.Epoch {
			return nil, conflict(op, fmt.Errorf("%v is at revision %d, epoch %d", id, r.run.Revision, r.run.Epoch))
		}
		change, err := m.extend(op, r, b)
		return func() {
			change()
			revision = r.run.Revision
		}, err
	})
	if err != nil {
		return 0, err
	}
	return revision, nil
}

// extend returns the change that adds b to r.
func (m *Memory) extend(op string, r *memoryRun, b Batch) (func(), error) {
	events, err := encode(op, b)
	if err != nil {
		return nil, err
	}
	grow, err := m.grow(b.Audit)
	if err != nil {
		return nil, err
	}
	return func() {
		grow()
		r.events = append(r.events, events...)
		for _, s := range b.Seal {
			r.sealed[s.Name] = slices.Clone(s.Ciphertext)
		}
		if b.Wipe {
			clear(r.sealed)
		}
		r.run.Outcome = b.Close
		r.run.Revision++
		r.run.Updated = stamp(m.now())
	}, nil
}

func encode(op string, b Batch) ([][]byte, error) {
	for _, s := range b.Seal {
		if s.Name == "" || len(s.Ciphertext) == 0 {
			return nil, invalid(op, errors.New("a sealed value without name or content"))
		}
	}
	var out [][]byte
	for _, e := range b.Events {
		text, err := json.Marshal(e)
		if err != nil {
			return nil, invalid(op, err)
		}
		out = append(out, text)
	}
	return out, nil
}

// grow returns the change that adds events to the audit log.
func (m *Memory) grow(events []audit.Event) (func(), error) {
	g, err := audit.Grow(m.Install(), int64(len(m.records)), m.reader(), events)
	if err != nil {
		return nil, err
	}
	return func() {
		m.records = append(m.records, g.Records...)
		m.hashes = append(m.hashes, g.Hashes...)
	}, nil
}

func (m *Memory) reader() tlog.HashReader {
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			out[i] = m.hashes[index]
		}
		return out, nil
	})
}

// Load implements [Journal].
func (m *Memory) Load(_ context.Context, id pawl.RotationID) (Run, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, err := m.find("journal.Load", id)
	if err != nil {
		return Run{}, err
	}
	return r.load(), nil
}

// Latest implements [Journal].
func (m *Memory) Latest(_ context.Context, credential string) (Run, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.latest[credential]
	if r == nil {
		return Run{}, notFound("journal.Latest", fmt.Errorf("%s was never rotated", credential))
	}
	return r.load(), nil
}

// Recent implements [Journal].
func (m *Memory) Recent(_ context.Context, credential string, most int) ([]Run, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []Run
	for r := m.latest[credential]; r != nil && len(out) < most; {
		out = append(out, r.load())
		r = m.byID[pawl.RotationID{Credential: credential, Number: r.run.ID.Number - 1}]
	}
	return out, nil
}

// List implements [Journal].
func (m *Memory) List(_ context.Context, open bool) ([]Run, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []Run
	for _, r := range m.runs {
		if !open || r.run.Outcome == "" {
			out = append(out, r.run)
		}
	}
	return out, nil
}

// Position implements [Journal].
func (m *Memory) Position(_ context.Context, id pawl.RotationID) (At, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, err := m.find("journal.Position", id)
	if err != nil {
		return At{}, err
	}
	return At{r.run.Revision, r.run.Epoch}, nil
}

// Sealed implements [Journal].
func (m *Memory) Sealed(_ context.Context, id pawl.RotationID, name string) ([]byte, error) {
	const op = "journal.Sealed"
	m.mu.Lock()
	defer m.mu.Unlock()
	r, err := m.find(op, id)
	if err != nil {
		return nil, err
	}
	text, ok := r.sealed[name]
	if !ok {
		return nil, notFound(op, fmt.Errorf("%v has no sealed value %q", id, name))
	}
	return slices.Clone(text), nil
}

// Record implements [Journal].
func (m *Memory) Record(ctx context.Context, events ...audit.Event) error {
	return m.write(ctx, "journal.Record", func() (func(), error) { return m.grow(events) })
}

// Audit implements [Journal].
func (m *Memory) Audit(context.Context) ([]byte, iter.Seq2[[]byte, error], error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	head, err := m.signer.Head(int64(len(m.records)), m.reader())
	if err != nil {
		return nil, nil, err
	}
	records := m.records[:len(m.records):len(m.records)] // records are never changed, only added
	return head, func(yield func([]byte, error) bool) {
		for _, line := range records {
			if !yield(slices.Clone(line), nil) {
				return
			}
		}
	}, nil
}

// Meta implements [Journal].
func (m *Memory) Meta(_ context.Context, name string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.meta[name]), nil
}

// SetMeta implements [Journal].
func (m *Memory) SetMeta(ctx context.Context, name string, value []byte) (there []byte, err error) {
	err = m.write(ctx, "journal.SetMeta", func() (func(), error) {
		return func() {
			if _, ok := m.meta[name]; !ok {
				m.meta[name] = append([]byte{}, value...)
			}
			there = slices.Clone(m.meta[name])
		}, nil
	})
	if err != nil {
		return nil, err
	}
	return there, nil
}

// Close implements [Journal].
func (m *Memory) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	return nil
}

func (m *Memory) find(op string, id pawl.RotationID) (*memoryRun, error) {
	r, ok := m.byID[id]
	if !ok {
		return nil, notFound(op, fmt.Errorf("there is no rotation %v", id))
	}
	return r, nil
}

func (m *Memory) open(op string, id pawl.RotationID) (*memoryRun, error) {
	r, err := m.find(op, id)
	if err == nil && r.run.Outcome != "" {
		err = conflict(op, fmt.Errorf("%v has ended: %s", id, r.run.Outcome))
	}
	return r, err
}

func (r *memoryRun) load() Run {
	run := r.run
	run.Events = make([]pawl.Event, len(r.events))
	for i, text := range r.events {
		if err := json.Unmarshal(text, &run.Events[i]); err != nil { // encode made it
			panic("journal: " + err.Error())
		}
	}
	return run
}

func stamp(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }

func conflict(op string, err error) error {
	return &pawl.Error{Op: op, Kind: pawl.Conflict, Err: err}
}

func invalid(op string, err error) error {
	return &pawl.Error{Op: op, Kind: pawl.Invalid, Err: err}
}

func notFound(op string, err error) error {
	return &pawl.Error{Op: op, Kind: pawl.NotFound, Err: err}
}
