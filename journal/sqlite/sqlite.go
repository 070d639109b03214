// Package sqlite is a [journal.Journal] in one SQLite file, which several
// processes may use at once.
//
// What was acknowledged survives kill -9 and power loss: WAL with
// synchronous=EXTRA, one writing connection, and every append a transaction
// that also holds its audit records and the signed head of the audit log.
// Appends that are made at the same time share one transaction, and so one
// fsync; each has a savepoint of its own, so that one that is refused does not
// take others with it.
//
// Files in the directory of the journal:
//
//	pawl.db            the journal (0600); -wal and -shm belong to it and stay between runs
//	audit.checkpoint   the newest checkpoint, to notice that the journal was set back
//	driver.lock        who drives rotations here; see [DriverLock]
//
// The statements are under sql/, the schema is sql/migrations. Settings follow
// https://www.sqlite.org/pragma.html and https://www.sqlite.org/security.html.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/audit"
	"github.com/pawl-dev/pawl/journal"
)

// Options say which journal to open, and how.
type Options struct {
	Path string // the file; its directory is made if need be

	// Signer signs the audit log. A new journal takes the signer's
	// installation as its own; an existing one refuses the signer of another.
	// Required unless ReadOnly.
	Signer *audit.Signer

	// ReadOnly opens an existing journal for reading, also while others
	// write. Nothing is created, and every write is refused.
	ReadOnly bool

	// AcceptRollback opens a journal that is older than the checkpoint beside
	// it, as one restored from a backup is, and takes it as the truth from now
	// on. Rotations that were made since are unknown to it.
	AcceptRollback bool

	Now func() time.Time // nil is time.Now

	engine *engine // nil is the product's
}

func (o Options) now() func() time.Time {
	if o.Now == nil {
		return time.Now
	}
	return o.Now
}

// A Journal is a [journal.Journal] in a SQLite file.
type Journal struct {
	path    string
	install string
	public  string // verifies the audit log
	format  int    // of the file; an older one can be read
	now     func() time.Time

	readers *sql.DB

	mu     sync.RWMutex // held for reading while a request is handed to the writer
	closed bool
	writer *writer // nil if read-only
}

var _ journal.Journal = (*Journal)(nil)

// Open opens the journal, and makes it if there is none. A file that is not a
// journal, is damaged, or was written by a newer pawl is [pawl.Invalid]; one
// that is older than its checkpoint is [pawl.Conflict]; what cannot be opened
// now (permissions, a full disk, a network file system) is [pawl.Unavailable].
// Read-only, a journal that does not exist is [pawl.NotFound]. In none of these
// cases is anything overwritten. The hint says what to do.
func Open(ctx context.Context, o Options) (*Journal, error) {
	if o.ReadOnly {
		return openReader(ctx, o)
	}
	if o.Signer == nil {
		return nil, openError(pawl.Invalid, errors.New("no audit signer"), "")
	}
	if err := prepareFile(o.Path); err != nil {
		return nil, err
	}
	j := &Journal{path: o.Path, install: o.Signer.Install(), public: o.Signer.Public(), format: newest(), now: o.now()}
	w, err := openWriter(ctx, o)
	if err != nil {
		return nil, err
	}
	j.readers, err = o.sqlite().openPool(o.Path)
	if err != nil {
		return nil, errors.Join(err, w.close())
	}
	j.writer = w
	go w.run()
	return j, nil
}

func openReader(ctx context.Context, o Options) (*Journal, error) {
	if err := existingFile(o.Path); err != nil {
		return nil, err
	}
	pool, err := o.sqlite().openPool(o.Path)
	if err != nil {
		return nil, err
	}
	j := &Journal{path: o.Path, now: o.now(), readers: pool}
	if err := j.identify(ctx, o.sqlite()); err != nil {
		return nil, errors.Join(err, pool.Close())
	}
	return j, nil
}

// identify reads whose journal it is.
func (j *Journal) identify(ctx context.Context, e engine) error {
	conn, err := j.readers.Conn(ctx)
	if err != nil {
		return openFailure(err)
	}
	defer conn.Close()
	version, err := e.formatOf(ctx, conn)
	switch {
	case err != nil:
		return err
	case version == 0:
		return openError(pawl.NotFound, errors.New("the journal is empty"), "nothing was rotated here yet")
	}
	j.format = version
	if small(j.path) {
		if err := quickCheck(ctx, conn); err != nil {
			return err
		}
	}
	if err := conn.QueryRowContext(ctx, sqlInstall).Scan(&j.install, &j.public); err != nil {
		return openFailure(err)
	}
	return nil
}

// Install implements [journal.Journal].
func (j *Journal) Install() string { return j.install }

// PublicKey returns the key that verifies the audit log.
func (j *Journal) PublicKey() string { return j.public }

// Close writes back and closes the file. Writes that were begun are finished
// first; later ones are Conflict. It may be called again.
func (j *Journal) Close() error {
	j.mu.Lock()
	if j.closed {
		j.mu.Unlock()
		return nil
	}
	j.closed = true
	if j.writer != nil {
		close(j.writer.queue)
	}
	j.mu.Unlock()
	if j.writer != nil {
		<-j.writer.done
	}
	err := j.readers.Close()
	if j.writer != nil {
		err = errors.Join(err, j.writer.close())
	}
	if err != nil {
		return &pawl.Error{Op: "journal.Close", Kind: pawl.Unavailable, Err: err}
	}
	return nil
}

// Check reads the whole file and reports whether it is sound: its pages, its
// indexes and its references. It takes as long as the file is big.
func (j *Journal) Check(ctx context.Context) error {
	conn, err := j.readers.Conn(ctx)
	if err != nil {
		return openFailure(err)
	}
	defer conn.Close()
	return quickCheck(ctx, conn)
}
