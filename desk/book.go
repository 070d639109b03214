package desk

import (
	"context"
	"sync"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/api"
	"github.com/pawl-dev/pawl/journal"
)

// A book remembers how every credential stands, so that a list of ten thousand
// of them is not read anew from a hundred thousand rotations for each page. It
// is asked for what has changed before each answer: rotations begun since, and
// those that were open and are not any more. What has ended never changes.
type book struct {
	journal journal.Journal

	mu     sync.Mutex
	begun  bool
	newest pawl.RotationID
	open   map[pawl.RotationID]bool
	last   map[string]journal.Run // the newest completed rotation of each credential
	ended  map[pawl.RotationID]api.Rotation
}

func newBook(j journal.Journal) *book {
	return &book{journal: j, open: map[pawl.RotationID]bool{}, last: map[string]journal.Run{}, ended: map[pawl.RotationID]api.Rotation{}}
}

// standing is when each credential was last rotated, and which rotation of it is
// open.
func (b *book) standing(ctx context.Context) (last map[string]time.Time, open map[string]pawl.RotationID, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.catchUp(ctx); err != nil {
		return nil, nil, err
	}
	last, open = make(map[string]time.Time, len(b.last)), make(map[string]pawl.RotationID, len(b.open))
	for name, run := range b.last {
		last[name] = run.Updated
	}
	for id := range b.open {
		open[id.Credential] = id
	}
	return last, open, nil
}

func (b *book) catchUp(ctx context.Context) error {
	since, err := b.since(ctx)
	if err != nil {
		return err
	}
	unfinished, err := b.journal.List(ctx, true)
	if err != nil {
		return err
	}
	still := make(map[pawl.RotationID]bool, len(unfinished))
	for _, run := range unfinished {
		still[run.ID] = true
	}
	for id := range b.open {
		if still[id] {
			continue
		}
		run, err := b.journal.Load(ctx, id)
		if err != nil {
			return err
		}
		since = append(since, run)
	}
	for _, run := range since {
		if at, ok := b.last[run.ID.Credential]; run.Outcome == pawl.Completed && (!ok || at.ID.Number < run.ID.Number) {
			b.last[run.ID.Credential] = run
		}
		if run.Outcome == "" {
			still[run.ID] = true // it may have ended by now: then the next look finds that
		}
	}
	b.open = still
	return nil
}

// since returns what was begun since the last look, and the first time what
// there is to know of all that was.
func (b *book) since(ctx context.Context) (all []journal.Run, err error) {
	if !b.begun {
		all, err = b.journal.Tips(ctx)
		if err == nil && len(all) > 0 {
			b.newest = all[len(all)-1].ID
		}
		b.begun = err == nil
		return all, err
	}
	const page = 32
	before, newest := pawl.RotationID{}, b.newest
	for {
		runs, err := b.journal.Runs(ctx, journal.Which{Before: before, Most: page})
		if err != nil {
			return nil, err
		}
		for _, run := range runs {
			if run.ID == b.newest {
				b.newest = newest
				return all, nil
			}
			if len(all) == 0 {
				newest = run.ID
			}
			all = append(all, run)
		}
		if len(runs) < page {
			b.newest = newest
			return all, nil
		}
		before = runs[len(runs)-1].ID
	}
}

// remembered bounds how many ended rotations are kept in short.
const remembered = 4096

// short returns what a list shows of a rotation that has ended, once it was made.
func (b *book) short(run journal.Run, make func() (api.Rotation, error)) (api.Rotation, error) {
	b.mu.Lock()
	r, ok := b.ended[run.ID]
	b.mu.Unlock()
	if ok {
		return r, nil
	}
	r, err := make()
	if err != nil || r.Outcome == "" {
		return r, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.ended) >= remembered {
		clear(b.ended)
	}
	b.ended[run.ID] = r
	return r, nil
}
