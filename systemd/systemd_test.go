package systemd_test

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/systemd"
)

// listen is a manager's socket.
func listen(t *testing.T, name string) *net.UnixConn {
	t.Helper()
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func hear(t *testing.T, c *net.UnixConn) string {
	t.Helper()
	text := make([]byte, 200)
	n, err := c.Read(text)
	if err != nil {
		t.Fatal(err)
	}
	return string(text[:n])
}

func env(all map[string]string) func(string) string {
	return func(name string) string { return all[name] }
}

// short is a folder whose name leaves room for that of a socket.
func short(t *testing.T) string {
	dir, err := os.MkdirTemp("", "n")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func TestTell(t *testing.T) {
	path := filepath.Join(short(t), "notify")
	c := listen(t, path)
	m := systemd.New(env(map[string]string{"NOTIFY_SOCKET": path}), 1)
	if err := m.Tell("READY=1\nSTATUS=serving"); err != nil || hear(t, c) != "READY=1\nSTATUS=serving" {
		t.Error(err)
	}
	c.Close()
	if err := m.Tell("STOPPING=1"); pawl.KindOf(err) != pawl.Unavailable {
		t.Errorf("nobody heard it: %v", err)
	}
	if err := systemd.New(env(nil), 1).Tell("READY=1"); err != nil {
		t.Errorf("without a manager: %v", err)
	}
}

// TestWatch has a server that is alive, then hangs, then is alive again.
func TestWatch(t *testing.T) {
	path := filepath.Join(short(t), "notify")
	c := listen(t, path)
	m := systemd.New(env(map[string]string{"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "2000", "WATCHDOG_PID": "7"}), 7)
	ctx, stop := context.WithCancel(t.Context())
	var asked atomic.Int32
	done := make(chan struct{})
	go func() {
		m.Watch(ctx, func(context.Context) error {
			if asked.Add(1) == 2 {
				return errors.New("it hangs")
			}
			return nil
		})
		close(done)
	}()
	for range 3 {
		if got := hear(t, c); got != "WATCHDOG=1" {
			t.Errorf("heard %q", got)
		}
	}
	if asked.Load() < 4 {
		t.Error("it was said to be alive while it hung")
	}
	stop()
	<-done
}

// TestNotOurs has no watchdog, or one of another process: nothing waits.
func TestNotOurs(t *testing.T) {
	for _, e := range []map[string]string{{}, {"NOTIFY_SOCKET": "/x"}, {"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "5", "WATCHDOG_PID": "8"}, {"WATCHDOG_USEC": "5"}, {"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "-1"}} {
		systemd.New(env(e), 7).Watch(t.Context(), func(context.Context) error { t.Error("asked"); return nil })
	}
}
