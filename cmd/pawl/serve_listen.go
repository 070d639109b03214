package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/console"
	"github.com/pawl-dev/pawl/desk"
	"github.com/pawl-dev/pawl/frame"
	"github.com/pawl-dev/pawl/server"
	"github.com/pawl-dev/pawl/team"
)

// A listener is a place where requests come in, and what answers them.
type listener struct {
	net.Listener
	srv *http.Server
}

func (l listener) serve() error {
	if l.srv.TLSConfig != nil {
		return l.srv.ServeTLS(l, "", "")
	}
	return l.srv.Serve(l)
}

// listening is how a server can be reached over TCP. Without --listen it is not.
type listening struct {
	listen, cert, key, url string
	behindProxy            bool

	tcp net.Listener
	tls *tls.Config
}

func (o *listening) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.listen, "listen", "", "console and API at this address, as 127.0.0.1:8400; others than this machine's only with TLS or a proxy")
	f.StringVar(&o.url, "url", "", "the server as browsers see it, as https://pawl.acme.example (default: http://localhost and the port)")
	f.StringVar(&o.cert, "tls-cert", "", "PEM file with the certificate, for --listen; read again when it changes")
	f.StringVar(&o.key, "tls-key", "", "PEM file with its key")
	f.BoolVar(&o.behindProxy, "behind-proxy", false, "a proxy in front ends TLS, and says in X-Forwarded-For who asks")
}

func (o *listening) on() bool { return o.listen != "" }

// open begins to listen. Nobody is answered yet.
func (o *listening) open(a *app) (err error) {
	if !o.on() {
		if o.cert+o.key+o.url != "" || o.behindProxy {
			return usage("--url, --tls-cert, --tls-key and --behind-proxy say how to --listen, which is missing")
		}
		return nil
	}
	if (o.cert == "") != (o.key == "") {
		return usage("--tls-cert and --tls-key belong together")
	}
	if o.cert != "" && o.behindProxy {
		return usage("either TLS is ended here (--tls-cert), or in front of it (--behind-proxy)")
	}
	if (o.cert != "" || o.behindProxy) && !strings.HasPrefix(o.url, "https://") {
		return usage("with TLS or a proxy, --url has to say what browsers call the server, as https://pawl.acme.example")
	}
	if o.cert == "" && !o.behindProxy {
		o.tcp, err = listenLoopback(o.listen)
		return err
	}
	if o.cert != "" {
		pair, err := a.showPair(o.cert, o.key, time.Now)
		if err != nil {
			return usage("--tls-cert, --tls-key: %v", err)
		}
		o.tls = &tls.Config{MinVersion: tls.VersionTLS13, GetCertificate: pair.get}
	}
	o.tcp, err = listenTCP(o.listen)
	return err
}

// Close ends listening.
func (o *listening) Close() error {
	if o.tcp == nil {
		return nil
	}
	return o.tcp.Close()
}

// origin is the server as browsers see it. On this machine that is a name, since
// browsers keep passkeys for names only.
func (o *listening) origin() string {
	switch {
	case o.url != "":
		return strings.TrimSuffix(o.url, "/")
	case o.tcp != nil:
		_, port, _ := net.SplitHostPort(o.tcp.Addr().String())
		return "http://localhost:" + port
	}
	return "http://localhost"
}

// front is what answers there.
func (o *listening) front(d *desk.Desk, door *doorway) listener {
	u, _ := url.Parse(o.origin()) // the door was opened with it
	f := front{desk: d, team: door.team, who: door.Who, door: door, again: "/sign-in?again", host: u.Host, secure: u.Scheme == "https"}
	srv := f.server()
	srv.TLSConfig = o.tls
	return listener{o.tcp, srv}
}

// tellFront says where people come in, and lets the first of them in.
func (a *app) tellFront(ctx context.Context, o *serving, door *doorway) error {
	a.tell("console on "+o.origin()+", at "+o.tcp.Addr().String(), "url", o.origin(), "address", o.tcp.Addr().String())
	if a.getenv("JOURNAL_STREAM") != "" { // a log is no terminal: what is said here is kept, and read by others
		return a.tellOfFirst(ctx, door)
	}
	code, err := door.First(ctx, a.actor())
	if err != nil || code.IsZero() {
		return err
	}
	a.say("Nobody can let others in yet. Within ten minutes, the first admin signs in with this code, once:")
	a.say("  %s/sign-in#%s", o.origin(), code.Reveal())
	return nil
}

// A front is everything that is reached over TCP, behind one address: pages for
// people, the API for programs, and the sign-in for both.
type front struct {
	desk  *desk.Desk
	team  *desk.Team
	who   func(*http.Request) (access.Subject, error)
	door  http.Handler            // /sign-in and /sign-out
	more  map[string]http.Handler // further prefixes
	again string                  // where somebody says once more who they are
	note  string
	host  string // as browsers are to call it

	secure bool // they come by TLS
}

// server is the front behind limits that keep a slow client from holding
// anything: a stream sets its own for each thing that it says.
func (f front) server() *http.Server {
	api := server.New(server.Config{Desk: f.desk, Version: version, Who: f.who, Team: f.team})
	pages := console.New(console.Config{Desk: f.desk, Who: f.who, SignIn: "/sign-in", Again: f.again, Frame: around(f.note)})
	people := team.New(team.Config{Team: f.team, Who: f.who, Again: f.again, Frame: around(f.note)})
	mux := http.NewServeMux()
	mux.Handle("/api/", api) // also of a version that there is not: a program gets a problem, and no page
	mux.Handle("/sign-in", f.door)
	mux.Handle("/sign-in/", f.door)
	mux.Handle("/sign-out", f.door)
	mux.Handle("/team", people)
	mux.Handle("/team/", people)
	for prefix, h := range f.more {
		mux.Handle(prefix, h)
	}
	mux.Handle("/", pages)
	srv := &http.Server{Handler: f.named(mux), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: time.Minute,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10}
	srv.RegisterOnShutdown(api.Close)
	srv.RegisterOnShutdown(pages.Close)
	return srv
}

// around is what is around every page.
func around(note string) frame.Config {
	return frame.Config{SignOut: "/sign-out", Team: "/team", Version: version, Note: note}
}

// named refuses requests that call the server by another name: a site whose
// name was made to point at this machine would be read by its own pages.
func (f front) named(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.EqualFold(r.Host, f.host) {
			http.Error(w, "This server is called "+f.host+".", http.StatusMisdirectedRequest)
			return
		}
		if f.secure {
			w.Header().Set("Strict-Transport-Security", "max-age=31536000")
		}
		next.ServeHTTP(w, r)
	})
}

// listenLoopback listens where only this machine can reach it.
func listenLoopback(addr string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, usage("--listen %s: want an address and a port, as 127.0.0.1:8400", addr)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, usage("--listen %s: without TLS it has to be an address of this machine only, as 127.0.0.1:8400", addr)
	}
	return listenTCP(addr)
}

func listenTCP(addr string) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		var op *net.OpError
		if errors.As(err, &op) {
			err = op.Err
		}
		return nil, &pawl.Error{Op: "listening", Kind: pawl.Unavailable, Err: fmt.Errorf("%s: %w", addr, err), Hint: "use --listen with another port"}
	}
	return l, nil
}
