package signin

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/pawl-dev/pawl"
)

// How often somebody may try. All of them make slower; only an address that
// goes on and on is refused for a while. Nobody can keep somebody else out by
// failing in their name: an account and the whole make slower by so much and no
// more.
var (
	byAddress = pace{rate.Every(time.Second), 10}
	byAccount = pace{rate.Every(2 * time.Second), 10}
	byAll     = pace{20, 100}
)

const (
	longest   = 20 * time.Second // that an address waits; after that it is refused
	slowest   = 5 * time.Second  // that an account, or everybody, is slowed down by
	mostPaces = 10_000
)

type pace struct {
	rate  rate.Limit
	burst int
}

// limits slow down attempts.
type limits struct {
	now   func() time.Time
	all   *rate.Limiter
	mu    sync.Mutex
	known map[string]*rate.Limiter
	rest  *rate.Limiter // of those that there is no room for
}

func newLimits(now func() time.Time) *limits {
	return &limits{now: now, all: rate.NewLimiter(byAll.rate, byAll.burst), known: map[string]*rate.Limiter{}, rest: rate.NewLimiter(byAll.rate, byAll.burst)}
}

// wait takes one attempt from an address, at an account if it is known which,
// and waits for its turn.
func (l *limits) wait(ctx context.Context, address, account string) error {
	now := l.now()
	turn := l.of("address "+network(address), byAddress, now).ReserveN(now, 1)
	delay := turn.DelayFrom(now)
	if delay > longest {
		turn.CancelAt(now)
		return &pawl.Error{Op: "sign-in", Kind: pawl.Throttled, After: delay - longest, Err: errors.New("too many attempts from there"), Hint: "wait a little, and try again"}
	}
	delay = max(delay, slow(l.all, now))
	if account != "" {
		delay = max(delay, slow(l.of("account "+account, byAccount, now), now))
	}
	if delay == 0 {
		return nil
	}
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return &pawl.Error{Op: "sign-in", Kind: pawl.Unavailable, Err: context.Cause(ctx)}
	}
}

// slow takes a turn and returns how long to wait for it, within reason. One that
// would be too far away is given back, so that it does not get further.
func slow(l *rate.Limiter, now time.Time) time.Duration {
	turn := l.ReserveN(now, 1)
	delay := turn.DelayFrom(now)
	if delay > slowest {
		turn.CancelAt(now)
		return slowest
	}
	return delay
}

// of returns the limiter of a name. Those that are at rest are forgotten when
// there is no more room: a new one would be the same.
func (l *limits) of(name string, p pace, now time.Time) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	if known := l.known[name]; known != nil {
		return known
	}
	if len(l.known) >= mostPaces {
		for name, known := range l.known {
			if known.TokensAt(now) >= float64(known.Burst()) {
				delete(l.known, name)
			}
		}
	}
	if len(l.known) >= mostPaces {
		return l.rest
	}
	made := rate.NewLimiter(p.rate, p.burst)
	l.known[name] = made
	return made
}

// network is what one customer of a provider has: an IPv4 address, or 64 bits of
// an IPv6 one.
func network(address string) string {
	ip := net.ParseIP(address)
	if ip == nil || ip.To4() != nil {
		return address
	}
	return ip.Mask(net.CIDRMask(64, 128)).String()
}
