package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/desk"
	"github.com/pawl-dev/pawl/server"
)

// serving is what pawl serve is told.
type serving struct {
	socket       string
	noSchedule   bool
	metrics      string
	metricsHosts []string
	log          string
	witness      []string
	demo         bool
	listening
}

func newServeCommand(a *app) *cobra.Command {
	o := &serving{}
	cmd := &cobra.Command{
		Use: "serve", Short: "Drive every open rotation, and answer a team: API on a Unix socket",
		Long: `One process for a team: it drives whatever is open, and lets people start, approve, answer and
stop rotations through its API. What is due it begins by itself, in its window and outside of
freezes, where nobody has to help and it was shown to work not long ago; what is left of that is
somebody's (pawl due, GET /api/v1/calendar). It can be stopped or killed at any moment; the next one goes on.

Who connects to the socket is told by the kernel. The user that the server runs as, and root,
may do everything; other users may look, if --socket is in a folder that they can reach, and
do more if the team knows them (pawl people invite --unix-user). Programs show a token
(pawl token create).

Exit status: 0 stopped · 2 usage or catalog · 6 another process drives this state`,
		Args: names(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.demo {
				return a.runServeDemo(cmd.Context(), o)
			}
			return a.runServe(cmd.Context(), o)
		},
	}
	cmd.Flags().StringVar(&o.metrics, "metrics", "", "serve /metrics, /livez and /readyz at this address, as 127.0.0.1:9400; without sign-in")
	cmd.Flags().StringSliceVar(&o.metricsHosts, "metrics-host", nil, "a name that the metrics may be asked for by, besides addresses and localhost")
	cmd.Flags().StringVar(&o.log, "log", "", "log to stderr as text or json")
	cmd.Flags().StringArrayVar(&o.witness, "witness", nil, "show the audit log to this other place as it grows: file:PATH, git:DIR or https://HOST#KEY (may be repeated)")
	cmd.Flags().BoolVar(&o.demo, "demo", false, "the console on a company whose vendors are simulated; nothing of yours is touched")
	o.listening.flags(cmd)
	cmd.Flags().BoolVar(&o.noSchedule, "no-schedule", false, "begin nothing by itself")
	cmd.Flags().StringVar(&o.socket, "socket", "", "path of the Unix socket (default pawl.sock in the state folder)")
	return cmd
}

// runServe serves until ctx ends. That it has stopped is said last: whoever reads
// it may begin the next one, which needs the state's lock.
func (a *app) runServe(ctx context.Context, o *serving) error {
	if err := a.served(ctx, o); err != nil {
		return err
	}
	a.tell("stopped; whatever is open goes on with the next process")
	return nil
}

// served is runServe up to the last word.
func (a *app) served(ctx context.Context, o *serving) error {
	if err := a.logAs(o); err != nil {
		return err
	}
	f, err := a.openFolio()
	if err != nil {
		return err
	}
	defer context.AfterFunc(ctx, f.meets.Close)() // what waits for others is not sent any more
	s, err := a.openState(ctx, true)
	if err != nil {
		return err
	}
	defer s.Close()
	eng, err := a.engineOver(ctx, f, s)
	if err != nil {
		return err
	}
	d, witnessed, err := a.openDesk(ctx, o, s, f, eng)
	if err != nil {
		return err
	}
	defer witnessed()
	if err := o.listening.open(a); err != nil {
		return err
	}
	defer o.listening.Close()
	door, err := a.openDoor(ctx, s, f.Catalog(), o.origin(), o.behindProxy)
	if err != nil {
		return err
	}
	defer door.Close()
	api := server.New(server.Config{Desk: d, Version: version, Who: door.Who, Team: door.team})
	if o.socket == "" {
		o.socket = filepath.Join(s.dir, "pawl.sock")
	}
	l, err := listenUnix(o.socket)
	if err != nil {
		return err
	}
	s.answersAt(o.socket)
	srv := &http.Server{Handler: api, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10, ConnContext: withConn}
	srv.RegisterOnShutdown(api.Close)
	go f.watch(ctx)
	told, err := a.openHerald(ctx, d, f, s.dir, door.person)
	if err != nil {
		return err
	}
	defer told.Close()
	metricsAt, err := a.expose(ctx, exposure{addr: o.metrics, names: o.metricsHosts, desk: d, folio: f, schedule: !o.noSchedule, waiting: told.Waiting})
	if err != nil {
		return err
	}
	if !o.noSchedule {
		defer a.schedules(ctx, d, s.dir)()
	}
	a.tell("serving "+a.catalogFolder()+" on unix:"+o.socket, "catalog", a.catalogFolder(), "socket", o.socket)
	a.tellAnew(door.stands)
	if metricsAt != "" {
		a.tell("metrics on http://"+metricsAt+"/metrics", "address", metricsAt)
	}
	defer a.serveTraces(ctx, s, d)()
	doors := []listener{{l, srv}}
	if o.on() {
		if err := a.tellFront(ctx, o, door); err != nil {
			return err
		}
		doors = append(doors, o.front(d, door))
	}
	a.supervise(ctx, s)
	return a.serveUntil(ctx, d.Pool(), doors...)
}

// serveUntil serves and drives until ctx ends. What is under way then lands as
// far as it can; whatever does not is settled by whoever comes next.
func (a *app) serveUntil(ctx context.Context, pool *desk.Pool, doors ...listener) error {
	drive, stop := context.WithCancel(ctx)
	defer stop()
	failed := make(chan error, len(doors))
	for _, door := range doors {
		go func() { failed <- door.serve() }()
	}
	driven := make(chan error, 1)
	go func() { driven <- pool.Run(drive) }()
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	for _, door := range doors {
		if down := door.srv.Shutdown(grace); down != nil {
			door.srv.Close()
		}
	}
	stop()
	<-driven
	if err != nil && !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// listenUnix listens on a socket that only this user and its group can reach. A
// file that an earlier process left there is removed, one that is answered on is
// not.
func listenUnix(path string) (net.Listener, error) {
	if c, err := net.DialTimeout("unix", path, time.Second); err == nil {
		c.Close()
		return nil, &exit{code: exitHelp, err: fmt.Errorf("another server listens on %s", path), next: []string{"pawl status"}}
	}
	if info, err := os.Lstat(path); err == nil && info.Mode().Type() == os.ModeSocket {
		os.Remove(path)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, &pawl.Error{Op: "listening", Kind: pawl.Unavailable, Err: err, Hint: "use --socket PATH with a short path in a folder that can be written"}
	}
	if err := os.Chmod(path, 0o660); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}
