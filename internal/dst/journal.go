package dst

import (
	"errors"
	"slices"

	"github.com/pawl-dev/pawl"
)

// What an append may come to, besides nil.
var (
	errConflict    = errors.New("conflict")
	errUnavailable = errors.New("unavailable")
)

// A sealed is a value that the journal keeps and cannot open.
type sealed struct {
	name  string
	value value
}

// at is where an append believes the rotation to be.
type at struct {
	revision int
	epoch    int64
}

// journalState keeps the events of the one rotation, by compare-and-swap on its
// revision and fenced by its epoch. It is what package journal specifies,
// without text, audit log and transactions.
type journalState struct {
	events   []pawl.Event
	authors  []int // which append each event is of
	appends  int
	revision int
	epoch    int64
	closed   bool
	sealed   []sealed
}

func (j *journalState) begin(ev pawl.Event) {
	j.events, j.authors, j.revision = []pawl.Event{ev}, []int{0}, 1
}

// claim makes the caller the driver: all earlier ones are fenced off.
func (j *journalState) claim() (int64, error) {
	if j.closed {
		return 0, errConflict
	}
	j.epoch++
	return j.epoch, nil
}

// append adds a batch where at says, and returns the number that tells it from
// every other append.
func (j *journalState) append(where at, events []pawl.Event, seal []sealed, fenced bool) (author int, err error) {
	if j.closed || where.revision != j.revision || fenced && where.epoch != 0 && where.epoch != j.epoch {
		return 0, errConflict
	}
	j.appends++
	for _, ev := range events {
		j.events, j.authors = append(j.events, ev), append(j.authors, j.appends)
		if ev.Type == pawl.EvClosed {
			j.closed = true
		}
	}
	for _, v := range seal {
		j.sealed = slices.DeleteFunc(j.sealed, func(o sealed) bool { return o.name == v.name })
		j.sealed = append(j.sealed, v)
	}
	if j.closed {
		j.sealed = nil
	}
	j.revision++
	return j.appends, nil
}

// open returns a sealed value.
func (j *journalState) open(name string) (value, bool) {
	for _, v := range j.sealed {
		if v.name == name {
			return v.value, true
		}
	}
	return 0, false
}
