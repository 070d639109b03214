//go:build !linux

package peer

import (
	"errors"
	"net"

	"github.com/pawl-dev/pawl"
)

// UID is always [pawl.Denied]: how this system tells is not known here.
func UID(net.Conn) (int, error) {
	return 0, &pawl.Error{Op: "peer", Kind: pawl.Denied, Err: errors.New("who connects cannot be told on this system; use a token")}
}
