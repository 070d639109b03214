package main

import (
	"bytes"
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pawl-dev/pawl/sim/world"
)

// startSim starts the simulators with a folder, and returns where they are, what
// is said of the folder, and how they are stopped.
func startSim(t *testing.T, dir string) (urls map[string]string, said string, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	f, err := openSimFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	w := world.New(world.Options{})
	urls, wait, err := f.serve(ctx, w, 0)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := f.write(w, urls)
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	a := &app{env: env{err: &text, getenv: func(string) string { return "" }}}
	a.tellKept(f, urls, kept)
	return urls, text.String(), func() { cancel(); wait() }
}

func free(url string) bool {
	l, err := net.Listen("tcp", strings.TrimPrefix(url, "http://"))
	if err == nil {
		l.Close()
	}
	return err == nil
}

// What was begun at the simulators finds them again after a restart, with the
// catalog as it was edited; also in a folder from before there was a mark.
func TestSimFolderIsTakenUpAgain(t *testing.T) {
	for _, marked := range []bool{true, false} {
		dir := filepath.Join(t.TempDir(), "acme")
		first, said, stop := startSim(t, dir)
		if said != "" {
			t.Errorf("of a new folder is said: %s", said)
		}
		file := filepath.Join(dir, "credentials", "heroku-api-key.yaml")
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		mine := strings.Replace(string(text), "soak: 1s", "soak: 0s", 1)
		if err := os.WriteFile(file, []byte(mine), 0o600); err != nil {
			t.Fatal(err)
		}
		if !marked {
			if err := os.Remove(filepath.Join(dir, simMark)); err != nil {
				t.Fatal(err)
			}
		}

		moved, said, stopMoved := startSim(t, dir) // the first still has its ports
		for name, url := range first {
			if moved[name] == url || !strings.Contains(said, url+" is "+moved[name]+" now") {
				t.Errorf("%s was at %s, is at %s, and it is said:\n%s", name, url, moved[name], said)
			}
		}
		if now, _ := os.ReadFile(file); string(now) != strings.ReplaceAll(mine, first["apps"], moved["apps"]) {
			t.Errorf("the edited file is not as it was, at the new addresses:\n%s", now)
		}
		stop()
		stopMoved()

		again, said, stop := startSim(t, dir)
		for name, url := range moved {
			if again[name] != url && free(url) { // another test may have it by now
				t.Errorf("marked %v: %s was at %s, and is at %s although that is free", marked, name, url, again[name])
			}
		}
		if !strings.Contains(said, "Kept as you have edited it: credentials/heroku-api-key.yaml\n") {
			t.Errorf("said: %s", said)
		}
		stop()
	}
}
