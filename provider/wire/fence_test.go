package wire

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/provider/fence"
)

// TestFence: a request that changes something is not sent once its fence says
// no, also if it does so only when the connection stands. What only looks is
// not asked about.
func TestFence(t *testing.T) {
	var arrived atomic.Int32
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { arrived.Add(1); w.Write([]byte("{}")) })
	plain, secure := httptest.NewServer(h), httptest.NewTLSServer(h)
	defer plain.Close()
	defer secure.Close()
	for _, srv := range []*httptest.Server{plain, secure} {
		o := Options{}
		if srv == secure {
			o.TLS = srv.Client().Transport.(*http.Transport).TLSClientConfig
		}
		hc := NewClient(o)
		for allowed, want := range map[int]string{0: "", 1: "", 2: "sent"} { // it is asked twice: at its turn, and with a connection
			arrived.Store(0)
			asked := 0
			ctx := fence.With(t.Context(), func(context.Context) error {
				if asked++; asked <= allowed {
					return nil
				}
				return &pawl.Error{Op: "engine", Kind: pawl.Conflict, Err: errors.New("another process drives it now")}
			})
			_, err := Do(ctx, hc, Request{Op: "acme.Set", Method: "PUT", URL: srv.URL, Body: 1, Mutates: true}, nil)
			switch {
			case want == "sent" && (err != nil || arrived.Load() != 1):
				t.Errorf("%s: allowed, and %v, arrived %d times", srv.URL, err, arrived.Load())
			case want == "" && (pawl.KindOf(err) != pawl.Conflict || arrived.Load() != 0 || !strings.Contains(err.Error(), "another process drives it now")):
				t.Errorf("%s: refused after %d, and %v, arrived %d times", srv.URL, allowed, err, arrived.Load())
			}
			asked = allowed
			if _, err := Do(ctx, hc, Request{Op: "acme.Get", Method: "GET", URL: srv.URL}, nil); err != nil || asked != allowed {
				t.Errorf("%s: a look was fenced: %v", srv.URL, err)
			}
		}
	}
}
