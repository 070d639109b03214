package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
)

// beat is how often a stream says that it is alive where nothing happens.
const beat = 15 * time.Second

// stream tells what happens, as server-sent events. With ?rotation=NAME/N it is
// the events of that rotation, each with its number as id, so that a client
// that was cut off goes on where it was (Last-Event-ID). Without, it is only
// which rotations have changed: who wants more asks for it.
func (s *Server) stream(w http.ResponseWriter, r *http.Request) {
	who := subject(r.Context())
	var only pawl.RotationID
	if text := r.URL.Query().Get("rotation"); text != "" {
		if err := only.UnmarshalText([]byte(text)); err != nil {
			write(w, problem(&pawl.Error{Op: "api", Kind: pawl.Invalid, Err: errors.New("rotation: want NAME/NUMBER")}))
			return
		}
	}
	if err := s.may(r, who, only); err != nil {
		write(w, problem(err))
		return
	}
	l := s.cfg.Desk.Feed().Listen(only)
	defer l.Close()
	out := &events{w: w, c: http.NewResponseController(w)}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no")
	last, _ := strconv.Atoi(r.Header.Get("Last-Event-ID"))
	out.send("", "", ": connected")
	tick := time.NewTicker(beat)
	defer tick.Stop()
	for {
		if only != (pawl.RotationID{}) {
			lines, err := s.cfg.Desk.Lines(r.Context(), who, only, last)
			if err != nil {
				return
			}
			for _, line := range lines {
				last = line.Number
				text, _ := json.Marshal(line)
				out.send(strconv.Itoa(line.Number), "event", string(text))
			}
		}
		if out.err != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-s.closed:
			return
		case <-tick.C:
			if again, err := s.cfg.Who(r); err != nil || s.may(r, again, only) != nil {
				return // signed out, revoked or disabled meanwhile
			}
			out.send("", "", ": alive")
		case <-l.Ready:
			for _, id := range l.Take() {
				if only == (pawl.RotationID{}) {
					out.send("", "changed", id.String())
				}
			}
		}
	}
}

// may is the question of every operation, asked of a stream at its beginning and
// at each beat.
func (s *Server) may(r *http.Request, who access.Subject, only pawl.RotationID) error {
	if only == (pawl.RotationID{}) {
		return s.cfg.Desk.MaySee(r.Context(), who)
	}
	_, err := s.cfg.Desk.Lines(r.Context(), who, only, 1<<30)
	return err
}

// events writes server-sent events. A client that does not take them is cut off
// after a while; it misses nothing by coming back.
type events struct {
	w   http.ResponseWriter
	c   *http.ResponseController
	err error
}

func (e *events) send(id, name, data string) {
	if e.err != nil {
		return
	}
	var b strings.Builder
	if strings.HasPrefix(data, ": ") {
		b.WriteString(data + "\n\n")
	} else {
		if id != "" {
			fmt.Fprintf(&b, "id: %s\n", id)
		}
		fmt.Fprintf(&b, "event: %s\ndata: %s\n\n", name, data)
	}
	_ = e.c.SetWriteDeadline(time.Now().Add(beat)) // not every writer can; then the server's own limits hold
	_, e.err = e.w.Write([]byte(b.String()))
	if e.err == nil {
		e.err = e.c.Flush()
	}
}
