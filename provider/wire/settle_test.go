package wire

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
)

// tracked is a body that knows whether it was closed.
type tracked struct {
	io.Reader
	closed bool
}

func (b *tracked) Close() error { b.closed = true; return nil }

// answering returns a transport that gives this answer to everything, and what
// it saw: the bodies it handed out and the contexts they were bound to.
func answering(status int, text func() io.Reader) (rt fake, bodies *[]*tracked, ends *[]context.Context) {
	bodies, ends = new([]*tracked), new([]context.Context)
	return func(r *http.Request) (*http.Response, error) {
		b := &tracked{Reader: text()}
		*bodies, *ends = append(*bodies, b), append(*ends, r.Context())
		return &http.Response{StatusCode: status, Header: http.Header{}, ContentLength: -1, Body: b}, nil
	}, bodies, ends
}

// dropping makes many calls one after the other, and closes no body.
func dropping(t *testing.T, rt http.RoundTripper, use func(*http.Response)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { // a call that waits for ever fails rather than hangs
		hc := clientOver(Options{Concurrent: 2}, rt)
		for i := range 50 {
			req, err := http.NewRequestWithContext(t.Context(), "GET", "http://acme.example/", nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := hc.Do(req)
			if err != nil {
				t.Fatalf("call %d: %v", i+1, err)
			}
			use(resp)
		}
	})
}

// TestBodiesThatNobodyCloses is what go-github does to the body of an error.
func TestBodiesThatNobodyCloses(t *testing.T) {
	words := func() io.Reader { return strings.NewReader("CANARY") }
	for _, status := range []int{300, 304, 400, 404, 500} {
		rt, bodies, ends := answering(status, words)
		dropping(t, rt, func(*http.Response) {})
		for i, b := range *bodies {
			if !b.closed || (*ends)[i].Err() == nil {
				t.Fatalf("%d: closed %v, exchange ended by %v", status, b.closed, (*ends)[i].Err())
			}
		}
	}
	dropping(t, fake(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 204, Header: http.Header{}, Body: http.NoBody}, nil
	}), func(*http.Response) {})
}

// TestBodiesThatAreOnlyRead gives slot and deadline back at the end of what was
// read, or where it broke.
func TestBodiesThatAreOnlyRead(t *testing.T) {
	broken := errors.New("CANARY")
	for name, text := range map[string]func() io.Reader{
		"whole":   func() io.Reader { return strings.NewReader("{}") },
		"broken":  func() io.Reader { return io.MultiReader(strings.NewReader("{"), failing{broken}) },
		"too big": func() io.Reader { return io.LimitReader(zeros{}, 5<<20) },
	} {
		rt, _, ends := answering(200, text)
		dropping(t, rt, func(resp *http.Response) { io.Copy(io.Discard, resp.Body) })
		for _, ctx := range *ends {
			if ctx.Err() == nil {
				t.Fatalf("%s: the exchange is not over", name)
			}
		}
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// TestBrokenBodyStaysBroken: what is read again fails for the same reason, not
// because the exchange has ended since.
func TestBrokenBodyStaysBroken(t *testing.T) {
	rt, _, _ := answering(200, func() io.Reader { return failing{io.ErrUnexpectedEOF} })
	resp, err := clientOver(Options{}, rt).Get("http://acme.example/")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := resp.Body.Read(make([]byte, 1)); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("error = %v", err)
		}
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// TestSlotIsGivenBackOnce: an end that is read and then closed is one slot.
func TestSlotIsGivenBackOnce(t *testing.T) {
	rt, _, _ := answering(200, func() io.Reader { return strings.NewReader("{}") })
	l := newLimited(Options{Concurrent: 2}, rt)
	l.slots <- struct{}{} // somebody else's
	req, _ := http.NewRequestWithContext(t.Context(), "GET", "http://acme.example/", nil)
	resp, err := l.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	io.Copy(io.Discard, resp.Body)
	io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
	resp.Body.Close()
	if n := len(l.slots); n != 1 {
		t.Errorf("%d slots taken, want the other one", n)
	}
}

func TestErrorBodies(t *testing.T) {
	for name, tt := range map[string]struct {
		text io.Reader
		want int
	}{
		"small":  {strings.NewReader(strings.Repeat("x", 1000)), 1000},
		"huge":   {zeros{}, maxErrorBody},
		"broken": {io.MultiReader(strings.NewReader("xyz"), failing{io.ErrUnexpectedEOF}), 3},
	} {
		rt, bodies, _ := answering(404, func() io.Reader { return tt.text })
		resp, err := clientOver(Options{}, rt).Get("http://acme.example/")
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(resp.Body)
		if err != nil || len(got) != tt.want || resp.ContentLength != int64(tt.want) || !(*bodies)[0].closed {
			t.Errorf("%s: %d bytes of %d, %v; closed %v", name, len(got), resp.ContentLength, err, (*bodies)[0].closed)
		}
	}
}
