package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/desk"
	"github.com/pawl-dev/pawl/metrics"
	"github.com/pawl-dev/pawl/wording"
)

// exposure is a server as machines see it: metrics, and whether it is ready. It
// has a listener of its own, so that what a proxy shows of the other one is not
// also this.
type exposure struct {
	addr     string
	names    []string // that the listener is called by, besides its address
	desk     *desk.Desk
	folio    *folio
	schedule bool
	waiting  func(func(channel string, n int))
}

// expose serves metrics until ctx ends, and returns where; without an address it
// does nothing.
func (a *app) expose(ctx context.Context, x exposure) (at string, err error) {
	if x.addr == "" {
		return "", nil
	}
	l, err := net.Listen("tcp", x.addr)
	if err != nil {
		return "", &pawl.Error{Op: "listening for --metrics", Kind: pawl.Unavailable, Err: err, Hint: "use --metrics HOST:PORT with a free port, as 127.0.0.1:9400"}
	}
	m := metrics.New(metrics.Config{Desk: x.desk, Version: version, Catalog: x.folio.Wrong, Requests: x.folio.tally.Each, Waiting: x.waiting, Log: a.log(), Checks: x.checks()})
	srv := &http.Server{Handler: calledBy(x.addr, x.names, m.Handler()), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10}
	go m.Run(ctx)
	go srv.Serve(l)
	context.AfterFunc(ctx, func() { srv.Close() })
	return l.Addr().String(), nil
}

// checks are what has to be so for the server to be ready. That the catalog
// has a mistake now is no reason to take the server away: it goes on with the
// one before, and pawl_catalog_valid says so.
func (x exposure) checks() map[string]func(context.Context) error {
	checks := map[string]func(context.Context) error{"journal": x.desk.Ready}
	if x.schedule {
		checks["scheduler"] = func(context.Context) error {
			if at := x.desk.Scheduled(); time.Since(at) > quiet {
				return errors.New("it has not looked for " + wording.Ago(time.Since(at)))
			}
			return nil
		}
	}
	return checks
}

// tell says what a server does: a line for people, or a record with --log json.
func (a *app) tell(text string, args ...any) {
	if a.logger != nil {
		a.logger.Info(text, args...)
		return
	}
	a.say("%s %s", a.sign(good), text)
}

// alarm says what somebody has to look after, in the log or, without one, where
// the server was started.
func (a *app) alarm(text string, args ...any) {
	if a.logger != nil {
		a.logger.Error(text, args...)
		return
	}
	a.say("%s %s", a.sign(bad), text)
	for i := 0; i+1 < len(args); i += 2 {
		a.say("    %v: %v", args[i], args[i+1])
	}
}

// logAs sets how a server logs, and checks where it is to be watched.
func (a *app) logAs(o *serving) error {
	if _, _, err := net.SplitHostPort(o.metrics); o.metrics != "" && err != nil {
		return usage("--metrics %s: want HOST:PORT, as 127.0.0.1:9400", word(o.metrics))
	}
	switch o.log {
	case "":
	case "text":
		a.logger = newLogger(a.err, false, a.verbose)
	case "json":
		a.logger = newLogger(a.err, true, a.verbose)
	default:
		return usage("--log %s: want text or json", word(o.log))
	}
	return nil
}
