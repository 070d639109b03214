package sqlite

import (
	"errors"
	"fmt"

	code "modernc.org/sqlite/lib"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/journal"
)

// primary returns SQLite's primary result code, or -1 if err is not from it.
func primary(err error) int {
	c := extended(err)
	if c == code.SQLITE_IOERR_SHMSIZE {
		return code.SQLITE_FULL // no room for the -shm file
	}
	if c >= 0 {
		c &= 0xff
	}
	return c
}

func extended(err error) int {
	if e, ok := errors.AsType[interface {
		error
		Code() int
	}](err); ok {
		return e.Code()
	}
	return -1
}

// failure turns an error of the driver, met when it is certain that nothing was
// committed, into ours.
func failure(op string, err error) error {
	e := &pawl.Error{Op: op, Kind: pawl.Unavailable, Err: err}
	switch primary(err) {
	case code.SQLITE_FULL:
		e.Hint = "the disk is full: make room, then go on; nothing was lost"
	case code.SQLITE_BUSY, code.SQLITE_LOCKED:
		e.Hint = "another process keeps the journal busy: try again"
	case code.SQLITE_READONLY, code.SQLITE_PERM, code.SQLITE_CANTOPEN, code.SQLITE_AUTH:
		e.Hint = "correct the permissions of the journal and its directory; it may be that the file system is mounted read-only"
	case code.SQLITE_IOERR:
		e.Hint = "the disk reports errors: look at the system's log before going on"
	case code.SQLITE_CORRUPT:
		e.Kind, e.Hint = pawl.Invalid, damagedHint
	case code.SQLITE_NOTADB:
		e.Kind, e.Hint = pawl.Invalid, "name the journal of pawl, or a file that does not exist; nothing was changed"
	}
	return e
}

const damagedHint = "keep a copy of the file and its -wal as they are, then restore the newest backup; nothing was changed"

func damaged(err error) error { return openError(pawl.Invalid, err, damagedHint) }

// commitFailure is failure for COMMIT itself. A full disk and a lock are
// reported before the commit record is complete. After any other error it may
// be on the disk all the same, and be found by the next recovery.
func commitFailure(op string, err error) error {
	switch primary(err) {
	case code.SQLITE_FULL, code.SQLITE_BUSY, code.SQLITE_READONLY:
		return failure(op, err)
	}
	return &pawl.Error{Op: op, Kind: pawl.Unknown, Err: err,
		Hint: "it is not known whether the journal kept this: load it again and look"}
}

func openError(kind pawl.Kind, err error, hint string) error {
	return &pawl.Error{Op: "journal.Open", Kind: kind, Hint: hint, Err: err}
}

func openFailure(err error) error { return failure("journal.Open", err) }

func isBusy(err error) bool {
	c := primary(err)
	return c == code.SQLITE_BUSY || c == code.SQLITE_LOCKED
}

func conflict(op string, err error) error {
	return &pawl.Error{Op: op, Kind: pawl.Conflict, Err: err}
}

func invalid(op string, err error) error {
	return &pawl.Error{Op: op, Kind: pawl.Invalid, Err: err}
}

func noRotation(op string, id pawl.RotationID) error {
	return &pawl.Error{Op: op, Kind: pawl.NotFound, Err: fmt.Errorf("there is no rotation %v", id)}
}

func stillOpen(op string, id pawl.RotationID) error {
	return conflict(op, &journal.OpenError{ID: id})
}
