package trace_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/internal/dst"
	"github.com/pawl-dev/pawl/trace"
)

var update = flag.Bool("update", false, "write the golden files")

var id = pawl.RotationID{Credential: "heroku-api-key", Number: 1}

// TestGolden: journals that pawl wrote, read as spans.
func TestGolden(t *testing.T) {
	names, err := filepath.Glob("testdata/*.json")
	if err != nil || len(names) < 4 {
		t.Fatalf("%d journals: %v", len(names), err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".json"), func(t *testing.T) {
			golden := strings.TrimSuffix(name, ".json") + ".txt"
			got := written(trace.Of("inst", id, read(t, name)))
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func read(t *testing.T, name string) (events []pawl.Event) {
	t.Helper()
	text, err := os.ReadFile(name)
	if err == nil {
		err = json.Unmarshal(text, &events)
	}
	if err != nil {
		t.Fatal(err)
	}
	return events
}

// written is a trace for people: when each span began and how long it took, in
// milliseconds.
func written(spans []trace.Span) string {
	var b strings.Builder
	if len(spans) == 0 {
		return ""
	}
	root := spans[len(spans)-1]
	fmt.Fprintf(&b, "trace %x\n", root.Trace)
	line := func(indent, name string, at time.Time, took string, all []trace.Attribute) {
		fmt.Fprintf(&b, "%s%-10s %8d %8s ", indent, name, at.Sub(root.Start).Milliseconds(), took)
		for _, a := range all {
			if a.Key != "pawl.credential" && a.Key != "pawl.rotation" && a.Key != "pawl.step" {
				fmt.Fprintf(&b, " %s=%v", strings.TrimPrefix(a.Key, "pawl."), a.Value)
			}
		}
		b.WriteString("\n")
	}
	for _, s := range spans {
		line("", s.Name, s.Start, fmt.Sprint(s.End.Sub(s.Start).Milliseconds()), s.Attributes)
		for _, e := range s.Events {
			line("  ", e.Name, e.At, "", e.Attributes)
		}
	}
	return b.String()
}

// TestPrefix: over whole journals of a simulator that crashes processes, loses
// answers, turns clocks back and has people meddle, the spans of what had
// happened so far are the first of the spans of everything, and they form one
// tree.
func TestPrefix(t *testing.T) {
	seen := map[string]int{}
	for seed := range uint64(60) {
		events := dst.Run(seed, dst.Options{}).Journal
		whole := trace.Of("inst", id, events)
		for n := range events {
			if part := trace.Of("inst", id, events[:n]); len(part) > len(whole) || len(part) > 0 && !reflect.DeepEqual(part, whole[:len(part)]) {
				t.Fatalf("seed %d: after %d of %d events other spans have ended than in the end:\n%s", seed, n, len(events), written(part))
			}
		}
		if events[len(events)-1].Type == pawl.EvClosed {
			mustBeATree(t, seed, whole)
		}
		for _, s := range whole {
			seen[s.Name]++
			seen["outcome "+fmt.Sprint(attribute(s, "pawl.outcome"))]++
		}
	}
	// A property of what never happens is none.
	for _, name := range []string{"rotation", "checks", "mint", "kill", "set", "start", "notify", "revoke", "prove", "confirm", "soak", "dead", "watch",
		"outcome done", "outcome not-done", "outcome unknown", "outcome interrupted", "outcome superseded", "outcome proved", "outcome rolled-back"} {
		if seen[name] == 0 {
			t.Errorf("no journal has a span %s; %v", name, seen)
		}
	}
}

func mustBeATree(t *testing.T, seed uint64, spans []trace.Span) {
	t.Helper()
	ids := map[[8]byte]bool{}
	root := spans[len(spans)-1]
	for i, s := range spans {
		if ids[s.ID] || s.ID == [8]byte{} {
			t.Fatalf("seed %d: two spans have one id", seed)
		}
		ids[s.ID] = true
		if s.Trace != root.Trace || s.Trace == [16]byte{} || i < len(spans)-1 && s.Parent != root.ID {
			t.Fatalf("seed %d: %s is not below the rotation", seed, s.Name)
		}
		if s.End.Before(s.Start) {
			t.Fatalf("seed %d: %s ends before it begins", seed, s.Name)
		}
		if keys := keysOf(s.Attributes); len(slices.Compact(keys)) != len(s.Attributes) {
			t.Fatalf("seed %d: %s says something twice: %v", seed, s.Name, keys)
		}
	}
	if root.Name != trace.Rotation || root.Parent != [8]byte{} {
		t.Fatalf("seed %d: the last span is %s", seed, root.Name)
	}
}

func keysOf(all []trace.Attribute) (keys []string) {
	for _, a := range all {
		keys = append(keys, a.Key)
	}
	slices.Sort(keys)
	return keys
}

func attribute(s trace.Span, key string) any {
	for _, a := range s.Attributes {
		if a.Key == key {
			return a.Value
		}
	}
	return nil
}

// TestIDs: a trace is of one rotation of one installation, and of one journal
// that was restored and went another way.
func TestIDs(t *testing.T) {
	at := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	of := func(install string, id pawl.RotationID, at time.Time) [16]byte {
		return trace.Of(install, id, []pawl.Event{{Type: pawl.EvPlanned, At: at}, {Type: pawl.EvClosed, At: at, Outcome: pawl.Failed}})[0].Trace
	}
	all := [][16]byte{of("a", id, at), of("b", id, at), of("a", pawl.RotationID{Credential: "heroku-api-key", Number: 2}, at), of("a", id, at.Add(time.Second))}
	if all[0] != of("a", id, at) {
		t.Error("the same journal gives another trace")
	}
	for i, a := range all {
		for _, b := range all[i+1:] {
			if a == b {
				t.Errorf("two rotations have one trace: %v", all)
			}
		}
	}
}

// TestNothingOfPeople: what people wrote, who they are, and what vendors said
// and call things is in no span.
func TestNothingOfPeople(t *testing.T) {
	marked := func(e pawl.Event) pawl.Event {
		e.Actor = pawl.Actor{Type: "user", ID: "CANARY-who"}
		e.Detail, e.Hint, e.Reason, e.To, e.Label, e.Mark, e.Ticket = "CANARY-a", "CANARY-b", "CANARY-c", "CANARY-d", "CANARY-e", "CANARY-f", "CANARY-g"
		e.IDs, e.Findings, e.Kind = []string{"CANARY-h"}, []string{"CANARY-i"}, "CANARY-kind"
		e.Strays = []pawl.Stray{{Where: "CANARY-j"}}
		if e.Type == pawl.EvAcknowledged {
			e.Consumer = "CANARY-elsewhere"
		}
		return e
	}
	for seed := range uint64(20) {
		var events []pawl.Event
		for _, e := range dst.Run(seed, dst.Options{}).Journal {
			events = append(events, marked(e), marked(pawl.Event{Type: pawl.EvAcknowledged, At: e.At}), marked(pawl.Event{Type: pawl.EvHandover, At: e.At}))
		}
		for _, s := range trace.Of("inst", id, events) {
			if text := fmt.Sprintf("%+v", s); strings.Contains(text, "CANARY") {
				t.Fatalf("seed %d: %s", seed, text)
			}
		}
	}
}

func FuzzOf(f *testing.F) {
	text, err := os.ReadFile("testdata/done.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Fuzz(func(t *testing.T, text []byte) {
		var events []pawl.Event
		if json.Unmarshal(text, &events) != nil {
			return
		}
		whole := trace.Of("inst", id, events)
		for n := range events {
			if part := trace.Of("inst", id, events[:n]); len(part) > len(whole) || len(part) > 0 && !reflect.DeepEqual(part, whole[:len(part)]) {
				t.Fatalf("after %d events other spans have ended than in the end", n)
			}
		}
	})
}

// of makes a journal: an event a second.
func of(plan pawl.Plan, events ...pawl.Event) []pawl.Event {
	at := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	all := append([]pawl.Event{{Type: pawl.EvPlanned, Plan: &plan}}, events...)
	for i := range all {
		all[i].At = at.Add(time.Duration(i) * time.Second)
	}
	return all
}

// told is when spans began, in seconds after the first event, how long they took,
// and how they ended.
func told(spans []trace.Span) (all []string) {
	for _, s := range spans {
		all = append(all, fmt.Sprintf("%s %d+%d %v", s.Name, s.Start.Second(), int(s.End.Sub(s.Start).Seconds()), attribute(s, "pawl.outcome")))
	}
	return all
}

// TestEvents: what people do is told, also what they could not do when this was
// written; what pawl does is a span, or nothing.
func TestEvents(t *testing.T) {
	var events []pawl.Event
	for _, e := range []pawl.EventType{pawl.EvDriving, pawl.EvChecked, pawl.EvAuthorised, "wished-for", pawl.EvGate, pawl.EvApproved, pawl.EvPrior, pawl.EvClosed} {
		events = append(events, pawl.Event{Type: e})
	}
	spans := trace.Of("inst", id, of(pawl.Plan{}, events...))
	var names []string
	for _, e := range spans[len(spans)-1].Events {
		names = append(names, e.Name)
	}
	if want := []string{"driving", "authorised", "wished-for", "approved"}; !slices.Equal(names, want) {
		t.Errorf("got %q, want %q", names, want)
	}
}

// TestTurns: what begins a span twice, and what ends one by another way.
func TestTurns(t *testing.T) {
	intent := func(step pawl.Step, consumer string) pawl.Event {
		return pawl.Event{Type: pawl.EvIntended, Step: step, Consumer: consumer}
	}
	done := func(step pawl.Step, consumer string) pawl.Event {
		return pawl.Event{Type: pawl.EvEnded, Step: step, Consumer: consumer, Result: pawl.Done}
	}
	taken, checked := pawl.Event{Type: pawl.EvDriving}, pawl.Event{Type: pawl.EvPreflight, Result: pawl.Done}
	places := pawl.Plan{Consumers: []pawl.Place{{ID: "api"}, {ID: "console"}}}
	for name, test := range map[string]struct {
		events []pawl.Event
		want   []string
	}{
		"a person mints, over three processes": {
			of(pawl.Plan{Hand: &pawl.Human{}}, checked, intent(pawl.StepMint, ""), taken, taken, done(pawl.StepMint, "")),
			[]string{"mint 2+3 done"}},
		"a person is not asked any more": {
			of(pawl.Plan{Hand: &pawl.Human{}}, checked, intent(pawl.StepMint, ""), pawl.Event{Type: pawl.EvRollback}),
			[]string{"mint 2+1 superseded"}},
		"a revoke that is not heeded is sent again": {
			of(places, checked, intent(pawl.StepRevoke, ""), done(pawl.StepRevoke, ""), intent(pawl.StepRevoke, ""), done(pawl.StepRevoke, ""), pawl.Event{Type: pawl.EvWatching}),
			[]string{"revoke 2+1 done", "revoke 4+1 done", "dead 3+3 done"}},
		"what is written again is proved again": {
			of(places, checked, intent(pawl.StepSet, "api"), done(pawl.StepSet, "api"), intent(pawl.StepSet, "console"), done(pawl.StepSet, "console"), intent(pawl.StepSet, "api"),
				pawl.Event{Type: pawl.EvObserved, Consumer: "console", Verdict: pawl.Refuted}),
			[]string{"set 2+1 done", "set 4+1 done", "prove 3+3 superseded", "prove 5+2 refuted"}},
		"a soak ends by itself": {
			of(places, pawl.Event{Type: pawl.EvSoaking, Until: time.Date(2026, 11, 24, 9, 0, 2, 0, time.UTC)}, taken, pawl.Event{Type: pawl.EvClosed, Outcome: pawl.Completed}),
			[]string{"soak 1+1 done", "checks 2+1 left", "rotation 0+3 done"}},
		"or not": {
			of(places, pawl.Event{Type: pawl.EvSoaking, Until: time.Date(2026, 11, 24, 9, 0, 9, 0, time.UTC)}, pawl.Event{Type: pawl.EvRollback}),
			[]string{"soak 1+1 superseded"}},
		"stopped while it looks": {
			of(places, taken, pawl.Event{Type: pawl.EvStopped}, taken, checked),
			[]string{"checks 1+1 interrupted", "checks 3+1 done"}},
		"a journal without a plan": {
			[]pawl.Event{{Type: pawl.EvIntended, Step: pawl.StepSet, Consumer: "api"}, {Type: pawl.EvEnded, Step: pawl.StepSet, Consumer: "api", Result: pawl.Unsure}},
			[]string{"set 0+0 unknown"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := told(trace.Of("inst", id, test.events))
			if !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// TestWhyItFailed: by what was in its way at the end, and not by what was mended.
func TestWhyItFailed(t *testing.T) {
	refused, passed := pawl.Event{Type: pawl.EvPreflight, Result: pawl.NotDone, Kind: "denied"}, pawl.Event{Type: pawl.EvPreflight, Result: pawl.Done}
	driven, ended := pawl.Event{Type: pawl.EvDriving}, pawl.Event{Type: pawl.EvClosed, Outcome: pawl.Failed}
	for want, events := range map[string][]pawl.Event{
		"denied":    {driven, refused, ended},
		"failed":    {driven, refused, driven, passed, {Type: pawl.EvRollback}, ended},
		"throttled": {driven, refused, driven, passed, {Type: pawl.EvRollback, Kind: "throttled"}, ended},
	} {
		spans := trace.Of("inst", id, of(pawl.Plan{}, events...))
		if got := spans[len(spans)-1].Error; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// BenchmarkOf: a thousand places, each written and proved, all at once.
func BenchmarkOf(b *testing.B) {
	var plan pawl.Plan
	var intents, ends, looks []pawl.Event
	for n := range 1000 {
		name := fmt.Sprint("app-", n)
		plan.Consumers = append(plan.Consumers, pawl.Place{ID: name, Proofs: []pawl.Op{{Name: "http@1"}}})
		intents = append(intents, pawl.Event{Type: pawl.EvIntended, Step: pawl.StepSet, Consumer: name, Side: pawl.New})
		ends = append(ends, pawl.Event{Type: pawl.EvEnded, Step: pawl.StepSet, Consumer: name, Side: pawl.New, Result: pawl.Done})
		looks = append(looks, pawl.Event{Type: pawl.EvObserved, Consumer: name, Side: pawl.New, Verdict: pawl.Proved}, pawl.Event{Type: pawl.EvObserved, Consumer: name, Proof: 1, Side: pawl.New, Verdict: pawl.Proved})
	}
	events := of(plan, slices.Concat(intents, ends, looks)...)
	for b.Loop() {
		if got := trace.Of("inst", id, events); len(got) != 3000 {
			b.Fatal(len(got))
		}
	}
}
