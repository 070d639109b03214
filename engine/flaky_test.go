package engine_test

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/engine"
	"github.com/pawl-dev/pawl/journal"
)

// A harm is one way for a write to go wrong.
type harm struct {
	name  string
	fault journal.Fault // of this write
	full  bool          // and every later write goes wrong too, as on a full or a broken disk
	kill  string        // the process dies "before" or "after" this write
}

func harms() []harm {
	return []harm{
		{name: "refused", fault: journal.FaultRefused},
		{name: "failed and did nothing", fault: journal.FaultLost},
		{name: "failed but happened", fault: journal.FaultHappened},
		{name: "disk full from here on", fault: journal.FaultRefused, full: true},
		{name: "disk broken from here on", fault: journal.FaultLost, full: true},
		{name: "killed before", kill: "before"},
		{name: "killed after", kill: "after"},
	}
}

// flaky is a journal of which one write goes wrong.
type flaky struct {
	*journal.Memory

	slow    func(journal.Batch) time.Duration // how long an append takes; nil: no time
	looking func()                            // called when somebody looks where the rotation is; may be nil
	done    func(journal.Batch)               // called after each append; may be nil
	newest  journal.Batch                     // what was appended last

	mu     sync.Mutex
	harm   harm
	when   func(journal.Batch) bool // the append that goes wrong, instead of at
	at     int                      // the number of the write that goes wrong, from 1; 0: none
	writes int
	broken bool // full, or the process is dead
	fired  bool
}

// breakAt makes the nth write from now on go wrong.
func (f *flaky) breakAt(n int, h harm) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.at, f.harm, f.writes, f.fired = n, h, 0, false
}

// breakWhen makes the first append that is like this go wrong.
func (f *flaky) breakWhen(like func(journal.Batch) bool, h harm) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.when, f.harm = like, h
}

// has is a batch with an event of this sort.
func has(typ pawl.EventType, step pawl.Step) func(journal.Batch) bool {
	return func(b journal.Batch) bool {
		return slices.ContainsFunc(b.Events, func(ev pawl.Event) bool { return ev.Type == typ && ev.Step == step })
	}
}

// mend makes the journal work again: the disk has room, a new process began.
func (f *flaky) mend() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.broken = false
	f.Memory.FailNext(journal.NoFault)
}

// failing reports whether writes go wrong now, or just did.
func (f *flaky) failing() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.broken || f.fired && f.writes == f.at
}

func (f *flaky) hasFired() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.fired
}

// write does one write as the harm says.
func (f *flaky) write(b journal.Batch, do func() error) error {
	f.mu.Lock()
	f.writes++
	if f.when != nil && f.when(b) {
		f.at, f.when = f.writes, nil
	}
	now := f.at != 0 && f.writes == f.at
	f.fired = f.fired || now
	f.broken = f.broken || now && (f.harm.full || f.harm.kill != "")
	dead, full := f.broken && f.harm.kill != "", f.broken && f.harm.full
	f.mu.Unlock()
	switch {
	case dead && !(now && f.harm.kill == "after"):
		return engine.ErrKilled
	case full:
		f.Memory.FailNext(f.harm.fault)
	case now:
		f.Memory.FailNext(f.harm.fault)
	}
	if err := do(); err != nil || !dead {
		return err
	}
	return engine.ErrKilled
}

func (f *flaky) Begin(ctx context.Context, credential string, first func(pawl.RotationID) (journal.Batch, error)) (run journal.Run, err error) {
	err = f.write(journal.Batch{}, func() (err error) { run, err = f.Memory.Begin(ctx, credential, first); return err })
	return run, err
}

func (f *flaky) Claim(ctx context.Context, id pawl.RotationID) (run journal.Run, err error) {
	err = f.write(journal.Batch{}, func() (err error) { run, err = f.Memory.Claim(ctx, id); return err })
	return run, err
}

func (f *flaky) Append(ctx context.Context, id pawl.RotationID, at journal.At, b journal.Batch) (revision int64, err error) {
	if f.slow != nil {
		time.Sleep(f.slow(b))
	}
	err = f.write(b, func() (err error) { revision, err = f.Memory.Append(ctx, id, at, b); return err })
	f.mu.Lock()
	f.newest = b
	f.mu.Unlock()
	if f.done != nil {
		f.done(b)
	}
	return revision, err
}

func (f *flaky) Position(ctx context.Context, id pawl.RotationID) (journal.At, error) {
	if f.looking != nil {
		f.looking()
	}
	return f.Memory.Position(ctx, id)
}

// last reports whether the newest append was one of these.
func (f *flaky) last(ev pawl.EventType, step pawl.Step) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return has(ev, step)(f.newest)
}
