package wire

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pawl-dev/pawl"
)

type fake func(*http.Request) (*http.Response, error)

func (f fake) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func ok() *http.Response {
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("{}"))}
}

func get(ctx context.Context, hc *http.Client) error {
	_, err := Do(ctx, hc, Request{Op: "acme.Get", Method: "GET", URL: "http://acme.example/"}, nil)
	return err
}

func TestConcurrent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var inFlight atomic.Int32
		finish := make(chan struct{})
		hc := clientOver(Options{Concurrent: 2}, fake(func(*http.Request) (*http.Response, error) {
			inFlight.Add(1)
			defer inFlight.Add(-1)
			<-finish
			return ok(), nil
		}))
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() {
				if err := get(t.Context(), hc); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		if n := inFlight.Load(); n != 2 {
			t.Errorf("%d in flight, want 2", n)
		}
		waiting, stop := context.WithCancel(t.Context())
		wg.Go(func() {
			if err := get(waiting, hc); pawl.KindOf(err) != pawl.Unavailable {
				t.Errorf("given up in the queue: %v", err)
			}
		})
		synctest.Wait()
		stop()
		synctest.Wait()
		close(finish)
		wg.Wait()
	})
}

// TestRate also shows that the deadline of an exchange does not begin while it
// waits for its turn.
func TestRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hc := clientOver(Options{PerSecond: 1, Burst: 2, Concurrent: 1, Timeout: time.Second / 2}, fake(func(r *http.Request) (*http.Response, error) {
			if _, ok := r.Context().Deadline(); !ok {
				t.Error("an exchange without a deadline")
			}
			return ok(), r.Context().Err()
		}))
		start := time.Now()
		for range 6 {
			if err := get(t.Context(), hc); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(start); took != 4*time.Second {
			t.Errorf("six requests took %v, want 4s: two at once, then one a second", took)
		}
		soon, cancel := context.WithTimeout(t.Context(), time.Second/4)
		defer cancel()
		if err := get(soon, hc); pawl.KindOf(err) != pawl.Unavailable {
			t.Errorf("a turn after the deadline: %v", err)
		}
		if err := get(t.Context(), hc); err != nil { // the place in the queue is free again
			t.Error(err)
		}
	})
}

func TestTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hc := clientOver(Options{}, fake(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}))
		start := time.Now()
		err := get(t.Context(), hc)
		if pawl.KindOf(err) != pawl.Unavailable || !strings.Contains(err.Error(), errTooSlow.Error()) || time.Since(start) != 30*time.Second {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
	})
}
