// Package peer tells who is at the other end of a Unix socket. The kernel says
// so (SO_PEERCRED, unix(7)): it is who connected, whatever they send, and needs
// no secret.
package peer
