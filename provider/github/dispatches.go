package github

import (
	"slices"
	"strings"
	"sync"

	gh "github.com/google/go-github/v88/github"
)

// dispatches remembers which runs this connection itself has started, and after
// which of its writes. GitHub dates both in whole seconds, so a run that proves
// a write often bears the very time of the write; only who started it knows
// that it came after. The zero value is ready. It is safe for concurrent use.
type dispatches struct {
	mu      sync.Mutex
	writes  int64 // writes that GitHub has answered, of any secret
	started []dispatched
}

// maxStarted bounds what is remembered. Forgetting makes a place wait for a run
// that it need not wait for, no worse.
const maxStarted = 256

// dispatched is a run that was started here. It is known by its number, or by a
// text in its title that nobody else could know.
type dispatched struct {
	id    int64
	tag   string
	after int64 // the number of the latest write that was answered before it was asked for
}

// wrote counts a write that has just been answered and returns its number,
// which is never 0.
func (d *dispatches) wrote() int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.writes++
	return d.writes
}

// latest is the number of the latest write that was answered. It is to be asked
// for before a run is.
func (d *dispatches) latest() int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.writes
}

func (d *dispatches) add(s dispatched) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.started) >= maxStarted {
		d.started = slices.Delete(d.started, 0, 1)
	}
	d.started = append(d.started, s)
}

// since reports whether a run was certainly asked for here after the write with
// this number was answered. Nothing was after write 0.
func (d *dispatches) since(r *gh.WorkflowRun, write int64) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return write > 0 && slices.ContainsFunc(d.started, func(s dispatched) bool {
		is := s.id > 0 && s.id == r.GetID() || s.tag != "" && strings.Contains(r.GetDisplayTitle(), s.tag)
		return is && s.after >= write
	})
}
