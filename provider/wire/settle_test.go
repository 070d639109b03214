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

// exchanges is a transport that gives one answer to everything, and what became
// of the last exchange.
type exchanges struct {
	status int
	text   func() io.Reader
	body   *tracked
	ctx    context.Context
}

func (e *exchanges) RoundTrip(r *http.Request) (*http.Response, error) {
	e.body, e.ctx = &tracked{Reader: e.text()}, r.Context()
	return &http.Response{StatusCode: e.status, Header: http.Header{}, ContentLength: -1, Body: e.body}, nil
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
		e := &exchanges{status: status, text: words}
		dropping(t, e, func(*http.Response) {
			if !e.body.closed || e.ctx.Err() == nil {
				t.Fatalf("%d: closed %v, exchange ended by %v", status, e.body.closed, e.ctx.Err())
			}
		})
	}
	var ctx context.Context
	dropping(t, fake(func(r *http.Request) (*http.Response, error) {
		ctx = r.Context()
		return &http.Response{StatusCode: 204, Header: http.Header{}, Body: http.NoBody}, nil
	}), func(*http.Response) {
		if ctx.Err() == nil {
			t.Fatal("204: the exchange is not over")
		}
	})
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
		e := &exchanges{status: 200, text: text}
		dropping(t, e, func(resp *http.Response) {
			io.Copy(io.Discard, resp.Body)
			if e.ctx.Err() == nil {
				t.Fatalf("%s: the exchange is not over", name)
			}
		})
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// TestBrokenBodyStaysBroken: what is read again fails for the same reason, not
// because the exchange has ended since.
func TestBrokenBodyStaysBroken(t *testing.T) {
	e := &exchanges{status: 200, text: func() io.Reader { return failing{io.ErrUnexpectedEOF} }}
	resp, err := clientOver(Options{}, e).Get("http://acme.example/")
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
	l := newLimited(Options{Concurrent: 2}, &exchanges{status: 200, text: func() io.Reader { return strings.NewReader("{}") }})
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
		e := &exchanges{status: 404, text: func() io.Reader { return tt.text }}
		resp, err := clientOver(Options{}, e).Get("http://acme.example/")
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(resp.Body)
		if err != nil || len(got) != tt.want || resp.ContentLength != int64(tt.want) || !e.body.closed {
			t.Errorf("%s: %d bytes of %d, %v; closed %v", name, len(got), resp.ContentLength, err, e.body.closed)
		}
	}
}
