package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/driver"
	_ "github.com/ncruces/go-sqlite3/embed"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/audit"
	"github.com/pawl-dev/pawl/journal"
	"github.com/pawl-dev/pawl/journal/journaltest"
	"github.com/pawl-dev/pawl/journal/sqlite"
)

var (
	powerCuts = flag.Int("power.cuts", 50, "how often the power fails in TestPower")
	powerSeed = flag.Uint64("power.seed", 0, "play the one machine of this seed in TestPower")
)

// TestPower lets the power fail in the middle of what a journal does to its
// disk, again and again, also while it recovers from the last time. After each
// failure the journal is opened as the product opens it: nothing that was
// acknowledged may be missing, nothing may be half there, and the audit log
// must verify.
//
// What is written goes through the journal's own code, statements and settings
// on another build of SQLite, whose file system can be replaced; what is read
// back goes through the product's.
func TestPower(t *testing.T) {
	seeds := []uint64{*powerSeed}
	if *powerSeed == 0 {
		seeds = nil
		for n := range *powerCuts / livesPerMachine {
			seeds = append(seeds, uint64(n+1))
		}
	}
	var total power
	for _, seed := range seeds {
		total.add(machine(t, seed, "EXTRA"))
	}
	t.Logf("%d power cuts, %d while opening, %d commits acknowledged", total.cuts, total.opening, total.acked)
	t.Logf("tally | power cuts under the journal, also while it recovers | %d | %d", total.cuts, len(total.wrong))
	for _, w := range total.wrong {
		t.Errorf("%s; replay: go test ./journal/sqlite -run TestPower$ -args -power.seed=N", w)
	}
	if total.acked < total.cuts || total.opening == 0 && len(seeds) > 4 {
		t.Errorf("too little was done for this to show anything")
	}
}

// TestPowerNeedsItsSettings: the disk of TestPower does find what other
// settings lose.
func TestPowerNeedsItsSettings(t *testing.T) {
	for _, setting := range []string{"NORMAL", "OFF"} {
		var total power
		for seed := uint64(1); seed <= 20 && len(total.wrong) == 0; seed++ {
			total.add(machine(t, seed, setting))
		}
		if len(total.wrong) == 0 {
			t.Errorf("synchronous=%s lost nothing in %d power cuts", setting, total.cuts)
		} else {
			t.Logf("synchronous=%s after %d power cuts: %s", setting, total.cuts, total.wrong[0])
		}
	}
}

const livesPerMachine = 5

// power is what became of some failures.
type power struct {
	cuts, opening, acked int
	wrong                []string
}

func (p *power) add(q power) {
	p.cuts, p.opening, p.acked, p.wrong = p.cuts+q.cuts, p.opening+q.opening, p.acked+q.acked, append(p.wrong, q.wrong...)
}

// machine lets the power of one machine fail some times and stops at the first
// violation.
func machine(t *testing.T, seed uint64, synchronous string) (p power) {
	t.Helper()
	dice := rand.New(rand.NewPCG(seed, 1))
	signer := journaltest.Signer(t)
	dir := filepath.Join(t.TempDir(), "state")
	must(t, os.Mkdir(dir, 0o700))
	known := ledger{runs: map[pawl.RotationID]acknowledged{}}
	for life := range livesPerMachine {
		name := fmt.Sprintf("power-%s-%d-%d", synchronous, seed, life)
		d := newPowerDisk(t, name, dice, 1+dice.IntN([]int{25, 300}[dice.IntN(2)]))
		acked := known.acked
		o := sqlite.Options{Path: filepath.Join(dir, "pawl.db"), Signer: signer, Now: journaltest.Now}.On("sqlite3", name, synchronous, persistWAL)
		opened := known.live(t, o, dice)
		if !d.failed() {
			t.Fatalf("seed %d: the power did not fail", seed)
		}
		next := filepath.Join(t.TempDir(), "state")
		must(t, os.Mkdir(next, 0o700))
		d.image(t, next)
		witnessAfterPower(t, dir, next, dice)
		p.cuts++
		p.acked += known.acked - acked
		if !opened {
			p.opening++
		}
		if err := known.compare(t, copied(t, next), signer); err != nil {
			p.wrong = append(p.wrong, fmt.Sprintf("seed %d, power cut %d: %v", seed, life+1, err))
			return p
		}
		dir = next
	}
	return p
}

func persistWAL(c *sql.Conn) error {
	return c.Raw(func(c any) error {
		_, err := c.(driver.Conn).Raw().FileControl("", sqlite3.FCNTL_PERSIST_WAL, true)
		return err
	})
}

// witnessAfterPower lets the checkpoint beside the journal, which is not synced,
// be anything that a file can be after that.
func witnessAfterPower(t *testing.T, from, into string, dice *rand.Rand) {
	t.Helper()
	const name = "audit.checkpoint"
	text, err := os.ReadFile(filepath.Join(from, name))
	if errors.Is(err, os.ErrNotExist) {
		return
	}
	must(t, err)
	switch dice.IntN(4) {
	case 0:
		return // the name is not there
	case 1:
		text = nil
	case 2:
		text = make([]byte, len(text)) // the size is, the content not
	}
	must(t, os.WriteFile(filepath.Join(into, name), text, 0o600))
}

// copied copies a directory, so that to look at it does not recover it.
func copied(t *testing.T, dir string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "state")
	must(t, os.Mkdir(to, 0o700))
	files, err := os.ReadDir(dir)
	must(t, err)
	for _, f := range files {
		b, err := os.ReadFile(filepath.Join(dir, f.Name()))
		must(t, err)
		must(t, os.WriteFile(filepath.Join(to, f.Name()), b, 0o600))
	}
	return to
}

// A ledger is what a journal has acknowledged.
type ledger struct {
	runs    map[pawl.RotationID]acknowledged
	records int64 // of the audit log
	acked   int
	asked   *attempt // what was asked last, and may have happened or not
}

// acknowledged is what is known of one rotation.
type acknowledged struct {
	revision int64
	sealed   string // the value, "" after it was wiped
	closed   bool
}

// An attempt is one change, and what it leaves if it happens.
type attempt struct {
	id      pawl.RotationID
	becomes acknowledged
}

// live opens the journal and writes until the power fails. It reports whether
// it came to write.
func (l *ledger) live(t *testing.T, o sqlite.Options, dice *rand.Rand) (opened bool) {
	t.Helper()
	ctx := context.Background()
	j, err := sqlite.Open(ctx, o)
	if err != nil {
		return false
	}
	defer j.Close()
	l.settle(ctx, j)
	for {
		if err := l.write(ctx, j, dice); err != nil {
			return true
		}
	}
}

// settle looks what became of the write that was not answered.
func (l *ledger) settle(ctx context.Context, j journal.Journal) {
	if l.asked == nil {
		return
	}
	run, err := j.Load(ctx, l.asked.id)
	if err == nil && run.Revision == l.asked.becomes.revision {
		l.happened(*l.asked)
	}
	l.asked = nil
}

func (l *ledger) happened(w attempt) {
	l.runs[w.id] = w.becomes
	l.records++
}

// write makes one change to one of three rotations.
func (l *ledger) write(ctx context.Context, j journal.Journal, dice *rand.Rand) error {
	id := pawl.RotationID{Credential: fmt.Sprint("credential-", dice.IntN(3)), Number: 1}
	for l.runs[id].closed {
		id.Number++
	}
	now := l.runs[id]
	w := attempt{id, acknowledged{revision: now.revision + 1, sealed: now.sealed}}
	b := journaltest.Batch(fmt.Sprint(id, " ", w.becomes.revision))
	switch {
	case now.revision > 1 && dice.IntN(8) == 0: // which empties the write-ahead log as well
		b.Wipe, b.Close = true, pawl.Completed
		w.becomes.sealed, w.becomes.closed = "", true
	default:
		w.becomes.sealed = fmt.Sprintf("sealed %d %0*d", w.becomes.revision, dice.IntN(6000), 0)
		b.Seal = []journal.Sealed{{Name: "new/1", Ciphertext: []byte(w.becomes.sealed)}}
	}
	l.asked = &w
	var err error
	if now.revision == 0 {
		_, err = j.Begin(ctx, id.Credential, func(pawl.RotationID) (journal.Batch, error) { return b, nil })
	} else {
		_, err = j.Append(ctx, id, journal.At{Revision: now.revision}, b)
	}
	if err == nil {
		l.happened(w)
		l.acked++
		l.asked = nil
	}
	return err
}

// compare opens a journal as the product does and returns what is missing or
// wrong.
func (l *ledger) compare(t *testing.T, dir string, signer *audit.Signer) error {
	t.Helper()
	j, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(dir, "pawl.db"), Signer: signer})
	if err != nil {
		return err
	}
	defer j.Close()
	if err := j.Check(t.Context()); err != nil {
		return err
	}
	records := l.records
	for _, id := range slices.SortedFunc(maps.Keys(l.runs), func(a, b pawl.RotationID) int { return len(a.String()) - len(b.String()) }) {
		want := l.runs[id]
		if err := isAs(t.Context(), j, id, want); err == nil {
			continue
		} else if l.asked == nil || l.asked.id != id || isAs(t.Context(), j, id, l.asked.becomes) != nil {
			return err
		}
		records++ // what was not answered did happen
	}
	if l.asked != nil && l.asked.becomes.revision == 1 && isAs(t.Context(), j, l.asked.id, l.asked.becomes) == nil {
		records++
	}
	checkpoint, log, err := j.Audit(t.Context())
	if err != nil {
		return err
	}
	report, err := audit.Verify(checkpoint, signer.Public(), log)
	if err == nil && report.Size != records {
		err = fmt.Errorf("%d audit records, want %d", report.Size, records)
	}
	return err
}

func isAs(ctx context.Context, j journal.Journal, id pawl.RotationID, want acknowledged) error {
	run, err := j.Load(ctx, id)
	if err != nil {
		return err
	}
	sealed, err := j.Sealed(ctx, id, "new/1")
	if pawl.KindOf(err) == pawl.NotFound {
		err = nil
	}
	if got := (acknowledged{run.Revision, string(sealed), run.Outcome != ""}); err == nil && got != want || int64(len(run.Events)) != run.Revision {
		return fmt.Errorf("%v is at revision %d with %d events (ended: %v), and was acknowledged to be at %d (%v)", id, run.Revision, len(run.Events), got.closed, want.revision, want.closed)
	}
	return err
}
