//go:build unix

package sqlite

import (
	"os"
	"syscall"
)

// errLocked is what flock returns if somebody else has the lock.
const errLocked = syscall.EWOULDBLOCK

// flock locks a file without waiting, until it is closed; see flock(2).
func flock(f *os.File, exclusive bool) error {
	how := syscall.LOCK_SH
	if exclusive {
		how = syscall.LOCK_EX
	}
	return syscall.Flock(int(f.Fd()), how|syscall.LOCK_NB)
}
