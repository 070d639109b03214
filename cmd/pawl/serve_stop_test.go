package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pawl-dev/pawl/journal/sqlite"
	"github.com/pawl-dev/pawl/sim/world"
)

// A listener for the last word looks whether the state is locked while it is said.
type lastWord struct {
	state   string
	serving func()
	locked  *bool // nil: it was not said
}

func (w *lastWord) Write(p []byte) (int, error) {
	switch {
	case bytes.Contains(p, []byte("serving ")):
		w.serving()
	case bytes.Contains(p, []byte("stopped; ")):
		_, held, err := sqlite.DriverLockHolder(w.state)
		held = held || err != nil
		w.locked = &held
	}
	return len(p), nil
}

// TestStoppedIsTheLastWord: whoever reads that a server has stopped may start the
// next one on its state.
func TestStoppedIsTheLastWord(t *testing.T) {
	dir := t.TempDir()
	if err := world.New(world.Options{}).WriteCatalog(dir, world.Addresses(1)); err != nil {
		t.Fatal(err)
	}
	short, err := os.MkdirTemp("", "s") // the path of a socket is bounded
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(short)
	ctx, stop := context.WithCancel(t.Context())
	said := &lastWord{state: filepath.Join(dir, "state"), serving: stop}
	e := env{in: strings.NewReader(""), out: io.Discard, err: said, getenv: func(string) string { return "" }}
	if code := run(ctx, e, []string{"--catalog", dir, "--state", said.state, "--key-file", filepath.Join(dir, "key"), "serve", "--socket", filepath.Join(short, "s"), "--no-schedule"}); code != 0 {
		t.Fatalf("exit %d", code)
	}
	if said.locked == nil || *said.locked {
		t.Errorf("the state is locked when it is said to be stopped (nil: never said): %v", said.locked)
	}
}
