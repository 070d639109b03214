package trace

import (
	"crypto/sha256"
	"strconv"
	"time"

	"github.com/pawl-dev/pawl"
)

// A Span is a part of a rotation that has ended.
type Span struct {
	Trace  [16]byte
	ID     [8]byte
	Parent [8]byte // zero: this is the rotation itself
	Name   string
	Start  time.Time
	End    time.Time // never before Start, whatever the clocks did

	Attributes []Attribute
	Events     []Event
	Error      string // why it failed, in a word of ours; empty: it did not
}

// An Attribute is a name and a string or an int.
type Attribute struct {
	Key   string
	Value any
}

// An Event is something that happened in a span.
type Event struct {
	Name       string
	At         time.Time
	Attributes []Attribute
}

// traceID names the trace of a rotation. The installation tells two servers
// apart, and the beginning a rotation from its namesake in a journal that was
// restored.
func traceID(install string, id pawl.RotationID, begun time.Time) (t [16]byte) {
	sum := sha256.Sum256([]byte("trace\x00" + install + "\x00" + id.String() + "\x00" + strconv.FormatInt(begun.UnixNano(), 10)))
	copy(t[:], sum[:])
	return t
}

// spanID names a span by the event that began it. One event may begin several.
func spanID(trace [16]byte, event int, name string, proof int) (s [8]byte) {
	sum := sha256.Sum256([]byte("span\x00" + string(trace[:]) + "\x00" + strconv.Itoa(event) + "\x00" + name + "\x00" + strconv.Itoa(proof)))
	copy(s[:], sum[:])
	return s
}
