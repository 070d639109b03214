package wire

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// A Meter counts the requests of a client, and keeps what the vendor says is
// left of its budget. The zero value is ready; it is safe for concurrent use.
type Meter struct {
	mu    sync.Mutex
	sent  int
	left  int
	known bool
}

// Sent is how many requests were sent.
func (m *Meter) Sent() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.sent
}

// Left is how many requests the vendor would still take, by its latest answer
// that says so; known is false if none did.
func (m *Meter) Left() (left int, known bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.left, m.known
}

func (m *Meter) note(resp *http.Response) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sent++
	if resp == nil {
		return
	}
	for _, name := range []string{"RateLimit-Remaining", "X-RateLimit-Remaining"} {
		if n, err := strconv.Atoi(strings.TrimSpace(resp.Header.Get(name))); err == nil && n >= 0 {
			m.left, m.known = n, true
			return
		}
	}
}

// metered tells a meter of every request.
type metered struct {
	next  http.RoundTripper
	meter *Meter
}

func (t *metered) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := t.next.RoundTrip(req)
	t.meter.note(resp)
	return resp, err
}
