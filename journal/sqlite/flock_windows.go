package sqlite

import (
	"os"

	"golang.org/x/sys/windows"
)

// errLocked is what flock returns if somebody else has the lock.
const errLocked = windows.ERROR_LOCK_VIOLATION

// flock locks a file without waiting, until it is closed. The locked byte is
// far behind the text, which others read.
func flock(f *os.File, exclusive bool) error {
	flags := uint32(windows.LOCKFILE_FAIL_IMMEDIATELY)
	if exclusive {
		flags |= windows.LOCKFILE_EXCLUSIVE_LOCK
	}
	return windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0, &windows.Overlapped{Offset: 1 << 30})
}
