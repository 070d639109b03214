package peer

import (
	"errors"
	"net"

	"golang.org/x/sys/unix"

	"github.com/pawl-dev/pawl"
)

// UID returns the user id of who connected. A connection that is not one of a
// Unix socket is [pawl.Denied].
func UID(c net.Conn) (int, error) {
	u, ok := c.(*net.UnixConn)
	if !ok {
		return 0, denied(errors.New("not a Unix socket"))
	}
	raw, err := u.SyscallConn()
	if err != nil {
		return 0, denied(err)
	}
	var cred *unix.Ucred
	var failed error
	if err := raw.Control(func(fd uintptr) { cred, failed = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED) }); err != nil {
		return 0, denied(err)
	}
	if failed != nil {
		return 0, denied(failed)
	}
	return int(cred.Uid), nil
}

func denied(err error) error { return &pawl.Error{Op: "peer", Kind: pawl.Denied, Err: err} }
