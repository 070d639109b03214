package wire

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync"
	"sync/atomic"
	"time"
)

var (
	errTooBig  = errors.New("the answer is too big")
	errEncoded = errors.New("the answer is encoded, though no encoding was asked for")
	errTooSlow = errors.New("no whole answer in time")
)

// failure is why an exchange gave no whole answer.
type failure struct {
	sent bool // false: certainly nothing was sent
	err  error
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// guarded bounds one exchange in time and size, and notes in its errors whether
// anything was sent.
type guarded struct {
	next    http.RoundTripper
	timeout time.Duration
	maxBody int64
	traced  bool // next tells when it has a connection
}

func (g *guarded) RoundTrip(req *http.Request) (*http.Response, error) {
	var sent atomic.Bool
	sent.Store(!g.traced)
	ctx, cancel := context.WithTimeoutCause(req.Context(), g.timeout, errTooSlow)
	req = req.Clone(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		// With a connection in hand a request may be on its way, whole or not.
		GotConn: func(httptrace.GotConnInfo) { sent.Store(true) },
	}))
	if !reads(req.Method) {
		req.GetBody = nil // with it, net/http could send the body again
	}
	resp, err := g.next.RoundTrip(req)
	if err != nil {
		defer cancel()
		return nil, &failure{sent.Load(), cause(ctx, err)}
	}
	if resp.Body == http.NoBody {
		cancel()
		return resp, nil
	}
	resp.Body = g.guardBody(ctx, cancel, resp)
	return resp, nil
}

// cause prefers the end of a context to the error that it led to.
func cause(ctx context.Context, err error) error {
	if errors.Is(context.Cause(ctx), errTooSlow) {
		return errTooSlow
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

func (g *guarded) guardBody(ctx context.Context, cancel func(), resp *http.Response) io.ReadCloser {
	b := &body{ctx: ctx, ReadCloser: resp.Body, left: g.maxBody, done: cancel}
	encoding := resp.Header.Get("Content-Encoding")
	switch {
	case encoding != "" && encoding != "identity":
		b.refused = errEncoded
	case resp.ContentLength > g.maxBody:
		b.refused = errTooBig
	}
	return b
}

// body is an answer's body that ends in an error where it grows too big, and
// that tells once when nobody needs it any more: at its end, at an error, or
// when it is closed.
type body struct {
	io.ReadCloser
	ctx     context.Context
	left    int64
	refused error
	ended   error // what the last Read said: once done, the context's end is of our own making
	once    sync.Once
	done    func()
}

func (b *body) Read(p []byte) (n int, err error) {
	if b.ended != nil {
		return 0, b.ended
	}
	if n, err = b.read(p); err != nil {
		b.ended = err
		b.once.Do(b.done)
	}
	return n, err
}

func (b *body) read(p []byte) (int, error) {
	if b.refused != nil {
		return 0, &failure{true, b.refused}
	}
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, &failure{true, errTooBig}
	}
	if err != nil && err != io.EOF {
		err = &failure{true, cause(b.ctx, err)}
	}
	return n, err
}

func (b *body) Close() error {
	err := b.ReadCloser.Close()
	b.once.Do(b.done)
	return err
}
