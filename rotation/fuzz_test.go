package rotation_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/rotation"
)

// FuzzFold folds any events that a journal may hold, as a damaged or an edited
// one does, and asks what is to be done at some time: it never panics, and the
// same events are always the same state and the same decision.
func FuzzFold(f *testing.F) {
	w := newWorld(f, somePlan())
	w.run()
	var all bytes.Buffer
	for _, e := range w.events {
		line, err := json.Marshal(e)
		if err != nil {
			f.Fatal(err)
		}
		all.Write(append(line, '\n'))
	}
	whole := all.Bytes()
	f.Add(whole, int64(0))
	f.Add(whole[:len(whole)/2], int64(time.Hour))
	f.Add(append(bytes.Clone(whole), whole...), int64(-time.Hour))
	for line := range bytes.Lines(whole) { // one of them missing
		f.Add(bytes.Replace(whole, line, nil, 1), int64(time.Minute))
	}
	f.Fuzz(func(t *testing.T, text []byte, later int64) {
		var events []pawl.Event
		for line := range bytes.Lines(text) {
			var e pawl.Event
			if json.Unmarshal(line, &e) == nil {
				events = append(events, e)
			}
		}
		at := w.now.Add(time.Duration(later))
		s, again := rotation.Fold(events), rotation.Fold(events)
		if !reflect.DeepEqual(s, again) {
			t.Error("the same events are two states")
		}
		if !reflect.DeepEqual(rotation.Decide(s, at), rotation.Decide(again, at)) {
			t.Error("the same state has two decisions")
		}
	})
}
