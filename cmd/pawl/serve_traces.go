package main

import (
	"context"
	"sync"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/desk"
	"github.com/pawl-dev/pawl/trace/relay"
)

// serveTraces sends traces of what a server drives, if the environment says so,
// and returns what ends it: after everything else, so that what was done to the
// end is sent too. It also sends what was done in the hour before, which a server
// that was killed may not have sent.
func (a *app) serveTraces(ctx context.Context, s *store, d *desk.Desk) (stop func()) {
	x, err := a.openTraces(s)
	if err != nil {
		a.alarm("traces are not sent", "err", untraced(err))
	}
	if x == nil {
		return func() {}
	}
	r := relay.New(relay.Config{Journal: s, Send: x.Send, Tell: func(err error) {
		if err != nil {
			a.alarm("traces are not sent", "err", untraced(err))
			return
		}
		a.tell("traces are sent again")
	}})
	a.tell("traces go to "+x.Host(), "host", x.Host())
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	listener := d.Feed().Listen(pawl.RotationID{})
	var running sync.WaitGroup
	running.Go(func() {
		if err := r.Since(ctx, time.Now().Add(-time.Hour)); err != nil {
			a.log().Warn("looking for what was not sent", "err", err)
		}
		r.Run(ctx)
	})
	running.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-listener.Ready:
				r.Changed(listener.Take()...)
			}
		}
	})
	return func() {
		cancel()
		running.Wait()
		r.Changed(listener.Take()...)
		listener.Close()
		if err := flushed(r); err != nil {
			a.log().Warn("the last traces were not sent", "err", untraced(err))
		}
	}
}
