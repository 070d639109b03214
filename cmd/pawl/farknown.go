package main

import (
	"sync"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/api"
)

// What is known is what a command has seen and done at a server. Several rotations
// are followed at once, each in a goroutine of its own.
type known struct {
	mu       sync.Mutex
	outlooks map[string]api.Outlook   // by the digest of the plan that was surveyed
	from     map[pawl.RotationID]int  // how many events are known; what comes after them is news
	begun    map[pawl.RotationID]bool // by this command, and not driven yet
}

func newKnown() *known {
	return &known{outlooks: map[string]api.Outlook{}, from: map[pawl.RotationID]int{}, begun: map[pawl.RotationID]bool{}}
}

func (k *known) surveyed(digest string, o api.Outlook) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.outlooks[digest] = o
}

func (k *known) outlook(digest string) api.Outlook {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.outlooks[digest]
}

// begin is that this command has begun a rotation: that it was planned is no news.
func (k *known) begin(id pawl.RotationID) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.from[id], k.begun[id] = 1, true
}

// drives reports whether this command has begun a rotation and did not drive it
// yet; from now on it did.
func (k *known) drives(id pawl.RotationID) (fresh bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	fresh = k.begun[id]
	delete(k.begun, id)
	return fresh
}

// waits reports whether something that this command has begun was not driven yet.
func (k *known) waits() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.begun) > 0
}

func (k *known) saw(id pawl.RotationID, events int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.from[id] = events
}

func (k *known) seen(id pawl.RotationID) (events int, ok bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	events, ok = k.from[id]
	return events, ok
}
