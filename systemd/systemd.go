// Package systemd tells a service manager how a server is: sd_notify(3), which
// is a datagram on a Unix socket. Without one, nothing is told to anybody.
package systemd

import (
	"context"
	"net"
	"strconv"
	"time"

	"github.com/pawl-dev/pawl"
)

// A Manager is who started us.
type Manager struct {
	socket   string
	watchdog time.Duration
}

// New returns the manager that a service's environment names: $NOTIFY_SOCKET,
// $WATCHDOG_USEC and $WATCHDOG_PID, which says whose watchdog it is.
func New(getenv func(string) string, pid int) *Manager {
	m := &Manager{socket: getenv("NOTIFY_SOCKET")}
	usec, err := strconv.ParseInt(getenv("WATCHDOG_USEC"), 10, 64)
	if of := getenv("WATCHDOG_PID"); err == nil && usec > 0 && (of == "" || of == strconv.Itoa(pid)) {
		m.watchdog = time.Duration(usec) * time.Microsecond
	}
	return m
}

// Tell sends a state, as "READY=1". An abstract socket's name begins with @.
func (m *Manager) Tell(state string) error {
	if m.socket == "" {
		return nil
	}
	c, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: m.socket, Net: "unixgram"})
	if err == nil {
		_, err = c.Write([]byte(state))
		c.Close()
	}
	if err != nil {
		return &pawl.Error{Op: "systemd", Kind: pawl.Unavailable, Err: err}
	}
	return nil
}

// Watch says that we are alive, twice as often as is asked for, for as long as
// alive says so, and until ctx ends. A server that hangs is started again by its
// manager; nothing is lost by that.
func (m *Manager) Watch(ctx context.Context, alive func(context.Context) error) {
	if m.socket == "" || m.watchdog <= 0 {
		return
	}
	tick := time.NewTicker(m.watchdog / 2)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if alive(ctx) == nil {
			_ = m.Tell("WATCHDOG=1") // if nobody hears it, that is what they act upon
		}
	}
}
