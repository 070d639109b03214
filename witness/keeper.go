package witness

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/audit"
	"github.com/pawl-dev/pawl/journal"
)

// When a Keeper shows the log: at the end of each rotation, once it has grown by
// so many records, and once so much time is over since it grew.
const (
	Records = 100
	Within  = 5 * time.Minute
	again   = 30 * time.Second // after one that could not be reached
)

// A Keeper shows a log to witnesses, each in its own time.
type Keeper struct {
	journal journal.Journal
	key     string
	log     *slog.Logger
	all     []*kept
}

// kept is one witness and what is known of it.
type kept struct {
	Witness
	poke chan struct{}

	mu  sync.Mutex
	was Seen
	err error
}

// NewKeeper returns one that does nothing until [Keeper.Run].
func NewKeeper(j journal.Journal, key string, log *slog.Logger, all ...Witness) *Keeper {
	k := &Keeper{journal: j, key: key, log: log}
	for _, w := range all {
		k.all = append(k.all, &kept{Witness: w, poke: make(chan struct{}, 1)})
	}
	return k
}

// A State is what is known of one witness.
type State struct {
	Name string
	Seen
	Err error // why it has not seen the newest
}

// States lists the witnesses.
func (k *Keeper) States() (all []State) {
	for _, w := range k.all {
		w.mu.Lock()
		all = append(all, State{w.Name(), w.was, w.err})
		w.mu.Unlock()
	}
	return all
}

// Poke makes the keeper look whether there is something to show.
func (k *Keeper) Poke() {
	for _, w := range k.all {
		select {
		case w.poke <- struct{}{}:
		default:
		}
	}
}

// Run shows the log until ctx ends, and then once more what is new.
func (k *Keeper) Run(ctx context.Context) {
	var all sync.WaitGroup
	for _, w := range k.all {
		all.Go(func() { k.keep(ctx, w) })
	}
	all.Wait()
}

func (k *Keeper) keep(ctx context.Context, w *kept) {
	k.show(ctx, w) // what was written while nobody showed it
	looked, tried := w.was.Size, time.Now()
	var due time.Time // of what has grown; zero: nothing has
	tick := time.NewTicker(again)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			k.show(last, w)
			cancel()
			return
		case <-tick.C:
		case <-w.poke:
		}
		size, ended, err := k.grown(ctx, looked)
		if err != nil {
			continue // the journal says so elsewhere
		}
		looked = size
		if size > w.was.Size && due.IsZero() {
			due = time.Now().Add(Within)
		}
		now := !due.IsZero() && !time.Now().Before(due) || size >= w.was.Size+Records
		if w.err != nil {
			now = !time.Now().Before(tried.Add(again))
		}
		if now || ended {
			k.show(ctx, w)
			due, tried = time.Time{}, time.Now()
		}
	}
}

var ends = []audit.Action{audit.RotateCompleted, audit.RotateRolledBack, audit.RotateFailed, audit.RotateAbandoned}

// grown is how long the log is, and whether a rotation has ended in what is new.
func (k *Keeper) grown(ctx context.Context, looked int64) (size int64, ended bool, err error) {
	page, err := k.journal.AuditPage(ctx, journal.About{}, journal.Newest, 0)
	if err != nil {
		return 0, false, err
	}
	for line, err := range k.journal.AuditRange(ctx, max(looked, page.Size-Records), page.Size) {
		if err != nil {
			return 0, false, err
		}
		if r, err := audit.Decode(line); err == nil && slices.Contains(ends, r.Action) {
			ended = true
		}
	}
	return page.Size, ended, nil
}

func (k *Keeper) show(ctx context.Context, w *kept) {
	checkpoint, _, err := k.journal.Audit(ctx)
	var seen Seen
	if err == nil {
		seen, err = w.Show(ctx, Log{checkpoint, k.key, k.journal.AuditHashes(ctx)})
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil && (w.err == nil || w.err.Error() != err.Error()) {
		level := slog.LevelWarn
		if pawl.KindOf(err) == pawl.Conflict {
			level = slog.LevelError // somebody has to look
		}
		k.log.Log(ctx, level, "the witness has not seen the log", "witness", w.Name(), "err", err)
	}
	if w.err = err; err == nil {
		w.was = seen
	}
}
