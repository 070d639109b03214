package console

import (
	"net/http"
	"strconv"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
)

// The paces of a stream.
const (
	beat  = 15 * time.Second       // how often it says that it is alive
	calm  = 300 * time.Millisecond // what happens within this time is told once
	write = 20 * time.Second       // how long a browser may take to take it
)

// streamPath is where a page follows what happens.
const streamPath = "/events"

// events tells a page that something has changed, and never what: the page asks
// for itself again, by a request whose nonce is its own. A page says up to where
// it has seen, and so does a browser that was cut off: neither misses anything.
func (c *Console) events(w http.ResponseWriter, r *http.Request, who access.Subject) error {
	if err := c.cfg.Desk.MaySee(r.Context(), who); err != nil {
		return err
	}
	var only pawl.RotationID
	if text := r.URL.Query().Get("of"); text != "all" {
		if err := only.UnmarshalText([]byte(text)); err != nil {
			return invalid("of: want all, or NAME/NUMBER")
		}
	}
	l := c.cfg.Desk.Feed().Listen(only)
	defer l.Close()
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no")
	s := &stream{w: w, c: http.NewResponseController(w)}
	seen := r.Header.Get("Last-Event-ID")
	if seen == "" {
		seen = r.URL.Query().Get("since")
	}
	s.send(": connected\n\n")
	if seen != c.mark() {
		s.changed(c.mark())
	}
	tick := time.NewTicker(beat)
	defer tick.Stop()
	for s.err == nil {
		select {
		case <-r.Context().Done():
			return nil
		case <-c.closed:
			return nil
		case <-tick.C:
			if _, err := c.cfg.Who(r); err != nil {
				return nil // signed out meanwhile
			}
			s.send(": alive\n\n")
		case <-l.Ready:
			l.Take()
			s.changed(c.mark())
			c.pause(r)
		}
	}
	return nil
}

// mark is where the feed is. It is read before it is said that something has
// changed, so that what comes after is told too.
func (c *Console) mark() string { return strconv.FormatInt(c.cfg.Desk.Feed().Mark(), 10) }

// pause lets what comes in a burst come together.
func (c *Console) pause(r *http.Request) {
	rest := time.NewTimer(calm)
	defer rest.Stop()
	select {
	case <-rest.C:
	case <-r.Context().Done():
	case <-c.closed:
	}
}

// A stream writes server-sent events until it cannot.
type stream struct {
	w   http.ResponseWriter
	c   *http.ResponseController
	err error
}

func (s *stream) changed(mark string) {
	s.send("id: " + mark + "\nevent: changed\ndata: look\n\n")
}

func (s *stream) send(text string) {
	_ = s.c.SetWriteDeadline(time.Now().Add(write)) // not every writer can; then the server's own limits hold
	if _, s.err = s.w.Write([]byte(text)); s.err == nil {
		s.err = s.c.Flush()
	}
}
