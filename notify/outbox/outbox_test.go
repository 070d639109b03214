package outbox_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/pawl-dev/pawl/notify"
	"github.com/pawl-dev/pawl/notify/outbox"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func open(t *testing.T, path string) *outbox.Box {
	t.Helper()
	b, err := outbox.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

func put(t *testing.T, b *outbox.Box, n notify.Note, channels ...string) bool {
	t.Helper()
	if n.At.IsZero() {
		n.At = noon
	}
	fresh, err := b.Put(t.Context(), n, channels)
	if err != nil {
		t.Fatal(err)
	}
	return fresh
}

func due(t *testing.T, b *outbox.Box, channel string, now time.Time) []notify.Delivery {
	t.Helper()
	all, err := b.Due(t.Context(), channel, now, 100)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestOnce: what was put is delivered until somebody says that it was, over
// restarts, and is never put again.
func TestOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "outbox.db")
	b := open(t, path)
	if !put(t, b, notify.Note{Key: "end/key/1", Title: "done"}, "ops", "mail") || put(t, b, notify.Note{Key: "end/key/1"}, "ops") {
		t.Error("it was not put once")
	}
	first := due(t, b, "ops", noon)
	if len(first) != 1 || first[0].Note.ID != "end/key/1" || first[0].Note.Title != "done" {
		t.Fatalf("%+v", first)
	}
	must(t, b.Close())
	b = open(t, path)
	if again := due(t, b, "ops", noon); len(again) != 1 || again[0].Note.ID != first[0].Note.ID {
		t.Fatalf("%+v", again)
	}
	must(t, b.Done(t.Context(), first[0], "ref"))
	if len(due(t, b, "ops", noon)) != 0 || len(due(t, b, "mail", noon)) != 1 || put(t, b, notify.Note{Key: "end/key/1"}, "ops") {
		t.Error("what was delivered is not done, or another channel's is")
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
}

// TestLater: what failed comes back at its time, in order.
func TestLater(t *testing.T) {
	b := open(t, filepath.Join(t.TempDir(), "outbox.db"))
	for i := range 3 {
		put(t, b, notify.Note{Key: fmt.Sprint("end/key/", i)}, "ops")
	}
	must(t, b.Later(t.Context(), due(t, b, "ops", noon)[0], noon.Add(time.Minute)))
	if got := due(t, b, "ops", noon); len(got) != 2 || got[0].Note.Key != "end/key/1" {
		t.Errorf("%+v", got)
	}
	got := due(t, b, "ops", noon.Add(time.Minute))
	if len(got) != 3 || got[0].Tries != 1 {
		t.Errorf("%+v", got)
	}
	if at, err := b.Next(t.Context(), "ops"); err != nil || !at.Equal(noon) {
		t.Errorf("next at %s %v", at, err)
	}
	if at, err := b.Next(t.Context(), "mail"); err != nil || !at.IsZero() {
		t.Errorf("next at %s %v", at, err)
	}
	must(t, b.Drop(t.Context(), got[0]))
	if waiting, err := b.Waiting(t.Context()); err != nil || waiting["ops"] != 2 {
		t.Errorf("%v %v", waiting, err)
	}
}

// TestStanding: what stands is told once while it does, and again the next time;
// who was told of it is told that it is over, who was not is told nothing.
func TestStanding(t *testing.T) {
	b := open(t, filepath.Join(t.TempDir(), "outbox.db"))
	wait := notify.Note{Key: "wait/key/1/approval", Stands: true}
	if !put(t, b, wait, "ops", "mail") || put(t, b, wait, "ops", "mail") {
		t.Error("it was not put once")
	}
	must(t, b.Done(t.Context(), due(t, b, "ops", noon)[0], "ts-1"))
	standing, err := b.Standing(t.Context())
	if err != nil || len(standing) != 1 || standing[0].Key != wait.Key {
		t.Fatalf("%+v %v", standing, err)
	}
	for range 2 {
		must(t, b.Over(t.Context(), standing[0].ID, "approved by bo", noon))
	}
	over := due(t, b, "ops", noon)
	if len(over) != 1 || !over[0].Ending || over[0].Ref != "ts-1" || over[0].How != "approved by bo" || len(due(t, b, "mail", noon)) != 0 {
		t.Errorf("%+v, mail %+v", over, due(t, b, "mail", noon))
	}
	wait.At = noon.Add(time.Hour)
	if !put(t, b, wait, "mail") {
		t.Error("the second time is not told")
	}
	if got := due(t, b, "mail", noon.Add(time.Hour)); len(got) != 1 || got[0].Note.ID == standing[0].ID {
		t.Errorf("%+v", got)
	}
}

// TestBounded: a channel that is never reached does not grow for ever, the
// newest are kept; channels that are gone, and what is old, are forgotten.
func TestBounded(t *testing.T) {
	b := open(t, filepath.Join(t.TempDir(), "outbox.db"))
	for i := range 305 {
		put(t, b, notify.Note{Key: fmt.Sprint("end/key/", i)}, "ops")
	}
	if waiting, _ := b.Waiting(t.Context()); waiting["ops"] != 300 {
		t.Errorf("%d wait", waiting["ops"])
	}
	if got := due(t, b, "ops", noon); got[0].Note.Key != "end/key/5" {
		t.Errorf("the oldest is %s", got[0].Note.Key)
	}
	must(t, b.Keep(t.Context(), []string{"mail"}, noon.Add(time.Hour)))
	if waiting, _ := b.Waiting(t.Context()); len(waiting) != 0 {
		t.Errorf("%v", waiting)
	}
	if !put(t, b, notify.Note{Key: "end/key/7"}, "mail") {
		t.Error("what was forgotten is still known")
	}
}

func TestBegan(t *testing.T) {
	b := open(t, filepath.Join(t.TempDir(), "outbox.db"))
	var got []time.Time
	for i := range 2 {
		at, err := b.Began(t.Context(), noon.Add(time.Duration(i)*time.Hour))
		must(t, err)
		got = append(got, at)
	}
	if !slices.Equal(got, []time.Time{noon, noon}) {
		t.Errorf("%v", got)
	}
}

// TestNotOurs: the database of something else is not touched.
func TestNotOurs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "outbox.db")
	must(t, os.WriteFile(path, []byte("not a database at all, and long enough to look like none of it"), 0o600))
	if _, err := outbox.Open(t.Context(), path); err == nil {
		t.Error("opened")
	}
}
