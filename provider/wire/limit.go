package wire

import (
	"context"
	"io"
	"net/http"
	"sync"

	"golang.org/x/time/rate"
)

// limited bounds how many requests are in flight and how many start a second.
// Waiting for a turn is bounded by the request's context only: the deadline of
// an exchange begins when it begins.
type limited struct {
	next  http.RoundTripper
	slots chan struct{}
	rate  *rate.Limiter
}

func newLimited(o Options, next http.RoundTripper) *limited {
	r := rate.Inf
	if o.PerSecond > 0 {
		r = rate.Limit(o.PerSecond)
	}
	return &limited{next, make(chan struct{}, o.concurrent()), rate.NewLimiter(r, o.burst())}
}

func (l *limited) RoundTrip(req *http.Request) (*http.Response, error) {
	release, err := l.admit(req.Context())
	if err != nil {
		if req.Body != nil {
			req.Body.Close()
		}
		return nil, &failure{sent: false, err: err}
	}
	resp, err := l.next.RoundTrip(req)
	if err != nil {
		release()
		return nil, err
	}
	if resp.Body == http.NoBody {
		release()
		return resp, nil
	}
	// The slot is held until the answer was read: a slow body is load as well.
	resp.Body = &held{ReadCloser: resp.Body, release: release}
	return resp, nil
}

// admit waits for a slot and for the rate.
func (l *limited) admit(ctx context.Context) (release func(), err error) {
	select {
	case l.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	release = sync.OnceFunc(func() { <-l.slots })
	if err := l.rate.Wait(ctx); err != nil {
		release()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, context.DeadlineExceeded // the turn would come too late
	}
	return release, nil
}

// held is a body that gives its slot back when it ends, or is closed before.
type held struct {
	io.ReadCloser
	release func() // does nothing when called again
}

func (h *held) Read(p []byte) (int, error) {
	n, err := h.ReadCloser.Read(p)
	if err != nil {
		h.release()
	}
	return n, err
}

func (h *held) Close() error {
	defer h.release()
	return h.ReadCloser.Close()
}
