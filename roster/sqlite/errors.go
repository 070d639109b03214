package sqlite

import (
	"errors"

	code "modernc.org/sqlite/lib"

	"github.com/pawl-dev/pawl"
)

// restore is what to do with a file that cannot be read.
const restore = "keep a copy of team.db and its -wal as they are, then restore the newest backup; rotations are not touched by this"

// failure turns an error of the driver into ours. One of COMMIT may have
// happened all the same, unless SQLite says that it has not.
func failure(op string, err error, committing bool) error {
	if _, ours := errors.AsType[*pawl.Error](err); ours {
		return err
	}
	e := &pawl.Error{Op: op, Kind: pawl.Unavailable, Err: err}
	switch primary(err) {
	case code.SQLITE_FULL:
		e.Hint = "the disk is full: make room, and try again"
	case code.SQLITE_BUSY, code.SQLITE_LOCKED:
		e.Hint = "another process keeps team.db busy: try again"
	case code.SQLITE_READONLY, code.SQLITE_PERM, code.SQLITE_CANTOPEN, code.SQLITE_AUTH:
		e.Hint = "correct the permissions of team.db and its folder"
	case code.SQLITE_CORRUPT, code.SQLITE_NOTADB:
		e.Hint = restore
		if op == opening { // once it is open, whoever asks has sent nothing wrong
			e.Kind = pawl.Invalid
		}
	default:
		if committing {
			e.Kind, e.Hint = pawl.Unknown, "it is not known whether this was kept: look again"
		}
	}
	return e
}

// primary returns SQLite's primary result code, or -1 if err is not from it.
func primary(err error) int {
	if e, ok := errors.AsType[interface {
		error
		Code() int
	}](err); ok {
		return e.Code() & 0xff
	}
	return -1
}
