package once_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/pawl-dev/pawl/provider/once"
)

func TestDoAsksOnce(t *testing.T) {
	ctx := once.Reads(t.Context())
	var asked atomic.Int32
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			got, err := once.Do(ctx, "a", func() (int, error) { return int(asked.Add(1)), nil })
			if got != 1 || err != nil {
				t.Errorf("got %d, %v", got, err)
			}
		})
	}
	all.Wait()
	if got, _ := once.Do(ctx, "b", func() (int, error) { return 7, nil }); got != 7 || asked.Load() != 1 {
		t.Errorf("got %d of another key, asked %d times", got, asked.Load())
	}
	if got, _ := once.Do(once.Reads(t.Context()), "a", func() (int, error) { return 8, nil }); got != 8 {
		t.Errorf("another look got %d, want what there is now", got)
	}
}

func TestDoKeepsNoError(t *testing.T) {
	ctx, failure := once.Reads(t.Context()), errors.New("down")
	if _, err := once.Do(ctx, "a", func() (int, error) { return 0, failure }); err != failure {
		t.Errorf("got %v", err)
	}
	if got, err := once.Do(ctx, "a", func() (int, error) { return 3, nil }); got != 3 || err != nil {
		t.Errorf("got %d, %v", got, err)
	}
}

func TestDoWithoutReads(t *testing.T) {
	n := 0
	for range 2 {
		once.Do(t.Context(), "a", func() (int, error) { n++; return n, nil })
	}
	if n != 2 {
		t.Errorf("asked %d times, want each time", n)
	}
}
