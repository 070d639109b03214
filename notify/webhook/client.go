package webhook

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"syscall"
	"time"
)

// newClient returns a client that reaches public addresses, and of others only
// those in networks. It is the address that is looked at, when it is dialled: a
// name may lead to one place when it is checked and to another one later. No
// redirect is followed and no proxy is asked.
func newClient(networks []netip.Prefix) *http.Client {
	dialer := &net.Dialer{Timeout: 10 * time.Second, Control: func(_, address string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(address)
		if err != nil {
			return &refusedError{}
		}
		return allowed(at.Addr(), networks)
	}}
	return &http.Client{
		Transport: &http.Transport{DialContext: dialer.DialContext, TLSHandshakeTimeout: 10 * time.Second, ResponseHeaderTimeout: 20 * time.Second,
			MaxResponseHeaderBytes: 64 << 10, DisableCompression: true, IdleConnTimeout: 30 * time.Second, MaxIdleConnsPerHost: 2},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       30 * time.Second,
	}
}

// A refusedError says that an address is not one to be reached.
type refusedError struct{ addr netip.Addr }

func (e *refusedError) Error() string {
	if !e.addr.IsValid() {
		return "not an address"
	}
	return fmt.Sprintf("%s is not a public address", e.addr)
}

// special are ranges that are not of the public network, beyond what netip
// knows; in the last three there is an address of the old kind in the new one.
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"), netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("240.0.0.0/4"), netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("2002::/16"),
}

// Reachable reports why no message would be sent to an address, as far as its
// text says; where a name leads is seen when it is dialled.
func Reachable(address string, networks []netip.Prefix) error {
	u, err := url.Parse(address)
	if err != nil {
		return &refusedError{}
	}
	host := u.Hostname()
	if host == "localhost" {
		host = "127.0.0.1"
	}
	addr, err := netip.ParseAddr(host)
	if err != nil { // a name
		return nil
	}
	return allowed(addr, networks)
}

var errZone = errors.New("an address with a zone")

func allowed(addr netip.Addr, networks []netip.Prefix) error {
	if addr.Zone() != "" {
		return errors.Join(&refusedError{addr}, errZone)
	}
	addr = addr.Unmap()
	in := func(p netip.Prefix) bool { return p.Contains(addr) }
	if slices.ContainsFunc(networks, in) {
		return nil
	}
	if addr.IsLoopback() || addr.IsPrivate() || addr.IsLinkLocalUnicast() || addr.IsMulticast() || addr.IsUnspecified() || slices.ContainsFunc(special, in) {
		return &refusedError{addr}
	}
	return nil
}
