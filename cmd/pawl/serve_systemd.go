package main

import (
	"context"
	"os"
	"time"

	"github.com/pawl-dev/pawl/journal"
	"github.com/pawl-dev/pawl/systemd"
)

// supervise tells the service manager, if there is one, that the server is
// ready, then that it is alive for as long as its journal answers, and that it
// stops once ctx ends.
func (a *app) supervise(ctx context.Context, j journal.Journal) {
	m := systemd.New(a.getenv, os.Getpid())
	tell := func(state string) {
		if err := m.Tell(state); err != nil {
			a.log().Warn("telling the service manager", "err", err)
		}
	}
	tell("READY=1\nSTATUS=serving")
	go func() {
		m.Watch(ctx, func(ctx context.Context) error {
			ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
			defer cancel()
			_, err := j.AuditPage(ctx, journal.About{}, journal.Newest, 1)
			return err
		})
	}()
	context.AfterFunc(ctx, func() { tell("STOPPING=1") })
}
