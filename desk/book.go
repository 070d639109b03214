package desk

import (
	"context"
	"maps"
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
	at     map[string]time.Time   // when that ended; handed out, so that a change makes another map
	turn   int                    // how often at was changed
	ended  map[pawl.RotationID]api.Rotation
}

func newBook(j journal.Journal) *book {
	return &book{journal: j, open: map[pawl.RotationID]bool{}, last: map[string]journal.Run{}, at: map[string]time.Time{}, ended: map[pawl.RotationID]api.Rotation{}}
}

// A standings is how all credentials stand at one time. It is not to be changed.
type standings struct {
	last map[string]time.Time       // when each was last rotated
	turn int                        // of two with one turn, last is the same
	open map[string]pawl.RotationID // its unfinished rotation
}

func (b *book) standing(ctx context.Context) (standings, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.catchUp(ctx); err != nil {
		return standings{}, err
	}
	s := standings{last: b.at, turn: b.turn, open: make(map[string]pawl.RotationID, len(b.open))}
	for id := range b.open {
		s.open[id.Credential] = id
	}
	return s, nil
}

// catchUp reads everything that it needs before it changes anything: whoever
// asks may go away in the middle, and what was begun since is told only once.
func (b *book) catchUp(ctx context.Context) error {
	unfinished, err := b.journal.List(ctx, true)
	if err != nil {
		return err
	}
	still := make(map[pawl.RotationID]bool, len(unfinished))
	for _, run := range unfinished {
		still[run.ID] = true
	}
	var ended []journal.Run
	for id := range b.open {
		if still[id] {
			continue
		}
		run, err := b.journal.Load(ctx, id)
		if err != nil {
			return err
		}
		ended = append(ended, run)
	}
	since, err := b.since(ctx)
	if err != nil {
		return err
	}
	for _, run := range since {
		if run.Outcome == "" {
			still[run.ID] = true // it may have ended by now: then the next look finds that
		} else {
			delete(still, run.ID)
		}
	}
	b.open = still
	b.complete(append(since, ended...))
	return nil
}

// complete remembers those that were completed.
func (b *book) complete(runs []journal.Run) {
	changed := false
	for _, run := range runs {
		if before, ok := b.last[run.ID.Credential]; run.Outcome != pawl.Completed || ok && before.ID.Number >= run.ID.Number {
			continue
		}
		if !changed {
			b.at, changed = maps.Clone(b.at), true
			b.turn++
		}
		b.last[run.ID.Credential], b.at[run.ID.Credential] = run, run.Updated
	}
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
