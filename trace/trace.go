package trace

import (
	"slices"
	"time"

	"github.com/pawl-dev/pawl"
)

// Of returns the spans of a rotation's journal that have ended, in the order in
// which they did. Install is the journal's own id.
func Of(install string, id pawl.RotationID, events []pawl.Event) []Span {
	if len(events) == 0 {
		return nil
	}
	f := &fold{id: id, trace: traceID(install, id, events[0].At), plan: events[0].Plan, open: map[key]*begun{}}
	if f.plan == nil { // a journal that has lost its plan
		f.plan = &pawl.Plan{}
	}
	f.root = Span{Trace: f.trace, ID: spanID(f.trace, 0, Rotation, 0), Name: Rotation, Start: events[0].At, Attributes: f.common()}
	f.root.add("pawl.reason", string(f.plan.Reason))
	for n, e := range events {
		f.event = n
		f.read(e)
	}
	return f.ended
}

// A fold is what is known after some of the events.
type fold struct {
	id    pawl.RotationID
	trace [16]byte
	plan  *pawl.Plan
	event int    // the number of the one that is read
	ready bool   // the checks are passed
	why   string // the kind of what made it fail
	root  Span
	begun int // how many spans did
	open  map[key]*begun
	ended []Span
}

// A begun is a span that has not ended.
type begun struct {
	key
	Span
	order int       // of its beginning
	until time.Time // of a soak
}

// A key is what the event that begins a span has in common with the one that
// ends it.
type key struct {
	name     string
	consumer string
	proof    int
	side     pawl.Side
	attempt  int
	reminder int
	id       string
}

func (f *fold) read(e pawl.Event) {
	f.rested(e)
	switch e.Type {
	case pawl.EvDriving:
		f.driving(e)
	case pawl.EvStopped:
		f.drop(e, interrupted, "", func(b *begun) bool { return b.name == checks })
	case pawl.EvPreflight:
		f.checked(e)
	case pawl.EvIntended:
		f.intended(e)
	case pawl.EvEnded:
		f.effect(e)
	case pawl.EvObserved:
		f.observed(e)
	case pawl.EvConfirmed:
		f.end(e, key{name: confirm, consumer: e.Consumer}, string(pawl.Done), "")
	case pawl.EvSoaking:
		f.begin(e, key{name: soak}).until = e.Until
	case pawl.EvRollback, pawl.EvForward:
		f.turned(e)
	case pawl.EvWatching:
		f.end(e, key{name: dead}, string(pawl.Done), "")
		f.begin(e, key{name: watch})
	case pawl.EvAbandoned:
		f.why = string(e.Type)
	}
	if !silent[e.Type] {
		f.root.Events = append(f.root.Events, Event{string(e.Type), e.At, f.about(e)})
	}
	if e.Type == pawl.EvClosed {
		f.closed(e)
	}
}

// silent are the events that are no events of the rotation itself, since spans
// say what they say. All others are: what people did to it, and which processes
// took it up.
var silent = map[pawl.EventType]bool{
	pawl.EvPlanned: true, pawl.EvPreflight: true, pawl.EvPrior: true, pawl.EvIntended: true, pawl.EvEnded: true, pawl.EvChecked: true, pawl.EvListed: true,
	pawl.EvObserved: true, pawl.EvCensus: true, pawl.EvSoaking: true, pawl.EvGate: true, pawl.EvWatching: true, pawl.EvClosed: true,
}

// begin opens a span, in place of one that is alike and still open.
func (f *fold) begin(e pawl.Event, k key) *begun {
	f.end(e, k, superseded, "")
	s := Span{Trace: f.trace, ID: spanID(f.trace, f.event, k.name, k.proof), Parent: f.root.ID, Name: k.name, Start: e.At, Attributes: f.common()}
	s.add("pawl.step", k.name)
	s.Attributes = append(s.Attributes, f.about(e)...)
	if op := f.operation(k); op != "" {
		s.add("pawl.operation", op)
	}
	f.begun++
	f.open[k] = &begun{key: k, Span: s, order: f.begun}
	return f.open[k]
}

// end closes a span. One that is not open was ended by something else before.
func (f *fold) end(e pawl.Event, k key, outcome, failed string, more ...Attribute) {
	b := f.open[k]
	if b == nil {
		return
	}
	delete(f.open, k)
	b.Attributes = append(b.Attributes, more...)
	f.close(e, b.Span, outcome, failed)
}

// drop closes every span of which that is true, in the order in which they began.
func (f *fold) drop(e pawl.Event, outcome, failed string, which func(*begun) bool) {
	var all []*begun
	for _, b := range f.open {
		if which(b) {
			all = append(all, b)
		}
	}
	slices.SortFunc(all, func(a, b *begun) int { return a.order - b.order })
	for _, b := range all {
		f.end(e, b.key, outcome, failed)
	}
}

func (f *fold) close(e pawl.Event, s Span, outcome, failed string) {
	if s.End = e.At; s.End.Before(s.Start) {
		s.End = s.Start
	}
	s.add("pawl.outcome", outcome)
	if s.Error = failed; failed != "" {
		s.add("error.type", failed)
	}
	f.ended = append(f.ended, s)
}
