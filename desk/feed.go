package desk

import (
	"sync"

	"github.com/pawl-dev/pawl"
)

// A Feed tells whoever listens that a rotation has changed, and nothing more:
// what it has become is read from the journal, so that nobody can have missed
// anything. It is safe for concurrent use.
type Feed struct {
	mu        sync.Mutex
	listeners map[*Listener]bool
	mark      int64
}

// Mark is another number after each change than before it: who has looked
// after asking for it, and finds it as it was, has seen everything.
func (f *Feed) Mark() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.mark
}

// A Listener collects which rotations have changed since it last looked.
type Listener struct {
	Ready chan struct{} // receives once something is there

	feed    *Feed
	mu      sync.Mutex
	only    pawl.RotationID // zero: all
	changed map[pawl.RotationID]bool
}

func newFeed(mark int64) *Feed { return &Feed{listeners: map[*Listener]bool{}, mark: mark} }

// Listen returns a listener to one rotation, or with the zero id to all. It has
// to be closed.
func (f *Feed) Listen(only pawl.RotationID) *Listener {
	l := &Listener{Ready: make(chan struct{}, 1), feed: f, only: only, changed: map[pawl.RotationID]bool{}}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.listeners[l] = true
	return l
}

// Listeners is how many listen now.
func (f *Feed) Listeners() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.listeners)
}

// Close ends listening.
func (l *Listener) Close() {
	l.feed.mu.Lock()
	defer l.feed.mu.Unlock()
	delete(l.feed.listeners, l)
}

// Take returns what has changed, in no order, and forgets it.
func (l *Listener) Take() []pawl.RotationID {
	l.mu.Lock()
	defer l.mu.Unlock()
	var ids []pawl.RotationID
	for id := range l.changed {
		ids = append(ids, id)
	}
	clear(l.changed)
	return ids
}

// tell never waits for anybody: a listener that is slow finds one entry a
// rotation, however often it changed.
func (f *Feed) tell(id pawl.RotationID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.mark++
	for l := range f.listeners {
		if l.only != (pawl.RotationID{}) && l.only != id {
			continue
		}
		l.mu.Lock()
		l.changed[id] = true
		l.mu.Unlock()
		select {
		case l.Ready <- struct{}{}:
		default:
		}
	}
}
