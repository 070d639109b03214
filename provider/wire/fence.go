package wire

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"time"

	"github.com/pawl-dev/pawl/provider/fence"
)

// fenced asks the fence of a request that changes something once it is its turn.
type fenced struct{ next http.RoundTripper }

func (f fenced) RoundTrip(req *http.Request) (*http.Response, error) {
	if !reads(req.Method) {
		if err := fence.Ask(req.Context()); err != nil {
			if req.Body != nil {
				req.Body.Close()
			}
			return nil, &failure{sent: false, err: err}
		}
	}
	return f.next.RoundTrip(req)
}

// lastAsk makes a transport ask once more when it has a connection, since that may
// take long. It has a connection for each request, so the next thing that
// happens is that the request is written. What remains is that the process is
// stopped just here.
func lastAsk(t *http.Transport) *http.Transport {
	dial, config := t.DialContext, t.TLSClientConfig.Clone()
	config.NextProtos = nil // a connection of one's own speaks HTTP/1
	t.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		return admitted(ctx)(dial(ctx, network, addr))
	}
	if t.Proxy == nil { // with one, the handshake comes after the proxy was asked
		t.DialTLSContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
			ctx, cancel := context.WithTimeout(ctx, connecting)
			defer cancel()
			return admitted(ctx)((&tls.Dialer{Config: config}).DialContext(ctx, network, addr))
		}
	}
	return t
}

// connecting bounds the making of a connection, its handshake included.
const connecting = 20 * time.Second

func admitted(ctx context.Context) func(net.Conn, error) (net.Conn, error) {
	return func(c net.Conn, err error) (net.Conn, error) {
		if err != nil {
			return nil, err
		}
		if err := fence.Ask(ctx); err != nil {
			c.Close()
			return nil, err
		}
		return c, nil
	}
}
