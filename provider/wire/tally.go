package wire

import (
	"net/http"
	"strconv"
	"sync"
)

// A Tally counts the requests of a process by vendor and by what came of them.
// The zero value is ready; it is safe for concurrent use.
type Tally struct {
	mu sync.Mutex
	n  map[[2]string]int
}

// Each tells what was counted: the status of an answer, or "none" where there
// was no answer.
func (t *Tally) Each(f func(vendor, code string, n int)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for key, n := range t.n {
		f(key[0], key[1], n)
	}
}

func (t *Tally) note(vendor string, resp *http.Response) {
	code := "none"
	if resp != nil {
		code = strconv.Itoa(resp.StatusCode)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.n == nil {
		t.n = map[[2]string]int{}
	}
	t.n[[2]string{vendor, code}]++
}

// tallied tells a tally of every request.
type tallied struct {
	next   http.RoundTripper
	vendor string
	tally  *Tally
}

func (t *tallied) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := t.next.RoundTrip(req)
	t.tally.note(t.vendor, resp)
	return resp, err
}
