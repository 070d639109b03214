package rotation

import "time"

// The numbers that decide. They are part of the specification.
const (
	// Fresh is how old evidence may be when the doomed generation is revoked. It
	// assumes that one look at every place takes less, together; and accepts that
	// a place which falls back within it is cut off, and healed.
	Fresh = 60 * time.Second

	// FreshEach is added to Fresh for each place of the plan. It assumes that a
	// vendor answers four looks a second.
	FreshEach = 250 * time.Millisecond

	// Resend is after how long a revoke that the vendor has accepted, but not
	// heeded, is sent again; twice as long each further time. It assumes nothing:
	// a revoke is by id, and may be sent as often as one likes.
	Resend = 10 * time.Second

	// FreshRun is how old a proof that had to be started (a workflow run) may
	// be. What it ran on is bound to the write by the place's own mark, which
	// has to be fresh. It assumes that a run uses what the place held when it began.
	FreshRun = 24 * time.Hour

	// CensusFresh is how old the search for copies outside of the plan may be
	// when a revoke is first sent. It takes long and many requests, so it is not
	// made again for each send. What is copied within it may be cut off.
	CensusFresh = 10 * time.Minute

	// ClockSkew is how far the clocks of two vendors may be apart.
	ClockSkew = 5 * time.Minute

	// Settle is how long an effect whose outcome is unknown may still land, as
	// far as effects that contradict it are concerned; or as long again as its
	// answer was waited for. It assumes that a request which has not arrived by
	// then never does; it is counted from the outcome,
	// or from the take-over, and no request leaves a process that was taken over
	// (but for the moment between its fence and the socket).
	Settle = 3 * time.Second

	// Slowest is the most by which Settle and Linger grow where an effect was waited
	// for longer: one that did not answer in half a minute may well be carried out
	// half a minute later, by whatever kept it.
	Slowest = 2 * time.Minute

	// Linger is how long after a mint whose outcome is unknown the final sweep
	// waits, so that a generation that is born late is found. It assumes the same of
	// a mint, and that a vendor lists what it has made within two seconds. For as
	// long after its intent, too, nothing contradicts a write whose outcome is
	// unknown.
	Linger = 15 * time.Second

	// Recheck is how often the new value is tried while proofs are waited for. It
	// assumes nothing: before the revoke it is tried once more in any case.
	Recheck = 20 * time.Second

	// Refusals is how many refusals in a row count as dead. One may be an
	// outage. It assumes that an outage of a sign-in does not answer three times
	// in a row with a refusal; where one does, a new generation is given up that
	// was good, and a doomed one is called dead that is not yet.
	Refusals = 3

	// Mints is how often minting is tried each time that a process takes the
	// rotation up. It assumes that a vendor which failed so often does not mend
	// itself while one waits.
	Mints = 5

	// Tries is how often an effect that certainly did nothing is tried again
	// before a person is asked. With [backoff] that is some two minutes.
	Tries = 8

	// Reask is after how long a change that waits for a person at its vendor is
	// asked for again, and Asks how often before that is for a person here. It
	// assumes that nobody there is asked more often than they can answer.
	Reask = time.Hour
	Asks  = 5

	// Heals is how often a place that fell back is written again. It assumes that
	// what puts it back more often (a sync, a deployment) has to be stopped.
	Heals = 5
)

// pace is the time between two looks at something that has been going on for
// the given time: a twelfth of it, so that what is waited for is noticed at most
// 8 % late, and never asked for faster than it can matter.
func pace(elapsed time.Duration) time.Duration {
	if elapsed < 0 { // the clock went backwards: it may take long until it has caught up
		return 15 * time.Second
	}
	return min(max(elapsed/12, 100*time.Millisecond), 15*time.Second)
}

// backoff is the time before trying again after so many failures in a row.
func backoff(fails int) time.Duration {
	d := 500 * time.Millisecond
	for range min(fails-1, 6) {
		d *= 2
	}
	return d
}
