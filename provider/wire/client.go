// Package wire is the one way to a vendor's HTTP API.
//
// A token travels over it, and the answer may hold the only copy of a new
// credential, so a client made here differs from [http.DefaultClient]:
//
//   - A redirect is never followed: the token would go with it.
//   - Nothing is sent twice. net/http repeats a request on its own when a
//     kept-alive connection breaks and the request looks idempotent to it, so
//     requests that change something get a connection each.
//   - A request that changes something asks its fence ([fence.Fence]) when it is
//     its turn, and once more when it has a connection.
//   - An answer has a deadline and a size, and is not decompressed.
//   - An answer that nobody closes keeps nothing from the next request, if it
//     is not a success or was read to its end.
//   - An error never quotes what the vendor sent, nor a URL's query.
//   - The environment (HTTP_PROXY and the like) has no say.
//
// All of it is in the [http.RoundTripper] and the redirect policy, so vendors'
// own Go clients that accept an [http.Client] get it as well. Those use
// [Classify] and [Answer] for their errors; everything else uses [Do].
package wire

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"time"
)

// Options are the bounds of a client. The zero value is usable.
type Options struct {
	Vendor     string        // for the request log
	Log        *slog.Logger  // one debug line a request; nil: none
	PerSecond  float64       // requests a second; 0: no limit
	Burst      int           // requests at once after a pause; 0: 1
	Concurrent int           // requests in flight; 0: 16
	MaxBody    int64         // bytes of an answer; 0: 4 MiB
	Timeout    time.Duration // for the whole exchange, once it is this request's turn; 0: 30s
	TLS        *tls.Config   // roots and client certificates; nil: the system's. Never below TLS 1.2
	Proxy      func(*http.Request) (*url.URL, error)
	Meter      *Meter // counts the requests; nil: nobody does
	Tally      *Tally // counts what came of them; nil: nobody does
}

func (o Options) burst() int             { return max(o.Burst, 1) }
func (o Options) concurrent() int        { return orDefault(o.Concurrent, 16) }
func (o Options) maxBody() int64         { return orDefault(o.MaxBody, 4<<20) }
func (o Options) timeout() time.Duration { return orDefault(o.Timeout, 30*time.Second) }

func orDefault[T int | int64 | time.Duration](v, def T) T {
	if v <= 0 {
		return def
	}
	return v
}

// NewClient returns a client within the bounds of o. It does no I/O and shares
// nothing with other clients. It is safe for concurrent use.
func NewClient(o Options) *http.Client { return clientOver(o, newSplit(o)) }

// clientOver puts the bounds of o around a transport.
func clientOver(o Options, rt http.RoundTripper) *http.Client {
	_, traced := rt.(*split)
	rt = &guarded{next: rt, timeout: o.timeout(), maxBody: o.maxBody(), traced: traced}
	if o.Meter != nil {
		rt = &metered{rt, o.Meter}
	}
	if o.Tally != nil {
		rt = &tallied{rt, o.Vendor, o.Tally}
	}
	rt = &settled{newLimited(o, fenced{rt})}
	if o.Log != nil {
		rt = &logged{next: rt, log: o.Log, vendor: o.Vendor}
	}
	return &http.Client{Transport: bounded{rt}, CheckRedirect: refuseRedirect}
}

// bounded marks a transport as made here.
type bounded struct{ http.RoundTripper }

// Why a redirect is not followed. Of some it is not known whether the request was
// done: 303 says that it was, and 301 and 302 are what many answer instead (RFC
// 9110, 15.4); 307 and 308 say that it was not.
var (
	errRedirect = errors.New("redirects are not followed")
	errSeeOther = fmt.Errorf("%w, and it may have been done", errRedirect)
)

func refuseRedirect(next *http.Request, _ []*http.Request) error {
	if seeOther(next.Response.StatusCode) {
		return errSeeOther
	}
	return errRedirect
}

func seeOther(status int) bool {
	return status == http.StatusMovedPermanently || status == http.StatusFound || status == http.StatusSeeOther
}

// split sends reads and writes over transports of their own.
type split struct{ reads, writes *http.Transport }

func newSplit(o Options) *split {
	s := &split{reads: newTransport(o), writes: lastAsk(newTransport(o))}
	s.reads.ForceAttemptHTTP2 = true
	// A connection that was never used before is never a reason for net/http
	// to try again by itself.
	s.writes.DisableKeepAlives = true
	return s
}

func newTransport(o Options) *http.Transport {
	return &http.Transport{
		Proxy:                  o.Proxy,
		DialContext:            (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
		TLSClientConfig:        tlsConfig(o.TLS),
		TLSHandshakeTimeout:    10 * time.Second,
		ResponseHeaderTimeout:  o.timeout(),
		MaxResponseHeaderBytes: 256 << 10,
		DisableCompression:     true,
		MaxIdleConnsPerHost:    o.concurrent(),
		IdleConnTimeout:        30 * time.Second,
	}
}

func tlsConfig(c *tls.Config) *tls.Config {
	if c == nil {
		return &tls.Config{MinVersion: tls.VersionTLS12}
	}
	c = c.Clone()
	c.MinVersion = max(c.MinVersion, tls.VersionTLS12)
	return c
}

func (s *split) RoundTrip(req *http.Request) (*http.Response, error) {
	if reads(req.Method) {
		return s.reads.RoundTrip(req)
	}
	return s.writes.RoundTrip(req)
}

// CloseIdleConnections makes [http.Client.CloseIdleConnections] work.
func (s *split) CloseIdleConnections() {
	s.reads.CloseIdleConnections()
	s.writes.CloseIdleConnections()
}

func reads(method string) bool {
	return method == "" || method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}
