package witness_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/audit"
	"github.com/pawl-dev/pawl/journal"
	"github.com/pawl-dev/pawl/journal/journaltest"
	"github.com/pawl-dev/pawl/witness"
)

// A place counts how often it was shown something.
type place struct {
	key string

	mu    sync.Mutex
	sizes []int64
	down  error
}

// breaks lets it answer with an error from now on; nil: no more.
func (p *place) breaks(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down = err
}

func (p *place) shown() []int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.sizes)
}

func (p *place) Name() string                                 { return "place" }
func (p *place) Kept(context.Context, string) ([]byte, error) { return nil, nil }
func (p *place) Show(_ context.Context, log witness.Log) (witness.Seen, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	head, err := audit.ParseCheckpoint(log.Checkpoint, p.key)
	if err == nil {
		err = p.down
	}
	if err != nil {
		return witness.Seen{}, err
	}
	p.sizes = append(p.sizes, head.Tree.N)
	return witness.Seen{Size: head.Tree.N, At: time.Now()}, nil
}

// TestKeeper shows a log at each end of a rotation, when it has grown much, and
// when it has grown for long, and not more often.
func TestKeeper(t *testing.T) {
	signer := journaltest.Signer(t)
	synctest.Test(t, func(t *testing.T) {
		j := journal.NewMemory(signer, time.Now)
		p := &place{key: signer.Public()}
		var said strings.Builder
		k := witness.NewKeeper(j, signer.Public(), slog.New(slog.NewTextHandler(&said, nil)), p)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { k.Run(ctx); close(done) }()
		add := func(n int, action audit.Action) {
			t.Helper()
			for range n {
				e := journaltest.Record("x")
				e.Action = action
				if err := j.Record(t.Context(), e); err != nil {
					t.Fatal(err)
				}
			}
			k.Poke()
			synctest.Wait()
		}
		expect := func(what string, n int, last int64) {
			t.Helper()
			synctest.Wait()
			if sizes := p.shown(); len(sizes) != n || sizes[n-1] != last {
				t.Fatalf("%s: shown %v, want %d times, at last %d", what, sizes, n, last)
			}
		}
		synctest.Wait()
		expect("at the beginning", 1, 0)
		add(3, audit.RotateProved)
		expect("a little", 1, 0)
		time.Sleep(witness.Within + time.Minute)
		expect("a little, for long", 2, 3)
		time.Sleep(time.Hour)
		expect("nothing new", 2, 3)
		add(1, audit.RotateCompleted)
		expect("an end", 3, 4)
		add(witness.Records-1, audit.RotateProved)
		expect("nearly much", 3, 4)
		add(1, audit.RotateProved)
		expect("much", 4, 4+witness.Records)

		p.breaks(&pawl.Error{Op: "x", Kind: pawl.Conflict, Err: errors.New("it was set back")})
		add(1, audit.RotateCompleted)
		for range 10 {
			add(1, audit.RotateProved)
		}
		if s := k.States()[0]; s.Err == nil || s.Size != 4+witness.Records {
			t.Errorf("%+v", s)
		}
		if strings.Count(said.String(), "set back") != 1 || !strings.Contains(said.String(), "level=ERROR") {
			t.Errorf("said %s", said.String())
		}
		p.breaks(nil)
		time.Sleep(time.Minute)
		expect("there again", 5, 15+witness.Records)
		add(1, audit.RotateProved)
		stop()
		<-done
		expect("at the end", 6, 16+witness.Records)
	})
}
