package github

import (
	"sync"
	"time"
)

// watch is what one consumer remembers between its looks at one write, so that
// a look asks only for what may have changed. The zero value is ready. It is
// safe for concurrent use.
type watch struct {
	mu      sync.Mutex
	writing int     // writes under way
	wrote   int64   // our latest write, as [dispatches] counts; 0 where one may still be under way
	memory  *memory // never changed, only replaced
}

// memory is what was seen of one write.
type memory struct {
	updated  time.Time // which write, by GitHub's clock
	searched bool      // the environments were looked through
	shadow   string    // the environment that won over it when last seen
	listed   time.Time // when the runs were first listed, by our clock
	clear    bool      // no run has the value from before, and none ever will again
	old      []oldRun  // those that had it when last seen; the one seen longest ago is first
}

// oldRun is a run that may have the value from before.
type oldRun struct {
	id   int64
	name string // for people
}

// begin notes that a write is under way.
func (w *watch) begin() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.writing++
	w.wrote = 0
}

// end notes how a write ended: with its number, or with 0 if it may have
// failed. All that was seen is forgotten: two writes in one second look like
// one.
func (w *watch) end(number int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.writing--
	w.wrote, w.memory = 0, nil
	if w.writing == 0 {
		w.wrote = number
	}
}

// recall returns what is remembered of a write, and the number of our own
// latest one.
func (w *watch) recall(updated time.Time) (*memory, int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.memory == nil || !w.memory.updated.Equal(updated) {
		w.memory = &memory{updated: updated}
	}
	return w.memory, w.wrote
}

// remember replaces what was recalled, unless a write or another look has done
// so since: what is then lost is only asked for again.
func (w *watch) remember(recalled *memory, m memory) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.memory == recalled {
		w.memory = &m
	}
}
