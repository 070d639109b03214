// Package sim puts faults at the front door of a simulated vendor, in the ways
// that writes over a network break: refused, throttled, lost before or after
// they took effect, late, twice, cut short, answered by somebody else.
//
// A vendor's simulator is an ordinary [http.Handler] that keeps state. [Front]
// wraps it with [Rules]; [New] serves it to a test. Whether the handler runs,
// and whether its answer arrives, is what distinguishes the faults, so they sit
// in front of the handler and not in a proxy, which could not tell.
package sim

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// TB is the part of [testing.TB] that is used here, so that a program can link
// this package without package testing.
type TB interface {
	Helper()
	Cleanup(func())
	Fatalf(format string, args ...any)
}

// A Server is a simulated vendor on a loopback port. Its embedded Rules break
// it.
type Server struct {
	*Rules
	URL string

	elsewhere atomic.Int64
}

// New serves h until the test ends.
func New(t TB, h http.Handler) *Server {
	t.Helper()
	s := &Server{Rules: new(Rules)}
	s.URL = serve(t, Front("", h, s.Rules))
	s.Rules.Elsewhere = serve(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { s.elsewhere.Add(1) }))
	t.Cleanup(s.Settle)
	return s
}

// Strayed counts the requests that followed a [Redirect] to another host.
func (s *Server) Strayed() int { return int(s.elsewhere.Load()) }

func serve(t TB, h http.Handler) (url string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("listening: %v", err)
	}
	hs := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	done := make(chan struct{})
	go func() {
		defer close(done)
		hs.Serve(l) // ends with ErrServerClosed
	}()
	t.Cleanup(func() {
		hs.Close()
		<-done
	})
	return "http://" + l.Addr().String()
}

// Front returns h, which simulates vendor, behind rules. One set of rules may
// be in front of several vendors.
func Front(vendor string, h http.Handler, rules *Rules) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, fault := rules.take(vendor, r)
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 16<<20))
		if err != nil {
			return // the client went away, or means harm
		}
		rules.hook(n, "before", r)
		fault.inject(&exchange{w: w, r: r, body: body, next: h, rules: rules, n: n})
	})
}

// An exchange is one request on its way to the simulator.
type exchange struct {
	w     http.ResponseWriter
	r     *http.Request
	body  []byte
	next  http.Handler
	rules *Rules
	n     int
}

// apply lets the request take effect and keeps the answer back.
func (x *exchange) apply() *recorder {
	rec := &recorder{header: http.Header{}}
	r := x.r.Clone(context.WithoutCancel(x.r.Context())) // an effect does not stop half-way because its client left
	r.Body = io.NopCloser(bytes.NewReader(x.body))
	x.next.ServeHTTP(rec, r)
	x.rules.hook(x.n, "after", x.r)
	return rec
}

// drop ends the connection without an answer.
func (x *exchange) drop() {
	conn, _, err := http.NewResponseController(x.w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // not HTTP/1: all there is to end it
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		tcp.SetLinger(0) // a reset, not a goodbye
	}
	conn.Close()
}

// recorder keeps an answer.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header { return r.header }

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
}

func (r *recorder) Write(p []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	return r.body.Write(p)
}

func (r *recorder) code() int {
	if r.status == 0 {
		return http.StatusOK
	}
	return r.status
}

// head sends all but the body.
func (r *recorder) head(w http.ResponseWriter) {
	for k, v := range r.header {
		w.Header()[k] = v
	}
	w.WriteHeader(r.code())
}

// send sends the kept answer.
func (r *recorder) send(w http.ResponseWriter) {
	r.head(w)
	w.Write(r.body.Bytes())
}
