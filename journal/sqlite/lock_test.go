package sqlite_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/audit"
	"github.com/pawl-dev/pawl/journal/journaltest"
	"github.com/pawl-dev/pawl/journal/sqlite"
)

func holder() sqlite.Holder {
	return sqlite.Holder{PID: 4711, Actor: pawl.Actor{Type: "user", ID: "ops@acme.example"}, Since: journaltest.Now()}
}

func TestLock(t *testing.T) {
	dir := t.TempDir()
	if _, held, err := sqlite.DriverLockHolder(dir); held || err != nil {
		t.Errorf("held %v, %v before anybody locked", held, err)
	}
	l, err := sqlite.DriverLock(dir, holder())
	must(t, err)

	_, err = sqlite.DriverLock(dir, sqlite.Holder{PID: 1})
	locked, ok := errors.AsType[*sqlite.LockedError](err)
	if !ok || pawl.KindOf(err) != pawl.Conflict || locked.Holder != holder() {
		t.Fatalf("second lock: %v", err)
	}
	on := holder()
	on.Rotation = pawl.RotationID{Credential: "heroku-api-key", Number: 12}
	must(t, l.Update(on))
	h, held, err := sqlite.DriverLockHolder(dir)
	if h != on || !held || err != nil {
		t.Errorf("holder %v, %v, %v", h, held, err)
	}
	if text := h.String(); !strings.Contains(text, "ops@acme.example") || !strings.Contains(text, "heroku-api-key/12") {
		t.Errorf("holder reads %q", text)
	}

	must(t, l.Unlock())
	if h, held, err := sqlite.DriverLockHolder(dir); held || err != nil {
		t.Errorf("still held by %v, %v", h, err)
	}
	l, err = sqlite.DriverLock(dir, holder())
	must(t, err)
	must(t, l.Unlock())
}

// TestLockDiesWithProcess kills the holder.
func TestLockDiesWithProcess(t *testing.T) {
	dir := t.TempDir()
	key, err := audit.GenerateKey()
	must(t, err)
	signer, err := audit.ParseSigner(key)
	must(t, err)
	cmd, said := start(t, "lock", dir, key, signer.Install())
	if !said.Scan() || said.Text() != "locked" {
		t.Fatalf("the child says %q", said.Text())
	}
	h, held, err := sqlite.DriverLockHolder(dir)
	if !held || err != nil || h.PID != cmd.Process.Pid {
		t.Errorf("holder %v, %v, %v; want process %d", h, held, err, cmd.Process.Pid)
	}
	if _, err := sqlite.DriverLock(dir, holder()); pawl.KindOf(err) != pawl.Conflict {
		t.Errorf("got %v, want Conflict", err)
	}
	must(t, cmd.Process.Kill())
	cmd.Wait()
	l, err := sqlite.DriverLock(dir, holder())
	must(t, err)
	must(t, l.Unlock())
}
