package sqlite

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/pawl-dev/pawl"
)

const lockName = "driver.lock"

// A Holder says who drives rotations.
type Holder struct {
	PID      int             `json:"pid"`
	Actor    pawl.Actor      `json:"actor"`
	Since    time.Time       `json:"since"`
	Rotation pawl.RotationID `json:"rotation,omitzero"` // zero: several, or not known yet
	Socket   string          `json:"socket,omitempty"`  // on which a server answers; empty: it is none
}

func (h Holder) String() string {
	text := fmt.Sprintf("%s (process %d, since %s)", h.Actor.ID, h.PID, h.Since.UTC().Format("2006-01-02 15:04 UTC"))
	if h.Rotation.Number > 0 {
		text += " on " + h.Rotation.String()
	}
	return text
}

// A LockedError says that somebody else drives rotations.
type LockedError struct{ Holder Holder }

func (e *LockedError) Error() string { return "locked by " + e.Holder.String() }

// A Lock shows other processes of this machine that somebody drives rotations,
// so that a second driver is told at once. The operating system lets go of it
// when the process ends, however it ends. It is a courtesy: what keeps a
// second driver from doing harm is the rotation's epoch.
type Lock struct{ file *os.File }

// DriverLock takes the lock of the journal in dir for h. If somebody else has
// it the error is [pawl.Conflict] and holds a [*LockedError]; if it cannot be
// taken at all, [pawl.Unavailable].
func DriverLock(dir string, h Holder) (*Lock, error) {
	f, err := os.OpenFile(filepath.Join(dir, lockName), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, lockError(pawl.Unavailable, err)
	}
	if err := tryLock(f); err != nil {
		defer f.Close()
		if !errors.Is(err, errLocked) {
			return nil, lockError(pawl.Unavailable, err)
		}
		return nil, lockError(pawl.Conflict, &LockedError{readHolder(f)})
	}
	l := &Lock{f}
	if err := l.Update(h); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return l, nil
}

// tryLock tries a few times: [DriverLockHolder] holds the lock for a moment to
// find out whether anybody else does.
func tryLock(f *os.File) error {
	const tries, pause = 5, 2 * time.Millisecond
	for n := 1; ; n++ {
		err := flock(f, true)
		if n == tries || !errors.Is(err, errLocked) {
			return err
		}
		time.Sleep(pause)
	}
}

// Update changes what others read about the holder.
func (l *Lock) Update(h Holder) error {
	text, err := json.Marshal(h)
	if err != nil {
		return lockError(pawl.Invalid, err)
	}
	if err := l.file.Truncate(0); err != nil {
		return lockError(pawl.Unavailable, err)
	}
	if _, err := l.file.WriteAt(append(text, '\n'), 0); err != nil {
		return lockError(pawl.Unavailable, err)
	}
	return nil
}

// Unlock lets go. The file stays, empty: to remove it would let two processes
// hold the lock, each on a file of its own.
func (l *Lock) Unlock() error {
	if err := errors.Join(l.file.Truncate(0), l.file.Close()); err != nil {
		return lockError(pawl.Unavailable, err)
	}
	return nil
}

// DriverLockHolder returns who drives rotations in dir, and whether anybody
// does. It creates nothing.
func DriverLockHolder(dir string) (Holder, bool, error) {
	f, err := os.Open(filepath.Join(dir, lockName))
	if errors.Is(err, fs.ErrNotExist) {
		return Holder{}, false, nil
	}
	if err != nil {
		return Holder{}, false, lockError(pawl.Unavailable, err)
	}
	defer f.Close() // lets go as well
	err = flock(f, false)
	switch {
	case err == nil:
		return Holder{}, false, nil // whoever is named in it is gone
	case !errors.Is(err, errLocked):
		return Holder{}, false, lockError(pawl.Unavailable, err)
	}
	return readHolder(f), true, nil
}

// readHolder returns what can be read: the holder may be about to write it.
func readHolder(f *os.File) Holder {
	const limit = 4096
	var h Holder
	text, err := io.ReadAll(io.NewSectionReader(f, 0, limit))
	if err != nil || json.Unmarshal(text, &h) != nil {
		return Holder{Actor: pawl.Actor{ID: "another process"}}
	}
	return h
}

func lockError(kind pawl.Kind, err error) error {
	e := &pawl.Error{Op: "journal.Lock", Kind: kind, Err: err}
	if kind == pawl.Conflict {
		e.Hint = "wait until it is done, or stop it; stopping is safe"
	} else if kind == pawl.Unavailable {
		e.Hint = "use --state DIR with a folder that can be written"
	}
	return e
}
